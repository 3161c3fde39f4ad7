package dev.ipanema.kvm.stage2;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// How often each table page is in use: once by its allocation and once by each non-zero entry that it
/// holds, so that `count == 1` means empty (Linux: the reference count of `struct page`).
///
/// A sparse array by page number: groups of counters in two steps, and the group that was used last beside it, since
/// faults stay near each other. Counting is thread-safe; a page number must be below 2^40.
final class TableReferences {
    private static final VarHandle COUNT = MethodHandles.arrayElementVarHandle(int[].class);
    private static final int BITS = 9;
    private static final int NEIGHBOUR_BITS = 4;
    private static final int NEIGHBOURS = (1 << NEIGHBOUR_BITS) - 1;
    private static final int MASK = (1 << BITS) - 1;

    /// Counters in a cache line of 64 bytes.
    private static final int LINE_SHIFT = 4;

    private final int pageShift;
    private volatile Group[][] root = new Group[1][];

    /// RACE: a hint; groups never change, and each knows which pages it counts.
    private Group recent = new Group(-1, new int[0]);

    /// The counters of 512 table pages.
    ///
    /// @param number of the group: that of its first page, shifted
    @SuppressWarnings("ArrayRecordComponent") // Shared on purpose.
    private record Group(long number, int[] counters) {}

    TableReferences(int pageShift) {
        this.pageShift = pageShift;
    }

    /// {@return references of a table page, 0 when it is none}
    int count(long pa) {
        long page = pa >>> pageShift;
        Group group = find(page);
        return group == null ? 0 : (int) COUNT.getVolatile(group.counters, counter(page));
    }

    /// Adds references, or takes them away when `delta` is negative.
    void add(long pa, int delta) {
        long page = pa >>> pageShift;
        int[] leaf = leaf(page);
        int before = (int) COUNT.getAndAdd(leaf, counter(page), delta);
        assert before + delta >= 0 : "References of table page " + pa + " become " + (before + delta);
    }

    /// Sets the references of a page that nobody else knows of.
    void set(long pa, int count) {
        long page = pa >>> pageShift;
        COUNT.setVolatile(leaf(page), counter(page), count);
    }

    /// {@return where a page's counter stands in its array: in a cache line of its own, so that vCPUs that fill
    /// different table pages do not write to one, and neighbours in lines that are not fetched together}
    private static int counter(long page) {
        int low = (int) page & MASK;
        int line = ((low & NEIGHBOURS) << (BITS - NEIGHBOUR_BITS)) | (low >>> NEIGHBOUR_BITS);
        return line << LINE_SHIFT;
    }

    private int[] leaf(long page) {
        Group group = recent;
        if (group.number != page >>> BITS) {
            group = find(page);
            if (group == null) {
                group = create(page);
            }
            recent = group;
        }
        return group.counters;
    }

    private @Nullable Group find(long page) {
        int high = (int) (page >>> (2 * BITS));
        Group[][] all = root;
        Group[] middle = high < all.length ? all[high] : null;
        return middle == null ? null : middle[(int) (page >>> BITS) & MASK];
    }

    /// The slow way: creates the steps that are missing. Arrays are filled before they are published by the
    /// write of [#root], and replaced, not changed, above the counters.
    private synchronized Group create(long page) {
        int high = (int) (page >>> (2 * BITS));
        int low = (int) (page >>> BITS) & MASK;
        Group[][] all = root;
        Group there = find(page);
        if (there != null) {
            return there;
        }
        Group[][] grown = Arrays.copyOf(all, Math.max(all.length, high + 1));
        Group[] middle = grown[high] == null ? new Group[1 << BITS] : grown[high].clone();
        Group group = new Group(page >>> BITS, new int[1 << (BITS + LINE_SHIFT)]);
        middle[low] = group;
        grown[high] = middle;
        root = grown;
        return group;
    }
}

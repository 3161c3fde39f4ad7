package dev.ipanema.kvm.stage2;

import dev.ipanema.base.errno.Errno;
import java.util.Arrays;

/// Table pages set aside before a lock is taken, so that a walk never has to allocate under it (Linux
/// `struct kvm_mmu_memory_cache`). Belongs to one vCPU, or to a VM for eager splitting; not thread-safe.
public final class TablePageCache implements AutoCloseable {
    /// Pages that a cache of a vCPU holds at most (Linux `KVM_ARCH_NR_OBJS_PER_MEMORY_CACHE`).
    public static final int VCPU_CAPACITY = 40;

    private final TablePages source;
    private final long pageBytes;
    private final int capacity;
    private long[] pages = new long[0];
    private int available;

    /// A cache of a vCPU.
    ///
    /// @param pageBytes the granule of the tables
    public TablePageCache(TablePages source, long pageBytes) {
        this(source, pageBytes, VCPU_CAPACITY);
    }

    /// @param capacity pages it is filled up to
    public TablePageCache(TablePages source, long pageBytes, int capacity) {
        this.source = source;
        this.pageBytes = pageBytes;
        this.capacity = capacity;
    }

    /// Makes at least `min` pages available. When fewer are, it fills up to the capacity; not to reach the
    /// capacity is fine as long as `min` is reached (Linux `kvm_mmu_topup_memory_cache`).
    ///
    /// @return 0, or -ENOMEM when fewer than `min` could be had
    public int topup(int min) {
        if (available >= min) {
            return 0;
        }
        int wanted = Math.max(capacity, min);
        if (pages.length < wanted) {
            pages = Arrays.copyOf(pages, wanted);
        }
        while (available < wanted) {
            long pa = source.allocate(pageBytes);
            if (pa < 0) {
                return available >= min ? 0 : Errno.ENOMEM.negated();
            }
            pages[available++] = pa;
        }
        return 0;
    }

    /// {@return pages it holds}
    public int available() {
        return available;
    }

    /// {@return a zeroed page, or -1 when it is empty}
    long take() {
        return available == 0 ? -1 : pages[--available];
    }

    /// Gives all pages back.
    @Override
    public void close() {
        while (available > 0) {
            source.free(pages[--available], pageBytes);
        }
    }
}

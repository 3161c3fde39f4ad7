package dev.ipanema.machine.cache;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Collects findings. Those of the same kind, agent, instruction and missing maintenance are one, with a
/// count; without an instruction, those of the same page are.
///
/// Thread-safe.
public final class CoherenceMonitor {
    /// Distinct findings kept; later ones are counted only.
    public static final int MAX_FINDINGS = 1000;

    private static final int PAGE_SHIFT = 12;

    private record Key(FindingKind kind, Object who, long place, Missing missing) {}

    /// A finding and how often it was met.
    ///
    /// @param count 1 or more
    public record Counted(Finding finding, long count) {}

    private static final class Entry {
        private final Finding finding;
        private long count;

        Entry(Finding finding) {
            this.finding = finding;
        }
    }

    private final Map<Key, Entry> entries = new LinkedHashMap<>();
    private final Map<Key, Entry> suspects = new LinkedHashMap<>();
    private long total;
    private @Nullable Consumer<Finding> listener;

    /// Creates a monitor without findings.
    public CoherenceMonitor() {}

    /// Notes a finding.
    public void report(Finding finding) {
        Consumer<Finding> told;
        synchronized (this) {
            told = add(key(finding), finding, 1) ? listener : null;
        }
        if (told != null) {
            told.accept(finding);
        }
    }

    /// Notes what is a finding unless [#maintained] comes for its line: an instruction that was executed
    /// before the maintenance that its writer is about to do. Until then the architecture allows the old
    /// one, and kernels count on it: Linux's `__aarch64_insn_write` calls functions that it may have just
    /// patched. The next call of [#findings] or [#total] ends the waiting.
    public synchronized void suspect(Finding finding) {
        Key key = key(finding);
        if (entries.containsKey(key)) {
            add(key, finding, 1);
        } else if (suspects.containsKey(key) || suspects.size() < MAX_FINDINGS) {
            suspects.computeIfAbsent(key, k -> new Entry(finding)).count++;
        }
    }

    /// Takes note that a guest has made a range right, all memory when it has no length.
    ///
    /// @param length bytes
    public synchronized void maintained(long pa, long length) {
        if (!suspects.isEmpty()) {
            suspects.values().removeIf(each -> length == 0 || isIn(each.finding.pa(), pa, length));
        }
    }

    private static boolean isIn(long address, long pa, long length) {
        return address >= (pa & -(long) ExactPage.LINE_BYTES) && address < pa + length;
    }

    private static Key key(Finding finding) {
        long place = finding.pc() != 0 ? finding.pc() : finding.pa() >>> PAGE_SHIFT;
        return new Key(finding.kind(), finding.agent(), place, finding.missing());
    }

    /// {@return whether it is the first of its kind and kept}
    private boolean add(Key key, Finding finding, long count) {
        total += count;
        Entry entry = entries.get(key);
        boolean isNew = entry == null && entries.size() < MAX_FINDINGS;
        if (isNew) {
            entry = new Entry(finding);
            entries.put(key, entry);
        }
        if (entry != null) {
            entry.count += count;
        }
        return isNew;
    }

    /// What was suspected is found.
    private void settle() {
        List<Finding> told = new ArrayList<>();
        Consumer<Finding> to;
        synchronized (this) {
            to = listener;
            suspects.forEach((key, entry) -> {
                if (add(key, entry.finding, entry.count)) {
                    told.add(entry.finding);
                }
            });
            suspects.clear();
        }
        if (to != null) {
            told.forEach(to);
        }
    }

    /// Sets who is told of each distinct finding, on the thread that met it.
    public synchronized void listen(Consumer<Finding> newListener) {
        listener = newListener;
    }

    /// {@return the distinct findings, in the order in which they were met}
    public List<Counted> findings() {
        settle();
        synchronized (this) {
            List<Counted> result = new ArrayList<>();
            for (Entry entry : entries.values()) {
                result.add(new Counted(entry.finding, entry.count));
            }
            return result;
        }
    }

    /// {@return how often anything was found}
    public long total() {
        settle();
        synchronized (this) {
            return total;
        }
    }
}

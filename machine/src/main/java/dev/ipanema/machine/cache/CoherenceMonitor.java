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
    private long total;
    private @Nullable Consumer<Finding> listener;

    /// Creates a monitor without findings.
    public CoherenceMonitor() {}

    /// Notes a finding.
    public void report(Finding finding) {
        Consumer<Finding> told = null;
        synchronized (this) {
            total++;
            long place = finding.pc() != 0 ? finding.pc() : finding.pa() >>> PAGE_SHIFT;
            Key key = new Key(finding.kind(), finding.agent(), place, finding.missing());
            Entry entry = entries.get(key);
            if (entry == null && entries.size() < MAX_FINDINGS) {
                entry = new Entry(finding);
                entries.put(key, entry);
                told = listener;
            }
            if (entry != null) {
                entry.count++;
            }
        }
        if (told != null) {
            told.accept(finding);
        }
    }

    /// Sets who is told of each distinct finding, on the thread that met it.
    public synchronized void listen(Consumer<Finding> newListener) {
        listener = newListener;
    }

    /// {@return the distinct findings, in the order in which they were met}
    public synchronized List<Counted> findings() {
        List<Counted> result = new ArrayList<>();
        for (Entry entry : entries.values()) {
            result.add(new Counted(entry.finding, entry.count));
        }
        return result;
    }

    /// {@return how often anything was found}
    public synchronized long total() {
        return total;
    }
}

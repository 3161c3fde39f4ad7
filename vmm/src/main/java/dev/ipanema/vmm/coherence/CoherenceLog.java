package dev.ipanema.vmm.coherence;

import dev.ipanema.machine.cache.CacheModel;
import dev.ipanema.machine.cache.CoherenceMonitor;
import dev.ipanema.machine.cache.Finding;
import dev.ipanema.machine.cache.Writer;
import dev.ipanema.machine.memory.Origin;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Takes the findings of one machine as they are met, while it is known where the guest's symbols are: a kernel that
/// starts anew may lie elsewhere.
///
/// Thread-safe.
public final class CoherenceLog {
    private final CacheModel caches;
    private final Symbols symbols;

    // Guarded by this.
    private final Map<Finding, NamedFinding> named = new HashMap<>();
    private final List<NamedFinding> untold = new ArrayList<>();

    /// Names of a guest's addresses.
    @FunctionalInterface
    public interface Symbols {
        /// Knows no name.
        Symbols NONE = (vcpu, address) -> Optional.empty();

        /// {@return an address as `name+0x1c`, empty when it has no name}
        ///
        /// @param vcpu whose address it is
        Optional<String> describe(int vcpu, long address);
    }

    /// Listens from now on; what was found before is in the report too.
    public CoherenceLog(CacheModel caches, Symbols symbols) {
        this.caches = caches;
        this.symbols = symbols;
        caches.monitor().listen(this::met);
    }

    private void met(Finding finding) {
        NamedFinding result = name(finding);
        synchronized (this) {
            named.put(finding, result);
            untold.add(result);
        }
    }

    private NamedFinding name(Finding finding) {
        Writer writer = finding.writer();
        return new NamedFinding(
                finding, 1, "", name(finding.pe(), finding.pc()), writer == null ? "" : name(writer.pe(), writer.pc()));
    }

    private String name(int pe, long pc) {
        return pc == 0 || pe == Origin.NO_PE ? "" : symbols.describe(pe, pc).orElse("");
    }

    /// {@return the findings that were met since the last call, each with count 1}
    public synchronized List<NamedFinding> takeNew() {
        List<NamedFinding> result = List.copyOf(untold);
        untold.clear();
        return result;
    }

    /// {@return all that was found so far}
    public CoherenceReport report() {
        List<NamedFinding> findings = new ArrayList<>();
        for (CoherenceMonitor.Counted each : caches.monitor().findings()) {
            NamedFinding known;
            synchronized (this) {
                known = named.get(each.finding());
            }
            findings.add((known == null ? name(each.finding()) : known).times(each.count()));
        }
        return new CoherenceReport(caches.options(), caches.monitor().total(), findings);
    }
}

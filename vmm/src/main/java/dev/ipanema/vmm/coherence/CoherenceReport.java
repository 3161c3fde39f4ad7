package dev.ipanema.vmm.coherence;

import dev.ipanema.machine.cache.CacheOptions;
import dev.ipanema.machine.cache.CoherenceMonitor;
import dev.ipanema.machine.cache.FindingKind;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// What the coherence monitor found in one run, or in several.
///
/// @param options how caches were modelled
/// @param total how often anything was found, with what is not in `findings`
/// @param findings the distinct ones, in the order in which they were met; at most
///     [CoherenceMonitor#MAX_FINDINGS]
public record CoherenceReport(CacheOptions options, long total, List<NamedFinding> findings) {
    public CoherenceReport {
        findings = List.copyOf(findings);
    }

    /// {@return a report without findings}
    public static CoherenceReport none(CacheOptions options) {
        return new CoherenceReport(options, 0, List.of());
    }

    /// {@return the findings of both, of the same options}
    public CoherenceReport plus(CoherenceReport other) {
        if (other.total == 0) {
            return this;
        }
        List<NamedFinding> both = new ArrayList<>(findings);
        both.addAll(other.findings.subList(
                0, Math.min(other.findings.size(), CoherenceMonitor.MAX_FINDINGS - findings.size())));
        return new CoherenceReport(options, total + other.total, both);
    }

    /// {@return the same, of a test or scenario}
    public CoherenceReport of(String subject) {
        return new CoherenceReport(
                options, total, findings.stream().map(each -> each.of(subject)).toList());
    }

    /// {@return how often each kind of finding was met, as far as they are listed; without those that were not}
    public Map<FindingKind, Long> kinds() {
        Map<FindingKind, Long> counts = new EnumMap<>(FindingKind.class);
        for (NamedFinding each : findings) {
            counts.merge(each.finding().kind(), each.count(), Long::sum);
        }
        return counts;
    }

    /// {@return how often something was found that is not listed}
    public long unlisted() {
        long listed = 0;
        for (NamedFinding each : findings) {
            listed += each.count();
        }
        return total - listed;
    }
}

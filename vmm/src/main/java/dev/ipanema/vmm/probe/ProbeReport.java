package dev.ipanema.vmm.probe;

import java.util.List;
import java.util.Map;

/// What the default guest found out.
///
/// @param host name of the host profile
/// @param policy name of the kernel version
/// @param regions what each region is on the host and what became of its slot, in order
/// @param results in the order in which the probes ran
/// @param stage2 the VM's stage 2 afterwards
/// @param timedOut whether the time ran out before all probes had run
/// @param defect what KVM itself did wrong, as a kernel of this version does; empty when nothing
public record ProbeReport(
        String host,
        String policy,
        Map<ProbeRegion, RegionReport> regions,
        List<ProbeResult> results,
        List<Stage2Row> stage2,
        boolean timedOut,
        String defect) {

    /// A region.
    ///
    /// @param size bytes
    /// @param vma the VMM's mapping in words: flags and attribute
    /// @param slotErrno what `KVM_SET_USER_MEMORY_REGION` returned, 0 or negated errno
    /// @param slotReasons KVM's trail of that call, one step a line
    /// @param faultReasons KVM's trail of the first fault that a probe took there, one step a line
    public record RegionReport(long size, String vma, int slotErrno, String slotReasons, String faultReasons) {}

    public ProbeReport {
        regions = Map.copyOf(regions);
        results = List.copyOf(results);
        stage2 = List.copyOf(stage2);
    }

    /// {@return the probes that ended otherwise than predicted}
    public List<ProbeResult> surprises() {
        return results.stream().filter(result -> !result.agrees()).toList();
    }
}

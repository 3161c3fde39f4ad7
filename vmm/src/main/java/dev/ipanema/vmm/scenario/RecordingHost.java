package dev.ipanema.vmm.scenario;

import dev.ipanema.arm.cpu.CpuFeature;
import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.host.platform.Host;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.host.platform.MemoryRange;
import dev.ipanema.machine.cache.CacheOptions;
import org.jspecify.annotations.Nullable;

/// Hosts with the memory map of the recordings and the processor of one's choice.
public final class RecordingHost {
    private RecordingHost() {}

    /// {@return a running host; the description's features win over the model's}
    ///
    /// @throws dev.ipanema.base.text.BadInput for an unknown processor
    public static Host of(HostDescription description) {
        return of(description, null);
    }

    /// {@return a running host; the description's features win over the model's}
    ///
    /// @param caches how caches are modelled, null: not at all
    /// @throws dev.ipanema.base.text.BadInput for an unknown processor
    public static Host of(HostDescription description, @Nullable CacheOptions caches) {
        CpuModel cpu = CpuModel.parse(description.cpu())
                .withPaBits(description.paBits())
                .with(CpuFeature.FWB, description.fwb())
                .with(CpuFeature.DIC, description.dic())
                .with(CpuFeature.IDC, description.idc());
        // Tag memory is there only where somebody asked for it, as on the machines of the recordings.
        boolean tags = description.vmMte() || description.cpu().contains("+mte");
        cpu = cpu.with(CpuFeature.MTE, tags);
        return Host.builder(HostProfile.recording(cpu)).caches(caches).build();
    }

    /// {@return the description of a host with a processor such as `cortex-a76+dic`}
    ///
    /// @throws dev.ipanema.base.text.BadInput for an unknown processor
    public static HostDescription ofCpu(String cpu) {
        return describe(CpuModel.parse(cpu));
    }

    /// {@return the description of a host with the processor of a host profile such as `gb200`}
    ///
    /// @throws dev.ipanema.base.text.BadInput for an unknown profile
    public static HostDescription ofProfile(String profile) {
        return describe(HostProfile.parse(profile).cpu());
    }

    private static HostDescription describe(CpuModel cpu) {
        return new HostDescription(
                cpu.name(),
                cpu.paRangeBits(),
                cpu.has(CpuFeature.FWB),
                cpu.has(CpuFeature.DIC),
                cpu.has(CpuFeature.IDC),
                false);
    }

    /// {@return the physical address of the host's first memory of a kind}
    public static long base(Host host, MemoryRange.Kind kind) {
        for (MemoryRange range : host.profile().memory()) {
            if (range.kind() == kind) {
                return range.base();
            }
        }
        throw new IllegalArgumentException("The host has no memory of kind " + kind);
    }
}

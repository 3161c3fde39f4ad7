package dev.ipanema.vmm.demo;

import dev.ipanema.arm.cpu.CpuFeature;
import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.register.Ctr;
import dev.ipanema.machine.cache.CacheOptions;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What came of a demonstration.
///
/// @param demo its name
/// @param host the host's
/// @param cpu the processor
/// @param kernel the name of the kernel version
/// @param caches how caches were modelled, null for not at all
/// @param notes what is to be known of the result, whole sentences
public record DemoReport(
        String demo,
        String host,
        CpuModel cpu,
        String kernel,
        @Nullable CacheOptions caches,
        List<DemoPart> parts,
        List<String> notes) {
    public DemoReport {
        parts = List.copyOf(parts);
        notes = List.copyOf(notes);
    }

    static DemoReport of(String demo, DemoStage stage, List<DemoPart> parts, List<String> notes) {
        List<String> all = new ArrayList<>(notes);
        if (stage.caches() == null) {
            all.add("Caches are not modelled: memory has one value for everybody, as in other emulators.");
        }
        return new DemoReport(
                demo,
                stage.profile().name(),
                stage.profile().cpu(),
                stage.version().name(),
                stage.caches(),
                parts,
                all);
    }

    /// {@return whether the processor has a feature}
    public boolean has(CpuFeature feature) {
        return cpu.has(feature);
    }

    /// {@return whether data need no cleaning for fetches, by CTR_EL0.IDC or CLIDR_EL1}
    public boolean idc() {
        return (cpu.effectiveCtrEl0() & Ctr.IDC) != 0;
    }

    /// {@return whether what is demonstrated showed}
    public boolean defect() {
        return parts.stream().anyMatch(DemoPart::defect);
    }
}

package dev.ipanema.vmm.demo;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.host.platform.Host;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.kvm.mmu.Maintenance;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.machine.cache.CacheOptions;
import dev.ipanema.machine.cache.CachePolicy;
import dev.ipanema.machine.cache.Finding;
import dev.ipanema.machine.cache.FindingKind;
import dev.ipanema.vmm.coherence.NamedFinding;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Demonstrations as tests call them.
final class Rehearsal {
    static final CacheOptions LAZY = CacheOptions.DEFAULT;

    private Rehearsal() {}

    static CacheOptions caches(CachePolicy policy) {
        return LAZY.withPolicy(policy, 1);
    }

    static DemoReport run(String demo, String host, String policy, @Nullable CacheOptions caches) {
        return run(demo, HostProfile.parse(host), policy, caches);
    }

    static DemoReport run(String demo, String host, String cpu, String policy) {
        return run(demo, HostProfile.parse(host).withCpu(CpuModel.parse(cpu)), policy, LAZY);
    }

    private static DemoReport run(String demo, HostProfile host, String policy, @Nullable CacheOptions caches) {
        return Demo.of(demo).run(stage(host, policy, caches, Set.of()));
    }

    private static DemoStage stage(
            HostProfile host, String policy, @Nullable CacheOptions caches, Set<Maintenance> leftOut) {
        return new DemoStage(host, caches, KernelVersion.parse(policy), Host::builder, leftOut);
    }

    /// The demonstration of KVM's maintenance.
    ///
    /// @param leftOut what KVM leaves out
    static DemoReport maintenance(String host, String policy, @Nullable CacheOptions caches, Set<Maintenance> leftOut) {
        return Demo.of("maintenance").run(stage(HostProfile.parse(host), policy, caches, leftOut));
    }

    static List<Finding> findings(DemoPart part) {
        return Objects.requireNonNull(part.found()).findings().stream()
                .map(NamedFinding::finding)
                .toList();
    }

    static Set<FindingKind> kinds(DemoPart part) {
        return findings(part).stream().map(Finding::kind).collect(Collectors.toSet());
    }

    /// What was seen, by the steps that saw something.
    static List<String> seen(DemoPart part) {
        return part.steps().stream()
                .map(DemoStep::seen)
                .filter(seen -> !seen.isEmpty())
                .toList();
    }
}

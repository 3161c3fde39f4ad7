package dev.ipanema.vmm.demo;

import dev.ipanema.host.platform.Host;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.kvm.mmu.Maintenance;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.kvm.vm.Kvm;
import dev.ipanema.machine.cache.CacheOptions;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Where a demonstration takes place.
///
/// @param profile the kind of host
/// @param caches how caches are modelled, null for not at all
/// @param version which kernel KVM follows
/// @param hosts gives a builder of a host of a kind
/// @param leftOut cache maintenance that KVM does not do
public record DemoStage(
        HostProfile profile,
        @Nullable CacheOptions caches,
        KernelVersion version,
        Function<HostProfile, Host.Builder> hosts,
        Set<Maintenance> leftOut) {
    public DemoStage {
        leftOut = Set.copyOf(leftOut);
    }

    /// {@return the same with another kind of host}
    DemoStage with(HostProfile other) {
        return new DemoStage(other, caches, version, hosts, leftOut);
    }

    /// {@return the same with a KVM that leaves out other maintenance}
    DemoStage leavingOut(Set<Maintenance> other) {
        return new DemoStage(profile, caches, version, hosts, other);
    }

    /// {@return KVM, loaded on a host}
    Kvm kvm(Host host) {
        return new Kvm(host, version, leftOut);
    }

    /// {@return a new host, whose devices work on the thread that asks them, so that a demonstration
    /// repeats itself}
    Host host() {
        return hosts.apply(profile).caches(caches).devicesOnCallersThread(true).build();
    }
}

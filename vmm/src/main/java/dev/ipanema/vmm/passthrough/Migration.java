package dev.ipanema.vmm.passthrough;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.host.platform.Host;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.kvm.uapi.KvmMem;
import dev.ipanema.kvm.uapi.UserspaceMemoryRegion;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.kvm.vm.Kvm;
import dev.ipanema.kvm.vm.KvmError;
import dev.ipanema.kvm.vm.Vm;
import java.util.ArrayList;
import java.util.List;

/// What keeps a running guest from moving to another host. KVM itself is asked, on both sides: for dirty logging
/// of each slot, without which memory cannot be copied while the guest writes it, and for the capability, which a
/// guest with cacheable PFN mappings needs on either side (review of v3, 86r033olwv.wl-maz@kernel.org).
public final class Migration {
    private final Vm vm;
    private final HostProfile target;
    private final KernelVersion version;
    private final List<DeviceStatus.Refusal> obstacles = new ArrayList<>();

    /// @param vm of the guest, which does not run meanwhile
    /// @param target the other host
    /// @param version the kernel that it runs
    public Migration(Vm vm, HostProfile target, KernelVersion version) {
        this.vm = vm;
        this.target = target;
        this.version = version;
    }

    /// {@return what has been found}
    public List<DeviceStatus.Refusal> obstacles() {
        return List.copyOf(obstacles);
    }

    /// A device whose driver on the host cannot save what it is doing stays where it is.
    void device(String bdf, String driver) {
        obstacles.add(new DeviceStatus.Refusal(
                bdf + ": " + driver + " offers no migration (VFIO_DEVICE_FEATURE_MIGRATION: -ENOTTY)", ""));
    }

    /// Asks KVM to log the pages of a slot that the guest makes dirty, as the sending side does first.
    public void slot(int id, String what, long ipa, long size, long hva) {
        int result =
                vm.setUserMemoryRegion(new UserspaceMemoryRegion(id, KvmMem.KVM_MEM_LOG_DIRTY_PAGES, ipa, size, hva));
        if (result != 0) {
            obstacles.add(new DeviceStatus.Refusal(
                    what + ": dirty logging of slot " + id + " returned " + Errno.render(result)
                            + CacheablePfnmap.outcome(vm.lastTrail()),
                    vm.lastTrail().toString()));
            return;
        }
        vm.setUserMemoryRegion(new UserspaceMemoryRegion(id, 0, ipa, size, hva));
    }

    /// Asks KVM of the other host for the capability that the guest relies on here.
    ///
    /// @param what of the guest relies on it
    public void relies(String what) {
        try (Host host = Host.builder(target).build();
                Vm othersVm = new Kvm(host, version).createVm(host.newAddressSpace(), 0)) {
            CacheablePfnmap there = CacheablePfnmap.of(othersVm);
            CacheablePfnmap here = CacheablePfnmap.of(vm);
            if (here.isSupported() != there.isSupported()) {
                String other = target.name() + " with " + version.name();
                String why = here.isSupported()
                        ? " is mapped cacheable here, and not on " + other + ": " + there.sentence()
                        : " is not mapped cacheable here, and would be on " + other + ": " + here.sentence();
                obstacles.add(
                        new DeviceStatus.Refusal(what + why, here.isSupported() ? there.reasons() : here.reasons()));
            }
        } catch (KvmError e) {
            obstacles.add(new DeviceStatus.Refusal(
                    target.name() + " with " + version.name() + " makes no such VM: " + e.getMessage(), ""));
        }
    }
}

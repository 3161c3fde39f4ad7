package dev.ipanema.kvm.pmu;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.register.IdAa64Dfr0El1;
import dev.ipanema.arm.register.PmevtyperEl0;
import dev.ipanema.arm.register.SysReg;

/// The performance monitors of the host, all CPUs of which are alike (`struct arm_pmu`).
///
/// @param counters how many event counters they have
/// @param version `ID_AA64DFR0_EL1.PMUVer` as far as a guest may see it (`kvm_arm_pmu_get_pmuver_limit`), 0
///     for none
/// @param eventNumbers how many event numbers the hardware's own version has
public record HostPmu(int counters, int version, int eventNumbers) {
    /// The type of the PMU among those of perf (`/sys/bus/event_source/devices/armv8_pmuv3_0/type`), which
    /// `KVM_ARM_VCPU_PMU_V3_SET_PMU` takes.
    public static final int TYPE = 8;

    /// {@return the PMU of a host with such CPUs}
    public static HostPmu of(CpuModel model) {
        int hardware = IdAa64Dfr0El1.pmuVer(model.id(SysReg.ID_AA64DFR0_EL1));
        int guest = IdAa64Dfr0El1.pmuVer(model.guestId(SysReg.ID_AA64DFR0_EL1));
        return new HostPmu(model.eventCounters(), guest, PmevtyperEl0.events(hardware));
    }

    /// {@return whether there are any (`kvm_arm_support_pmu_v3`)}
    public boolean isPresent() {
        return version != 0;
    }

    /// {@return how many event numbers a guest's counters have (`kvm_pmu_event_mask` and one)}
    int guestEvents() {
        return PmevtyperEl0.events(version);
    }

    /// {@return whether event counters have 64 bits (FEAT_PMUv3p5)}
    boolean hasLongCounters() {
        return version >= IdAa64Dfr0El1.V3P5;
    }
}

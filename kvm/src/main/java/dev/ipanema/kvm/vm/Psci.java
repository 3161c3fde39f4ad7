package dev.ipanema.kvm.vm;

import dev.ipanema.arm.register.MpidrEl1;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.kvm.uapi.KvmExit;
import org.jspecify.annotations.Nullable;

/// Calls of the guest to its firmware, of which KVM is the implementation: PSCI 0.2 and 1.0 to 1.3
/// (`arch/arm64/kvm/psci.c`); other calls are those of [Hypercalls].
///
/// A call returns 1 to resume the guest or 0 to leave for the VMM, as KVM's exit handlers do.
final class Psci {
    private static final int RESUME = 1;
    private static final int EXIT = 0;

    /// SYSTEM_RESET2 came with PSCI 1.1.
    private static final long VERSION_WITH_RESET2 = 0x1_0001;

    private final Vm vm;
    private final Hypercalls hypercalls;
    private volatile long version = SmcccFunction.PSCI_VERSION_1_3;

    Psci(Vm vm) {
        this.vm = vm;
        this.hypercalls = new Hypercalls(vm);
    }

    /// Serves the call whose function identifier and arguments are in X0 to X3 (`kvm_smccc_call_handler`,
    /// `kvm_psci_call`). What the version that the VMM chose does not have is not there.
    int call(Vcpu vcpu) {
        int function = (int) vcpu.x(0);
        switch (function) {
            case SmcccFunction.PSCI_SYSTEM_OFF -> {
                return systemEvent(vcpu, KvmExit.KVM_SYSTEM_EVENT_SHUTDOWN, 0);
            }
            case SmcccFunction.PSCI_SYSTEM_RESET -> {
                return systemEvent(vcpu, KvmExit.KVM_SYSTEM_EVENT_RESET, 0);
            }
            case SmcccFunction.PSCI_SYSTEM_RESET2, SmcccFunction.PSCI_SYSTEM_RESET2_64 -> {
                if (version >= VERSION_WITH_RESET2) {
                    return systemReset2(vcpu, function);
                }
                vcpu.setResult(SmcccFunction.PSCI_NOT_SUPPORTED);
            }
            case SmcccFunction.PSCI_SYSTEM_OFF2, SmcccFunction.PSCI_SYSTEM_OFF2_64 -> {
                if (version >= SmcccFunction.PSCI_VERSION_1_3) {
                    return systemOff2(vcpu, function);
                }
                vcpu.setResult(SmcccFunction.PSCI_NOT_SUPPORTED);
            }
            case SmcccFunction.PSCI_VERSION -> vcpu.setResult(version);
            case SmcccFunction.PSCI_FEATURES ->
                vcpu.setResult(
                        version >= SmcccFunction.PSCI_VERSION_1_0
                                ? features((int) vcpu.x(1))
                                : SmcccFunction.PSCI_NOT_SUPPORTED);
            case SmcccFunction.PSCI_CPU_SUSPEND, SmcccFunction.PSCI_CPU_SUSPEND_64 -> vcpu.setResult(suspend(vcpu));
            case SmcccFunction.PSCI_CPU_OFF -> vcpu.setResult(off(vcpu));
            case SmcccFunction.PSCI_CPU_ON, SmcccFunction.PSCI_CPU_ON_64 -> vcpu.setResult(on(vcpu, function));
            case SmcccFunction.PSCI_AFFINITY_INFO, SmcccFunction.PSCI_AFFINITY_INFO_64 ->
                vcpu.setResult(affinityInfo(vcpu, function));
            case SmcccFunction.PSCI_MIGRATE_INFO_TYPE -> vcpu.setResult(SmcccFunction.PSCI_TOS_NOT_PRESENT_MP);
            default -> hypercalls.call(vcpu, function);
        }
        return RESUME;
    }

    /// {@return the version of PSCI that the guest is told, `KVM_REG_ARM_PSCI_VERSION`}
    long version() {
        return version;
    }

    /// Chooses the version (`kvm_arm_set_fw_reg`): 0.2 or 1.0 to 1.3.
    ///
    /// @return 0, or -EINVAL for another version, -EBUSY after a vCPU ran
    int setVersion(long value) {
        boolean known = value == SmcccFunction.PSCI_VERSION_0_2
                || (value >= SmcccFunction.PSCI_VERSION_1_0 && value <= SmcccFunction.PSCI_VERSION_1_3);
        if (!known) {
            return Errno.EINVAL.negated();
        }
        if (value != version && vm.hasRunOnce()) {
            return Errno.EBUSY.negated();
        }
        version = value;
        return 0;
    }

    /// {@return the services other than PSCI}
    Hypercalls hypercalls() {
        return hypercalls;
    }

    private long features(int function) {
        return switch (function) {
            case SmcccFunction.SMCCC_VERSION,
                    SmcccFunction.PSCI_VERSION,
                    SmcccFunction.PSCI_FEATURES,
                    SmcccFunction.PSCI_CPU_SUSPEND,
                    SmcccFunction.PSCI_CPU_SUSPEND_64,
                    SmcccFunction.PSCI_CPU_OFF,
                    SmcccFunction.PSCI_CPU_ON,
                    SmcccFunction.PSCI_CPU_ON_64,
                    SmcccFunction.PSCI_AFFINITY_INFO,
                    SmcccFunction.PSCI_AFFINITY_INFO_64,
                    SmcccFunction.PSCI_MIGRATE_INFO_TYPE,
                    SmcccFunction.PSCI_SYSTEM_OFF,
                    SmcccFunction.PSCI_SYSTEM_RESET -> SmcccFunction.PSCI_SUCCESS;
            case SmcccFunction.PSCI_SYSTEM_RESET2, SmcccFunction.PSCI_SYSTEM_RESET2_64 ->
                version >= VERSION_WITH_RESET2 ? SmcccFunction.PSCI_SUCCESS : SmcccFunction.PSCI_NOT_SUPPORTED;
            case SmcccFunction.PSCI_SYSTEM_OFF2, SmcccFunction.PSCI_SYSTEM_OFF2_64 ->
                version >= SmcccFunction.PSCI_VERSION_1_3
                        ? SmcccFunction.PSCI_HIBERNATE_OFF
                        : SmcccFunction.PSCI_NOT_SUPPORTED;
            default -> SmcccFunction.PSCI_NOT_SUPPORTED;
        };
    }

    /// Suspend is WFI, whatever state was asked for.
    private static long suspend(Vcpu vcpu) {
        vcpu.waitForInterrupt();
        return SmcccFunction.PSCI_SUCCESS;
    }

    private static long off(Vcpu vcpu) {
        vcpu.powerOff();
        return SmcccFunction.PSCI_SUCCESS;
    }

    private long on(Vcpu caller, int function) {
        long mpidr = argument(caller, 1, function);
        Vcpu target = find(mpidr);
        if (target == null) {
            return SmcccFunction.PSCI_INVALID_PARAMS;
        }
        boolean started = target.powerOn(argument(caller, 2, function), argument(caller, 3, function));
        return started ? SmcccFunction.PSCI_SUCCESS : SmcccFunction.PSCI_ALREADY_ON;
    }

    private @Nullable Vcpu find(long mpidr) {
        for (Vcpu vcpu : vm.vcpus()) {
            if (vcpu.affinity() == (mpidr & MpidrEl1.AFFINITY)) {
                return vcpu;
            }
        }
        return null;
    }

    private long affinityInfo(Vcpu caller, int function) {
        long lowestLevel = argument(caller, 2, function);
        if (lowestLevel < 0 || lowestLevel > 3) {
            return SmcccFunction.PSCI_INVALID_PARAMS;
        }
        long mask = MpidrEl1.mask((int) lowestLevel);
        long wanted = argument(caller, 1, function) & mask;
        boolean any = false;
        for (Vcpu vcpu : vm.vcpus()) {
            if ((vcpu.affinity() & mask) == wanted) {
                any = true;
                if (!vcpu.isStopped()) {
                    return SmcccFunction.PSCI_AFFINITY_LEVEL_ON;
                }
            }
        }
        return any ? SmcccFunction.PSCI_AFFINITY_LEVEL_OFF : SmcccFunction.PSCI_INVALID_PARAMS;
    }

    private int systemReset2(Vcpu vcpu, int function) {
        long type = argument(vcpu, 1, function);
        if (type != SmcccFunction.PSCI_SYSTEM_WARM_RESET && (type & SmcccFunction.PSCI_VENDOR_RESET) == 0) {
            vcpu.setResult(SmcccFunction.PSCI_INVALID_PARAMS);
            return RESUME;
        }
        return systemEvent(vcpu, KvmExit.KVM_SYSTEM_EVENT_RESET, KvmExit.KVM_SYSTEM_EVENT_RESET_FLAG_PSCI_RESET2);
    }

    private int systemOff2(Vcpu vcpu, int function) {
        long type = argument(vcpu, 1, function);
        if ((type != 0 && type != SmcccFunction.PSCI_HIBERNATE_OFF) || argument(vcpu, 2, function) != 0) {
            vcpu.setResult(SmcccFunction.PSCI_INVALID_PARAMS);
            return RESUME;
        }
        return systemEvent(vcpu, KvmExit.KVM_SYSTEM_EVENT_SHUTDOWN, KvmExit.KVM_SYSTEM_EVENT_SHUTDOWN_FLAG_PSCI_OFF2);
    }

    /// Stops every vCPU and leaves with `KVM_EXIT_SYSTEM_EVENT` (`kvm_prepare_system_event`). Should the VMM resume
    /// the guest nevertheless, the call has failed.
    private int systemEvent(Vcpu vcpu, int type, long flags) {
        for (Vcpu other : vm.vcpus()) {
            other.powerOff();
        }
        vcpu.setResult(SmcccFunction.PSCI_INTERNAL_FAILURE);
        vcpu.kvmRun().exitReason = KvmExit.KVM_EXIT_SYSTEM_EVENT;
        vcpu.kvmRun().systemEvent.type = type;
        vcpu.kvmRun().systemEvent.ndata = 1;
        vcpu.kvmRun().systemEvent.data[0] = flags;
        return EXIT;
    }

    /// The 32-bit forms take the low half of a register.
    private static long argument(Vcpu vcpu, int n, int function) {
        long value = vcpu.x(n);
        return SmcccFunction.is64Bit(function) ? value : value & 0xffff_ffffL;
    }
}

package dev.ipanema.kvm.vm;

import dev.ipanema.arm.register.Pstate;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.kvm.pmu.PmuRegisters;
import dev.ipanema.kvm.uapi.KvmReg;
import dev.ipanema.machine.cpu.CpuContext;
import java.util.function.BooleanSupplier;

/// `KVM_GET_ONE_REG` and `KVM_SET_ONE_REG` (`arch/arm64/kvm/guest.c`, `sys_regs.c:kvm_arm_sys_reg_set_reg`).
final class OneReg {
    private static final int ENOENT = Errno.ENOENT.negated();
    private static final int EINVAL = Errno.EINVAL.negated();

    private final CpuContext cpu;
    private final Psci psci;
    private final GuestIds ids;
    private final PmuRegisters pmu;
    private final BooleanSupplier hasRun;

    /// @param hasRun whether a vCPU of the VM has run
    OneReg(CpuContext cpu, GuestIds ids, Psci psci, PmuRegisters pmu, BooleanSupplier hasRun) {
        this.psci = psci;
        this.pmu = pmu;
        this.hasRun = hasRun;
        this.cpu = cpu;
        this.ids = ids;
    }

    /// {@return one half of a register}
    ///
    /// @throws KvmError with -ENOENT for an unknown one
    long get(long id, int half) {
        Kind kind = kind(id);
        return switch (kind) {
            case X -> cpu.x((int) (id - KvmReg.x(0)) / 2);
            case V -> cpu.v((int) (id - KvmReg.v(0)) / 4, half);
            case SP -> cpu.get(SysReg.SP_EL0);
            case PC -> cpu.pc();
            case PSTATE -> cpu.pstate();
            case SP_EL1 -> cpu.get(SysReg.SP_EL1);
            case ELR_EL1 -> cpu.get(SysReg.ELR_EL1);
            case SPSR_EL1 -> cpu.get(SysReg.SPSR_EL1);
            case FPSR -> cpu.get(SysReg.FPSR);
            case FPCR -> cpu.get(SysReg.FPCR);
            case SPSR_AARCH32 -> 0;
            case PSCI_VERSION -> psci.version();
            case SERVICES -> psci.hypercalls().feature(id);
            case SYSREG -> ids.read(sysreg(id));
            case PMU -> pmu.get(sysreg(id));
            case UNKNOWN -> throw new KvmError(ENOENT, "KVM_GET_ONE_REG 0x" + Long.toHexString(id));
        };
    }

    /// {@return 0 or a negated errno}
    int set(long id, long low, long high) {
        switch (kind(id)) {
            case X -> cpu.setX((int) (id - KvmReg.x(0)) / 2, low);
            case V -> {
                cpu.setV((int) (id - KvmReg.v(0)) / 4, 0, low);
                cpu.setV((int) (id - KvmReg.v(0)) / 4, 1, high);
            }
            case SP -> cpu.set(SysReg.SP_EL0, low);
            case PC -> cpu.setPc(low);
            case PSTATE -> {
                return setPstate(low);
            }
            case SP_EL1 -> cpu.set(SysReg.SP_EL1, low);
            case ELR_EL1 -> cpu.set(SysReg.ELR_EL1, low);
            case SPSR_EL1 -> cpu.set(SysReg.SPSR_EL1, low);
            case FPSR -> cpu.set(SysReg.FPSR, low);
            case FPCR -> cpu.set(SysReg.FPCR, low);
            case SPSR_AARCH32 -> {
                // A guest without AArch32 has no use for it.
            }
            case PSCI_VERSION -> {
                return psci.setVersion(low);
            }
            case SERVICES -> {
                return psci.hypercalls().setFeature(id, low);
            }
            case SYSREG -> {
                return setSysreg(sysreg(id), low);
            }
            case PMU -> pmu.set(sysreg(id), low, hasRun.getAsBoolean());
            case UNKNOWN -> {
                return ENOENT;
            }
        }
        return 0;
    }

    private int setPstate(long value) {
        long mode = value & Pstate.MODE;
        if (mode != Pstate.EL0T && mode != Pstate.EL1T && mode != Pstate.EL1H) {
            return EINVAL;
        }
        cpu.setPstate(value);
        return 0;
    }

    /// An identification register can be set to what it is.
    private int setSysreg(SysReg reg, long value) {
        boolean fixed = switch (reg.access()) {
            case EL0_READ_EL1_READ, EL1_READ -> true;
            default -> false;
        };
        if (fixed) {
            return ids.read(reg) == value ? 0 : EINVAL;
        }
        cpu.set(reg, value);
        return 0;
    }

    private enum Kind {
        X,
        V,
        SP,
        PC,
        PSTATE,
        SP_EL1,
        ELR_EL1,
        SPSR_EL1,
        SPSR_AARCH32,
        FPSR,
        FPCR,
        PSCI_VERSION,
        SERVICES,
        SYSREG,
        PMU,
        UNKNOWN
    }

    private Kind kind(long id) {
        if (id >= KvmReg.x(0) && id <= KvmReg.x(30) && (id - KvmReg.x(0)) % 2 == 0) {
            return Kind.X;
        }
        if (id >= KvmReg.v(0) && id <= KvmReg.v(31) && (id - KvmReg.v(0)) % 4 == 0) {
            return Kind.V;
        }
        if (id > KvmReg.spsr(0) && id <= KvmReg.spsr(4) && (id - KvmReg.spsr(0)) % 2 == 0) {
            return Kind.SPSR_AARCH32;
        }
        if (id == KvmReg.CORE_SP) {
            return Kind.SP;
        }
        if (id == KvmReg.CORE_PC) {
            return Kind.PC;
        }
        if (id == KvmReg.CORE_PSTATE) {
            return Kind.PSTATE;
        }
        if (id == KvmReg.CORE_SP_EL1) {
            return Kind.SP_EL1;
        }
        if (id == KvmReg.CORE_ELR_EL1) {
            return Kind.ELR_EL1;
        }
        if (id == KvmReg.CORE_SPSR_EL1) {
            return Kind.SPSR_EL1;
        }
        if (id == KvmReg.CORE_FPSR) {
            return Kind.FPSR;
        }
        if (id == KvmReg.CORE_FPCR) {
            return Kind.FPCR;
        }
        if (id == KvmReg.PSCI_VERSION) {
            return Kind.PSCI_VERSION;
        }
        if (id == KvmReg.KVM_REG_ARM_STD_BMAP
                || id == KvmReg.KVM_REG_ARM_STD_HYP_BMAP
                || id == KvmReg.KVM_REG_ARM_VENDOR_HYP_BMAP) {
            return Kind.SERVICES;
        }
        boolean system = (id & ~0xffffL) == KvmReg.sysreg(0, 0, 0, 0, 0);
        SysReg reg = system ? SysReg.of((int) id & 0xffff) : null;
        if (reg == null) {
            return Kind.UNKNOWN;
        }
        if (reg.isPmu()) {
            return pmu.isOneReg(reg) ? Kind.PMU : Kind.UNKNOWN;
        }
        return isSysreg(reg) ? Kind.SYSREG : Kind.UNKNOWN;
    }

    private boolean isSysreg(SysReg reg) {
        return reg.access() != SysReg.Access.EL2_WRITE && !reg.isGicCpuInterface() && !isCore(reg) && ids.has(reg);
    }

    /// Registers that userspace reaches as core registers, or that are parts of PSTATE.
    private static boolean isCore(SysReg reg) {
        return switch (reg) {
            case SP_EL0, ELR_EL1, SPSR_EL1, SPSel, CurrentEL, PAN, UAO, NZCV, DAIF, DIT, SSBS, FPCR, FPSR, ISR_EL1 ->
                true;
            default -> false;
        };
    }

    private static SysReg sysreg(long id) {
        SysReg reg = SysReg.of((int) id & 0xffff);
        if (reg == null) {
            throw new IllegalStateException("System register 0x" + Long.toHexString(id));
        }
        return reg;
    }
}

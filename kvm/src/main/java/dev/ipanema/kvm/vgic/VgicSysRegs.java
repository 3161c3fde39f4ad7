package dev.ipanema.kvm.vgic;

import dev.ipanema.arm.register.IccCtlrEl1;
import dev.ipanema.arm.register.IccSreEl1;
import dev.ipanema.arm.register.IchVmcrEl2;
import dev.ipanema.arm.register.IchVtrEl2;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.base.errno.Errno;
import org.jspecify.annotations.Nullable;

/// A VMM's access to the `ICC_*_EL1` registers of a vCPU (`vgic-sys-reg-v3.c`); the vCPU is not loaded.
final class VgicSysRegs {
    private static final int EINVAL = Errno.EINVAL.negated();
    private static final long SRE = IccSreEl1.DFB | IccSreEl1.DIB | IccSreEl1.SRE;

    private VgicSysRegs() {}

    /// {@return whether a register is there}
    static boolean has(@Nullable SysReg reg) {
        if (reg == null) {
            return false;
        }
        return switch (reg) {
            case ICC_PMR_EL1,
                    ICC_BPR0_EL1,
                    ICC_AP0R0_EL1,
                    ICC_AP0R1_EL1,
                    ICC_AP0R2_EL1,
                    ICC_AP0R3_EL1,
                    ICC_AP1R0_EL1,
                    ICC_AP1R1_EL1,
                    ICC_AP1R2_EL1,
                    ICC_AP1R3_EL1,
                    ICC_BPR1_EL1,
                    ICC_CTLR_EL1,
                    ICC_SRE_EL1,
                    ICC_IGRPEN0_EL1,
                    ICC_IGRPEN1_EL1 -> true;
            default -> false;
        };
    }

    /// Reads or writes.
    ///
    /// @return 0, or -ENXIO for what is not there, -EINVAL for a value that this interface cannot have
    static int access(VgicVcpu vcpu, @Nullable SysReg reg, long[] value, boolean write) {
        if (reg == null || !has(reg)) {
            return Errno.ENXIO.negated();
        }
        if (write) {
            return write(vcpu.cpuInterface, reg, value[0]);
        }
        value[0] = read(vcpu.cpuInterface, reg);
        return 0;
    }

    private static long read(CpuInterface cpu, SysReg reg) {
        long vmcr = cpu.vmcr;
        return switch (reg) {
            case ICC_PMR_EL1 -> IchVmcrEl2.pmr(vmcr);
            case ICC_BPR0_EL1 -> IchVmcrEl2.bpr0(vmcr);
            case ICC_BPR1_EL1 ->
                (vmcr & IchVmcrEl2.VCBPR) != 0
                        ? Math.min(IchVmcrEl2.bpr0(vmcr) + 1, SysReg.ICC_BPR1_EL1.writable())
                        : IchVmcrEl2.bpr1(vmcr);
            case ICC_AP0R0_EL1 -> Integer.toUnsignedLong(cpu.ap0r);
            case ICC_AP1R0_EL1 -> Integer.toUnsignedLong(cpu.ap1r);
            case ICC_IGRPEN0_EL1 -> (vmcr & IchVmcrEl2.VENG0) != 0 ? 1 : 0;
            case ICC_IGRPEN1_EL1 -> (vmcr & IchVmcrEl2.VENG1) != 0 ? 1 : 0;
            case ICC_SRE_EL1 -> SRE;
            case ICC_CTLR_EL1 ->
                IccCtlrEl1.priBits(IchVtrEl2.PRIORITY_BITS)
                        | IccCtlrEl1.idBits(IchVtrEl2.INTID_BITS == 16 ? 0 : 1)
                        | IccCtlrEl1.A3V
                        | ((vmcr & IchVmcrEl2.VCBPR) != 0 ? IccCtlrEl1.CBPR : 0)
                        | ((vmcr & IchVmcrEl2.VEOIM) != 0 ? IccCtlrEl1.EOIMODE : 0);
            // Active priority registers beyond those that are implemented.
            default -> 0;
        };
    }

    private static int write(CpuInterface cpu, SysReg reg, long value) {
        switch (reg) {
            case ICC_PMR_EL1 -> cpu.vmcr = IchVmcrEl2.withPmr(cpu.vmcr, (int) value);
            case ICC_BPR0_EL1 -> cpu.vmcr = IchVmcrEl2.withBpr0(cpu.vmcr, (int) value);
            case ICC_BPR1_EL1 -> {
                if ((cpu.vmcr & IchVmcrEl2.VCBPR) == 0) {
                    cpu.vmcr = IchVmcrEl2.withBpr1(cpu.vmcr, (int) value);
                }
            }
            case ICC_AP0R0_EL1 -> cpu.ap0r = (int) value;
            case ICC_AP1R0_EL1 -> cpu.ap1r = (int) value;
            case ICC_IGRPEN0_EL1 -> cpu.vmcr = with(cpu.vmcr, IchVmcrEl2.VENG0, (value & 1) != 0);
            case ICC_IGRPEN1_EL1 -> cpu.vmcr = with(cpu.vmcr, IchVmcrEl2.VENG1, (value & 1) != 0);
            case ICC_SRE_EL1 -> {
                return value == SRE ? 0 : EINVAL;
            }
            case ICC_CTLR_EL1 -> {
                return writeCtlr(cpu, value);
            }
            default -> {
                // Not implemented: written as zero.
            }
        }
        return 0;
    }

    /// What the guest was told when it was saved must not be more than there is here.
    private static int writeCtlr(CpuInterface cpu, long value) {
        boolean fits = IccCtlrEl1.priBitsOf(value) <= IchVtrEl2.PRIORITY_BITS
                && IccCtlrEl1.idBitsOf(value) == 0
                && (value & IccCtlrEl1.SEIS) == 0
                && (value & IccCtlrEl1.A3V) != 0;
        if (!fits) {
            return EINVAL;
        }
        cpu.vmcr = with(cpu.vmcr, IchVmcrEl2.VCBPR, (value & IccCtlrEl1.CBPR) != 0);
        cpu.vmcr = with(cpu.vmcr, IchVmcrEl2.VEOIM, (value & IccCtlrEl1.EOIMODE) != 0);
        return 0;
    }

    private static long with(long vmcr, long bit, boolean on) {
        return on ? vmcr | bit : vmcr & ~bit;
    }
}

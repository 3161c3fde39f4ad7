package dev.ipanema.kvm.vm;

import dev.ipanema.arm.register.CnthctlEl2;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.MdcrEl2;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.kvm.mmu.CpuCaps;
import dev.ipanema.machine.cpu.CpuContext;

/// The state in which KVM starts a vCPU (`arch/arm64/kvm/reset.c:kvm_reset_vcpu`, `sys_regs.c:sys_reg_descs`,
/// `vcpu_reset_hcr`).
final class VcpuReset {
    /// What KVM puts into registers whose reset value is UNKNOWN (`sys_regs.c:reset_unknown`).
    static final long UNKNOWN = 0x1de7_ec7e_dbad_c0deL;

    private static final SysReg[] RESET_UNKNOWN = {
        SysReg.TTBR0_EL1,
        SysReg.TTBR1_EL1,
        SysReg.AFSR0_EL1,
        SysReg.AFSR1_EL1,
        SysReg.ESR_EL1,
        SysReg.FAR_EL1,
        SysReg.PAR_EL1,
        SysReg.MAIR_EL1,
        SysReg.TPIDR_EL1,
        SysReg.TPIDR_EL0,
        SysReg.TPIDRRO_EL0,
        SysReg.CSSELR_EL1,
    };

    /// `SCTLR_EL1` of a vCPU: everything off, RES1 of Armv8.0 set.
    private static final long SCTLR = SctlrEl1.SPAN
            | SctlrEl1.EIS
            | SctlrEl1.NTWE
            | SctlrEl1.NTWI
            | SctlrEl1.NAA
            | SctlrEl1.CP15BEN
            | SctlrEl1.SA0
            | SctlrEl1.SA;

    /// `HCR_GUEST_FLAGS` of `asm/kvm_arm.h`. WFE is not trapped: each vCPU has its processing element to itself.
    private static final long HCR_GUEST_FLAGS = HcrEl2.TSC
            | HcrEl2.TSW
            | HcrEl2.TWI
            | HcrEl2.VM
            | HcrEl2.BSU_IS
            | HcrEl2.FB
            | HcrEl2.TACR
            | HcrEl2.AMO
            | HcrEl2.SWIO
            | HcrEl2.TIDCP
            | HcrEl2.RW
            | HcrEl2.TLOR
            | HcrEl2.FMO
            | HcrEl2.IMO
            | HcrEl2.PTW
            | HcrEl2.TID1
            | HcrEl2.TID2
            | HcrEl2.TID3;

    private VcpuReset() {}

    /// Resets a vCPU.
    ///
    /// @param mte whether its VM has allocation tags
    static void reset(CpuContext cpu, CpuCaps caps, boolean mte) {
        cpu.reset();
        for (SysReg reg : RESET_UNKNOWN) {
            cpu.set(reg, UNKNOWN);
        }
        cpu.set(SysReg.SCTLR_EL1, SCTLR);
        cpu.set(SysReg.HCR_EL2, hcr(caps, mte));
        cpu.set(SysReg.MDCR_EL2, MdcrEl2.TPM | MdcrEl2.TPMCR);
        // EL0's accesses to performance monitors are KVM's to refuse (`__activate_traps_common`).
        cpu.set(SysReg.PMUSERENR_EL0, SysReg.PMUSERENR_EL0.writable());
        cpu.set(SysReg.CNTHCTL_EL2, CnthctlEl2.EL1PCTEN | CnthctlEl2.EL1PCEN);
    }

    /// {@return HCR_EL2 of a vCPU that starts}
    static long hcr(CpuCaps caps, boolean mte) {
        long hcr = HCR_GUEST_FLAGS;
        if (caps.ras()) {
            hcr |= HcrEl2.TEA | HcrEl2.TERR;
        }
        // Without FWB KVM must see the guest turn its caches on.
        hcr |= caps.fwb() ? HcrEl2.FWB : HcrEl2.TVM;
        return mte ? hcr | HcrEl2.ATA : hcr;
    }
}

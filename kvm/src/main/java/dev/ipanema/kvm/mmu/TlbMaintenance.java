package dev.ipanema.kvm.mmu;

import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.register.TlbiOp;
import dev.ipanema.kvm.stage2.Stage2Ops;
import dev.ipanema.machine.mmu.Mmu;
import dev.ipanema.machine.mmu.TlbDomain;

/// The TLB invalidations of one VMID (`arch/arm64/kvm/hyp/vhe/tlb.c`).
///
/// An invalidation by IPA does not remove what is cached of both stages combined, so each is followed, once it is
/// complete, by one of all stage-1 entries of the VMID.
final class TlbMaintenance {
    private final TlbDomain domain;
    private final boolean bits52;
    private final boolean hasRange;
    private volatile int vmid;

    TlbMaintenance(TlbDomain domain, boolean bits52, boolean hasRange) {
        this.domain = domain;
        this.bits52 = bits52;
        this.hasRange = hasRange;
    }

    /// Sets the VMID under which the tables are used from now on.
    void setVmid(int newVmid) {
        vmid = newVmid;
    }

    /// `__kvm_tlb_flush_vmid_ipa`.
    ///
    /// @param level the level of the entry; an unknown one is that of a page
    void flushIpa(long ipa, int level) {
        if (level == Stage2Ops.LEVEL_UNKNOWN) {
            domain.invalidate(TlbiOp.IPAS2E1IS, vmid, TlbiOp.operand(ipa, 0), bits52);
        } else {
            long size = Granule.K4.levelSize(level);
            domain.invalidateIpa(vmid, ipa & -size, size);
        }
        domain.synchronize(null);
        flushStage1();
    }

    /// `__kvm_tlb_flush_vmid_ipa_nsh`: of the calling thread's processing element, or of all when it has none.
    void flushIpaLocal(long ipa) {
        Mmu mmu = ThisCpu.mmu();
        if (mmu == null) {
            flushIpa(ipa, Stage2Ops.LEVEL_UNKNOWN);
            return;
        }
        mmu.tlbiLocal(TlbiOp.IPAS2E1, vmid, TlbiOp.operand(ipa, 0));
        mmu.tlbiLocal(TlbiOp.VMALLE1, vmid, 0);
    }

    /// `kvm_tlb_flush_vmid_range`: by range with FEAT_TLBIRANGE, else the whole VMID.
    void flushRange(long ipa, long size) {
        if (!hasRange) {
            flushVmid();
            return;
        }
        domain.invalidateIpa(vmid, ipa, size);
        domain.synchronize(null);
        flushStage1();
    }

    /// `__kvm_tlb_flush_vmid`.
    void flushVmid() {
        domain.invalidate(TlbiOp.VMALLS12E1IS, vmid, 0, bits52);
        domain.synchronize(null);
    }

    private void flushStage1() {
        domain.invalidate(TlbiOp.VMALLE1IS, vmid, 0, bits52);
        domain.synchronize(null);
    }
}

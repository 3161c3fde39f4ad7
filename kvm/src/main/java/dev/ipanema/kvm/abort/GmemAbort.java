package dev.ipanema.kvm.abort;

import dev.ipanema.arm.pgtable.Stage2Prot;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.host.mm.HostPte;
import dev.ipanema.kvm.memslot.GuestMemory;
import dev.ipanema.kvm.memslot.Memslot;
import dev.ipanema.kvm.mmu.S2Mmu;
import dev.ipanema.kvm.mmu.VmMemory;
import dev.ipanema.kvm.stage2.TablePageCache;
import dev.ipanema.kvm.uapi.KvmExit;
import dev.ipanema.kvm.uapi.KvmRun;
import java.util.concurrent.locks.Lock;

/// A fault on memory of a guest_memfd (`arch/arm64/kvm/mmu.c:gmem_abort`): pages only, always Normal Write-Back.
final class GmemAbort {
    private static final int RESUME = 0;
    private static final int EAGAIN = Errno.EAGAIN.negated();

    private final VmMemory vm;
    private final S2Mmu mmu;
    private final KvmRun run;
    private final TablePageCache memcache;
    private final VcpuEffects effects;

    GmemAbort(VmMemory vm, KvmRun run, TablePageCache memcache, VcpuEffects effects) {
        this.vm = vm;
        this.mmu = vm.mmu();
        this.run = run;
        this.memcache = memcache;
        this.effects = effects;
    }

    /// {@return 0 to resume the guest, or a negated errno, then with `KVM_EXIT_MEMORY_FAULT`}
    int handle(S2FaultDesc fault, GuestMemory gmem, DecisionTrail trail) {
        String source = vm.version().source("gmem_abort");
        boolean relax = fault.permission() && vm.version().gmemRelaxesPermissions();
        int errno = relax ? 0 : mmu.topUp(memcache);
        if (errno != 0) {
            return errno;
        }
        Memslot slot = fault.slot();
        long gfn = fault.ipa() >>> HostPte.PAGE_SHIFT;
        long mmuSeq = mmu.invalidateSeq();
        long pfn = gmem.getPfn(slot.gmemPgoff() + gfn - slot.baseGfn());
        if (pfn < 0) {
            run.exitReason = KvmExit.KVM_EXIT_MEMORY_FAULT;
            run.memoryFault.flags = 0;
            run.memoryFault.gpa = fault.ipa();
            run.memoryFault.size = MappingSize.PAGE_SIZE;
            trail.outcome("no page in the guest_memfd", Errno.render((int) pfn), source);
            return (int) pfn;
        }
        boolean writable = !slot.readOnly();
        int prot = Stage2Prot.R
                | (writable ? Stage2Prot.W : 0)
                | (fault.exec() || vm.caps().dic() ? Stage2Prot.X : 0);
        long ipa = gfn << HostPte.PAGE_SHIFT;
        int result;
        Lock lock = mmu.faultLock();
        lock.lock();
        try {
            if (mmu.invalidateRetry(mmuSeq)) {
                result = EAGAIN;
            } else if (relax) {
                result = mmu.relaxPerms(ipa, prot);
            } else {
                result = mmu.map(ipa, MappingSize.PAGE_SIZE, pfn << HostPte.PAGE_SHIFT, prot, memcache, slot.logging());
            }
            gmem.releasePfn(pfn, writable && result == 0);
        } finally {
            lock.unlock();
        }
        if (writable && result == 0) {
            effects.markPageDirty(slot, gfn);
        }
        if (trail.enabled()) {
            trail.outcome("stage-2 mapping", LeafText.PAGE, ipa, LeafText.result(prot, result), source);
        }
        return result == EAGAIN ? RESUME : result;
    }
}

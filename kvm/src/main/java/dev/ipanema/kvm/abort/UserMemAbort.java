package dev.ipanema.kvm.abort;

import dev.ipanema.arm.pgtable.Stage2Prot;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.HostPte;
import dev.ipanema.host.mm.Vma;
import dev.ipanema.kvm.mmu.FaultinPfn;
import dev.ipanema.kvm.mmu.S2Mmu;
import dev.ipanema.kvm.mmu.VmMemory;
import dev.ipanema.kvm.stage2.TablePageCache;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.kvm.version.PfnClass;
import dev.ipanema.kvm.version.VmaInfo;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;

/// A fault on the VMM's memory, from VMA to stage-2 leaf (`arch/arm64/kvm/mmu.c:user_mem_abort`): look the VMA up,
/// pin the page, classify it, compute the protection, map it. One object a vCPU; the fields are `struct
/// kvm_s2_fault_vma_info`, valid for the fault being handled.
///
/// `mmu_seq` protects what happens under `mmu_lock`: a page that the host took back since the VMA was read is not
/// mapped. The decisions before the lock act on facts that may be stale, as in the kernel: their errors are errors
/// all the same.
final class UserMemAbort {
    /// The fault is dealt with; the guest runs on.
    private static final int RESUME = 0;

    private static final int EAGAIN = Errno.EAGAIN.negated();
    private static final int EFAULT = Errno.EFAULT.negated();
    private static final int CONTINUE = Integer.MAX_VALUE;

    private final VmMemory vm;
    private final KernelVersion version;
    private final AddressSpace mm;
    private final S2Mmu mmu;
    private final FaultinPfn page;
    private final TablePageCache memcache;
    private final VcpuEffects effects;

    // struct kvm_s2_fault_vma_info
    private VmaInfo vma = new VmaInfo(false, false, false, false, false, false);
    private long vmaPagesize;
    private boolean forcePte;
    private long mmuSeq;
    private PfnClass pfnClass = PfnClass.RAM;

    // What kvm_s2_fault_map lays down; transparent_hugepage_adjust may enlarge it.
    private long gfn;
    private long pfn;
    private long mappingSize;

    UserMemAbort(VmMemory vm, TablePageCache memcache, VcpuEffects effects) {
        this.vm = vm;
        this.version = vm.version();
        this.mm = vm.mm();
        this.mmu = vm.mmu();
        this.page = new FaultinPfn(mm);
        this.memcache = memcache;
        this.effects = effects;
    }

    /// {@return 0 to resume the guest, or a negated errno; `-ENOEXEC` asks for an external abort on the fetch}
    int handle(S2FaultDesc fault, DecisionTrail trail) {
        boolean permission = fault.permission();
        if (permission && !fault.write() && !fault.exec() && version.readPermissionFaultErrno() != 0) {
            trail.outcome("read permission fault", "-EFAULT", version.source("user_mem_abort"));
            return version.readPermissionFaultErrno();
        }
        if (version.topsUpMemcache(permission, fault.slot().logging(), fault.write())) {
            int errno = mmu.topUp(memcache);
            if (errno != 0) {
                return errno;
            }
        }
        int result = pinPfn(fault, trail);
        if (result != CONTINUE) {
            return result;
        }
        int prot = computeProt(fault, trail);
        if (prot < 0) {
            releaseEarly(trail);
            return prot;
        }
        if (isExclusiveAtomic(fault)) {
            page.release(true, false);
            effects.injectExclusiveAtomic();
            return RESUME;
        }
        int errno = version.checksMteUnderMmuLock() ? 0 : mteErrno(fault, trail);
        if (errno != 0) {
            page.release(true, false);
            return errno;
        }
        return map(fault, prot, trail);
    }

    private boolean isExclusiveAtomic(S2FaultDesc fault) {
        return version.handlesExclusiveAtomicFault() && AbortRouter.isExclusiveAtomic(fault.fsc());
    }

    // ---- pin and classify ------------------------------------------------------------------------------------------

    /// `kvm_s2_fault_pin_pfn`.
    private int pinPfn(S2FaultDesc fault, DecisionTrail trail) {
        int errno = getVmaInfo(fault, trail);
        if (errno != 0) {
            return errno;
        }
        gfn = (fault.ipa() & -vmaPagesize) >>> HostPte.PAGE_SHIFT;
        switch (page.lookup(fault.slot(), gfn, fault.write(), trail)) {
            case FOUND -> pfn = page.pfn();
            case HWPOISON -> {
                trail.outcome("hwpoison", "SIGBUS BUS_MCEERR_AR", version.source("kvm_send_hwpoison_signal"));
                effects.sendHwpoisonSignal(fault.hva(), Long.numberOfTrailingZeros(vmaPagesize));
                return RESUME;
            }
            case ERROR -> {
                trail.outcome("no page", "-EFAULT", version.source("kvm_s2_fault_pin_pfn"));
                return EFAULT;
            }
        }
        pfnClass = S2FaultClassifier.classify(
                version, vma, vm.pfns().pfnIsMapMemory(pfn), vm.caps().supportsCacheablePfnmap(), trail);
        errno = FaultDecision.classErrno(version, pfnClass, trail);
        if (errno != 0) {
            releaseEarly(trail);
            return errno;
        }
        return CONTINUE;
    }

    /// `kvm_s2_fault_get_vma_info`: everything that is read of the VMA, under `mmap_lock`, the sequence count last.
    private int getVmaInfo(S2FaultDesc fault, DecisionTrail trail) {
        boolean unlock = true;
        mm.mmapLock().readLock();
        try {
            Vma found = mm.vmaLookup(fault.hva());
            if (found == null) {
                trail.outcome("no VMA at the address", "-EFAULT", version.source("kvm_s2_fault_get_vma_info"));
                return EFAULT;
            }
            vma = VmaInfo.of(found.vmFlags(), found.pageProt());
            boolean logging = fault.slot().logging();
            vmaPagesize = MappingSize.vmaPagesize(version, fault.slot(), found, fault.hva(), logging);
            forcePte = MappingSize.forcePte(version, found, fault.hva(), logging, vmaPagesize);
            int errno = FaultDecision.vmaErrno(version, vma, trail);
            if (errno != 0 && version.leaksMmapLockOnVmaErrno()) {
                unlock = false;
                vm.leakMmapLock(version.source("kvm_s2_fault_get_vma_info"));
            }
            mmuSeq = mmu.invalidateSeq();
            return errno;
        } finally {
            if (unlock) {
                mm.mmapLock().readUnlock();
            }
        }
    }

    // ---- protect ---------------------------------------------------------------------------------------------------

    /// `kvm_s2_fault_compute_prot`.
    private int computeProt(S2FaultDesc fault, DecisionTrail trail) {
        return FaultProt.compute(
                page.mapWritable(),
                pfnClass.device(),
                fault.slot().logging(),
                fault.write(),
                fault.exec(),
                pfnClass.mapNonCacheable(),
                vma.allowAnyUncached(),
                vm.caps().dic(),
                trail);
    }

    private int mteErrno(S2FaultDesc fault, DecisionTrail trail) {
        return FaultDecision.mteErrno(fault.permission(), pfnClass, vm.hasMte(), vma, version, trail);
    }

    // ---- map -------------------------------------------------------------------------------------------------------

    /// `kvm_s2_fault_map`.
    private int map(S2FaultDesc fault, int prot, DecisionTrail trail) {
        boolean writable = (prot & Stage2Prot.W) != 0;
        long dirtyGfn = gfn;
        int result;
        Lock lock = mmu.faultLock();
        lock.lock();
        try {
            result = mapLocked(fault, prot, trail);
            page.release(result != 0, writable);
        } finally {
            lock.unlock();
        }
        if (writable && result == 0) {
            dirtyGfn = version.dirtyGfn(dirtyGfn, mappingSize >>> HostPte.PAGE_SHIFT);
            effects.markPageDirty(fault.slot(), dirtyGfn);
        }
        if (trail.enabled()) {
            trail.outcome(
                    "stage-2 mapping",
                    LeafText.SIZED,
                    LeafText.place(gfn << HostPte.PAGE_SHIFT, mappingSize),
                    LeafText.result(prot, result),
                    version.source("kvm_s2_fault_map"));
        }
        return result == EAGAIN ? RESUME : result;
    }

    private int mapLocked(S2FaultDesc fault, int prot, DecisionTrail trail) {
        if (mmu.invalidateRetry(mmuSeq)) {
            return EAGAIN;
        }
        boolean permission = fault.permission();
        mappingSize = vmaPagesize;
        if (mappingSize == MappingSize.PAGE_SIZE
                && !forcePte
                && (version.thpAdjustsNonCacheable() || !pfnClass.mapNonCacheable())) {
            int errno = enlarge(fault);
            if (errno != 0) {
                return errno;
            }
        }
        int errno = version.checksMteUnderMmuLock() ? mteErrno(fault, trail) : 0;
        if (errno == 0) {
            errno = FaultDecision.lockedErrno(version, vma, vm.caps().supportsCacheablePfnmap(), trail);
        }
        if (errno != 0) {
            return errno;
        }
        if (!permission && !pfnClass.mapNonCacheable() && vm.hasMte()) {
            vm.sanitiseMteTags(pfn, mappingSize);
        }
        long ipa = gfn << HostPte.PAGE_SHIFT;
        if (permission && mappingSize == fault.granule()) {
            return mmu.relaxPerms(ipa, prot & ~Stage2Prot.SOFTWARE);
        }
        return mmu.map(
                ipa,
                mappingSize,
                pfn << HostPte.PAGE_SHIFT,
                prot,
                memcache,
                fault.slot().logging());
    }

    /// Keeps the size of the block that denied the access, or takes over the host's
    /// (`transparent_hugepage_adjust`).
    private int enlarge(S2FaultDesc fault) {
        if (fault.granule() > MappingSize.PAGE_SIZE) {
            mappingSize = fault.granule();
            return 0;
        }
        if (!MappingSize.supportsHugeMapping(fault.slot(), fault.hva(), MappingSize.PMD_SIZE)) {
            return 0;
        }
        int shift = mm.leafShift(fault.hva());
        if (shift < 0) {
            return shift;
        }
        if (shift >= HostPte.PMD_SHIFT) {
            long pages = MappingSize.PMD_SIZE >>> HostPte.PAGE_SHIFT;
            mappingSize = MappingSize.PMD_SIZE;
            gfn &= -pages;
            pfn &= -pages;
        }
        return 0;
    }

    /// A return between lookup and lock.
    private void releaseEarly(DecisionTrail trail) {
        if (!version.leaksPageOnEarlyReturn()) {
            page.release(true, false);
            return;
        }
        @Nullable String leaked = page.leak();
        if (leaked != null) {
            vm.countLeakedPage();
            trail.rule("the page reference is not released", "pfn " + leaked, version.source("user_mem_abort"));
        }
    }
}

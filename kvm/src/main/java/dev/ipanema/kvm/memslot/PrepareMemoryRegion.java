package dev.ipanema.kvm.memslot;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.kvm.version.VmaInfo;

/// The arm64 part of accepting a slot (`arch/arm64/kvm/mmu.c:kvm_arch_prepare_memory_region`): a pure function of
/// facts, in the kernel's order.
public final class PrepareMemoryRegion {
    private static final String SOURCE = "arch/arm64/kvm/mmu.c:kvm_arch_prepare_memory_region";

    /// How a slot is backed by a guest_memfd.
    public enum Gmem {
        NONE,
        MAPPABLE,
        NOT_MAPPABLE
    }

    /// What is known before any VMA is looked at.
    ///
    /// @param withinIpa the slot ends inside the VM's IPA space
    /// @param vmMte `KVM_CAP_ARM_MTE` is enabled
    /// @param logDirty the new flags have `KVM_MEM_LOG_DIRTY_PAGES`
    /// @param cacheablePfnmapSupported every CPU has FEAT_S2FWB and CTR_EL0.DIC
    public record Facts(
            RegionChange change,
            boolean withinIpa,
            Gmem gmem,
            boolean vmMte,
            boolean logDirty,
            boolean cacheablePfnmapSupported) {}

    private PrepareMemoryRegion() {}

    /// {@return 0, or the negated errno of the first test that fails}
    ///
    /// @param vmas the VMAs that intersect the slot's addresses, ascending
    public static int check(KernelVersion version, Facts facts, Iterable<VmaInfo> vmas, DecisionTrail trail) {
        int errno = checkSlot(facts, trail);
        if (errno != 0 || facts.change() == RegionChange.DELETE) {
            return errno;
        }
        boolean any = false;
        for (VmaInfo vma : vmas) {
            any = true;
            errno = checkVma(version, facts, vma, trail);
            if (errno != 0) {
                return errno;
            }
        }
        if (!any) {
            trail.fact("vma", "none: a slot needs no VMA before its first fault", SOURCE);
        }
        trail.outcome("slot", "accepted", SOURCE);
        return 0;
    }

    private static int checkSlot(Facts facts, DecisionTrail trail) {
        if (facts.change() == RegionChange.DELETE) {
            trail.outcome("slot", "deleted, nothing to check", SOURCE);
            return 0;
        }
        if (!facts.withinIpa()) {
            return refuse(Errno.EFAULT, "the slot ends beyond the VM's IPA size", trail);
        }
        if (facts.gmem() == Gmem.NOT_MAPPABLE) {
            return refuse(Errno.EINVAL, "the guest_memfd cannot be mapped by the VMM", trail);
        }
        if (facts.gmem() != Gmem.NONE && facts.vmMte()) {
            return refuse(Errno.EINVAL, "guest_memfd has no tags for a VM with MTE", trail);
        }
        return 0;
    }

    private static int checkVma(KernelVersion version, Facts facts, VmaInfo vma, DecisionTrail trail) {
        if (trail.enabled()) {
            trail.fact("vma", vma, SOURCE);
            trail.fact("FEAT_S2FWB && CTR_EL0.DIC", facts.cacheablePfnmapSupported(), SOURCE);
        }
        if (facts.vmMte() && !vma.mteAllowed()) {
            return refuse(Errno.EINVAL, "the VM has MTE and the VMA lacks VM_MTE_ALLOWED", trail);
        }
        if (!vma.pfnmap()) {
            return 0;
        }
        if (facts.logDirty()) {
            return refuse(Errno.EINVAL, "dirty logging of a VM_PFNMAP VMA", trail);
        }
        if (vma.cacheable() && version.slotRefusesCacheablePfnmap(facts.cacheablePfnmapSupported())) {
            return refuse(
                    Errno.EINVAL,
                    "the VM_PFNMAP VMA is cacheable and stage 2 cannot follow it (" + version.name() + ")",
                    trail);
        }
        return 0;
    }

    private static int refuse(Errno errno, String why, DecisionTrail trail) {
        trail.outcome("-" + errno, why, SOURCE);
        return errno.negated();
    }
}

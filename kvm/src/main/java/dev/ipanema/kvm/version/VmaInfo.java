package dev.ipanema.kvm.version;

import dev.ipanema.host.mm.PteAttrIndex;
import dev.ipanema.host.mm.VmFlags;

/// What KVM looks at in a VMA when it decides about a slot or a fault: the snapshot that `kvm_s2_fault_vma_info`
/// takes under `mmap_lock` (`arch/arm64/kvm/mmu.c`, 7.3).
///
/// @param pfnmap `VM_PFNMAP`
/// @param mixedmap `VM_MIXEDMAP`
/// @param cow a COW mapping: `VM_MAYWRITE` without `VM_SHARED`
/// @param allowAnyUncached `VM_ALLOW_ANY_UNCACHED`
/// @param mteAllowed `VM_MTE_ALLOWED`
/// @param cacheable `vm_page_prot` is none of `MT_NORMAL_NC`, `MT_DEVICE_nGnRnE`, `MT_DEVICE_nGnRE`
///     (`kvm_vma_is_cacheable`)
public record VmaInfo(
        boolean pfnmap,
        boolean mixedmap,
        boolean cow,
        boolean allowAnyUncached,
        boolean mteAllowed,
        boolean cacheable) {

    private static final int PFNMAP = 1;
    private static final int MIXEDMAP = 1 << 1;
    private static final int COW = 1 << 2;
    private static final int ALLOW_ANY_UNCACHED = 1 << 3;
    private static final int MTE_ALLOWED = 1 << 4;
    private static final int CACHEABLE = 1 << 5;

    /// One object for all VMAs that look the same: each fault asks for one.
    private static final VmaInfo[] ALL = new VmaInfo[CACHEABLE << 1];

    static {
        for (int bits = 0; bits < ALL.length; bits++) {
            ALL[bits] = new VmaInfo(
                    (bits & PFNMAP) != 0,
                    (bits & MIXEDMAP) != 0,
                    (bits & COW) != 0,
                    (bits & ALLOW_ANY_UNCACHED) != 0,
                    (bits & MTE_ALLOWED) != 0,
                    (bits & CACHEABLE) != 0);
        }
    }

    /// {@return the facts of a VMA}
    ///
    /// @param vmFlags `vm_flags`, see [VmFlags]
    /// @param pageProt the attribute index in `vm_page_prot`
    public static VmaInfo of(long vmFlags, PteAttrIndex pageProt) {
        boolean cow = (vmFlags & (VmFlags.VM_SHARED | VmFlags.VM_MAYWRITE)) == VmFlags.VM_MAYWRITE;
        return ALL[
                ((vmFlags & VmFlags.VM_PFNMAP) != 0 ? PFNMAP : 0)
                        | ((vmFlags & VmFlags.VM_MIXEDMAP) != 0 ? MIXEDMAP : 0)
                        | (cow ? COW : 0)
                        | ((vmFlags & VmFlags.VM_ALLOW_ANY_UNCACHED) != 0 ? ALLOW_ANY_UNCACHED : 0)
                        | ((vmFlags & VmFlags.VM_MTE_ALLOWED) != 0 ? MTE_ALLOWED : 0)
                        | (isCacheable(pageProt) ? CACHEABLE : 0)];
    }

    /// {@return whether a page protection is cacheable (`kvm_vma_is_cacheable`): everything that is not known to be
    /// otherwise}
    public static boolean isCacheable(PteAttrIndex pageProt) {
        return switch (pageProt) {
            case MT_NORMAL_NC, MT_DEVICE_nGnRnE, MT_DEVICE_nGnRE -> false;
            case MT_NORMAL, MT_NORMAL_TAGGED -> true;
        };
    }

    @Override
    public String toString() {
        return (pfnmap ? "VM_PFNMAP " : "")
                + (mixedmap ? "VM_MIXEDMAP " : "")
                + (pfnmap || mixedmap ? "" : "ordinary ")
                + (allowAnyUncached ? "VM_ALLOW_ANY_UNCACHED " : "")
                + (mteAllowed ? "VM_MTE_ALLOWED " : "")
                + (cow ? "COW " : "")
                + (cacheable ? "cacheable" : "non-cacheable");
    }
}

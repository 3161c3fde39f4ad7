package dev.ipanema.kvm.version;

/// What KVM looks at in a VMA when it decides about a slot or a fault: the snapshot that `kvm_s2_fault_vma_info` takes
/// under `mmap_lock` (`arch/arm64/kvm/mmu.c`, 7.3).
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
        boolean cacheable) {}

package dev.ipanema.kvm.abort;

import dev.ipanema.kvm.version.VmaInfo;

/// Everything that the outcome of a fault on the VMM's memory depends on, once the PFN lookup has succeeded.
///
/// @param pfnIsMapMemory `pfn_is_map_memory(pfn)`
/// @param mapWritable the host maps the page writable
/// @param logging the slot logs dirty pages
/// @param write a write fault
/// @param exec an instruction fetch
/// @param permission a permission fault, otherwise the stage-2 entry was missing
/// @param exclusiveAtomic FSC 0x35: an exclusive or atomic that the memory does not support
/// @param vmMte `KVM_CAP_ARM_MTE` is enabled
/// @param fwb FEAT_S2FWB on every CPU
/// @param dic CTR_EL0.DIC on every CPU
public record FaultFacts(
        VmaInfo vma,
        boolean pfnIsMapMemory,
        boolean mapWritable,
        boolean logging,
        boolean write,
        boolean exec,
        boolean permission,
        boolean exclusiveAtomic,
        boolean vmMte,
        boolean fwb,
        boolean dic) {

    /// A first access to a page of an ordinary VM without logging.
    public FaultFacts(
            VmaInfo vma,
            boolean pfnIsMapMemory,
            boolean mapWritable,
            boolean write,
            boolean exec,
            boolean fwb,
            boolean dic) {
        this(vma, pfnIsMapMemory, mapWritable, false, write, exec, false, false, false, fwb, dic);
    }

    /// {@return whether KVM never needs cache maintenance on this host (`kvm_supports_cacheable_pfnmap`)}
    public boolean cacheablePfnmapSupported() {
        return fwb && dic;
    }
}

package dev.ipanema.vmm.explain;

import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.HostPte;
import dev.ipanema.host.mm.MappableFile;
import dev.ipanema.host.mm.PfnInsertion;
import dev.ipanema.host.mm.PteAttrIndex;
import dev.ipanema.host.mm.VmFault;
import dev.ipanema.host.mm.VmFlags;
import dev.ipanema.host.mm.VmOperations;
import dev.ipanema.host.mm.Vma;

/// A device whose mmap gives the VMA exactly the flags and attribute of a question.
///
/// A `VM_PFNMAP` VMA gets its special entries at mmap; every other VMA gets pages with struct page on fault, because
/// without `VM_IO` only such pages pass the PFN lookup.
final class ExplainedMemory implements MappableFile {
    /// The flags that a mmap takes from the question; the others follow from its arguments.
    static final long OWN_FLAGS = VmFlags.VM_PFNMAP
            | VmFlags.VM_MIXEDMAP
            | VmFlags.VM_IO
            | VmFlags.VM_ALLOW_ANY_UNCACHED
            | VmFlags.VM_MTE_ALLOWED
            | VmFlags.VM_DONTEXPAND
            | VmFlags.VM_DONTDUMP;

    private final long phys;
    private final long vmFlags;
    private final PteAttrIndex attribute;

    ExplainedMemory(long phys, long vmFlags, PteAttrIndex attribute) {
        this.phys = phys;
        this.vmFlags = vmFlags;
        this.attribute = attribute;
    }

    @Override
    public String name() {
        return "/dev/explained";
    }

    @Override
    public int mmap(AddressSpace mm, Vma vma) {
        vma.setPageProt(attribute);
        long firstPfn = phys >>> HostPte.PAGE_SHIFT;
        int result = 0;
        if ((vmFlags & VmFlags.VM_PFNMAP) != 0) {
            vma.setOps(VmOperations.NO_FAULT);
            result = PfnInsertion.remapPfnRange(mm, vma, vma.start(), firstPfn, vma.size(), vma.vmPageProt());
        } else {
            long start = vma.start();
            vma.setOps(fault -> {
                long pfn = firstPfn + ((fault.hva() - start) >>> HostPte.PAGE_SHIFT);
                fault.mm().kernel().getPage(pfn);
                fault.setPage(pfn);
                return VmFault.VM_FAULT_LOCKED;
            });
        }
        vma.clearFlags(OWN_FLAGS);
        vma.setFlags(vmFlags & OWN_FLAGS);
        return result;
    }
}

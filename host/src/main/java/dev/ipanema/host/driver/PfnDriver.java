package dev.ipanema.host.driver;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.HostPte;
import dev.ipanema.host.mm.MappableFile;
import dev.ipanema.host.mm.PfnInsertion;
import dev.ipanema.host.mm.VmFlags;
import dev.ipanema.host.mm.VmOperations;
import dev.ipanema.host.mm.Vma;

/// A character device whose mmap does what a [PfnMapping] says: each way in which drivers fill in PFN
/// mappings and mixed maps, chosen by its user. The scenarios and recordings map memory through it.
public final class PfnDriver implements MappableFile {
    private final String name;
    private final PfnMapping mapping;

    /// @param name the path that smaps shows
    public PfnDriver(String name, PfnMapping mapping) {
        this.name = name;
        this.mapping = mapping;
    }

    @Override
    public String name() {
        return name;
    }

    /// {@return what it does}
    public PfnMapping mapping() {
        return mapping;
    }

    /// @return 0; -EINVAL behind the end of the device, and for a private mapping that only faults could
    ///     fill
    @Override
    public int mmap(AddressSpace mm, Vma vma) {
        long offset = vma.pgoff() << HostPte.PAGE_SHIFT;
        if (offset > mapping.size() - vma.size()) {
            return Errno.EINVAL.negated();
        }
        long firstPgoff = mapping.vmPgoff() + vma.pgoff();
        long firstPfn = (mapping.phys() + offset) >>> HostPte.PAGE_SHIFT;
        vma.setPgoff(firstPgoff);
        vma.setPageProt(mapping.vmPageProt());
        boolean pfnmap = (mapping.vmFlags() & VmFlags.VM_PFNMAP) != 0;
        if (mapping.populate() == PfnMapping.Populate.ON_FAULT) {
            if (pfnmap && vma.isCowMapping()) {
                return Errno.EINVAL.negated();
            }
            boolean huge = mapping.leafShift() == HostPte.PMD_SHIFT;
            vma.setOps(new PfnFaults(firstPfn, firstPgoff, mapping.pteProt(), huge, () -> true, this));
            vma.setFlags(mapping.vmFlags());
            return 0;
        }
        vma.setOps(VmOperations.NO_FAULT);
        int result = mapping.structPages() ? insertPages(mm, vma, firstPfn) : remap(mm, vma, firstPfn);
        if (result == 0) {
            vma.clearFlags(PfnMapping.FLAGS);
            vma.setFlags(mapping.vmFlags());
        }
        return result;
    }

    private int remap(AddressSpace mm, Vma vma, long firstPfn) {
        return PfnInsertion.remapPfnRange(
                mm, vma, vma.start(), firstPfn, vma.size(), vma.vmPageProt().withAttr(mapping.pteProt()));
    }

    private int insertPages(AddressSpace mm, Vma vma, long firstPfn) {
        int result = 0;
        long pfn = firstPfn;
        for (long hva = vma.start(); hva < vma.end() && result == 0; hva += AddressSpace.PAGE_SIZE) {
            result = PfnInsertion.vmInsertPage(mm, vma, hva, pfn);
            pfn++;
        }
        return result;
    }
}

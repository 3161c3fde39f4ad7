package dev.ipanema.host.driver;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.HostPte;
import dev.ipanema.host.mm.KernelMemory;
import dev.ipanema.host.mm.MappableFile;
import dev.ipanema.host.mm.PfnDatabase;
import dev.ipanema.host.mm.PfnInsertion;
import dev.ipanema.host.mm.PteAttrIndex;
import dev.ipanema.host.mm.VmOperations;
import dev.ipanema.host.mm.Vma;

/// `/dev/mem`: physical memory at the file offset that is its address. arm64 chooses the attribute:
/// Device-nGnRnE for what is not the kernel's memory, Normal-NC for the kernel's memory with `O_SYNC`, else
/// cacheable.
///
/// Source: Linux `drivers/char/mem.c:mmap_mem`, `arch/arm64/mm/mmu.c:phys_mem_access_prot`,
/// `arch/arm64/mm/init.c:devmem_is_allowed`.
public final class DevMem implements MappableFile {
    private final KernelMemory kernel;
    private final boolean sync;
    private final boolean strict;
    private final int paBits;

    /// @param sync whether the file was opened with `O_SYNC`
    /// @param strict whether the kernel refuses its own memory (`CONFIG_STRICT_DEVMEM`)
    /// @param paBits size of a physical address
    public DevMem(KernelMemory kernel, boolean sync, boolean strict, int paBits) {
        this.kernel = kernel;
        this.sync = sync;
        this.strict = strict;
        this.paBits = paBits;
    }

    @Override
    public String name() {
        return "/dev/mem";
    }

    /// @return 0; -EINVAL beyond the physical address space or for a part of a private mapping; -EPERM for
    ///     the kernel's memory when strict
    @Override
    public int mmap(AddressSpace mm, Vma vma) {
        PfnDatabase pfns = kernel.pfns();
        long pages = vma.size() >>> HostPte.PAGE_SHIFT;
        long limit = 1L << (paBits - HostPte.PAGE_SHIFT);
        if (vma.pgoff() > limit - pages) {
            return Errno.EINVAL.negated();
        }
        for (long pfn = vma.pgoff(); strict && pfn < vma.pgoff() + pages; pfn++) {
            if (pfns.pfnIsMapMemory(pfn)) {
                return Errno.EPERM.negated();
            }
        }
        if (!pfns.pfnIsMapMemory(vma.pgoff())) {
            vma.setPageProt(PteAttrIndex.MT_DEVICE_nGnRnE);
        } else if (sync) {
            vma.setPageProt(PteAttrIndex.MT_NORMAL_NC);
        }
        vma.setOps(VmOperations.NO_FAULT);
        return PfnInsertion.remapPfnRange(mm, vma, vma.start(), vma.pgoff(), vma.size(), vma.vmPageProt());
    }
}

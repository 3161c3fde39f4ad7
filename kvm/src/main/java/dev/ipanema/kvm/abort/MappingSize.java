package dev.ipanema.kvm.abort;

import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.host.mm.HostPte;
import dev.ipanema.host.mm.VmFlags;
import dev.ipanema.host.mm.Vma;
import dev.ipanema.kvm.memslot.Memslot;
import dev.ipanema.kvm.version.KernelVersion;

/// How large a stage-2 mapping may be before the host's page table is looked at
/// (`arch/arm64/kvm/mmu.c:kvm_s2_resolve_vma_size`, `get_vma_page_shift`, `fault_supports_stage2_huge_mapping`),
/// for a host with 4 KiB pages. Pure functions.
public final class MappingSize {
    /// Bytes of a page.
    public static final long PAGE_SIZE = 1L << HostPte.PAGE_SHIFT;

    /// Bytes of a level-2 block.
    public static final long PMD_SIZE = 1L << HostPte.PMD_SHIFT;

    /// Bytes of a level-1 block.
    public static final long PUD_SIZE = 1L << HostPte.PUD_SHIFT;

    private static final int CONT_PTE_SHIFT = HostPte.PAGE_SHIFT + 4;
    private static final int CONT_PMD_SHIFT = HostPte.PMD_SHIFT + 4;

    private MappingSize() {}

    /// {@return bytes of a stage-2 leaf at a level, 1 to 3}
    static long levelSize(int level) {
        return Granule.K4.levelSize(level);
    }

    /// {@return the size that the VMA suggests: [#PAGE_SIZE], [#PMD_SIZE] or [#PUD_SIZE]}
    ///
    /// @param logging the slot logs dirty pages, which forces pages
    static long vmaPagesize(KernelVersion version, Memslot slot, Vma vma, long hva, boolean logging) {
        if (logging) {
            return PAGE_SIZE;
        }
        int shift = vmaPageShift(version, vma, hva);
        if (shift == HostPte.PUD_SHIFT && supportsHugeMapping(slot, hva, PUD_SIZE)) {
            return PUD_SIZE;
        }
        boolean atLeastPmd = shift == HostPte.PUD_SHIFT || shift == CONT_PMD_SHIFT || shift == HostPte.PMD_SHIFT;
        return atLeastPmd && supportsHugeMapping(slot, hva, PMD_SIZE) ? PMD_SIZE : PAGE_SIZE;
    }

    /// {@return whether the mapping must stay a page whatever the host's page table holds (`force_pte`, in 7.3
    /// `max_map_size` = `PAGE_SIZE`): the slot logs, or the VMA has large pages that do not fit}
    static boolean forcePte(KernelVersion version, Vma vma, long hva, boolean logging, long vmaPagesize) {
        return logging || (vmaPagesize == PAGE_SIZE && vmaPageShift(version, vma, hva) != HostPte.PAGE_SHIFT);
    }

    private static int vmaPageShift(KernelVersion version, Vma vma, long hva) {
        if (vma.has(VmFlags.VM_PFNMAP)) {
            return version.guessesPfnmapBlockFromPgoff()
                    ? pfnmapShift(vma.start(), vma.end(), vma.pgoff(), hva)
                    : HostPte.PAGE_SHIFT;
        }
        return vma.isHugetlb() ? hugetlbShift(vma.pageShift()) : HostPte.PAGE_SHIFT;
    }

    private static int hugetlbShift(int shift) {
        return switch (shift) {
            case HostPte.PUD_SHIFT, CONT_PMD_SHIFT, HostPte.PMD_SHIFT, CONT_PTE_SHIFT -> shift;
            default -> HostPte.PAGE_SHIFT;
        };
    }

    /// Guesses the block of a `VM_PFNMAP` VMA as if `vm_pgoff` were the PFN of its first page and the rest
    /// followed: what kernels up to 6.18 do. A fault on a block's first byte does not see whether the block's end
    /// fits.
    ///
    /// @param pgoff `vm_pgoff`
    /// @return 12, 21 or 30
    static int pfnmapShift(long start, long end, long pgoff, long hva) {
        long pa = (pgoff << HostPte.PAGE_SHIFT) + (hva - start);
        if (blockFits(start, end, pa, hva, PUD_SIZE)) {
            return HostPte.PUD_SHIFT;
        }
        return blockFits(start, end, pa, hva, PMD_SIZE) ? HostPte.PMD_SHIFT : HostPte.PAGE_SHIFT;
    }

    private static boolean blockFits(long start, long end, long pa, long hva, long size) {
        long alignedDown = hva & -size;
        long aligned = (hva + size - 1) & -size;
        return ((hva ^ pa) & (size - 1)) == 0 && alignedDown >= start && aligned <= end;
    }

    /// {@return whether a block of `size` bytes around an address may be mapped: guest and host addresses of the
    /// slot agree modulo the block, and the block lies in the slot}
    static boolean supportsHugeMapping(Memslot slot, long hva, long size) {
        long gpaStart = slot.baseGfn() << HostPte.PAGE_SHIFT;
        long uaddrStart = slot.userspaceAddr();
        long uaddrEnd = uaddrStart + (slot.npages() << HostPte.PAGE_SHIFT);
        long block = hva & -size;
        return ((gpaStart ^ uaddrStart) & (size - 1)) == 0 && block >= uaddrStart && block + size <= uaddrEnd;
    }
}

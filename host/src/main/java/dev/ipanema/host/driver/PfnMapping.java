package dev.ipanema.host.driver;

import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.HostPte;
import dev.ipanema.host.mm.PteAttrIndex;
import dev.ipanema.host.mm.VmFlags;

/// What the mmap of a [PfnDriver] makes of a VMA.
///
/// @param phys physical address of the device's first byte
/// @param size bytes of the device
/// @param vmPgoff `vm_pgoff` for file offset 0: what the VMA says, which need not be where the memory is. A
///     private mapping made by `remap_pfn_range` gets its first PFN instead
/// @param vmFlags which of [#FLAGS] the VMA has in the end
/// @param vmPageProt attribute of `vm_page_prot`
/// @param pteProt attribute of the page-table entries
/// @param populate when the entries are made
/// @param leafShift log2 of the leaves: 12, or 21 for 2 MiB where alignment permits (only on fault)
/// @param structPages whether the entries are of pages with struct page (`vm_insert_page`, only at mmap and
///     only with `VM_MIXEDMAP`) instead of special ones
public record PfnMapping(
        long phys,
        long size,
        long vmPgoff,
        long vmFlags,
        PteAttrIndex vmPageProt,
        PteAttrIndex pteProt,
        Populate populate,
        int leafShift,
        boolean structPages) {
    /// The flags that the driver decides about.
    public static final long FLAGS = VmFlags.VM_PFNMAP
            | VmFlags.VM_MIXEDMAP
            | VmFlags.VM_IO
            | VmFlags.VM_ALLOW_ANY_UNCACHED
            | VmFlags.VM_DONTEXPAND
            | VmFlags.VM_DONTDUMP;

    /// When page-table entries are made.
    public enum Populate {
        /// In mmap, all of them.
        AT_MMAP,
        /// In the fault handler, as needed.
        ON_FAULT
    }

    /// @throws IllegalArgumentException for a combination that no driver could have
    public PfnMapping {
        boolean mixed = (vmFlags & VmFlags.VM_MIXEDMAP) != 0;
        boolean pfnmap = (vmFlags & VmFlags.VM_PFNMAP) != 0;
        boolean onFault = populate == Populate.ON_FAULT;
        require((vmFlags & ~FLAGS) == 0, "flags outside of those a driver sets");
        require(!(mixed && pfnmap), "both VM_PFNMAP and VM_MIXEDMAP");
        require(!onFault || mixed || pfnmap, "insertion on fault without VM_PFNMAP or VM_MIXEDMAP");
        require(((phys | size) & (AddressSpace.PAGE_SIZE - 1)) == 0 && phys >= 0 && size > 0, "a range not of pages");
        require(leafShift == HostPte.PAGE_SHIFT || (leafShift == HostPte.PMD_SHIFT && onFault), "such leaves");
        require(!structPages || (mixed && !onFault), "struct pages outside of a mixed map made at mmap");
        boolean ownProt = pteProt != vmPageProt;
        require(
                !ownProt || (!structPages && !(mixed && onFault) && leafShift == HostPte.PAGE_SHIFT),
                "entries of another attribute than vm_page_prot, which the insertion function cannot make");
    }

    private static void require(boolean condition, String what) {
        if (!condition) {
            throw new IllegalArgumentException("No driver has " + what);
        }
    }
}

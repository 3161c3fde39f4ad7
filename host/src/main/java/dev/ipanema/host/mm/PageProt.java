package dev.ipanema.host.mm;

/// A page protection (`pgprot_t`): memory attribute and permissions of a host page-table entry.
///
/// @param attr the attribute index
/// @param read whether user space may read
/// @param write whether the entry is writable (`PTE_WRITE`)
/// @param exec whether user space may execute; false with a non-cacheable attribute, whose helpers set UXN
///     and PXN
public record PageProt(PteAttrIndex attr, boolean read, boolean write, boolean exec) {
    public PageProt {
        exec &= attr == PteAttrIndex.MT_NORMAL || attr == PteAttrIndex.MT_NORMAL_TAGGED;
    }

    /// `vm_get_page_prot` for an attribute: a private writable VMA gets read-only entries, so that the
    /// first write breaks the sharing.
    ///
    /// Source: Linux `arch/arm64/mm/mmap.c:protection_map`.
    static PageProt of(long vmFlags, PteAttrIndex attr) {
        boolean sharedWrite = (vmFlags & VmFlags.VM_SHARED) != 0 && (vmFlags & VmFlags.VM_WRITE) != 0;
        boolean read = (vmFlags & (VmFlags.VM_READ | VmFlags.VM_WRITE)) != 0;
        return new PageProt(attr, read, sharedWrite, (vmFlags & VmFlags.VM_EXEC) != 0);
    }

    /// {@return this protection with another attribute, as `pgprot_writecombine` and its kin make it}
    public PageProt withAttr(PteAttrIndex newAttr) {
        return new PageProt(newAttr, read, write, exec);
    }

    /// {@return this protection with another write permission}
    public PageProt withWrite(boolean newWrite) {
        return new PageProt(attr, read, newWrite, exec);
    }
}

package dev.ipanema.host.mm;

import dev.ipanema.base.text.Sizes;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A stretch of an address space with one set of flags, one protection and one backing (`struct
/// vm_area_struct`).
///
/// Changed only with `mmap_lock` held for writing; read with it held. The setters are for the mmap of a
/// file.
public final class Vma {
    private final @Nullable MappableFile file;
    private long start;
    private long end;
    private long vmFlags;
    private PteAttrIndex pageProt;
    private long pgoff;
    private @Nullable VmOperations ops;

    Vma(long start, long end, long vmFlags, long pgoff, @Nullable MappableFile file) {
        this.start = start;
        this.end = end;
        this.vmFlags = vmFlags;
        this.pgoff = pgoff;
        this.file = file;
        this.pageProt = (vmFlags & VmFlags.VM_MTE) != 0 ? PteAttrIndex.MT_NORMAL_TAGGED : PteAttrIndex.MT_NORMAL;
    }

    /// {@return a copy with other bounds; `pgoff` follows the start}
    Vma slice(long newStart, long newEnd) {
        Vma copy = new Vma(newStart, newEnd, vmFlags, pgoffOf(newStart), file);
        copy.pageProt = pageProt;
        copy.ops = ops;
        return copy;
    }

    /// {@return the first address}
    public long start() {
        return start;
    }

    /// {@return the first address behind it}
    public long end() {
        return end;
    }

    /// {@return the length in bytes}
    public long size() {
        return end - start;
    }

    /// {@return the flags, see [VmFlags]}
    public long vmFlags() {
        return vmFlags;
    }

    /// {@return whether all the given flags are set}
    public boolean has(long flags) {
        return (vmFlags & flags) == flags;
    }

    /// {@return the attribute index of `vm_page_prot`}
    public PteAttrIndex pageProt() {
        return pageProt;
    }

    /// {@return `vm_page_prot`: attribute and the permissions that the flags give}
    public PageProt vmPageProt() {
        return PageProt.of(vmFlags, pageProt);
    }

    /// {@return `vm_pgoff`, in pages}
    public long pgoff() {
        return pgoff;
    }

    /// {@return the page offset that belongs to an address of this VMA (`linear_page_index`)}
    public long pgoffOf(long hva) {
        return pgoff + ((hva - start) >> HostPte.PAGE_SHIFT);
    }

    /// {@return the mapped file; null for anonymous memory}
    public @Nullable MappableFile file() {
        return file;
    }

    /// {@return the fault handlers; null for anonymous memory and hugetlbfs}
    public @Nullable VmOperations ops() {
        return ops;
    }

    /// {@return whether it has no operations of a file (`vma_is_anonymous`)}
    public boolean isAnonymous() {
        return ops == null && !isHugetlb();
    }

    /// {@return whether it is made of hugetlbfs pages}
    public boolean isHugetlb() {
        return has(VmFlags.VM_HUGETLB);
    }

    /// {@return log2 of the page size KVM takes from it (`huge_page_shift` of its hstate), 12 unless
    /// hugetlb}
    public int pageShift() {
        return file == null ? HostPte.PAGE_SHIFT : file.pageShift();
    }

    /// {@return whether a write would have to break sharing: `VM_MAYWRITE` without `VM_SHARED`
    /// (`is_cow_mapping`)}
    public boolean isCowMapping() {
        return (vmFlags & (VmFlags.VM_SHARED | VmFlags.VM_MAYWRITE)) == VmFlags.VM_MAYWRITE;
    }

    /// {@return whether an address lies inside}
    public boolean contains(long hva) {
        return hva >= start && hva < end;
    }

    /// Sets flags (`vm_flags_set`).
    public void setFlags(long flags) {
        vmFlags |= flags;
    }

    /// Clears flags (`vm_flags_clear`).
    public void clearFlags(long flags) {
        vmFlags &= ~flags;
    }

    /// Sets the attribute of `vm_page_prot`.
    public void setPageProt(PteAttrIndex attr) {
        pageProt = attr;
    }

    /// Sets `vm_pgoff`.
    public void setPgoff(long newPgoff) {
        pgoff = newPgoff;
    }

    /// Sets the fault handlers.
    public void setOps(VmOperations newOps) {
        ops = newOps;
    }

    void setBounds(long newStart, long newEnd) {
        pgoff = pgoffOf(newStart);
        start = newStart;
        end = newEnd;
    }

    /// {@return whether `next`, which starts where this ends, can be joined to it (`can_vma_merge_after`)}
    boolean canMerge(Vma next) {
        return end == next.start
                && vmFlags == next.vmFlags
                && (vmFlags & (VmFlags.VM_SPECIAL | VmFlags.VM_HUGETLB)) == 0
                && Objects.equals(file, next.file)
                && Objects.equals(ops, next.ops)
                && pageProt == next.pageProt
                && (ops == null || pgoffOf(end) == next.pgoff);
    }

    @Override
    public String toString() {
        return Sizes.hex(start) + "-" + Sizes.hex(end) + " " + VmFlags.names(vmFlags) + " " + pageProt + " pgoff="
                + Sizes.hex(pgoff) + (file == null ? "" : " " + file.name());
    }
}

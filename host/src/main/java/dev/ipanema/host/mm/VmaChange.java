package dev.ipanema.host.mm;

import static dev.ipanema.host.mm.VmFlags.VM_ARM64_BTI;
import static dev.ipanema.host.mm.VmFlags.VM_EXEC;
import static dev.ipanema.host.mm.VmFlags.VM_MTE;
import static dev.ipanema.host.mm.VmFlags.VM_MTE_ALLOWED;
import static dev.ipanema.host.mm.VmFlags.VM_READ;
import static dev.ipanema.host.mm.VmFlags.VM_WRITE;

import dev.ipanema.base.errno.Errno;

/// Changes the flags of a range of VMAs, with `mmap_lock` held for writing: cuts at the borders, changes,
/// joins.
///
/// Source: Linux 7.3 `mm/mprotect.c:do_mprotect_pkey`, `mprotect_fixup`.
final class VmaChange {
    /// Distance between `VM_READ` and `VM_MAYREAD`, and so on.
    private static final int MAY_SHIFT = 4;

    private static final long ACCESS_FLAGS = VM_READ | VM_WRITE | VM_EXEC;
    private static final long PROT_FLAGS = ACCESS_FLAGS | VM_ARM64_BTI | VM_MTE;

    private final AddressSpace mm;
    private final VmaList vmas;

    VmaChange(AddressSpace mm, VmaList vmas) {
        this.mm = mm;
        this.vmas = vmas;
    }

    int protect(long start, long end, int prot) {
        long newProt = MmapRequest.protFlags(mm.kernel(), prot);
        int result = 0;
        long at = start;
        while (at < end && result == 0) {
            Vma vma = vmas.lookup(at);
            if (vma == null) {
                result = Errno.ENOMEM.negated();
            } else {
                long stop = Math.min(vma.end(), end);
                result = protectOne(vma, at, stop, (vma.vmFlags() & ~PROT_FLAGS) | newProt);
                at = stop;
            }
        }
        vmas.merge(start, end);
        return result;
    }

    private int protectOne(Vma vma, long start, long end, long newFlags) {
        if ((newFlags & ~(newFlags >> MAY_SHIFT) & ACCESS_FLAGS) != 0) {
            return Errno.EACCES.negated();
        }
        if ((newFlags & (VM_MTE | VM_MTE_ALLOWED)) == VM_MTE) {
            return Errno.EINVAL.negated();
        }
        if (newFlags == vma.vmFlags()) {
            return 0;
        }
        Vma changed = isolate(vma, start, end);
        if (changed == null) {
            return Errno.EINVAL.negated();
        }
        changed.clearFlags(~newFlags);
        changed.setFlags(newFlags);
        if (changed.pageProt() == PteAttrIndex.MT_NORMAL || changed.pageProt() == PteAttrIndex.MT_NORMAL_TAGGED) {
            boolean tagged = changed.has(VM_MTE);
            changed.setPageProt(tagged ? PteAttrIndex.MT_NORMAL_TAGGED : PteAttrIndex.MT_NORMAL);
        }
        mm.ranges().changeProtection(changed, start, end);
        return 0;
    }

    /// {@return the VMA that is exactly `[start, end)` after cutting `vma`; null when that would cut a
    /// hugetlb page}
    @org.jspecify.annotations.Nullable
    Vma isolate(Vma vma, long start, long end) {
        long mask = (1L << vma.pageShift()) - 1;
        if (vma.isHugetlb() && ((start | end) & mask) != 0) {
            return null;
        }
        if (vma.start() < start) {
            mm.ranges().splitHugePmdAcross(vma, start);
            vmas.splitAt(start);
        }
        Vma cut = vmas.lookup(start);
        if (cut != null && cut.end() > end) {
            mm.ranges().splitHugePmdAcross(cut, end);
            vmas.splitAt(end);
            cut = vmas.lookup(start);
        }
        return cut;
    }
}

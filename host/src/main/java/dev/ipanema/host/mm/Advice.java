package dev.ipanema.host.mm;

import dev.ipanema.base.errno.Errno;

/// `madvise`.
///
/// Source: Linux 7.3 `mm/madvise.c`.
final class Advice {
    private final AddressSpace mm;
    private final VmaList vmas;

    Advice(AddressSpace mm, VmaList vmas) {
        this.mm = mm;
        this.vmas = vmas;
    }

    int apply(long start, long end, int advice) {
        return switch (advice) {
            case Mman.MADV_HUGEPAGE -> changeFlags(start, end, VmFlags.VM_NOHUGEPAGE, VmFlags.VM_HUGEPAGE);
            case Mman.MADV_NOHUGEPAGE -> changeFlags(start, end, VmFlags.VM_HUGEPAGE, VmFlags.VM_NOHUGEPAGE);
            case Mman.MADV_DONTDUMP -> changeFlags(start, end, 0, VmFlags.VM_DONTDUMP);
            case Mman.MADV_DODUMP -> changeFlags(start, end, VmFlags.VM_DONTDUMP, 0);
            case Mman.MADV_DONTNEED -> dontNeed(start, end);
            case Mman.MADV_POPULATE_READ -> mm.populatePages(start, end, false);
            case Mman.MADV_POPULATE_WRITE -> mm.populatePages(start, end, true);
            case Mman.MADV_HWPOISON -> poison(start, end);
            default -> Errno.EINVAL.negated();
        };
    }

    private int changeFlags(long start, long end, long cleared, long set) {
        mm.mmapLock().writeLock();
        try {
            int result = 0;
            long at = start;
            while (at < end) {
                Vma vma = vmas.intersection(at, end);
                if (vma == null || vma.start() > at) {
                    // A hole is reported, but what is mapped behind it still gets the advice.
                    result = Errno.ENOMEM.negated();
                }
                if (vma == null) {
                    break;
                }
                if (set == 0 && vma.has(VmFlags.VM_DONTDUMP) && (vma.vmFlags() & VmFlags.VM_SPECIAL) != 0) {
                    return Errno.EINVAL.negated();
                }
                long from = Math.max(at, vma.start());
                long stop = Math.min(vma.end(), end);
                Vma cut = new VmaChange(mm, vmas).isolate(vma, from, stop);
                if (cut == null) {
                    return Errno.EINVAL.negated();
                }
                cut.clearFlags(cleared);
                cut.setFlags(set);
                at = stop;
            }
            vmas.merge(start, end);
            return result;
        } finally {
            mm.mmapLock().writeUnlock();
        }
    }

    private int dontNeed(long start, long end) {
        mm.mmapLock().readLock();
        try {
            long at = start;
            while (at < end) {
                Vma vma = vmas.lookup(at);
                if (vma == null) {
                    return Errno.ENOMEM.negated();
                }
                if ((vma.vmFlags() & (VmFlags.VM_LOCKED | VmFlags.VM_PFNMAP)) != 0) {
                    return Errno.EINVAL.negated();
                }
                long stop = Math.min(vma.end(), end);
                if (vma.isHugetlb() && ((at | stop) & (1L << vma.pageShift()) - 1) != 0) {
                    return Errno.EINVAL.negated();
                }
                mm.ranges().zap(vma, at, stop);
                at = stop;
            }
            return 0;
        } finally {
            mm.mmapLock().readUnlock();
        }
    }

    private int poison(long start, long end) {
        for (long at = start; at < end; at += AddressSpace.PAGE_SIZE) {
            long pfn = mm.gup(at, 0);
            if (pfn < 0) {
                return (int) pfn;
            }
            mm.kernel().putPage(pfn);
            int result = mm.kernel().memoryFailure(pfn);
            if (result < 0) {
                return result;
            }
        }
        return 0;
    }
}

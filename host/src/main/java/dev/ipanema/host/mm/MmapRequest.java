package dev.ipanema.host.mm;

import static dev.ipanema.host.mm.VmFlags.VM_ACCOUNT;
import static dev.ipanema.host.mm.VmFlags.VM_ARM64_BTI;
import static dev.ipanema.host.mm.VmFlags.VM_EXEC;
import static dev.ipanema.host.mm.VmFlags.VM_LOCKED;
import static dev.ipanema.host.mm.VmFlags.VM_MAYEXEC;
import static dev.ipanema.host.mm.VmFlags.VM_MAYREAD;
import static dev.ipanema.host.mm.VmFlags.VM_MAYSHARE;
import static dev.ipanema.host.mm.VmFlags.VM_MAYWRITE;
import static dev.ipanema.host.mm.VmFlags.VM_MTE;
import static dev.ipanema.host.mm.VmFlags.VM_MTE_ALLOWED;
import static dev.ipanema.host.mm.VmFlags.VM_NORESERVE;
import static dev.ipanema.host.mm.VmFlags.VM_READ;
import static dev.ipanema.host.mm.VmFlags.VM_SHARED;
import static dev.ipanema.host.mm.VmFlags.VM_WRITE;

import dev.ipanema.base.errno.Errno;
import org.jspecify.annotations.Nullable;

/// One call of mmap, with `mmap_lock` held for writing.
///
/// Source: Linux 7.3 `mm/mmap.c:do_mmap`, `mm/vma.c:mmap_region`, `arch/arm64/include/asm/mman.h`.
final class MmapRequest {
    private final AddressSpace mm;
    private final VmaList vmas;
    private final long wish;
    private final int prot;
    private final int flags;
    private @Nullable MappableFile file;
    private final long offset;
    private long length;

    MmapRequest(
            AddressSpace mm,
            VmaList vmas,
            long wish,
            long length,
            int prot,
            int flags,
            @Nullable MappableFile file,
            long offset) {
        this.mm = mm;
        this.vmas = vmas;
        this.wish = wish;
        this.length = length;
        this.prot = prot;
        this.flags = flags;
        this.file = file;
        this.offset = offset;
    }

    /// {@return the address, or a negated errno}
    long run() {
        boolean shared = (flags & Mman.MAP_SHARED) != 0;
        if (length <= 0 || shared == ((flags & Mman.MAP_PRIVATE) != 0) || (offset & AddressSpace.PAGE_SIZE - 1) != 0) {
            return Errno.EINVAL.negated();
        }
        if (length > AddressSpace.TASK_SIZE) {
            return Errno.ENOMEM.negated();
        }
        length = length + AddressSpace.PAGE_SIZE - 1 & -AddressSpace.PAGE_SIZE;
        if (offset < 0 || offset > Long.MAX_VALUE - length) {
            return Errno.EOVERFLOW.negated();
        }
        MappableFile given = file;
        if (given != null && shared && (prot & Mman.PROT_WRITE) != 0 && !given.isWritable()) {
            return Errno.EACCES.negated();
        }
        try {
            long refused = prepareAnonymous(shared);
            return refused != 0 ? refused : place(shared);
        } finally {
            if (given == null && file != null) {
                // From here on only the VMA keeps it.
                file.put();
            }
        }
    }

    /// Shared anonymous memory is a file without a name, and so are huge pages without a file.
    private long prepareAnonymous(boolean shared) {
        if (file != null) {
            return 0;
        }
        KernelMemory kernel = mm.kernel();
        if (AddressSpace.isHugetlb(flags)) {
            int shift = Mman.hugeShift(flags);
            if (shift != HostPte.PMD_SHIFT && shift != HostPte.PUD_SHIFT) {
                return Errno.EINVAL.negated();
            }
            length = length + (1L << shift) - 1 & -(1L << shift);
            if (length >>> HostPte.PAGE_SHIFT > kernel.managedPages() - kernel.allocatedPages()) {
                return Errno.ENOMEM.negated();
            }
            file = new MemoryFile(kernel, "/anon_hugepage (deleted)", length, shift);
        } else if (shared) {
            file = MemoryFile.sharedAnonymous(kernel, length);
        }
        return 0;
    }

    private long place(boolean shared) {
        int shift = file == null ? HostPte.PAGE_SHIFT : file.pageShift();
        long start;
        if (AddressSpace.isFixed(flags)) {
            start = wish;
            if ((start & (1L << shift) - 1) != 0) {
                return Errno.EINVAL.negated();
            }
            if (start < 0 || start > AddressSpace.TASK_SIZE - length) {
                return Errno.ENOMEM.negated();
            }
            if ((flags & Mman.MAP_FIXED_NOREPLACE) != 0 && vmas.intersection(start, start + length) != null) {
                return Errno.EEXIST.negated();
            }
        } else {
            // Anonymous memory that could hold a huge page is aligned to it (thp_get_unmapped_area).
            boolean thp = file == null && length >= 1L << HostPte.PMD_SHIFT;
            start = mm.unmappedArea(length, 1L << (thp ? HostPte.PMD_SHIFT : shift));
            if (start < 0) {
                return start;
            }
        }
        return map(start, vmFlags(shared));
    }

    private long vmFlags(boolean shared) {
        long vmFlags = protFlags(mm.kernel(), prot) | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
        MappableFile mapped = file;
        if (shared) {
            vmFlags |= VM_SHARED | VM_MAYSHARE;
            if (mapped != null && !mapped.isWritable()) {
                vmFlags &= ~(VM_MAYWRITE | VM_SHARED);
            }
        }
        if (mm.kernel().mte() && (mapped == null || mapped.isTagCapable())) {
            vmFlags |= VM_MTE_ALLOWED;
        }
        if ((flags & Mman.MAP_LOCKED) != 0) {
            vmFlags |= VM_LOCKED;
        }
        if ((flags & Mman.MAP_NORESERVE) != 0) {
            vmFlags |= VM_NORESERVE;
        } else if ((vmFlags & (VM_WRITE | VM_SHARED)) == VM_WRITE && !AddressSpace.isHugetlb(flags)) {
            vmFlags |= VM_ACCOUNT;
        }
        return vmFlags;
    }

    /// {@return the `vm_flags` of `PROT_*` bits (`calc_vm_prot_bits`)}
    static long protFlags(KernelMemory kernel, int prot) {
        return ((prot & Mman.PROT_READ) != 0 ? VM_READ : 0)
                | ((prot & Mman.PROT_WRITE) != 0 ? VM_WRITE : 0)
                | ((prot & Mman.PROT_EXEC) != 0 ? VM_EXEC : 0)
                | ((prot & Mman.PROT_BTI) != 0 ? VM_ARM64_BTI : 0)
                | ((prot & Mman.PROT_MTE) != 0 && kernel.mte() ? VM_MTE : 0);
    }

    private long map(long start, long vmFlags) {
        if ((vmFlags & (VM_MTE | VM_MTE_ALLOWED)) == VM_MTE) {
            return Errno.EINVAL.negated();
        }
        int unmapped = mm.munmapLocked(start, length);
        if (unmapped < 0) {
            return unmapped;
        }
        MappableFile mapped = file;
        long pgoff = (mapped == null ? start : offset) >>> HostPte.PAGE_SHIFT;
        Vma vma = new Vma(start, start + length, vmFlags, pgoff, mapped);
        if (mapped != null) {
            int result = mapped.mmap(mm, vma);
            if (result < 0) {
                mm.ranges().zapWithoutNotifier(vma, vma.start(), vma.end());
                return result;
            }
        }
        vmas.insert(vma);
        vmas.merge(start, start + length);
        return start;
    }
}

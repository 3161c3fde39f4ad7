package dev.ipanema.host.mm;

/// Arguments of `mmap`, `mprotect` and `madvise`, and flags of `get_user_pages`, with the kernel's values.
///
/// Source: Linux `include/uapi/asm-generic/mman*.h`, `arch/arm64/include/uapi/asm/mman.h`,
/// `include/linux/mm_types.h`.
public final class Mman {
    public static final int PROT_NONE = 0;
    public static final int PROT_READ = 1;
    public static final int PROT_WRITE = 2;
    public static final int PROT_EXEC = 4;
    /// Branch target identification (arm64).
    public static final int PROT_BTI = 0x10;
    /// Allocation tags (arm64).
    public static final int PROT_MTE = 0x20;

    public static final int MAP_SHARED = 0x01;
    public static final int MAP_PRIVATE = 0x02;
    public static final int MAP_FIXED = 0x10;
    public static final int MAP_ANONYMOUS = 0x20;
    public static final int MAP_LOCKED = 0x2000;
    public static final int MAP_NORESERVE = 0x4000;
    public static final int MAP_POPULATE = 0x8000;
    public static final int MAP_HUGETLB = 0x40000;
    public static final int MAP_FIXED_NOREPLACE = 0x100000;
    private static final int MAP_HUGE_SHIFT = 26;
    private static final int MAP_HUGE_MASK = 0x3f;
    public static final int MAP_HUGE_2MB = HostPte.PMD_SHIFT << MAP_HUGE_SHIFT;
    public static final int MAP_HUGE_1GB = HostPte.PUD_SHIFT << MAP_HUGE_SHIFT;

    /// Drops the pages; the next access faults in new ones.
    public static final int MADV_DONTNEED = 4;
    public static final int MADV_HUGEPAGE = 14;
    public static final int MADV_NOHUGEPAGE = 15;
    public static final int MADV_DONTDUMP = 16;
    public static final int MADV_DODUMP = 17;
    public static final int MADV_POPULATE_READ = 22;
    public static final int MADV_POPULATE_WRITE = 23;
    /// Poisons the pages, as a memory error would.
    public static final int MADV_HWPOISON = 100;

    /// The page will be written.
    public static final int FOLL_WRITE = 1 << 0;
    /// A poisoned page gives -EHWPOISON instead of -EFAULT.
    public static final int FOLL_HWPOISON = 1 << 6;
    /// The page will be held for long, as a device may use it.
    public static final int FOLL_LONGTERM = 1 << 8;
    /// Honour NUMA hinting faults; without effect here.
    public static final int FOLL_HONOR_NUMA_FAULT = 1 << 12;

    private Mman() {}

    /// {@return log2 of the huge page size that mmap flags ask for; 21 when they name none}
    static int hugeShift(int flags) {
        int shift = flags >>> MAP_HUGE_SHIFT & MAP_HUGE_MASK;
        return shift == 0 ? HostPte.PMD_SHIFT : shift;
    }
}

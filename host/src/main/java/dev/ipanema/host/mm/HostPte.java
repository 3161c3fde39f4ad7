package dev.ipanema.host.mm;

/// A leaf of the host's page table as a `long`: what the kernel's `pte_t` or `pmd_t` says, in a form of
/// this program's own. Never negative, so that a negated errno can stand in its place; 0 is an empty entry.
///
/// A leaf maps 4 KiB, 2 MiB or 1 GiB; [#pfn(long)] is that of its first page. An entry may also be a *run*:
/// a table of 4 KiB leaves with ascending PFNs, kept as one entry because `remap_pfn_range` of a whole GPU
/// would otherwise fill hundreds of megabytes; a run counts as 4 KiB leaves everywhere.
public final class HostPte {
    static final long PRESENT = 1L;
    static final long WRITE = 1L << 1;
    static final long EXEC = 1L << 2;
    /// `PTE_SPECIAL`: no struct page stands behind the entry as far as the mm is concerned.
    static final long SPECIAL = 1L << 3;
    static final long DIRTY = 1L << 4;
    static final long YOUNG = 1L << 5;
    static final long USER = 1L << 6;
    private static final int ATTR_SHIFT = 7;
    private static final int LEVEL_SHIFT = 10;
    private static final long ATTR_MASK = 7L << ATTR_SHIFT;
    private static final long LEVEL_MASK = 3L << LEVEL_SHIFT;
    private static final int PFN_SHIFT = 12;
    private static final long PFN_BITS = (1L << 40) - 1;
    private static final long PFN_MASK = PFN_BITS << PFN_SHIFT;
    /// See the class comment.
    static final long RUN = 1L << 52;
    /// A hwpoison entry: not present, an access is a machine check.
    static final long HWPOISON = 1L << 53;

    /// Shift of a 4 KiB leaf.
    public static final int PAGE_SHIFT = 12;

    /// Shift of a 2 MiB leaf.
    public static final int PMD_SHIFT = 21;

    /// Shift of a 1 GiB leaf.
    public static final int PUD_SHIFT = 30;

    private static final int BITS_PER_LEVEL = 9;

    private HostPte() {}

    /// {@return a present, young leaf}
    ///
    /// @param shift 12, 21 or 30
    static long make(long pfn, int shift, PageProt prot, long flags) {
        if ((pfn & ~PFN_BITS) != 0) {
            throw new IllegalArgumentException("PFN 0x" + Long.toHexString(pfn) + " exceeds 40 bits");
        }
        int level = (shift - PAGE_SHIFT) / BITS_PER_LEVEL;
        return PRESENT
                | YOUNG
                | pfn << PFN_SHIFT
                | (long) prot.attr().index() << ATTR_SHIFT
                | (long) level << LEVEL_SHIFT
                | (prot.write() ? WRITE | DIRTY : 0)
                | (prot.exec() ? EXEC : 0)
                | (prot.read() ? USER : 0)
                | flags;
    }

    /// {@return the entry that replaces a poisoned page}
    static long hwpoison(long pfn, int shift) {
        int level = (shift - PAGE_SHIFT) / BITS_PER_LEVEL;
        return HWPOISON | pfn << PFN_SHIFT | (long) level << LEVEL_SHIFT;
    }

    /// {@return whether the leaf maps something}
    public static boolean isPresent(long leaf) {
        return (leaf & PRESENT) != 0;
    }

    /// {@return whether the leaf is writable (`pte_write`)}
    public static boolean isWritable(long leaf) {
        return (leaf & WRITE) != 0;
    }

    /// {@return whether the leaf is marked special: it has no struct page that the mm would count}
    public static boolean isSpecial(long leaf) {
        return (leaf & SPECIAL) != 0;
    }

    /// {@return whether user space may access through the leaf at all; false after `mprotect(PROT_NONE)`}
    public static boolean isUser(long leaf) {
        return (leaf & USER) != 0;
    }

    /// {@return whether user space may execute through the leaf}
    public static boolean isExec(long leaf) {
        return (leaf & EXEC) != 0;
    }

    /// {@return whether the leaf was accessed since it was last aged}
    public static boolean isYoung(long leaf) {
        return (leaf & YOUNG) != 0;
    }

    /// {@return whether the leaf was written through}
    public static boolean isDirty(long leaf) {
        return (leaf & DIRTY) != 0;
    }

    /// {@return whether the entry stands for a poisoned page}
    public static boolean isHwpoison(long leaf) {
        return (leaf & HWPOISON) != 0;
    }

    /// {@return log2 of the bytes that the leaf maps: 12, 21 or 30}
    public static int shift(long leaf) {
        return (leaf & RUN) != 0 ? PAGE_SHIFT : span(leaf);
    }

    /// {@return log2 of the bytes that the entry covers; differs from [#shift(long)] for a run}
    static int span(long leaf) {
        return PAGE_SHIFT + BITS_PER_LEVEL * (int) ((leaf & LEVEL_MASK) >>> LEVEL_SHIFT);
    }

    /// {@return the memory attribute}
    public static PteAttrIndex attr(long leaf) {
        return PteAttrIndex.of((int) ((leaf & ATTR_MASK) >>> ATTR_SHIFT));
    }

    /// {@return the first PFN of the leaf}
    public static long pfn(long leaf) {
        return (leaf & PFN_MASK) >>> PFN_SHIFT;
    }

    /// {@return the PFN of the 4 KiB page at `hva`, which the leaf must cover}
    public static long pfnAt(long leaf, long hva) {
        return pfn(leaf) + ((hva & (1L << span(leaf)) - 1) >>> PAGE_SHIFT);
    }

    static boolean isRun(long leaf) {
        return (leaf & RUN) != 0;
    }

    /// {@return the leaf with other permissions and attribute (`pte_modify`), its PFN, size and software
    /// state kept}
    static long modify(long leaf, PageProt prot) {
        long kept = leaf & ~(WRITE | EXEC | USER | ATTR_MASK);
        return kept
                | (long) prot.attr().index() << ATTR_SHIFT
                | (prot.write() ? WRITE : 0)
                | (prot.exec() ? EXEC : 0)
                | (prot.read() ? USER : 0);
    }

    /// {@return the leaf over another page}
    static long withPfn(long leaf, long pfn) {
        return (leaf & ~PFN_MASK) | pfn << PFN_SHIFT;
    }

    /// {@return the 4 KiB leaf of one page of a run}
    static long ofPage(long run, long pfn) {
        return (run & ~(PFN_MASK | LEVEL_MASK | RUN)) | pfn << PFN_SHIFT;
    }

    /// {@return entry `index` of 512 that together map what `leaf` maps; parts of a run above 2 MiB are
    /// runs again}
    static long part(long leaf, int index) {
        long partLevel = ((leaf & LEVEL_MASK) >>> LEVEL_SHIFT) - 1;
        long pages = 1L << (BITS_PER_LEVEL * partLevel);
        long part =
                (leaf & ~(PFN_MASK | LEVEL_MASK)) | partLevel << LEVEL_SHIFT | (pfn(leaf) + index * pages) << PFN_SHIFT;
        return partLevel == 0 ? part & ~RUN : part;
    }

    /// {@return the leaf in words, for messages and dumps}
    public static String describe(long leaf) {
        if (leaf == 0) {
            return "none";
        }
        if (isHwpoison(leaf)) {
            return "hwpoison pfn=0x" + Long.toHexString(pfn(leaf));
        }
        return "pfn=0x" + Long.toHexString(pfn(leaf))
                + " " + (1L << (shift(leaf) - 10)) + "K "
                + (isUser(leaf) ? "r" : "-")
                + (isWritable(leaf) ? "w" : "-")
                + (isExec(leaf) ? "x" : "-")
                + " " + attr(leaf)
                + (isSpecial(leaf) ? " special" : "");
    }
}

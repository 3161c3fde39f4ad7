package dev.ipanema.host.mm;

import dev.ipanema.base.text.BadInput;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// `vm_flags` of a VMA: the kernel's names and values for an arm64 kernel with MTE and transparent huge
/// pages, and the two letters that `/proc/PID/smaps` prints for each.
///
/// Source: Linux 7.3 `include/linux/mm.h`, `fs/proc/task_mmu.c:show_smap_vma_flags`.
public final class VmFlags {
    public static final long VM_READ = 1L;
    public static final long VM_WRITE = 1L << 1;
    public static final long VM_EXEC = 1L << 2;
    public static final long VM_SHARED = 1L << 3;
    public static final long VM_MAYREAD = 1L << 4;
    public static final long VM_MAYWRITE = 1L << 5;
    public static final long VM_MAYEXEC = 1L << 6;
    public static final long VM_MAYSHARE = 1L << 7;
    public static final long VM_GROWSDOWN = 1L << 8;
    public static final long VM_UFFD_MISSING = 1L << 9;
    /// Page-table entries are raw PFNs, without struct-page reference.
    public static final long VM_PFNMAP = 1L << 10;
    public static final long VM_UFFD_WP = 1L << 12;
    public static final long VM_LOCKED = 1L << 13;
    /// Accesses may have side effects.
    public static final long VM_IO = 1L << 14;
    public static final long VM_SEQ_READ = 1L << 15;
    public static final long VM_RAND_READ = 1L << 16;
    public static final long VM_DONTCOPY = 1L << 17;
    public static final long VM_DONTEXPAND = 1L << 18;
    public static final long VM_LOCKONFAULT = 1L << 19;
    public static final long VM_ACCOUNT = 1L << 20;
    public static final long VM_NORESERVE = 1L << 21;
    public static final long VM_HUGETLB = 1L << 22;
    public static final long VM_SYNC = 1L << 23;
    /// `VM_ARCH_1`: branch target identification on arm64.
    public static final long VM_ARM64_BTI = 1L << 24;
    public static final long VM_WIPEONFORK = 1L << 25;
    public static final long VM_DONTDUMP = 1L << 26;
    public static final long VM_SOFTDIRTY = 1L << 27;
    /// A mixture of struct pages and raw PFNs.
    public static final long VM_MIXEDMAP = 1L << 28;
    public static final long VM_HUGEPAGE = 1L << 29;
    public static final long VM_NOHUGEPAGE = 1L << 30;
    public static final long VM_MERGEABLE = 1L << 31;
    /// `PROT_MTE`: allocation tags are checked.
    public static final long VM_MTE = 1L << 36;
    /// The backing can hold allocation tags.
    public static final long VM_MTE_ALLOWED = 1L << 37;
    /// The owner asserts that no uncached access type can cause uncontained failures.
    public static final long VM_ALLOW_ANY_UNCACHED = 1L << 39;
    public static final long VM_SEALED = 1L << 42;

    /// VMAs that are never merged with a neighbour.
    public static final long VM_SPECIAL = VM_IO | VM_DONTEXPAND | VM_PFNMAP | VM_MIXEDMAP;

    /// What `remap_pfn_range` and the VFIO drivers set.
    public static final long REMAP_FLAGS = VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP;

    private record Flag(long value, String name, String letters) {}

    private static final List<Flag> FLAGS = List.of(
            new Flag(VM_READ, "READ", "rd"),
            new Flag(VM_WRITE, "WRITE", "wr"),
            new Flag(VM_EXEC, "EXEC", "ex"),
            new Flag(VM_SHARED, "SHARED", "sh"),
            new Flag(VM_MAYREAD, "MAYREAD", "mr"),
            new Flag(VM_MAYWRITE, "MAYWRITE", "mw"),
            new Flag(VM_MAYEXEC, "MAYEXEC", "me"),
            new Flag(VM_MAYSHARE, "MAYSHARE", "ms"),
            new Flag(VM_GROWSDOWN, "GROWSDOWN", "gd"),
            new Flag(VM_UFFD_MISSING, "UFFD_MISSING", "um"),
            new Flag(VM_PFNMAP, "PFNMAP", "pf"),
            new Flag(VM_UFFD_WP, "UFFD_WP", "uw"),
            new Flag(VM_LOCKED, "LOCKED", "lo"),
            new Flag(VM_IO, "IO", "io"),
            new Flag(VM_SEQ_READ, "SEQ_READ", "sr"),
            new Flag(VM_RAND_READ, "RAND_READ", "rr"),
            new Flag(VM_DONTCOPY, "DONTCOPY", "dc"),
            new Flag(VM_DONTEXPAND, "DONTEXPAND", "de"),
            new Flag(VM_LOCKONFAULT, "LOCKONFAULT", "lf"),
            new Flag(VM_ACCOUNT, "ACCOUNT", "ac"),
            new Flag(VM_NORESERVE, "NORESERVE", "nr"),
            new Flag(VM_HUGETLB, "HUGETLB", "ht"),
            new Flag(VM_SYNC, "SYNC", "sf"),
            new Flag(VM_ARM64_BTI, "ARM64_BTI", "bt"),
            new Flag(VM_WIPEONFORK, "WIPEONFORK", "wf"),
            new Flag(VM_DONTDUMP, "DONTDUMP", "dd"),
            new Flag(VM_SOFTDIRTY, "SOFTDIRTY", "sd"),
            new Flag(VM_MIXEDMAP, "MIXEDMAP", "mm"),
            new Flag(VM_HUGEPAGE, "HUGEPAGE", "hg"),
            new Flag(VM_NOHUGEPAGE, "NOHUGEPAGE", "nh"),
            new Flag(VM_MERGEABLE, "MERGEABLE", "mg"),
            new Flag(VM_MTE, "MTE", "mt"),
            // The kernel hides this one in smaps: an empty mnemonic.
            new Flag(VM_MTE_ALLOWED, "MTE_ALLOWED", ""),
            // The kernel has no mnemonic for this one and prints question marks.
            new Flag(VM_ALLOW_ANY_UNCACHED, "ALLOW_ANY_UNCACHED", "??"),
            new Flag(VM_SEALED, "SEALED", "sl"));

    private VmFlags() {}

    /// {@return the `VmFlags:` line of smaps without its key: two letters and a blank for each flag}
    public static String smaps(long vmFlags) {
        StringBuilder text = new StringBuilder();
        for (Flag flag : FLAGS) {
            if ((vmFlags & flag.value) != 0 && !flag.letters.isEmpty()) {
                text.append(flag.letters).append(' ');
            }
        }
        return text.toString();
    }

    /// {@return the kernel's names without `VM_`, joined by `|`; `0` when no flag is set}
    public static String names(long vmFlags) {
        List<String> names = new ArrayList<>();
        for (Flag flag : FLAGS) {
            if ((vmFlags & flag.value) != 0) {
                names.add(flag.name);
            }
        }
        return names.isEmpty() ? "0" : String.join("|", names);
    }

    /// Reads one flag, by its kernel name with or without `VM_` in either case, or by its smaps letters.
    ///
    /// @throws BadInput for a word that is neither
    public static long parse(String word) {
        String name = word.strip().toUpperCase(Locale.ROOT);
        if (name.startsWith("VM_")) {
            name = name.substring(3);
        }
        for (Flag flag : FLAGS) {
            boolean letters = flag.letters.equalsIgnoreCase(word.strip())
                    && !flag.letters.isEmpty()
                    && !flag.letters.startsWith("?");
            if (flag.name.equals(name) || letters) {
                return flag.value;
            }
        }
        throw new BadInput("VMA flag '" + word + "' is unknown; flags: "
                + String.join(", ", FLAGS.stream().map(Flag::name).toList()) + ", or the letters of smaps");
    }
}

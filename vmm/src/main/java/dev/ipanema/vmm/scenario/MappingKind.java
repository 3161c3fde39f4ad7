package dev.ipanema.vmm.scenario;

import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a `mmap` step maps: the `kind` of the format.
///
/// @param name the recorder's name of the kind, only for messages
/// @param size bytes
/// @param align alignment of the virtual address in bytes, a power of two
/// @param leaf size in bytes of the host's leaf entries once they are present
/// @param phys physical address of the first byte, for sources that choose it
/// @param vmPgoff `vm_pgoff` of the VMA; not always the truth about `phys`
/// @param vmPageProt the attribute of the VMA
/// @param pteProt the attribute of the host's page-table entries when the driver gives one, else null
/// @param populate when a driver fills in its page-table entries, null for other sources
/// @param pages what a mixed map of a driver contains, null for everything else
public record MappingKind(
        String name,
        Source source,
        Backing backing,
        long size,
        boolean shared,
        Protection prot,
        long align,
        long leaf,
        OptionalLong phys,
        OptionalLong vmPgoff,
        Attribute vmPageProt,
        @Nullable Attribute pteProt,
        Set<VmaFlag> vmFlags,
        @Nullable Populate populate,
        @Nullable Pages pages) {
    public MappingKind {
        vmFlags = Set.copyOf(vmFlags);
    }

    /// A value of the format with its spelling.
    interface Word {
        /// {@return how the format spells it}
        String word();
    }

    /// Where the memory comes from.
    public enum Source implements Word {
        /// Anonymous memory with `MADV_NOHUGEPAGE`; its first page was written.
        ANONYMOUS("anonymous"),
        /// The same, never written.
        ANONYMOUS_UNTOUCHED("anonymous-untouched"),
        /// Anonymous memory with `MADV_HUGEPAGE`.
        ANONYMOUS_THP("anonymous-thp"),
        /// Anonymous memory mapped with `PROT_MTE`.
        ANONYMOUS_MTE("anonymous-mte"),
        /// hugetlbfs with 2 MiB pages.
        HUGETLB_2M("hugetlb-2M"),
        /// A memfd.
        MEMFD("memfd"),
        /// `/dev/mem`.
        DEV_MEM("dev-mem"),
        /// `/dev/mem` opened with `O_SYNC`.
        DEV_MEM_SYNC("dev-mem-sync"),
        /// A character device with its own mmap.
        DRIVER("driver");

        private final String word;

        Source(String word) {
            this.word = word;
        }

        @Override
        public String word() {
            return word;
        }
    }

    /// Which part of the host's physical memory.
    public enum Backing implements Word {
        /// The kernel's memory: `pfn_is_map_memory` and a struct page.
        RAM("ram"),
        /// Above the kernel's memory: neither.
        NOMAP("nomap"),
        /// Not in memblock, inside a present section: a struct page, but not `pfn_is_map_memory`.
        NOMAPVALID("nomapvalid");

        private final String word;

        Backing(String word) {
            this.word = word;
        }

        @Override
        public String word() {
            return word;
        }
    }

    /// `PROT_READ`, `PROT_WRITE`, `PROT_EXEC` as letters.
    public record Protection(boolean read, boolean write, boolean exec) {
        @Override
        public String toString() {
            return (read ? "r" : "") + (write ? "w" : "") + (exec ? "x" : "");
        }
    }

    /// A stage-1 attribute of the host.
    public enum Attribute implements Word {
        WB("WB"),
        NC("NC"),
        DEVICE_NGNRNE("nGnRnE"),
        DEVICE_NGNRE("nGnRE");

        private final String word;

        Attribute(String word) {
            this.word = word;
        }

        @Override
        public String word() {
            return word;
        }
    }

    /// The VMA flags that the format lists.
    public enum VmaFlag implements Word {
        PFNMAP,
        IO,
        MIXEDMAP,
        ALLOW_ANY_UNCACHED,
        HUGETLB,
        DONTEXPAND,
        DONTDUMP;

        @Override
        public String word() {
            return name();
        }
    }

    /// When a driver fills in page-table entries.
    public enum Populate implements Word {
        /// `remap_pfn_range` or page insertion in its mmap.
        AT_MMAP("at-mmap"),
        /// `vmf_insert_pfn` in its fault handler.
        ON_FAULT("on-fault");

        private final String word;

        Populate(String word) {
            this.word = word;
        }

        @Override
        public String word() {
            return word;
        }
    }

    /// What the entries of a mixed map point to.
    public enum Pages implements Word {
        /// Special entries: PFNs without reference counting.
        SPECIAL("special"),
        /// Ordinary entries of pages with a struct page.
        STRUCT_PAGE("struct-page");

        private final String word;

        Pages(String word) {
            this.word = word;
        }

        @Override
        public String word() {
            return word;
        }
    }
}

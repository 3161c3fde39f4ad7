package dev.ipanema.host.platform;

import dev.ipanema.base.text.Sizes;

/// A stretch of a host's physical memory and what its kernel knows of it.
///
/// @param name for messages and dumps
/// @param base physical address, 4 KiB aligned
/// @param size bytes, a multiple of 4 KiB
public record MemoryRange(String name, Kind kind, long base, long size) {
    /// What the kernel makes of a stretch of memory.
    public enum Kind {
        /// Boot RAM: `pfn_is_map_memory` and struct pages, handed out by the page allocator.
        DRAM(true, true),
        /// Boot RAM that a driver keeps for itself: the same, but never handed out.
        RESERVED_DRAM(true, true),
        /// Memory inside a present section but not in memblock: struct pages, not `pfn_is_map_memory`.
        NOMAP_VALID(false, true),
        /// Memory that the kernel never added, such as a coherent GPU's: neither.
        DEVICE_MEMORY(false, false),
        /// DRAM that firmware hides from the kernel for guests (Extended GPU Memory): neither.
        EGM(false, false);

        private final boolean mapMemory;
        private final boolean structPage;

        Kind(boolean mapMemory, boolean structPage) {
            this.mapMemory = mapMemory;
            this.structPage = structPage;
        }

        /// {@return whether `pfn_is_map_memory` holds}
        public boolean isMapMemory() {
            return mapMemory;
        }

        /// {@return whether there is a struct page (`pfn_valid`)}
        public boolean hasStructPage() {
            return structPage;
        }
    }

    /// {@return the first address behind it}
    public long end() {
        return base + size;
    }

    @Override
    public String toString() {
        return name + " " + Sizes.hex(base) + "+" + Sizes.format(size) + " " + kind;
    }
}

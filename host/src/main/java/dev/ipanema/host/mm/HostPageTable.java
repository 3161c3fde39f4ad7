package dev.ipanema.host.mm;

import org.jspecify.annotations.Nullable;

/// The page table of one address space: four levels of 512 entries over 48 bits, with leaves of 4 KiB, 2
/// MiB and 1 GiB (see [HostPte]). It is a model of what the host's MMU would walk, kept in Java: only stage
/// 2 stands in simulated memory.
///
/// Not thread-safe: the owner holds its page-table lock around every call.
final class HostPageTable {
    private static final int ENTRIES = 512;
    private static final int TOP_LEVEL = 3;
    private static final int HUGEST_LEAF_LEVEL = 2;

    private final Node root = new Node(TOP_LEVEL);

    /// What to put in the place of each entry of a walk.
    interface Visitor {
        /// @param hva first address of the entry
        /// @param leaf the entry, never 0; it covers `1 << HostPte.span(leaf)` bytes
        /// @return the entry to store, `leaf` itself to keep it, 0 to clear it
        long visit(long hva, long leaf);
    }

    /// A table; `children` is null in a table of pages. A slot holds an entry or a child, never both.
    private static final class Node {
        final long[] entries = new long[ENTRIES];
        final Node @Nullable [] children;
        final int level;
        int used;

        Node(int level) {
            this.level = level;
            this.children = level == 0 ? null : new Node[ENTRIES];
        }

        @Nullable
        Node child(int index) {
            Node[] array = children;
            return array == null ? null : array[index];
        }

        void setChild(int index, @Nullable Node child) {
            Node[] array = children;
            if (array == null) {
                throw new IllegalStateException("A table of pages has no children");
            }
            used += (child == null ? 0 : 1) - (array[index] == null ? 0 : 1);
            array[index] = child;
        }

        void set(int index, long entry) {
            used += (entry == 0 ? 0 : 1) - (entries[index] == 0 ? 0 : 1);
            entries[index] = entry;
        }
    }

    private static int shift(int level) {
        return HostPte.PAGE_SHIFT + 9 * level;
    }

    private static int index(long hva, int level) {
        return (int) (hva >>> shift(level)) & ENTRIES - 1;
    }

    /// {@return the entry that covers `hva`, of whatever size, or 0}
    long lookup(long hva) {
        Node node = root;
        while (true) {
            int index = index(hva, node.level);
            Node child = node.child(index);
            if (child == null) {
                return node.entries[index];
            }
            node = child;
        }
    }

    /// {@return whether nothing stands at the 2 MiB slot of `hva`: no leaf and no table of pages
    /// (`pmd_none`)}
    boolean isPmdNone(long hva) {
        Node node = root;
        while (node.level > 1) {
            Node child = node.child(index(hva, node.level));
            if (child == null) {
                return node.entries[index(hva, node.level)] == 0;
            }
            node = child;
        }
        int index = index(hva, 1);
        return node.child(index) == null && node.entries[index] == 0;
    }

    /// Stores an entry at its own level, over an empty slot or an entry of the same size.
    ///
    /// @throws IllegalStateException when a table with entries stands in the slot, or a bigger leaf covers
    ///     it
    void set(long hva, long leaf) {
        int level = (HostPte.span(leaf) - HostPte.PAGE_SHIFT) / 9;
        Node node = root;
        while (node.level > level) {
            node = descend(node, hva);
        }
        int index = index(hva, level);
        Node child = node.child(index);
        if (child != null) {
            if (child.used != 0) {
                throw new IllegalStateException("A leaf would replace a table at 0x" + Long.toHexString(hva));
            }
            node.setChild(index, null);
        }
        node.set(index, leaf);
    }

    private static Node descend(Node node, long hva) {
        int index = index(hva, node.level);
        Node child = node.child(index);
        if (child != null) {
            return child;
        }
        long entry = node.entries[index];
        if (HostPte.isRun(entry)) {
            return split(node, index);
        }
        if (entry != 0) {
            throw new IllegalStateException("A bigger leaf covers 0x" + Long.toHexString(hva));
        }
        child = new Node(node.level - 1);
        node.setChild(index, child);
        return child;
    }

    private static Node split(Node node, int index) {
        long entry = node.entries[index];
        Node child = new Node(node.level - 1);
        for (int i = 0; i < ENTRIES; i++) {
            child.set(i, HostPte.part(entry, i));
        }
        node.set(index, 0);
        node.setChild(index, child);
        return child;
    }

    /// Splits the 2 MiB leaf that covers `hva` into 512 pages. No effect without such a leaf.
    void splitPmd(long hva) {
        Node node = root;
        while (node.level > 1) {
            Node child = node.child(index(hva, node.level));
            if (child == null) {
                return;
            }
            node = child;
        }
        int index = index(hva, 1);
        if (node.child(index) == null && node.entries[index] != 0) {
            split(node, index);
        }
    }

    /// Clears the entry that covers `hva`; a run is cut down to the page first.
    void clear(long hva) {
        Node node = root;
        while (true) {
            int index = index(hva, node.level);
            Node child = node.child(index);
            if (child == null) {
                if (HostPte.isRun(node.entries[index])) {
                    child = split(node, index);
                } else {
                    node.set(index, 0);
                    return;
                }
            }
            node = child;
        }
    }

    /// Calls `visitor` for each entry in `[start, end)` in ascending order. A run at the border is split
    /// first; a leaf that reaches over the border must have been split by the caller.
    void walk(long start, long end, Visitor visitor) {
        if (start < end) {
            walk(root, start, end, visitor);
        }
    }

    private static void walk(Node node, long start, long end, Visitor visitor) {
        int shift = shift(node.level);
        long base = start & -(1L << shift);
        for (long at = base; at < end; at += 1L << shift) {
            int index = index(at, node.level);
            Node child = node.child(index);
            long entry = node.entries[index];
            if (child == null && entry == 0) {
                continue;
            }
            long next = at + (1L << shift);
            boolean whole = at >= start && next <= end;
            if (child == null && !whole && HostPte.isRun(entry)) {
                child = split(node, index);
            }
            if (child != null) {
                walk(child, Math.max(at, start), Math.min(next, end), visitor);
            } else {
                long replacement = visitor.visit(at, entry);
                if (replacement != entry) {
                    node.set(index, replacement);
                }
            }
        }
    }

    /// Frees the tables without entries in `[start, end)` (`free_pgtables`).
    void freeEmptyTables(long start, long end) {
        if (start < end) {
            freeEmptyTables(root, start, end);
        }
    }

    private static void freeEmptyTables(Node node, long start, long end) {
        int shift = shift(node.level);
        for (long at = start & -(1L << shift); at < end; at += 1L << shift) {
            int index = index(at, node.level);
            Node child = node.child(index);
            if (child != null) {
                if (child.level > 0) {
                    freeEmptyTables(child, Math.max(at, start), Math.min(at + (1L << shift), end));
                }
                if (child.used == 0) {
                    node.setChild(index, null);
                }
            }
        }
    }

    /// Maps `size` bytes at `hva` to ascending PFNs with 4 KiB leaves that have no struct page, over empty
    /// slots. Whole aligned 2 MiB and 1 GiB stretches become runs.
    void setRange(long hva, long pfn, long size, PageProt prot) {
        long at = hva;
        long left = size;
        long nextPfn = pfn;
        while (left > 0) {
            int level = HUGEST_LEAF_LEVEL;
            while ((at & (1L << shift(level)) - 1) != 0 || left < 1L << shift(level)) {
                level--;
            }
            long flags = HostPte.SPECIAL | (level > 0 ? HostPte.RUN : 0);
            set(at, HostPte.make(nextPfn, shift(level), prot, flags));
            long step = 1L << shift(level);
            at += step;
            left -= step;
            nextPfn += step >>> HostPte.PAGE_SHIFT;
        }
    }
}

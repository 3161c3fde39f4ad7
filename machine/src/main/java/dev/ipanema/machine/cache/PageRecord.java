package dev.ipanema.machine.cache;

import static dev.ipanema.machine.memory.RawMemory.RAW;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.Origin;

/// What is known of a 4 KiB page, in [RamViews#RECORD_BYTES] bytes off heap that are zero at first:
///
/// | offset | content |
/// |---|---|
/// | 0 | state and flags: the constants of this class |
/// | 8 | who stored first since the views were equal, see [#writer(long, boolean)] |
/// | 16 | the cacheable alias of guests that was met last, see [#alias(long, Origin, MemoryAttributes)] |
/// | 24 | the alias of guests past the caches that was met last |
///
/// The word of state and flags is read without a lock and changed by compare-and-set; a change of the
/// state, and all that follows from it, happens under the page's lock.
final class PageRecord {
    /// Both views have one value, which stands in the coherent view.
    static final int UNIFIED = 0;

    /// The memory view is as it was before the first cacheable store, or was cleaned to since; there were
    /// only cacheable accesses. What differs is dirty.
    static final int SPLIT = 1;

    /// Each line is followed: see [ExactPage].
    static final int EXACT = 2;

    static final int STATE = 3;

    /// A cacheable translation was used since the page was last invalidated as a whole: lines may be in
    /// the caches.
    static final int USED = 1 << 2;

    /// TLB entries to the coherent view, for cacheable accesses, may exist.
    static final int COHERENT_ENTRY = 1 << 3;

    /// TLB entries for accesses past the caches may exist; only while [#UNIFIED].
    static final int MEMORY_ENTRY = 1 << 4;

    /// A guest with its MMU on has accessed the page through the caches, and past them, since it was last
    /// invalidated.
    static final int GUEST_COHERENT = 1 << 5;

    static final int GUEST_MEMORY = 1 << 6;

    /// The VMM has accessed it through the caches since.
    static final int VMM_COHERENT = 1 << 7;

    /// The pair of aliases has been reported.
    static final int ALIAS_TOLD = 1 << 8;

    /// The page of the memory view has been counted, and may hold anything.
    static final int COPIED = 1 << 9;

    /// All that a clean and invalidate of the whole page forgets.
    static final int FORGOTTEN = USED | GUEST_COHERENT | GUEST_MEMORY | VMM_COHERENT | ALIAS_TOLD;

    private static final int WRITER = 8;
    private static final int COHERENT_ALIAS = 16;
    private static final int MEMORY_ALIAS = 24;

    private static final int PC_BITS = 49;
    private static final int PE_SHIFT = PC_BITS;
    private static final int PE_BITS = 7;
    private static final int AGENT_SHIFT = PE_SHIFT + PE_BITS;
    private static final int AGENT_MASK = 0xf;
    private static final int TYPE_BITS = 16;
    private static final int TYPE_SHIFT = Long.SIZE - TYPE_BITS;
    private static final int PAGE_SHIFT = 12;

    private PageRecord() {}

    /// {@return state and flags}
    static int flags(long record) {
        return RAW.getIntVolatile(record);
    }

    static void set(long record, int bits) {
        change(record, 0, bits);
    }

    static void clear(long record, int bits) {
        change(record, bits, 0);
    }

    /// Clears and sets bits.
    static void change(long record, int clear, int set) {
        int old;
        do {
            old = RAW.getIntVolatile(record);
        } while (!RAW.compareAndSetInt(record, old, (old & ~clear) | set));
    }

    // ---- writers --------------------------------------------------------------------------------------------------

    /// {@return a writer as one word, never 0: 49 bits of PC, 7 of the processing element, the agent}
    static long writer(Origin origin) {
        long pc = origin.pcKnown ? origin.pc & (1L << PC_BITS) - 1 : 0;
        long pe = origin.pe & (1L << PE_BITS) - 1;
        return pc | pe << PE_SHIFT | (long) (origin.agent.ordinal() + 1) << AGENT_SHIFT;
    }

    /// {@return the writer that a word stands for; the word is not 0}
    static Writer writer(long word, boolean exact) {
        Agent agent = Agent.values()[(int) (word >>> AGENT_SHIFT & AGENT_MASK) - 1];
        int pe = (int) (word >>> PE_SHIFT) & (1 << PE_BITS) - 1;
        long pc = (word << (Long.SIZE - PC_BITS)) >> (Long.SIZE - PC_BITS);
        return new Writer(agent, pe == (1 << PE_BITS) - 1 ? Origin.NO_PE : pe, pc, exact);
    }

    static long firstWriter(long record) {
        return RAW.getLong(record + WRITER);
    }

    static void setFirstWriter(long record, long writer) {
        RAW.putLong(record + WRITER, writer);
    }

    // ---- aliases --------------------------------------------------------------------------------------------------

    /// Notes an alias of a guest: its page address, of which 48 bits are kept, and its memory type.
    static void alias(long record, Origin origin, MemoryAttributes type) {
        long page = (origin.va << TYPE_BITS) >>> (TYPE_BITS + PAGE_SHIFT);
        long at = record + (type.isCacheable() ? COHERENT_ALIAS : MEMORY_ALIAS);
        RAW.putLong(at, page | (long) type.packed() << TYPE_SHIFT);
    }

    /// {@return the alias of guests that was noted last}
    static Alias alias(long record, boolean cacheable) {
        long word = RAW.getLong(record + (cacheable ? COHERENT_ALIAS : MEMORY_ALIAS));
        if (word == 0) {
            return new Alias(Agent.PE.name(), 0, null, cacheable);
        }
        long va = (word << (TYPE_BITS + PAGE_SHIFT)) >> TYPE_BITS;
        return new Alias(Agent.PE.name(), va, MemoryAttributes.ofPacked((int) (word >>> TYPE_SHIFT)), cacheable);
    }
}

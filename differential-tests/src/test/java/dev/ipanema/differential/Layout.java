package dev.ipanema.differential;

/// Where things lie in the address space that both sides see, and in a record: the state of one sequence before it
/// runs, overwritten by its state afterwards.
///
/// | address | what |
/// |---|---|
/// | [#TEXT] | the program of the second implementation: loads a record, runs its slot, stores the record |
/// | [#SLOTS] | one slot of [#SLOT_BYTES] for each sequence: its code, right-aligned before the tail, then literals |
/// | [#WINDOW] | the only memory that instructions reach, across a page boundary |
/// | [#RECORDS] | the records |
final class Layout {
    static final long TEXT = 0x4000_0000L;
    static final long SLOTS = 0x4010_0000L;
    static final long WINDOW_PAGES = 0x4080_0000L;
    static final int WINDOW_BYTES = 256;
    static final long WINDOW = WINDOW_PAGES + 4096 - WINDOW_BYTES / 2;
    static final long RECORDS = 0x4100_0000L;

    /// Sequences of one batch.
    static final int BATCH = 4096;

    static final int SLOT_BYTES = 256;

    /// Index in a slot of the word behind the last instruction.
    static final int TAIL_WORD = 16;

    /// Offset in a slot of the pointer to the record.
    static final int RECORD_POINTER = 80;

    /// Offset in a slot of the literals.
    static final int LITERALS = 128;

    static final int LITERAL_BYTES = SLOT_BYTES - LITERALS;

    /// The most instructions of a sequence: two words before them load the last two registers.
    static final int MAX_INSTRUCTIONS = TAIL_WORD - 2;

    static final int X = 0;
    static final int SP = 8 * 31;
    static final int NZCV = 256;
    static final int FPCR = 264;
    static final int FPSR = 272;
    static final int SIGNAL = 280;
    static final int PC = 288;
    static final int ENTRY = 296;
    static final int TAIL = 304;
    static final int V = 320;
    static final int WINDOW_COPY = V + 32 * 16;
    static final int RECORD_BYTES = WINDOW_COPY + WINDOW_BYTES;

    private Layout() {}

    static long slot(int index) {
        return SLOTS + (long) SLOT_BYTES * index;
    }

    static long tail(int index) {
        return slot(index) + 4L * TAIL_WORD;
    }

    /// {@return the address of the first of `count` instructions}
    static long start(int index, int count) {
        return tail(index) - 4L * count;
    }

    static long record(int index) {
        return RECORDS + (long) RECORD_BYTES * index;
    }
}

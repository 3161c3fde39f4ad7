package dev.ipanema.machine.mmu;

import static dev.ipanema.machine.memory.RawMemory.RAW;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// The software TLB of one processing element: a direct-mapped table of 4 KiB pages that guest loads and
/// stores look at before anything else. Off heap, one bank for each [#BANKS privilege], 32 bytes an
/// entry:
///
/// | offset | content |
/// |---|---|
/// | 0 | read tag |
/// | 8 | write tag |
/// | 16 | host address minus virtual address |
/// | 24 | physical page, and flags in the low 12 bits |
///
/// A tag is the page's virtual address, top byte included, with a generation (see [Generations]) in bits
/// 11:4; bits 3:0 are 0, so that comparing it with the address's own low bits lets naturally aligned
/// accesses match only. A tag of [#NO_MATCH] matches nothing: what is unusual about a page is such a tag.
///
/// Invariant `soft-within-arch`: an entry exists only while the entry of [ArchTlb] that it is a fragment
/// of does. Invariant `own-thread`: only the thread that runs the processing element touches the table.
final class SoftTlb {
    static final int ENTRIES_SHIFT = 9;
    static final int ENTRIES = 1 << ENTRIES_SHIFT;
    static final int ENTRY_SHIFT = 5;
    static final int PAGE_SHIFT = 12;
    static final long PAGE_SIZE = 1L << PAGE_SHIFT;
    static final long PAGE_MASK = -PAGE_SIZE;

    /// What `va >>> INDEX_SHIFT & INDEX_MASK` is: the byte offset of the entry in its bank.
    static final int INDEX_SHIFT = PAGE_SHIFT - ENTRY_SHIFT;

    static final long INDEX_MASK = (ENTRIES - 1L) << ENTRY_SHIFT;
    static final int READ_TAG = 0;
    static final int WRITE_TAG = 8;
    static final int ADDEND = 16;
    static final int INFO = 24;

    /// Accesses of EL0, of EL1 with PAN clear, of EL1 with PAN set.
    static final int BANKS = 3;

    static final int BANK_EL0 = 0;
    static final int BANK_EL1 = 1;
    static final int BANK_EL1_PAN = 2;

    /// Flag of [#INFO]: unaligned accesses are allowed.
    static final long UNALIGNED = 1;

    /// Flag of [#INFO]: exclusives and atomics are allowed.
    static final long ATOMIC = 2;

    /// Flag of [#INFO]: accesses go past caches that are modelled.
    static final long PAST = 4;

    static final int GENERATION_SHIFT = 4;

    /// Generation 255, which is never given, so that it is the tag of no address.
    static final long NO_MATCH = -1;

    /// Bits 63:56 of an address: a tag byte, no part of the page's identity.
    private static final int TOP_BYTE_BITS = 8;

    private static final long BANK_BYTES = (long) ENTRIES << ENTRY_SHIFT;
    private static final long BYTES = BANKS * BANK_BYTES;

    /// Keeps the table alive as long as this object.
    private final MemorySegment segment = Arena.ofAuto().allocate(BYTES, 64);

    private final long base = segment.address();

    SoftTlb() {
        flush();
    }

    /// {@return the address of a bank's first entry}
    long bank(int bank) {
        return base + bank * BANK_BYTES;
    }

    /// Removes everything.
    void flush() {
        // SAFETY: [base, base + BYTES) is the segment, which this object keeps alive.
        RAW.fill(base, BYTES, (byte) NO_MATCH);
    }

    /// Enters one page.
    ///
    /// @param va an address in the page, with its top byte
    /// @param generation 1 to [Generations#MAX]
    /// @param host host address of the page's first byte
    /// @param info physical page and flags
    void fill(int bank, long va, int generation, boolean read, boolean write, long host, long info) {
        long entry = entry(bank, va);
        long page = va & PAGE_MASK;
        long tag = page | (long) generation << GENERATION_SHIFT;
        RAW.putLong(entry + READ_TAG, read ? tag : NO_MATCH);
        RAW.putLong(entry + WRITE_TAG, write ? tag : NO_MATCH);
        RAW.putLong(entry + ADDEND, host - page);
        RAW.putLong(entry + INFO, info);
    }

    /// Removes every page inside a naturally aligned range of virtual addresses, whatever its generation
    /// and top byte.
    ///
    /// @param shift log2 of the range's size
    void drop(long va, int shift) {
        if (shift >= PAGE_SHIFT + ENTRIES_SHIFT) {
            dropScanning(va, shift);
            return;
        }
        long pages = shift <= PAGE_SHIFT ? 1 : 1L << (shift - PAGE_SHIFT);
        long first = va >>> PAGE_SHIFT & -pages;
        for (int bank = 0; bank < BANKS; bank++) {
            for (long page = first; page < first + pages; page++) {
                dropIfInside(entry(bank, page << PAGE_SHIFT), va, Math.max(shift, PAGE_SHIFT));
            }
        }
    }

    private void dropScanning(long va, int shift) {
        for (long entry = base; entry < base + BYTES; entry += 1L << ENTRY_SHIFT) {
            dropIfInside(entry, va, shift);
        }
    }

    private void dropIfInside(long entry, long va, int shift) {
        long read = RAW.getLong(entry + READ_TAG);
        long write = RAW.getLong(entry + WRITE_TAG);
        if (isInside(read, va, shift) || isInside(write, va, shift)) {
            RAW.putLong(entry + READ_TAG, NO_MATCH);
            RAW.putLong(entry + WRITE_TAG, NO_MATCH);
        }
    }

    private static boolean isInside(long tag, long va, int shift) {
        return (tag ^ va) << TOP_BYTE_BITS >>> (TOP_BYTE_BITS + shift) == 0;
    }

    /// Makes stores to a physical page miss.
    void dropWrites(long paPage) {
        for (long entry = base; entry < base + BYTES; entry += 1L << ENTRY_SHIFT) {
            if ((RAW.getLong(entry + INFO) & PAGE_MASK) == paPage) {
                RAW.putLong(entry + WRITE_TAG, NO_MATCH);
            }
        }
    }

    /// Removes every entry of a physical page.
    void dropPage(long paPage) {
        for (long entry = base; entry < base + BYTES; entry += 1L << ENTRY_SHIFT) {
            if ((RAW.getLong(entry + INFO) & PAGE_MASK) == paPage) {
                RAW.putLong(entry + READ_TAG, NO_MATCH);
                RAW.putLong(entry + WRITE_TAG, NO_MATCH);
            }
        }
    }

    private long entry(int bank, long va) {
        return bank(bank) + (va >>> INDEX_SHIFT & INDEX_MASK);
    }
}

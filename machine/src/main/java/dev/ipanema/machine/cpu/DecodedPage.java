package dev.ipanema.machine.cpu;

import dev.ipanema.arm.a64.Op;
import dev.ipanema.arm.a64.PreDecoded;

/// The decoded instructions of one 4 KiB page of physical memory, filled as they are first executed.
///
/// [#code] holds [PreDecoded#LONGS] longs an instruction, then one entry of [#PAGE_END], so that straight-line
/// execution
/// needs no bound: it runs into the sentinel. A word that is not decoded, or was changed, is [#NOT_DECODED].
final class DecodedPage {
    static final int PAGE_SHIFT = 12;
    static final int PAGE_BYTES = 1 << PAGE_SHIFT;
    static final int INSTRUCTION_BYTES = 4;

    /// Index in [#code] behind the last instruction.
    static final int LENGTH = PAGE_BYTES / INSTRUCTION_BYTES * PreDecoded.LONGS;

    /// Operation of a word that has to be decoded first.
    static final int NOT_DECODED = Op.COUNT;

    /// Operation behind the last word of the page: go on at the next page.
    static final int PAGE_END = Op.COUNT + 1;

    /// The part of a decoded word that holds the operation.
    static final int OP_MASK = 0xfff;

    /// Position in a decoded word of four bits that are all set when the instruction accesses memory at SP, which then
    /// must be a multiple of 16.
    static final int SP_BASE_SHIFT = 12;

    /// A changed page is given up after this many stores to it without a new decoding.
    static final int STORES_TO_GIVE_UP = 64;

    final long paPage;
    final long[] code = new long[LENGTH + PreDecoded.LONGS];

    private int storesSinceDecoding;
    private boolean registered;

    DecodedPage(long paPage) {
        this.paPage = paPage;
        clear();
        code[LENGTH] = PAGE_END;
    }

    private void clear() {
        for (int i = 0; i < LENGTH; i += PreDecoded.LONGS) {
            code[i] = NOT_DECODED;
        }
    }

    /// Notes that words are about to be decoded.
    ///
    /// @return whether the page has to be registered as code first
    boolean register() {
        storesSinceDecoding = 0;
        boolean isNew = !registered;
        registered = true;
        return isNew;
    }

    /// Drops the words that a store of `bytes` at byte `offset` of the page touched.
    ///
    /// @return whether the page should be given up, because it is written and not executed
    boolean stored(int offset, int bytes) {
        int last = Math.min(offset + bytes, PAGE_BYTES) - 1;
        for (int at = offset / INSTRUCTION_BYTES; at <= last / INSTRUCTION_BYTES; at++) {
            code[at * PreDecoded.LONGS] = NOT_DECODED;
        }
        return ++storesSinceDecoding >= STORES_TO_GIVE_UP;
    }

    /// Drops every word, for whoever still runs in the page; it is not registered any more.
    void drop() {
        clear();
        registered = false;
    }
}

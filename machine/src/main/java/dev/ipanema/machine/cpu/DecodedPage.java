package dev.ipanema.machine.cpu;

import java.util.Arrays;

/// The decoded instructions of one 4 KiB page of physical memory, filled as they are first executed. What is not
/// decoded, or was stored to, is [PageMark#NOT_DECODED]; behind the last place stands [PageMark#PAGE_END], so that
/// straight-line execution needs no bound.
final class DecodedPage {
    static final int PAGE_SHIFT = 12;
    static final int PAGE_BYTES = 1 << PAGE_SHIFT;
    static final int INSTRUCTION_BYTES = 4;

    /// Places for instructions.
    static final int INSTRUCTIONS = PAGE_BYTES / INSTRUCTION_BYTES;

    /// A page is given up after this many stores to it without a new decoding.
    private static final int STORES_TO_GIVE_UP = 64;

    final long paPage;
    final DecodedInstruction[] code = new DecodedInstruction[INSTRUCTIONS + 1];

    private int storesSinceDecoding;
    private boolean registered;

    DecodedPage(long paPage) {
        this.paPage = paPage;
        clear();
        code[INSTRUCTIONS] = PageMark.PAGE_END;
    }

    private void clear() {
        Arrays.fill(code, 0, INSTRUCTIONS, PageMark.NOT_DECODED);
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
            code[at] = PageMark.NOT_DECODED;
        }
        return ++storesSinceDecoding >= STORES_TO_GIVE_UP;
    }

    /// Drops every word, for whoever still runs in the page; it is not registered any more.
    void drop() {
        clear();
        registered = false;
    }
}

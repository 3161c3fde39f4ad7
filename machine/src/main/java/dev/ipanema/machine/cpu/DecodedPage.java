package dev.ipanema.machine.cpu;

import static dev.ipanema.machine.memory.RawMemory.RAW;

import dev.ipanema.machine.memory.CacheSystem;
import dev.ipanema.machine.memory.RamViews;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The decoded instructions of one 4 KiB page of physical memory, filled as they are first executed. What is not
/// decoded, or was stored to, is [PageMark#NOT_DECODED]; behind the last place stands [PageMark#PAGE_END], so that
/// straight-line execution needs no bound.
///
/// Where the page's caches are modelled it is a page of an instruction cache: it knows the encodings it holds, and
/// [StaleInstruction] stands where they may differ from what data accesses see.
final class DecodedPage {
    static final int PAGE_SHIFT = 12;
    static final int PAGE_BYTES = 1 << PAGE_SHIFT;
    static final int INSTRUCTION_BYTES = 4;

    /// Places for instructions.
    static final int INSTRUCTIONS = PAGE_BYTES / INSTRUCTION_BYTES;

    /// Beside the address in a [#key]: fetches are Non-cacheable.
    static final long NON_CACHEABLE = 1;

    /// A page is given up after this many stores to it without a new decoding.
    private static final int STORES_TO_GIVE_UP = 64;

    private static final int[] NO_ENCODINGS = {};

    final long paPage;

    /// The physical page, with [#NON_CACHEABLE] when its fetches are so: they see another view.
    final long key;

    final DecodedInstruction[] code = new DecodedInstruction[INSTRUCTIONS + 1];

    /// Both views of the page's region, null when its caches are not modelled.
    private final @Nullable RamViews views;

    private final int[] encodings;
    private int staleWords;
    private int storesSinceDecoding;
    private boolean registered;

    DecodedPage(long key, @Nullable RamViews views) {
        this.key = key;
        this.paPage = key & -PAGE_BYTES;
        this.views = views;
        this.encodings = views == null ? NO_ENCODINGS : new int[INSTRUCTIONS];
        clear();
        code[INSTRUCTIONS] = PageMark.PAGE_END;
    }

    /// {@return the index of the instruction at an address in the page}
    static int index(long va) {
        return (int) va >> 2 & (INSTRUCTIONS - 1);
    }

    private void clear() {
        Arrays.fill(code, 0, INSTRUCTIONS, PageMark.NOT_DECODED);
        staleWords = 0;
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

    /// {@return whether the page is registered as code}
    boolean isRegistered() {
        return registered;
    }

    /// {@return whether its caches are modelled}
    boolean isModelled() {
        return views != null;
    }

    /// Enters a decoded word.
    ///
    /// @param stale whether data accesses see another word
    void put(int at, DecodedInstruction instruction, int encoding, boolean stale) {
        if (views == null) {
            code[at] = instruction;
            return;
        }
        encodings[at] = encoding;
        code[at] = stale ? new StaleInstruction(instruction, encoding) : instruction;
        staleWords += stale ? 1 : 0;
    }

    /// {@return whether it knows the encoding of what it has decoded at a place}
    boolean holds(int at) {
        return views != null && code[at] != PageMark.NOT_DECODED;
    }

    /// {@return the encoding of a word that it [#holds]}
    int encoding(int at) {
        return encodings[at];
    }

    /// Drops the words that a store of `bytes` at byte `offset` of the page touched.
    ///
    /// @return whether the page should be given up, because it is written and not executed
    boolean stored(int offset, int bytes) {
        drop(offset, bytes);
        return ++storesSinceDecoding >= STORES_TO_GIVE_UP;
    }

    /// As [#stored], where the instruction cache does not notice: the words it holds stay, and are stale from now on.
    ///
    /// @param caches evicts some of them
    boolean storedPast(int offset, int bytes, CacheSystem caches) {
        int last = last(offset, bytes);
        for (int at = offset / INSTRUCTION_BYTES; at <= last; at++) {
            DecodedInstruction held = code[at];
            if (held != PageMark.NOT_DECODED && !(held instanceof StaleInstruction)) {
                storedPast(at, held, caches);
            }
        }
        return ++storesSinceDecoding >= STORES_TO_GIVE_UP && staleWords == 0;
    }

    private void storedPast(int at, DecodedInstruction held, CacheSystem caches) {
        RamViews ram = views;
        if (ram == null || isSame(ram, at)) {
            return;
        }
        if (caches.keepsInstruction()) {
            put(at, held, encodings[at], true);
        } else {
            code[at] = PageMark.NOT_DECODED;
        }
    }

    /// A store of the same word, or one that was seen when the word was decoded. Fetches past the caches have to look
    /// when they are executed.
    private boolean isSame(RamViews ram, int at) {
        return key == paPage && encodings[at] == dataWord(ram, at);
    }

    private long offset(RamViews ram, int at) {
        return paPage - ram.base() + (long) INSTRUCTION_BYTES * at;
    }

    private int dataWord(RamViews ram, int at) {
        // SAFETY: the page lies in the region, by whoever made it. RACE: a store that comes later is told later.
        return RAW.getInt(ram.coherent(offset(ram, at)));
    }

    /// {@return the word that cacheable data accesses see in the place of an instruction; what it holds itself where
    /// caches are not modelled}
    int dataWord(int at) {
        return views == null ? 0 : dataWord(views, at);
    }

    /// Lets an instruction be executed without a question from now on.
    void accept(int at, StaleInstruction stale) {
        code[at] = stale.held;
        staleWords--;
    }

    /// Drops the words of a range.
    void drop(int offset, int bytes) {
        int last = last(offset, bytes);
        for (int at = offset / INSTRUCTION_BYTES; at <= last; at++) {
            if (code[at] instanceof StaleInstruction) {
                staleWords--;
            }
            code[at] = PageMark.NOT_DECODED;
        }
    }

    private static int last(int offset, int bytes) {
        return (Math.min(offset + bytes, PAGE_BYTES) - 1) / INSTRUCTION_BYTES;
    }

    /// Drops every word, for whoever still runs in the page; it is not registered any more.
    void drop() {
        clear();
        registered = false;
    }
}

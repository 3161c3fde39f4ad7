package dev.ipanema.machine.cache;

import static dev.ipanema.machine.cache.ExactPage.LINE_BYTES;
import static dev.ipanema.machine.cache.PageRecord.EXACT;
import static dev.ipanema.machine.cache.PageRecord.SPLIT;
import static dev.ipanema.machine.cache.PageRecord.STATE;
import static dev.ipanema.machine.cache.PageRecord.UNIFIED;
import static dev.ipanema.machine.memory.RawMemory.RAW;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.machine.memory.CacheSystem;
import dev.ipanema.machine.memory.Origin;
import dev.ipanema.machine.memory.RamViews;

/// Instruction fetches, which read what the point of unification holds: the coherent view where
/// CTR_EL0.IDC is 1, else what was cleaned there.
final class Fetches {
    private static final long PAGE_MASK = -(long) PageStates.PAGE;

    private final boolean idc;
    private final Freedom freedom;
    private final PageStates states;
    private final Lines lines;
    private final Reporter reporter;

    Fetches(boolean idc, Freedom freedom, PageStates states, Lines lines, Reporter reporter) {
        this.idc = idc;
        this.freedom = freedom;
        this.states = states;
        this.lines = lines;
        this.reporter = reporter;
    }

    /// As [CacheSystem#fetch].
    long fetch(Origin origin, MemoryAttributes type, RamViews ram, long offset) {
        int flags = PageRecord.flags(ram.record(offset));
        int state = flags & STATE;
        if (state == UNIFIED || (type.isCacheable() && idc && state == SPLIT)) {
            return RAW.getInt(ram.coherent(offset)) & 0xffff_ffffL;
        }
        long page = offset & PAGE_MASK;
        states.lockServing(ram, page);
        try {
            int word = fetchLocked(origin, type, ram, offset);
            boolean stale = word != newestWord(ram, offset);
            return (word & 0xffff_ffffL) | (stale ? CacheSystem.STALE : 0);
        } finally {
            states.unlock(ram, page);
        }
    }

    /// {@return the word that a fetch gets; what hardware may have cleaned before it is cleaned now}
    private int fetchLocked(Origin origin, MemoryAttributes type, RamViews ram, long offset) {
        int word = wordToFetch(type, ram, offset);
        if (word == RAW.getInt(ram.coherent(offset)) || !freedom.writesBackEarly()) {
            return word;
        }
        long page = offset & PAGE_MASK;
        if ((PageRecord.flags(ram.record(page)) & STATE) == SPLIT) {
            PageStates.countMemory(ram, page);
            Lines.writeBack(ram, offset & -LINE_BYTES);
        } else if (type.isCacheable()) {
            Lines.cleanToPou(ram, states.exact(ram, page), page, ExactPage.lineOf(offset));
        } else {
            lines.clean(origin, ram, states.exact(ram, page), page, ExactPage.lineOf(offset));
        }
        return wordToFetch(type, ram, offset);
    }

    /// {@return the word that a fetch of a type sees as things are}
    private int wordToFetch(MemoryAttributes type, RamViews ram, long offset) {
        int state = PageRecord.flags(ram.record(offset)) & STATE;
        if (state == UNIFIED || (type.isCacheable() && idc)) {
            return RAW.getInt(ram.coherent(offset));
        }
        return state == EXACT && type.isCacheable()
                ? Lines.wordAtPou(ram, states.exact(ram, offset & PAGE_MASK), offset)
                : RAW.getInt(ram.memory(offset));
    }

    /// {@return the word as the last stores left it, through the caches or past them}
    private int newestWord(RamViews ram, long offset) {
        int coherent = RAW.getInt(ram.coherent(offset));
        int past = bytesPast(ram, offset);
        return (coherent & ~past) | (RAW.getInt(ram.memory(offset)) & past);
    }

    /// {@return the bytes of a word that memory has newer than the caches, as a mask}
    private int bytesPast(RamViews ram, long offset) {
        if ((PageRecord.flags(ram.record(offset)) & STATE) != EXACT) {
            return 0;
        }
        long past = states.exact(ram, offset & PAGE_MASK).past[ExactPage.lineOf(offset)]
                >>> ((int) offset & LINE_BYTES - 1);
        int mask = 0;
        for (int i = 0; i < Integer.BYTES; i++) {
            mask |= (past >>> i & 1) != 0 ? 0xff << (Byte.SIZE * i) : 0;
        }
        return mask;
    }

    /// {@return what was left out before a fetch that does not get the newest word}
    private Missing missingOfFetch(MemoryAttributes type, RamViews ram, long offset) {
        int newest = newestWord(ram, offset);
        if (wordToFetch(type, ram, offset) == newest) {
            return Missing.INVALIDATE_INSTRUCTIONS;
        }
        if (RAW.getInt(ram.coherent(offset)) != newest) {
            return Missing.INVALIDATE_TO_POC;
        }
        return type.isCacheable() ? Missing.CLEAN_TO_POU : Missing.CLEAN_TO_POC;
    }

    /// As [CacheSystem#executedStale].
    void executedStale(Origin origin, MemoryAttributes type, RamViews ram, long offset, int word, boolean patched) {
        long page = offset & PAGE_MASK;
        states.lockServing(ram, page);
        try {
            Missing missing = missingOfFetch(type, ram, offset);
            boolean exact = (PageRecord.flags(ram.record(page)) & STATE) == EXACT;
            long writer = PageRecord.firstWriter(ram.record(page));
            if (exact) {
                ExactPage lines = states.exact(ram, page);
                writer = (bytesPast(ram, offset) != 0 ? lines.pastWriters : lines.writers)[ExactPage.lineOf(offset)];
            }
            reporter.staleFetch(
                    origin,
                    type,
                    ram,
                    offset,
                    word,
                    newestWord(ram, offset),
                    Reporter.writer(writer, exact),
                    missing,
                    patched);
        } finally {
            states.unlock(ram, page);
        }
    }
}

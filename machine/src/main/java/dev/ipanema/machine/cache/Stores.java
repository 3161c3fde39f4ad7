package dev.ipanema.machine.cache;

import static dev.ipanema.machine.cache.ExactPage.LINE_BYTES;
import static dev.ipanema.machine.cache.PageRecord.COHERENT_ENTRY;
import static dev.ipanema.machine.cache.PageRecord.EXACT;
import static dev.ipanema.machine.cache.PageRecord.SPLIT;
import static dev.ipanema.machine.cache.PageRecord.STATE;
import static dev.ipanema.machine.cache.PageRecord.UNIFIED;
import static dev.ipanema.machine.cache.PageRecord.USED;
import static dev.ipanema.machine.memory.RawMemory.RAW;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.Origin;
import dev.ipanema.machine.memory.RamViews;
import java.lang.invoke.VarHandle;

/// Stores that do not go by a TLB entry.
final class Stores {
    private static final int PAGE = PageStates.PAGE;
    private static final long PAGE_MASK = -(long) PAGE;

    private final Freedom freedom;
    private final PageStates states;
    private final ExactLines exactLines;
    private final Aliases aliases;
    private final Reporter reporter;
    private final Reads reads;

    Stores(Freedom freedom, PageStates states, ExactLines exactLines, Aliases aliases, Reporter reporter, Reads reads) {
        this.freedom = freedom;
        this.states = states;
        this.exactLines = exactLines;
        this.aliases = aliases;
        this.reporter = reporter;
        this.reads = reads;
    }

    /// Moves the bytes of a store to a host address; `done` is how many came before.
    private interface Bytes {
        void to(long host, int done, int length);
    }

    /// As [CacheSystem#store].
    void store(Origin origin, MemoryAttributes type, RamViews ram, long offset, int bytes, long value) {
        if ((offset & LINE_BYTES - 1) + bytes > LINE_BYTES) {
            for (int i = 0; i < bytes && !origin.again; i++) {
                store(origin, type, ram, offset + i, 1, value >>> (Byte.SIZE * i));
            }
            return;
        }
        boolean watched;
        long page = offset & PAGE_MASK;
        if (!states.lock(origin, ram, page)) {
            return;
        }
        try {
            int views = beforeStore(origin, type, ram, offset, bytes);
            if (views == ExactLines.AGAIN) {
                return;
            }
            // Not before: a page that was never touched has a memory view for nothing.
            watched = ram.touch(offset, bytes);
            if ((views & ExactLines.COHERENT) != 0) {
                RAW.store(ram.coherent(offset), bytes, value);
            }
            if ((views & ExactLines.MEMORY) != 0) {
                RAW.store(ram.memory(offset), bytes, value);
            }
            afterStore(origin, type, ram, offset, bytes);
        } finally {
            states.unlock(ram, page);
        }
        if (watched) {
            ram.report(offset, bytes);
        }
    }

    /// As [CacheSystem#storedThrough].
    void storedThrough(RamViews ram, long offset, long bytes) {
        // Before the look at the state: who follows the page looks at its bytes after it has said so.
        VarHandle.fullFence();
        for (long at = offset; at < offset + bytes; at = (at & -LINE_BYTES) + LINE_BYTES) {
            long page = at & PAGE_MASK;
            if ((PageRecord.flags(ram.record(page)) & STATE) == EXACT) {
                states.lockServing(ram, page);
                try {
                    noteThrough(ram, page, at, Math.min(offset + bytes, (at & -LINE_BYTES) + LINE_BYTES));
                } finally {
                    states.unlock(ram, page);
                }
            }
        }
    }

    private void noteThrough(RamViews ram, long page, long from, long to) {
        if ((PageRecord.flags(ram.record(page)) & STATE) == EXACT) {
            Origin kernel = Origin.of(Agent.KVM);
            exactLines.store(kernel, MemoryAttributes.NORMAL_WB, ram, states.exact(ram, page), from, (int) (to - from));
        }
    }

    /// Does what comes before a store within a line, under the lock.
    ///
    /// @return which views get the bytes, as [ExactLines#store] says
    private int beforeStore(Origin origin, MemoryAttributes type, RamViews ram, long offset, int length) {
        long page = offset & PAGE_MASK;
        int before = PageRecord.flags(ram.record(page));
        if (!aliases.note(origin, type, ram, page, offset)) {
            return ExactLines.AGAIN;
        }
        if (states.isPrecise() && states.follow(origin, ram, page) == null) {
            return ExactLines.AGAIN;
        }
        int state = PageRecord.flags(ram.record(page)) & STATE;
        if (state != EXACT) {
            if (type.isCacheable()) {
                return storeCoherent(origin, type, ram, page, state);
            }
            if (state == UNIFIED && isPlainNow(ram, before)) {
                return ExactLines.COHERENT;
            }
        }
        ExactPage exact = states.follow(origin, ram, page);
        if (exact == null || !leavesFreely(origin, type, ram, page)) {
            return ExactLines.AGAIN;
        }
        return exactLines.store(origin, type, ram, exact, offset, length);
    }

    /// {@return whether a store past the caches meets no line this time}
    private boolean isPlainNow(RamViews ram, int flags) {
        return (flags & USED) == 0 && (!ram.isMapMemory() || !freedom.fillsEarly());
    }

    /// A store past the caches makes lines stale, which loads by TLB entries would not notice.
    private boolean leavesFreely(Origin origin, MemoryAttributes type, RamViews ram, long page) {
        return type.isCacheable() || states.dropEntries(origin, ram, page, COHERENT_ENTRY);
    }

    private int storeCoherent(Origin origin, MemoryAttributes type, RamViews ram, long page, int state) {
        if (type.isWriteThrough()) {
            if (state == UNIFIED) {
                return ExactLines.COHERENT;
            }
            PageStates.countMemory(ram, page);
            return ExactLines.COHERENT | ExactLines.MEMORY;
        }
        return state == SPLIT || states.split(origin, ram, page) ? ExactLines.COHERENT : ExactLines.AGAIN;
    }

    private void afterStore(Origin origin, MemoryAttributes type, RamViews ram, long offset, int length) {
        long page = offset & PAGE_MASK;
        if ((PageRecord.flags(ram.record(page)) & STATE) != EXACT) {
            return;
        }
        ExactPage exact = states.exact(ram, page);
        exactLines.stored(origin, type, ram, exact, offset, length);
        if (type.isCacheable()) {
            states.calmDown(ram, page, exact);
        }
    }

    /// As [CacheSystem#write].
    void write(Origin origin, MemoryAttributes type, RamViews ram, long offset, byte[] from, int at, int length) {
        storeRange(origin, type, ram, offset, length, (host, done, bytes) -> RAW.copyIn(from, at + done, host, bytes));
    }

    /// As [CacheSystem#zero].
    void zero(Origin origin, MemoryAttributes type, RamViews ram, long offset, long length) {
        for (long done = 0; done < length && !origin.again; ) {
            long from = offset + done;
            int chunk = (int) Math.min(length - done, (from & PAGE_MASK) + PAGE - from);
            int state = PageRecord.flags(ram.record(from)) & STATE;
            if (state != UNIFIED || ram.isTouched(from)) {
                storeRange(origin, type, ram, from, chunk, (host, before, bytes) -> RAW.fill(host, bytes, (byte) 0));
            }
            done += chunk;
        }
    }

    private void storeRange(Origin origin, MemoryAttributes type, RamViews ram, long offset, int length, Bytes bytes) {
        for (int done = 0; done < length && !origin.again; ) {
            long to = offset + done;
            long page = to & PAGE_MASK;
            int chunk = (int) Math.min(length - done, page + PAGE - to);
            if (states.lock(origin, ram, page)) {
                try {
                    storeInPage(origin, type, ram, to, chunk, done, bytes);
                } finally {
                    states.unlock(ram, page);
                }
            }
            if (ram.isWatched(to)) {
                ram.report(to, chunk);
            }
            done += chunk;
        }
    }

    private void storeInPage(
            Origin origin, MemoryAttributes type, RamViews ram, long offset, int length, int before, Bytes bytes) {
        long page = offset & PAGE_MASK;
        boolean writeBack = type.isCacheable() && !type.isWriteThrough();
        int state = PageRecord.flags(ram.record(page)) & STATE;
        if (writeBack && length == PAGE && state == EXACT && !states.isPrecise()) {
            states.overwritten(origin, ram, page);
            state = SPLIT;
        }
        if (state == UNIFIED && writeBack && !states.isPrecise() && states.split(origin, ram, page)) {
            state = SPLIT;
        }
        if (origin.again) {
            return;
        }
        ram.touch(offset, length);
        if (state == SPLIT && writeBack && aliases.note(origin, type, ram, page, offset)) {
            bytes.to(ram.coherent(offset), before, length);
            return;
        }
        for (int done = 0; done < length; ) {
            long to = offset + done;
            int chunk = (int) Math.min(length - done, LINE_BYTES - (to & LINE_BYTES - 1));
            int views = beforeStore(origin, type, ram, to, chunk);
            if (views == ExactLines.AGAIN) {
                return;
            }
            if ((views & ExactLines.COHERENT) != 0) {
                bytes.to(ram.coherent(to), before + done, chunk);
            }
            if ((views & ExactLines.MEMORY) != 0) {
                bytes.to(ram.memory(to), before + done, chunk);
            }
            afterStore(origin, type, ram, to, chunk);
            done += chunk;
        }
    }

    /// As [CacheSystem#compareAndExchange].
    long compareAndExchange(
            Origin origin, MemoryAttributes type, RamViews ram, long offset, int bytes, long expected, long value) {
        boolean watched = false;
        long page = offset & PAGE_MASK;
        if (!states.lock(origin, ram, page)) {
            return 0;
        }
        long witness;
        try {
            int flags = PageRecord.flags(ram.record(page));
            if (!type.isCacheable() && origin.agent == Agent.PE && (flags & USED) != 0) {
                // First all for which it may have to be made anew: it is reported once.
                if (Reporter.wantsPc(origin)
                        || states.follow(origin, ram, page) == null
                        || !states.dropEntries(origin, ram, page, COHERENT_ENTRY)) {
                    return 0;
                }
                reporter.exclusivePastCaches(origin, type, ram, offset, bytes);
            }
            if (!reads.beforeRead(origin, type, ram, offset, bytes)) {
                return 0;
            }
            if (RAW.load(Reads.view(type, ram, offset), bytes) != expected) {
                return RAW.load(Reads.view(type, ram, offset), bytes);
            }
            int views = beforeStore(origin, type, ram, offset, bytes);
            if (views == ExactLines.AGAIN) {
                return 0;
            }
            watched = ram.touch(offset, bytes);
            boolean coherent = (views & ExactLines.COHERENT) != 0;
            long host = coherent ? ram.coherent(offset) : ram.memory(offset);
            witness = RAW.compareAndExchange(host, bytes, expected, value);
            if (witness == expected && views == (ExactLines.COHERENT | ExactLines.MEMORY)) {
                RAW.store(ram.memory(offset), bytes, value);
            }
            afterStore(origin, type, ram, offset, bytes);
        } finally {
            states.unlock(ram, page);
        }
        if (watched && witness == expected) {
            ram.report(offset, bytes);
        }
        return witness;
    }

    /// As [CacheSystem#exclusiveSplit].
    void exclusiveSplit(Origin origin, RamViews ram, long offset, int bytes) {
        if (!Reporter.wantsPc(origin)) {
            reporter.exclusivePastCaches(origin, MemoryAttributes.NORMAL_WB, ram, offset, bytes);
        }
    }
}

package dev.ipanema.machine.cache;

import static dev.ipanema.machine.cache.ExactPage.LINE_BYTES;
import static dev.ipanema.machine.cache.PageRecord.EXACT;
import static dev.ipanema.machine.cache.PageRecord.SPLIT;
import static dev.ipanema.machine.cache.PageRecord.STATE;
import static dev.ipanema.machine.cache.PageRecord.UNIFIED;
import static dev.ipanema.machine.memory.RawMemory.RAW;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.machine.memory.Origin;
import dev.ipanema.machine.memory.RamViews;

/// Reads that do not go by a TLB entry.
final class Reads {
    private static final int PAGE = PageStates.PAGE;
    private static final long PAGE_MASK = -(long) PAGE;

    private final Freedom freedom;
    private final PageStates states;
    private final ExactLines exactLines;
    private final Aliases aliases;
    private final Reporter reporter;

    Reads(Freedom freedom, PageStates states, ExactLines exactLines, Aliases aliases, Reporter reporter) {
        this.freedom = freedom;
        this.states = states;
        this.exactLines = exactLines;
        this.aliases = aliases;
        this.reporter = reporter;
    }

    /// {@return whether a read gets the bytes of the coherent view, and there is nothing to note; without
    /// the lock}
    private static boolean readsPlainly(Origin origin, MemoryAttributes type, int flags) {
        int state = flags & STATE;
        return (state == UNIFIED || (state == SPLIT && type.isCacheable()))
                && Aliases.isNothingNew(origin, type, flags);
    }

    /// As [CacheSystem#load].
    long load(Origin origin, MemoryAttributes type, RamViews ram, long offset, int bytes) {
        if ((offset & LINE_BYTES - 1) + bytes > LINE_BYTES) {
            return loadParts(origin, type, ram, offset, bytes);
        }
        if (readsPlainly(origin, type, PageRecord.flags(ram.record(offset)))) {
            return RAW.load(ram.coherent(offset), bytes);
        }
        long page = offset & PAGE_MASK;
        if (!states.lock(origin, ram, page)) {
            return 0;
        }
        try {
            return beforeRead(origin, type, ram, offset, bytes) ? RAW.load(view(type, ram, offset), bytes) : 0;
        } finally {
            states.unlock(ram, page);
        }
    }

    private long loadParts(Origin origin, MemoryAttributes type, RamViews ram, long offset, int bytes) {
        long value = 0;
        for (int i = 0; i < bytes && !origin.again; i++) {
            value |= load(origin, type, ram, offset + i, 1) << (Byte.SIZE * i);
        }
        return value;
    }

    /// {@return where the bytes of an access stand, after it was noted}
    static long view(MemoryAttributes type, RamViews ram, long offset) {
        boolean past = !type.isCacheable() && (PageRecord.flags(ram.record(offset)) & STATE) != UNIFIED;
        return past ? ram.memory(offset) : ram.coherent(offset);
    }

    /// Does what comes before a read within a line, under the lock.
    ///
    /// @return false when it has to be made anew
    boolean beforeRead(Origin origin, MemoryAttributes type, RamViews ram, long offset, int length) {
        long page = offset & PAGE_MASK;
        if (!aliases.note(origin, type, ram, page, offset)) {
            return false;
        }
        if (states.isPrecise() && states.follow(origin, ram, page) == null) {
            return false;
        }
        int state = PageRecord.flags(ram.record(page)) & STATE;
        if (state == EXACT) {
            return exactLines.read(origin, type, ram, states.exact(ram, page), offset, length);
        }
        return type.isCacheable()
                || state == UNIFIED
                || Lines.areEqual(ram, offset, length)
                || readPastSplit(origin, type, ram, offset, length);
    }

    /// Reads past dirty lines of a page of which only cacheable accesses were made before.
    private boolean readPastSplit(Origin origin, MemoryAttributes type, RamViews ram, long offset, int length) {
        if (Reporter.wantsPc(origin)) {
            return false;
        }
        long page = offset & PAGE_MASK;
        if (freedom.writesBackEarly()) {
            PageStates.countMemory(ram, page);
            Lines.writeBack(ram, offset & -LINE_BYTES);
        } else {
            reporter.staleRead(
                    origin, type, ram, offset, length, false, PageRecord.firstWriter(ram.record(page)), false);
        }
        return true;
    }

    /// As [CacheSystem#read].
    void read(Origin origin, MemoryAttributes type, RamViews ram, long offset, byte[] to, int at, int length) {
        for (int done = 0; done < length && !origin.again; ) {
            long from = offset + done;
            long page = from & PAGE_MASK;
            int chunk = (int) Math.min(length - done, page + PAGE - from);
            if (readsPlainly(origin, type, PageRecord.flags(ram.record(from)))) {
                RAW.copyOut(ram.coherent(from), to, at + done, chunk);
            } else if (states.lock(origin, ram, page)) {
                try {
                    readLines(origin, type, ram, from, to, at + done, chunk);
                } finally {
                    states.unlock(ram, page);
                }
            }
            done += chunk;
        }
    }

    private void readLines(
            Origin origin, MemoryAttributes type, RamViews ram, long offset, byte[] to, int at, int length) {
        for (int done = 0; done < length; ) {
            long from = offset + done;
            int chunk = (int) Math.min(length - done, LINE_BYTES - (from & LINE_BYTES - 1));
            if (!beforeRead(origin, type, ram, from, chunk)) {
                return;
            }
            RAW.copyOut(view(type, ram, from), to, at + done, chunk);
            done += chunk;
        }
    }

    /// As [CacheSystem#observe].
    void observe(RamViews ram, long offset, byte[] to, int at, int length) {
        for (int done = 0; done < length; ) {
            long from = offset + done;
            long page = from & PAGE_MASK;
            int chunk = (int) Math.min(length - done, page + PAGE - from);
            states.lockServing(ram, page);
            try {
                RAW.copyOut(ram.coherent(from), to, at + done, chunk);
                if ((PageRecord.flags(ram.record(page)) & STATE) == EXACT) {
                    Lines.overlayPast(ram, states.exact(ram, page), from, to, at + done, chunk);
                }
            } finally {
                states.unlock(ram, page);
            }
            done += chunk;
        }
    }
}

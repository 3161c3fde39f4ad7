package dev.ipanema.machine.cache;

import static dev.ipanema.machine.cache.ExactPage.LINE_BYTES;
import static dev.ipanema.machine.cache.PageRecord.COHERENT_ENTRY;
import static dev.ipanema.machine.cache.PageRecord.EXACT;
import static dev.ipanema.machine.cache.PageRecord.MEMORY_ENTRY;
import static dev.ipanema.machine.cache.PageRecord.SPLIT;
import static dev.ipanema.machine.cache.PageRecord.STATE;
import static dev.ipanema.machine.cache.PageRecord.UNIFIED;

import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.CacheOperation;
import dev.ipanema.machine.memory.Origin;
import dev.ipanema.machine.memory.RamViews;
import dev.ipanema.machine.memory.SetAndWay;

/// Data cache maintenance, by address and by set and way, and the loss of all that it did not save.
final class Maintainer {
    private static final int PAGE = PageStates.PAGE;
    private static final long PAGE_MASK = -(long) PAGE;

    private final boolean idc;
    private final Freedom freedom;
    private final PageStates states;
    private final Lines lines;

    Maintainer(boolean idc, Freedom freedom, PageStates states, Lines lines) {
        this.idc = idc;
        this.freedom = freedom;
        this.states = states;
        this.lines = lines;
    }

    /// As [CacheSystem#maintain(CacheOperation, Origin, RamViews, long, long)].
    void maintain(CacheOperation operation, Origin origin, RamViews ram, long offset, long length) {
        long end = offset + length + LINE_BYTES - 1 & -(long) LINE_BYTES;
        for (long from = offset & -(long) LINE_BYTES; from < end && !origin.again; ) {
            long page = from & PAGE_MASK;
            long to = Math.min(end, page + PAGE);
            int flags = PageRecord.flags(ram.record(page));
            if (isWork(operation, flags) && states.lock(origin, ram, page)) {
                try {
                    maintainInPage(operation, origin, ram, from, to);
                } finally {
                    states.unlock(ram, page);
                }
            }
            from = to;
        }
    }

    /// As [CacheSystem#losePower].
    void losePower() {
        states.pages().forEach((ram, page) -> {
            states.lockServing(ram, page);
            try {
                if (states.dropEntries(Origin.of(Agent.LOADER), ram, page, COHERENT_ENTRY | MEMORY_ENTRY)) {
                    states.loseCaches(ram, page);
                }
            } finally {
                states.unlock(ram, page);
            }
        });
    }

    /// As [CacheSystem#maintain(CacheOperation, Origin, SetAndWay)].
    ///
    /// What is cleaned from a level before the last is in the next one, and seen by nobody. A line whose
    /// last writer is known to be another element is in that one's caches.
    void maintain(CacheOperation operation, Origin origin, SetAndWay where) {
        if (!where.last()) {
            return;
        }
        states.pages().forEach((ram, page) -> {
            for (long at = page; at < page + PAGE && !origin.again; at += LINE_BYTES) {
                if (where.holds(ram.base() + at) && !isElsewhere(origin, ram, at)) {
                    maintain(operation, origin, ram, at, LINE_BYTES);
                }
            }
        });
    }

    private boolean isElsewhere(Origin origin, RamViews ram, long offset) {
        long page = offset & PAGE_MASK;
        states.lockServing(ram, page);
        try {
            if ((PageRecord.flags(ram.record(page)) & STATE) != EXACT) {
                return false;
            }
            ExactPage exact = states.exact(ram, page);
            int line = ExactPage.lineOf(offset);
            long writer = exact.isDirty(line) && (exact.inherited >>> line & 1) == 0 ? exact.writers[line] : 0;
            return writer != 0
                    && PageRecord.writer(writer, true).pe() != origin.pe
                    && PageRecord.writer(writer, true).pe() != Origin.NO_PE;
        } finally {
            states.unlock(ram, page);
        }
    }

    private static boolean invalidates(CacheOperation operation) {
        return operation == CacheOperation.DC_CLEAN_INVAL_POC || operation == CacheOperation.DC_INVAL_POC;
    }

    private boolean isWork(CacheOperation operation, int flags) {
        if (operation == CacheOperation.DC_CLEAN_POU && idc) {
            return false;
        }
        return (flags & STATE) != UNIFIED || (invalidates(operation) && (flags & PageRecord.FORGOTTEN) != 0);
    }

    private void maintainInPage(CacheOperation operation, Origin origin, RamViews ram, long from, long to) {
        long page = from & PAGE_MASK;
        int flags = PageRecord.flags(ram.record(page));
        int state = flags & STATE;
        if (state != EXACT) {
            boolean discards = operation == CacheOperation.DC_INVAL_POC && state == SPLIT;
            if (invalidates(operation) && !discards && to - from == PAGE && (flags & COHERENT_ENTRY) == 0) {
                states.unify(ram, page);
                return;
            }
            if (operation == CacheOperation.DC_CLEAN_POC) {
                PageStates.countMemory(ram, page);
                Lines.writeBackDifferences(ram, from, to - from);
                return;
            }
            if (operation == CacheOperation.DC_CLEAN_POU && !differs(ram, from, to)) {
                return;
            }
        }
        ExactPage exact = states.follow(origin, ram, page);
        if (exact == null || !states.dropEntries(origin, ram, page, COHERENT_ENTRY)) {
            return;
        }
        exact.calm = 0;
        for (long at = from; at < to; at += LINE_BYTES) {
            int line = ExactPage.lineOf(at);
            if (operation != CacheOperation.DC_CLEAN_POU
                    && Lines.losesWrite(ram, exact, page, line)
                    && Reporter.wantsPc(origin)) {
                return;
            }
            maintainLine(operation, origin, ram, exact, page, line);
        }
        if (invalidates(operation)) {
            states.unifyIfEmpty(ram, page, exact);
        }
    }

    private static boolean differs(RamViews ram, long from, long to) {
        for (long line = from; line < to; line += LINE_BYTES) {
            if (Lines.difference(ram, line) != 0) {
                return true;
            }
        }
        return false;
    }

    private void maintainLine(
            CacheOperation operation, Origin origin, RamViews ram, ExactPage exact, long page, int line) {
        switch (operation) {
            case DC_CLEAN_POC -> lines.clean(origin, ram, exact, page, line);
            case DC_CLEAN_INVAL_POC -> {
                lines.clean(origin, ram, exact, page, line);
                Lines.drop(ram, exact, page, line);
            }
            case DC_INVAL_POC -> {
                if (exact.isDirty(line) && freedom.writesBackEarly()) {
                    lines.clean(origin, ram, exact, page, line);
                }
                Lines.drop(ram, exact, page, line);
            }
            case DC_CLEAN_POU -> Lines.cleanToPou(ram, exact, page, line);
            default -> throw new IllegalArgumentException(operation + " is no operation of data");
        }
    }
}

package dev.ipanema.machine.cache;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.machine.memory.Origin;
import dev.ipanema.machine.memory.RamViews;

/// Accesses to lines of pages that are followed exactly: what has to be noted, and what hardware does,
/// before the bytes are moved. All under the page's lock; a range lies within one line.
final class ExactLines {
    /// Nothing: the access has to be made anew ([Origin#again]).
    static final int AGAIN = 0;

    /// The bytes go to the coherent view, to the memory view, or to both.
    static final int COHERENT = 1;

    static final int MEMORY = 2;

    private final Freedom freedom;
    private final Lines lines;
    private final Reporter reporter;

    ExactLines(Freedom freedom, Lines lines, Reporter reporter) {
        this.freedom = freedom;
        this.lines = lines;
        this.reporter = reporter;
    }

    private static long page(long offset) {
        return offset & -(long) PageStates.PAGE;
    }

    private static long mask(long offset, int length) {
        return ExactPage.mask((int) offset & ExactPage.LINE_BYTES - 1, length);
    }

    /// Prepares a read.
    ///
    /// @return false when it has to be made anew
    boolean read(Origin origin, MemoryAttributes type, RamViews ram, ExactPage exact, long offset, int length) {
        int line = ExactPage.lineOf(offset);
        if (type.isCacheable()) {
            if (!exact.isPresent(line)) {
                exact.setPresent(line, true);
                return true;
            }
            return (exact.past[line] & mask(offset, length)) == 0
                    || readStaleLine(origin, type, ram, exact, offset, length);
        }
        exact.calm = 0;
        return !exact.isDirty(line) || readPastDirtyLine(origin, type, ram, exact, offset, length);
    }

    private boolean readStaleLine(
            Origin origin, MemoryAttributes type, RamViews ram, ExactPage exact, long offset, int length) {
        int line = ExactPage.lineOf(offset);
        if (!exact.isDirty(line) && freedom.dropsClean()) {
            Lines.drop(ram, exact, page(offset), line);
            exact.setPresent(line, true);
            return true;
        }
        if (Lines.areEqual(ram, offset, length)) {
            return true;
        }
        if (Reporter.wantsPc(origin)) {
            return false;
        }
        reporter.staleRead(origin, type, ram, offset, length, true, exact.pastWriters[line], true);
        return true;
    }

    private boolean readPastDirtyLine(
            Origin origin, MemoryAttributes type, RamViews ram, ExactPage exact, long offset, int length) {
        int line = ExactPage.lineOf(offset);
        boolean stale = (exact.dirty[line] & mask(offset, length)) != 0 && !Lines.areEqual(ram, offset, length);
        boolean loses = Lines.losesWrite(ram, exact, page(offset), line);
        if ((stale || loses) && Reporter.wantsPc(origin)) {
            return false;
        }
        if (freedom.writesBackEarly()) {
            lines.clean(origin, ram, exact, page(offset), line);
        } else if (stale) {
            reporter.staleRead(
                    origin, type, ram, offset, length, false, exact.writers[line], (exact.inherited >>> line & 1) == 0);
        }
        return true;
    }

    /// Prepares a store.
    ///
    /// @return [#COHERENT] and [#MEMORY], or [#AGAIN]
    int store(Origin origin, MemoryAttributes type, RamViews ram, ExactPage exact, long offset, int length) {
        if (Reporter.wantsPc(origin)) {
            return AGAIN;
        }
        int line = ExactPage.lineOf(offset);
        long bytes = mask(offset, length);
        if (!type.isCacheable()) {
            return storePast(origin, ram, exact, offset, bytes);
        }
        if (type.isWriteThrough()) {
            exact.dirty[line] &= ~bytes;
            exact.setPast(line, exact.past[line] & ~bytes);
            return COHERENT | MEMORY;
        }
        exact.setPresent(line, true);
        exact.setDirty(line, bytes);
        exact.writers[line] = PageRecord.writer(origin);
        exact.inherited &= ~(1L << line);
        return COHERENT;
    }

    private int storePast(Origin origin, RamViews ram, ExactPage exact, long offset, long bytes) {
        int line = ExactPage.lineOf(offset);
        exact.calm = 0;
        if (exact.isPresent(line) && freedom.dropsEarly()) {
            lines.clean(origin, ram, exact, page(offset), line);
            Lines.drop(ram, exact, page(offset), line);
        }
        if (!exact.isPresent(line) && ram.isMapMemory() && freedom.fillsEarly()) {
            exact.setPresent(line, true);
        }
        if (!exact.isPresent(line)) {
            return COHERENT | MEMORY;
        }
        exact.dirty[line] &= ~bytes;
        exact.setPast(line, exact.past[line] | bytes);
        exact.pastWriters[line] = PageRecord.writer(origin);
        return MEMORY;
    }

    /// What happens after a store: one through all levels is at the point of unification, too; after one
    /// past the caches hardware may write a line back.
    void stored(Origin origin, MemoryAttributes type, RamViews ram, ExactPage exact, long offset, int length) {
        int line = ExactPage.lineOf(offset);
        if (type.isCacheable() && type.isWriteThrough()) {
            Lines.storedThroughPou(ram, exact, offset, length);
        }
        if (!type.isCacheable() && exact.isDirty(line) && freedom.writesBackLate()) {
            lines.clean(origin, ram, exact, page(offset), line);
        }
    }
}

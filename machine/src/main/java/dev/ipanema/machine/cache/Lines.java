package dev.ipanema.machine.cache;

import static dev.ipanema.machine.cache.ExactPage.LINE_BYTES;
import static dev.ipanema.machine.cache.ExactPage.LINE_SHIFT;
import static dev.ipanema.machine.memory.RawMemory.RAW;

import dev.ipanema.machine.memory.Origin;
import dev.ipanema.machine.memory.RamViews;

/// What happens to single lines. All under the page's lock; `page` is the offset of the page in its region.
final class Lines {
    private final Reporter reporter;

    Lines(Reporter reporter) {
        this.reporter = reporter;
    }

    // ---- without a record of lines: pages that are SPLIT -----------------------------------------------------------

    /// {@return whether a range within a line has one value in both views}
    static boolean areEqual(RamViews ram, long offset, int length) {
        for (int i = 0; i < length; i++) {
            if (RAW.getByte(ram.coherent(offset + i)) != RAW.getByte(ram.memory(offset + i))) {
                return false;
            }
        }
        return true;
    }

    /// {@return the bytes of a line that differ between the views, as bits}
    static long difference(RamViews ram, long line) {
        long bits = 0;
        for (int i = 0; i < LINE_BYTES; i += Long.BYTES) {
            long x = RAW.getLong(ram.coherent(line + i)) ^ RAW.getLong(ram.memory(line + i));
            for (int b = 0; x != 0; b++, x >>>= Byte.SIZE) {
                if ((x & 0xff) != 0) {
                    bits |= 1L << (i + b);
                }
            }
        }
        return bits;
    }

    /// Writes a line back to memory while others may store to it. The copy is one event
    /// (`line-snapshot`): what is read twice alike was there at one moment.
    static void writeBack(RamViews ram, long line) {
        long from = ram.coherent(line);
        long to = ram.memory(line);
        boolean changed;
        do {
            changed = false;
            for (int i = 0; i < LINE_BYTES; i += Long.BYTES) {
                RAW.putLong(to + i, RAW.getLongVolatile(from + i));
            }
            for (int i = 0; i < LINE_BYTES; i += Long.BYTES) {
                changed |= RAW.getLongVolatile(from + i) != RAW.getLong(to + i);
            }
        } while (changed);
    }

    /// Writes back what differs in a range of whole lines of a page that is SPLIT.
    static void writeBackDifferences(RamViews ram, long offset, long length) {
        for (long line = offset; line < offset + length; line += LINE_BYTES) {
            if (difference(ram, line) != 0) {
                writeBack(ram, line);
            }
        }
    }

    // ---- with one: pages that are EXACT ----------------------------------------------------------------------------

    private static long at(long page, int line) {
        return page + ((long) line << LINE_SHIFT);
    }

    /// {@return whether writing a line back destroys what was stored past it}
    static boolean losesWrite(RamViews ram, ExactPage exact, long page, int line) {
        return exact.isDirty(line) && (exact.past[line] & difference(ram, at(page, line))) != 0;
    }

    /// Writes a line back if it is dirty, all of it, as caches do (`clean-never-writes`: else nothing).
    void clean(Origin origin, RamViews ram, ExactPage exact, long page, int line) {
        if (!exact.isDirty(line)) {
            exact.forgetPou(line);
            return;
        }
        long offset = at(page, line);
        long lost = exact.past[line] & difference(ram, offset);
        if (lost != 0) {
            int first = Long.numberOfTrailingZeros(lost);
            int length = Long.numberOfTrailingZeros(~(lost >>> first));
            reporter.lostWrite(origin, ram, offset + first, length, exact.pastWriters[line]);
        }
        writeBack(ram, offset);
        exact.setClean(line);
        exact.setPast(line, 0);
        exact.forgetPou(line);
    }

    /// Takes a line out of the caches. What was dirty and not cleaned before is lost; nothing is copied
    /// over a newer store of a line that was cleaned (`inval-keeps-stores`).
    static void drop(RamViews ram, ExactPage exact, long page, int line) {
        if (exact.isDirty(line) || exact.past[line] != 0) {
            long offset = at(page, line);
            RAW.copy(ram.memory(offset), ram.coherent(offset), LINE_BYTES);
            if (ram.isWatched(offset)) {
                ram.report(offset, LINE_BYTES);
            }
        }
        exact.setClean(line);
        exact.setPast(line, 0);
        exact.setPresent(line, false);
        exact.forgetPou(line);
    }

    /// Replaces those bytes of a range within a page that memory has newer.
    static void overlayPast(RamViews ram, ExactPage exact, long offset, byte[] to, int at, int length) {
        for (int i = 0; i < length; i++) {
            int inLine = (int) (offset + i) & LINE_BYTES - 1;
            if ((exact.past[ExactPage.lineOf(offset + i)] >>> inLine & 1) != 0) {
                to[at + i] = RAW.getByte(ram.memory(offset + i));
            }
        }
    }

    /// Cleans a line to the point of unification.
    static void cleanToPou(RamViews ram, ExactPage exact, long page, int line) {
        if (!exact.isDirty(line)) {
            exact.forgetPou(line);
            return;
        }
        byte[] pou = exact.pou;
        if (pou == null) {
            pou = new byte[ExactPage.LINES * LINE_BYTES];
            exact.pou = pou;
        }
        RAW.copyOut(ram.coherent(at(page, line)), pou, line << LINE_SHIFT, LINE_BYTES);
        exact.atPou |= 1L << line;
    }

    /// Brings what a write-through store left to the point of unification, if that holds the line.
    static void storedThroughPou(RamViews ram, ExactPage exact, long offset, int length) {
        int inPage = (int) offset & PageStates.PAGE - 1;
        byte[] pou = exact.pou;
        if (pou != null && exact.isAtPou(inPage >>> LINE_SHIFT)) {
            RAW.copyOut(ram.coherent(offset), pou, inPage, length);
        }
    }

    /// {@return the word that the point of unification holds}
    static int wordAtPou(RamViews ram, ExactPage exact, long offset) {
        int inPage = (int) offset & PageStates.PAGE - 1;
        int line = inPage >>> LINE_SHIFT;
        byte[] pou = exact.pou;
        if (pou != null && exact.isAtPou(line)) {
            return (pou[inPage] & 0xff)
                    | (pou[inPage + 1] & 0xff) << 8
                    | (pou[inPage + 2] & 0xff) << 16
                    | (pou[inPage + 3] & 0xff) << 24;
        }
        return RAW.getInt(exact.isDirty(line) ? ram.memory(offset) : ram.coherent(offset));
    }

    /// Lets what the point of unification holds of dirty lines go on to memory, which hardware may do at
    /// any time, and forgets it.
    static void flushPou(RamViews ram, ExactPage exact, long page) {
        byte[] pou = exact.pou;
        for (int line = 0; pou != null && line < ExactPage.LINES; line++) {
            if (exact.isAtPou(line) && exact.isDirty(line)) {
                RAW.copyIn(pou, line << LINE_SHIFT, ram.memory(at(page, line)), LINE_BYTES);
                exact.forgetPou(line);
            }
        }
    }
}

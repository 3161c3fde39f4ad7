package dev.ipanema.machine.cache;

import dev.ipanema.machine.memory.RamViews;
import org.jspecify.annotations.Nullable;

/// The 64 lines of a page that is followed exactly ([PageRecord#EXACT]). Only under the page's lock.
///
/// A byte is newer in one view at most: a cacheable store makes it newer in the coherent view (`dirty`),
/// a store past a present line in the memory view (`past`). An absent line is neither, and its views are
/// equal.
final class ExactPage {
    static final int LINES = 64;
    static final int LINE_SHIFT = 6;
    static final int LINE_BYTES = 1 << LINE_SHIFT;

    /// Where it is: a region, and the offset of the page in it.
    final RamViews ram;

    final long page;

    /// Bit i: line i is in the caches.
    long present;

    /// Bit i: line i is dirty, to be written back before it may go.
    long dirtyLines;

    /// Of each line, bit i: byte i was stored through the caches, and neither written back nor
    /// overwritten past them since.
    final long[] dirty = new long[LINES];

    /// Of each line, bit i: byte i was stored past the caches while the line was in them, and not
    /// overwritten since.
    final long[] past = new long[LINES];

    /// Bit i: `past` of line i is not 0.
    long stale;

    /// Who stored last to each line, through and past the caches, as [PageRecord#writer(long, boolean)]
    /// has it; 0 when nobody is known.
    final long[] writers = new long[LINES];

    final long[] pastWriters = new long[LINES];

    /// Bit i: `writers[i]` is no more than the first of the page.
    long inherited;

    /// Bit i: line i was cleaned to the point of unification, which holds [#pou] of it, and not to that
    /// of coherency since.
    long atPou;

    /// What the point of unification holds, or null before the first such clean.
    byte @Nullable [] pou;

    /// Cacheable stores since somebody last came past the caches or maintained a line.
    int calm;

    ExactPage(RamViews ram, long page) {
        this.ram = ram;
        this.page = page;
    }

    boolean isPresent(int line) {
        return (present >>> line & 1) != 0;
    }

    boolean isDirty(int line) {
        return (dirtyLines >>> line & 1) != 0;
    }

    /// {@return whether loads need no look at lines: all are present and none is stale}
    boolean readsFreely() {
        return present == -1L && stale == 0;
    }

    /// Notes bytes as newer in the coherent view, and the line as dirty.
    void setDirty(int line, long bytes) {
        dirty[line] |= bytes;
        dirtyLines |= 1L << line;
        setPast(line, past[line] & ~bytes);
    }

    /// Notes a line as clean.
    void setClean(int line) {
        dirty[line] = 0;
        dirtyLines &= ~(1L << line);
    }

    void setPast(int line, long bytes) {
        past[line] = bytes;
        stale = bytes != 0 ? stale | 1L << line : stale & ~(1L << line);
    }

    void setPresent(int line, boolean is) {
        present = is ? present | 1L << line : present & ~(1L << line);
    }

    /// Marks a line as one that the point of unification sees as the caches do, or memory.
    void forgetPou(int line) {
        atPou &= ~(1L << line);
    }

    boolean isAtPou(int line) {
        return (atPou >>> line & 1) != 0;
    }

    /// {@return the line of an offset in its page}
    static int lineOf(long offset) {
        return (int) offset >>> LINE_SHIFT & LINES - 1;
    }

    /// {@return the bits of `bytes` bytes from the `first` of a line on}
    static long mask(int first, int bytes) {
        return bytes >= LINE_BYTES ? -1L : ((1L << bytes) - 1) << first;
    }
}

package dev.ipanema.machine.cache;

import java.util.function.IntConsumer;

/// One state of one line in the oracle, packed in an `int`, and what the architecture lets happen to it.
///
/// The line has two cells, each of which holds one of four values. Between the processing elements and memory
/// lie a data cache and, where fetches do not see it (`CTR_EL0.IDC` is 0), a unified cache below it, the point of
/// unification. Caches of all processing elements are one, because they are coherent. A state says of each cache
/// whether the line is present, and of each cell its value there, whether that is dirty, and the value in memory.
///
/// Source: Arm ARM DDI 0487, B2.8 (mismatched memory attributes) and D7.5 (cache maintenance); of a dirty line,
/// everything up to the write-back granule may be written (`CTR_EL0.CWG`), or only what was stored.
final class LineState {
    /// The state at reset: nothing cached, memory zero.
    static final int RESET = 0;

    /// Cells of a line.
    static final int CELLS = 2;

    private static final int VALUE = 0b11;
    private static final int DIRTY = 0b100;
    private static final int CELL_BITS = 8;
    private static final int DATA = 0;
    private static final int UNIFIED = 3;
    private static final int MEMORY = 6;
    private static final int DATA_PRESENT = 1 << 16;
    private static final int UNIFIED_PRESENT = 1 << 17;

    private LineState() {}

    private static boolean has(int state, int cache) {
        return (state & (cache == DATA ? DATA_PRESENT : UNIFIED_PRESENT)) != 0;
    }

    private static int at(int cell, int where) {
        return cell * CELL_BITS + where;
    }

    private static int value(int state, int cell, int where) {
        return state >>> at(cell, where) & VALUE;
    }

    private static int withValue(int state, int cell, int where, int value) {
        return state & ~(VALUE << at(cell, where)) | value << at(cell, where);
    }

    private static boolean dirty(int state, int cell, int cache) {
        return (state & DIRTY << at(cell, cache)) != 0;
    }

    private static boolean dirty(int state, int cache) {
        return dirty(state, 0, cache) || dirty(state, 1, cache);
    }

    private static int clean(int state, int cell, int cache) {
        return state & ~(DIRTY << at(cell, cache));
    }

    /// {@return the value of a cell in memory}
    static int memory(int state, int cell) {
        return value(state, cell, MEMORY);
    }

    /// {@return the value of a cell at the point of unification}
    static int unified(int state, int cell) {
        return has(state, UNIFIED) ? value(state, cell, UNIFIED) : memory(state, cell);
    }

    /// {@return the value of a cell that cacheable accesses see}
    static int coherent(int state, int cell) {
        return has(state, DATA) ? value(state, cell, DATA) : unified(state, cell);
    }

    private static int fillUnified(int state) {
        int filled = state | UNIFIED_PRESENT;
        for (int cell = 0; cell < CELLS; cell++) {
            filled = withValue(clean(filled, cell, UNIFIED), cell, UNIFIED, memory(state, cell));
        }
        return filled;
    }

    private static int fillData(int state) {
        int filled = state | DATA_PRESENT;
        for (int cell = 0; cell < CELLS; cell++) {
            filled = withValue(clean(filled, cell, DATA), cell, DATA, unified(state, cell));
        }
        return filled;
    }

    /// {@return the state without the line in a cache, whatever it held there}
    private static int drop(int state, int cache) {
        int dropped = state & ~(cache == DATA ? DATA_PRESENT : UNIFIED_PRESENT);
        for (int cell = 0; cell < CELLS; cell++) {
            dropped = withValue(clean(dropped, cell, cache), cell, cache, 0);
        }
        return dropped;
    }

    /// {@return the state after a dirty line of the data cache was written one level down}
    ///
    /// @param whole whether all of it, else only what is dirty
    private static int writeBackData(int state, boolean whole, boolean idc) {
        int written = idc || has(state, UNIFIED) ? state : fillUnified(state);
        for (int cell = 0; cell < CELLS; cell++) {
            if (whole || dirty(state, cell, DATA)) {
                int value = value(state, cell, DATA);
                written = withValue(written, cell, idc ? MEMORY : UNIFIED, value);
                written = idc ? written : written | DIRTY << at(cell, UNIFIED);
            }
            written = clean(written, cell, DATA);
        }
        return written;
    }

    private static int writeBackUnified(int state, boolean whole) {
        int written = state;
        for (int cell = 0; cell < CELLS; cell++) {
            if (whole || dirty(state, cell, UNIFIED)) {
                written = withValue(written, cell, MEMORY, value(state, cell, UNIFIED));
            }
            written = clean(written, cell, UNIFIED);
        }
        return written;
    }

    /// Tells each state that hardware may go to by itself in one step: write back a dirty line, drop a clean one,
    /// and, where it may, fill one. A cell that is dirty with the value that all below it hold counts as written
    /// back.
    ///
    /// @param mayFill whether a cacheable translation of the line is there to be used
    /// @param idc whether the point of unification is the data cache
    static void freedom(int state, boolean mayFill, boolean idc, IntConsumer to) {
        if (!has(state, DATA)) {
            if (mayFill) {
                to.accept(fillData(state));
            }
        } else if (dirty(state, DATA)) {
            to.accept(writeBackData(state, true, idc));
            to.accept(writeBackData(state, false, idc));
            for (int cell = 0; cell < CELLS; cell++) {
                int value = value(state, cell, DATA);
                if (dirty(state, cell, DATA) && value == unified(state, cell) && value == memory(state, cell)) {
                    to.accept(clean(state, cell, DATA));
                }
            }
        } else {
            to.accept(drop(state, DATA));
        }
        if (!idc) {
            freedomOfUnified(state, mayFill, to);
        }
    }

    private static void freedomOfUnified(int state, boolean mayFill, IntConsumer to) {
        if (!has(state, UNIFIED)) {
            if (mayFill) {
                to.accept(fillUnified(state));
            }
        } else if (dirty(state, UNIFIED)) {
            to.accept(writeBackUnified(state, true));
            to.accept(writeBackUnified(state, false));
            for (int cell = 0; cell < CELLS; cell++) {
                if (dirty(state, cell, UNIFIED) && value(state, cell, UNIFIED) == memory(state, cell)) {
                    to.accept(clean(state, cell, UNIFIED));
                }
            }
        } else {
            to.accept(drop(state, UNIFIED));
        }
    }

    /// {@return the state after a store through the caches; what else a store may do, [#freedom] does after it}
    static int store(int state, int cell, int value) {
        int filled = has(state, DATA) ? state : fillData(state);
        return withValue(filled, cell, DATA, value) | DIRTY << at(cell, DATA);
    }

    /// {@return the state after a store past the caches}
    static int storeToMemory(int state, int cell, int value) {
        return withValue(state, cell, MEMORY, value);
    }

    /// {@return the state after a write-through store, which every level takes}
    ///
    /// @param keepDirty whether what was dirty stays so
    static int storeThrough(int state, int cell, int value, boolean keepDirty) {
        int stored = withValue(state, cell, MEMORY, value);
        for (int cache = DATA; cache <= UNIFIED; cache += UNIFIED - DATA) {
            if (has(stored, cache)) {
                stored = withValue(stored, cell, cache, value);
                stored = keepDirty ? stored : clean(stored, cell, cache);
            }
        }
        return stored;
    }

    /// Tells each state in which a clean to the point of unification may end.
    static void cleanToPou(int state, boolean idc, IntConsumer to) {
        if (!idc && dirty(state, DATA)) {
            to.accept(writeBackData(state, true, false));
            to.accept(writeBackData(state, false, false));
        } else {
            to.accept(state);
        }
    }

    /// Tells each state in which a clean to the point of coherency may end.
    static void cleanToPoc(int state, boolean idc, IntConsumer to) {
        if (dirty(state, DATA)) {
            cleanUnified(writeBackData(state, true, idc), to);
            cleanUnified(writeBackData(state, false, idc), to);
        } else {
            cleanUnified(state, to);
        }
    }

    private static void cleanUnified(int state, IntConsumer to) {
        if (dirty(state, UNIFIED)) {
            to.accept(writeBackUnified(state, true));
            to.accept(writeBackUnified(state, false));
        } else {
            to.accept(state);
        }
    }

    /// {@return the state after an invalidation to the point of coherency, which loses what is dirty}
    static int invalidate(int state) {
        return drop(drop(state, DATA), UNIFIED);
    }

    /// {@return a state for people: of each cell the values in the data cache, the unified cache and memory, `*`
    /// where dirty, `-` where absent}
    static String text(int state) {
        StringBuilder text = new StringBuilder();
        for (int cell = 0; cell < CELLS; cell++) {
            text.append(cell == 0 ? "" : " ");
            for (int cache = DATA; cache <= UNIFIED; cache += UNIFIED - DATA) {
                text.append(has(state, cache) ? Integer.toString(value(state, cell, cache)) : "-");
                text.append(dirty(state, cell, cache) ? "*/" : "/");
            }
            text.append(memory(state, cell));
        }
        return text.toString();
    }
}

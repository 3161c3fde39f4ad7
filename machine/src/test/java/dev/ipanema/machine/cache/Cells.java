package dev.ipanema.machine.cache;

/// Where the cells of a program lie, and how a value looks in bytes: two pages, of the first the last two lines, of
/// the second the first line, each with a cell at its start and one at its end. So cells 1 and 2 meet between
/// lines and cells 3 and 4 between pages.
final class Cells {
    static final long RAM = 0x4000_0000L;
    static final long PAGE = 0x1000;
    static final long RAM_SIZE = 4 * PAGE;
    static final int LINES = 3;
    static final int LINE = 64;
    static final int CELLS = LINES * LineState.CELLS;

    /// What [#valueOf] answers when the bytes are of no value, or of several.
    static final int TORN = -1;

    private static final long FIRST_LINE = RAM + 2 * PAGE - 2 * LINE;

    private Cells() {}

    /// {@return the physical address of a line}
    static long linePa(int line) {
        return FIRST_LINE + (long) line * LINE;
    }

    /// {@return the page of a line: 0 or 1}
    static int page(int line) {
        return (int) ((linePa(line) - RAM) / PAGE) - 1;
    }

    /// {@return the offset in bytes of a cell of `width` bytes from the first line}
    static int offset(int cell, int width) {
        int line = cell / LineState.CELLS;
        return line * LINE + (cell % LineState.CELLS == 0 ? 0 : LINE - width);
    }

    /// {@return the physical address of a cell}
    static long pa(int cell, int width) {
        return FIRST_LINE + offset(cell, width);
    }

    /// {@return byte `i` of a cell that holds a value; no two values share a byte at the same place}
    static int byteOf(int value, int i) {
        return value == 0 ? 0 : value << 4 | i;
    }

    /// {@return a cell's bytes `from` to `to`, lowest first}
    static long bytesOf(int value, int from, int to) {
        long bytes = 0;
        for (int i = to - 1; i >= from; i--) {
            bytes = bytes << 8 | byteOf(value, i);
        }
        return bytes;
    }

    /// {@return the value whose bytes `from` to `to` are these, or [#TORN]}
    static int valueOf(long bytes, int from, int to) {
        for (int value = 0; value < LineOracle.VALUES; value++) {
            if (bytesOf(value, from, to) == bytes) {
                return value;
            }
        }
        return TORN;
    }
}

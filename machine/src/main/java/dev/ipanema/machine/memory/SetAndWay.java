package dev.ipanema.machine.memory;

/// One line of one level of a processing element's caches, as the operand of DC ISW, CSW and CISW names it.
///
/// @param last whether the level is the last before the point of coherency: what is cleaned from an earlier one goes to
///     the next, where nobody but the caches sees it
/// @param set 0 to `sets` − 1
/// @param sets 1 or more
/// @param way 0 to `ways` − 1
/// @param ways 1 or more
public record SetAndWay(boolean last, int set, int sets, int way, int ways) {
    private static final int LINE_SHIFT = 6;

    /// Spreads lines of one set over its ways.
    private static final long SPREAD = 0x9e37_79b9_7f4a_7c15L;

    /// {@return whether a line would stand there: by the low bits of its address in its set, in a way that its other
    /// bits choose}
    ///
    /// @param pa of any byte of the line
    public boolean holds(long pa) {
        long line = pa >>> LINE_SHIFT;
        return line % sets == set && Long.remainderUnsigned(line / sets * SPREAD, ways) == way;
    }
}

package dev.ipanema.machine.mmu;

/// Short numbers for what a software TLB entry was made under: a configuration of the regime, a VMID, and
/// an ASID or none. Going back to an earlier combination finds its number again, so that switching
/// address spaces discards nothing. Numbers run out after [#MAX]; then the table is flushed and numbering
/// starts again.
final class Generations {
    /// One less than fits: 255 would make the tag of an address that ends in ones [SoftTlb#NO_MATCH].
    static final int MAX = 254;

    private final SoftTlb soft;
    private final long[] keys = new long[MAX + 1];

    /// Numbers up to and with this one were retired: their entries are to match no more.
    private int retired;

    private int last;
    private int epoch;

    Generations(SoftTlb soft) {
        this.soft = soft;
    }

    /// {@return a number that changes when numbering starts again: those given before then mean nothing
    /// any more}
    int epoch() {
        return epoch;
    }

    /// {@return the number of a combination, 1 to [#MAX]}
    ///
    /// @param key any value that identifies the combination
    int of(long key) {
        for (int i = last; i > retired; i--) {
            if (keys[i] == key) {
                return i;
            }
        }
        if (last == MAX) {
            soft.flush();
            last = 0;
            retired = 0;
            epoch++;
        }
        keys[++last] = key;
        return last;
    }

    /// Makes all entries of the software TLB stale at once; numbers have to be asked for anew.
    void retireAll() {
        retired = last;
    }
}

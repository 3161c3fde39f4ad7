package dev.ipanema.arm.simd;

/// Permutes of whole registers of a register file: `v` holds two longs for each of 32 registers. Of a 64-bit vector the
/// low half counts, and the high half of the destination becomes zero.
///
/// Source: Arm ARM DDI 0487, C7.2 (EXT, TBL, TBX, TRN1, TRN2, UZP1, UZP2, ZIP1, ZIP2).
public final class Permutes {
    private static final int D = 3;

    private Permutes() {}

    /// UZP1: the even lanes of `n`, then those of `m`.
    public static void uzp1(long[] v, int d, int n, int m, int size, boolean q) {
        long high = q ? Lanes.evenLanes(v[2 * m], v[2 * m + 1], size) : 0;
        v[2 * d] = Lanes.evenLanes(v[2 * n], v[q ? 2 * n + 1 : 2 * m], size);
        v[2 * d + 1] = high;
    }

    /// UZP2: the odd lanes of `n`, then those of `m`.
    public static void uzp2(long[] v, int d, int n, int m, int size, boolean q) {
        long high = q ? Lanes.oddLanes(v[2 * m], v[2 * m + 1], size) : 0;
        v[2 * d] = Lanes.oddLanes(v[2 * n], v[q ? 2 * n + 1 : 2 * m], size);
        v[2 * d + 1] = high;
    }

    /// ZIP1: the lanes of the low halves of both vectors in turn.
    public static void zip1(long[] v, int d, int n, int m, int size, boolean q) {
        zip(v, d, v[2 * n], v[2 * m], size, q);
    }

    /// ZIP2: the lanes of the high halves of both vectors in turn.
    public static void zip2(long[] v, int d, int n, int m, int size, boolean q) {
        if (q) {
            zip(v, d, v[2 * n + 1], v[2 * m + 1], size, true);
        } else {
            zip(v, d, v[2 * n] >>> Integer.SIZE, v[2 * m] >>> Integer.SIZE, size, false);
        }
    }

    private static void zip(long[] v, int d, long first, long second, int size, boolean q) {
        if (size == D) {
            v[2 * d] = first;
            v[2 * d + 1] = second;
        } else {
            v[2 * d] = Lanes.interleave(first, second, size);
            v[2 * d + 1] = q ? Lanes.interleave(first >>> Integer.SIZE, second >>> Integer.SIZE, size) : 0;
        }
    }

    /// TRN1: the even lanes of both vectors in turn.
    public static void trn1(long[] v, int d, int n, int m, int size, boolean q) {
        if (size == D) {
            zip1(v, d, n, m, size, q);
        } else {
            v[2 * d] = Lanes.transposeEven(v[2 * n], v[2 * m], size);
            v[2 * d + 1] = q ? Lanes.transposeEven(v[2 * n + 1], v[2 * m + 1], size) : 0;
        }
    }

    /// TRN2: the odd lanes of both vectors in turn.
    public static void trn2(long[] v, int d, int n, int m, int size, boolean q) {
        if (size == D) {
            zip2(v, d, n, m, size, q);
        } else {
            v[2 * d] = Lanes.transposeOdd(v[2 * n], v[2 * m], size);
            v[2 * d + 1] = q ? Lanes.transposeOdd(v[2 * n + 1], v[2 * m + 1], size) : 0;
        }
    }

    /// EXT: the bytes from byte `from` of `n` up, and of `m` behind it.
    ///
    /// @param from below the bytes of a vector
    public static void ext(long[] v, int d, int n, int m, int from, boolean q) {
        if (!q) {
            v[2 * d] = Lanes.extract(v[2 * n], v[2 * m], from);
            v[2 * d + 1] = 0;
            return;
        }
        boolean upper = from >= Long.BYTES;
        int within = from & Long.BYTES - 1;
        long first = v[upper ? 2 * n + 1 : 2 * n];
        long second = v[upper ? 2 * m : 2 * n + 1];
        long third = v[upper ? 2 * m + 1 : 2 * m];
        v[2 * d] = Lanes.extract(first, second, within);
        v[2 * d + 1] = Lanes.extract(second, third, within);
    }

    /// TBL: the bytes of the table from register `n` up that the bytes of `m` choose, 0 where they are outside.
    public static void tbl(long[] v, int d, int n, int m, int registers, boolean q) {
        look(v, d, n, m, registers, q, 0, 0);
    }

    /// TBX: the bytes of the table from register `n` up that the bytes of `m` choose; those of `d` remain where they
    /// are
    /// outside.
    public static void tbx(long[] v, int d, int n, int m, int registers, boolean q) {
        look(v, d, n, m, registers, q, v[2 * d], v[2 * d + 1]);
    }

    private static void look(
            long[] v, int d, int n, int m, int registers, boolean q, long lowOtherwise, long highOtherwise) {
        long high = q ? Lanes.lookUp(v, n, registers, v[2 * m + 1], highOtherwise) : 0;
        v[2 * d] = Lanes.lookUp(v, n, registers, v[2 * m], lowOtherwise);
        v[2 * d + 1] = high;
    }
}

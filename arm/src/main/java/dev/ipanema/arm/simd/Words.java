package dev.ipanema.arm.simd;

/// The four 32-bit words of a register in a register file of two longs each, and the Boolean functions that hashes
/// share.
final class Words {
    private static final long LOW_32 = 0xFFFF_FFFFL;

    private Words() {}

    /// {@return word 0 to 3 of a register}
    static int get(long[] v, int register, int word) {
        return (int) (v[2 * register + (word >>> 1)] >>> ((word & 1) * Integer.SIZE));
    }

    static void set(long[] v, int register, int first, int second, int third, int fourth) {
        v[2 * register] = (first & LOW_32) | (long) second << Integer.SIZE;
        v[2 * register + 1] = (third & LOW_32) | (long) fourth << Integer.SIZE;
    }

    /// {@return the bits of b where a is one, of c where it is zero}
    static int choose(int a, int b, int c) {
        return ((b ^ c) & a) ^ c;
    }

    /// {@return the bits that two of three have}
    static int majority(int a, int b, int c) {
        return (a & b) | ((a | b) & c);
    }
}

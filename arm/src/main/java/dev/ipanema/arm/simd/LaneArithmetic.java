package dev.ipanema.arm.simd;

import static dev.ipanema.arm.simd.Lanes.bits;
import static dev.ipanema.arm.simd.Lanes.lowBits;
import static dev.ipanema.arm.simd.Lanes.signBits;
import static dev.ipanema.arm.simd.Lanes.signed;
import static dev.ipanema.arm.simd.Lanes.spread;
import static dev.ipanema.arm.simd.Lanes.unsigned;

/// Modular arithmetic, comparison, minimum, maximum and counting, lane by lane, all lanes of a half at once where that
/// can be done without carries between lanes.
///
/// A long or wide instruction (SADDL, UMULL, …) is the plain one on sources that [Lanes#widenSigned] or
/// [Lanes#widenUnsigned] made wide; a pairwise one (ADDP, SMAXP, …) is the plain one on [Lanes#evenLanes] and
/// [Lanes#oddLanes]; one by element is the plain one on [Lanes#replicate].
///
/// Source: Arm ARM DDI 0487, C7.2 by name.
public final class LaneArithmetic {
    private LaneArithmetic() {}

    /// {@return ADD}
    public static long add(long a, long b, int size) {
        long signs = signBits(size);
        return (a & ~signs) + (b & ~signs) ^ ((a ^ b) & signs);
    }

    /// {@return SUB}
    public static long sub(long a, long b, int size) {
        long signs = signBits(size);
        return (a | signs) - (b & ~signs) ^ ((a ^ ~b) & signs);
    }

    /// {@return NEG}
    public static long neg(long a, int size) {
        return sub(0, a, size);
    }

    /// {@return ABS}
    public static long abs(long a, int size) {
        long negative = spread(a, size);
        return sub(a ^ negative, negative, size);
    }

    /// {@return the lanes, to which half a unit of their high halves was added, modulo their width: what makes ADDHN
    /// and
    /// SUBHN round}
    ///
    /// @param size of the high half, 0 to 2
    public static long roundedHigh(long a, int size) {
        return add(a, lowBits(size + 1) << (bits(size) - 1), size + 1);
    }

    /// {@return UHADD: half the sum, rounded down}
    public static long uhadd(long a, long b, int size) {
        return (a & b) + (((a ^ b) & ~lowBits(size)) >>> 1);
    }

    /// {@return SHADD: half the sum, rounded down}
    public static long shadd(long a, long b, int size) {
        long signs = signBits(size);
        return uhadd(a ^ signs, b ^ signs, size) ^ signs;
    }

    /// {@return URHADD: half the sum, rounded up}
    public static long urhadd(long a, long b, int size) {
        return (a | b) - (((a ^ b) & ~lowBits(size)) >>> 1);
    }

    /// {@return SRHADD: half the sum, rounded up}
    public static long srhadd(long a, long b, int size) {
        long signs = signBits(size);
        return urhadd(a ^ signs, b ^ signs, size) ^ signs;
    }

    /// {@return UHSUB: half the difference, rounded down}
    public static long uhsub(long a, long b, int size) {
        return sub(((a ^ b) & ~lowBits(size)) >>> 1, ~a & b, size);
    }

    /// {@return SHSUB: half the difference, rounded down}
    public static long shsub(long a, long b, int size) {
        long signs = signBits(size);
        return uhsub(a ^ signs, b ^ signs, size);
    }

    /// {@return ones in the lanes where a = b: CMEQ}
    public static long cmeq(long a, long b, int size) {
        return ~notZero(a ^ b, size);
    }

    /// {@return ones in the lanes where a and b have a bit in common: CMTST}
    public static long cmtst(long a, long b, int size) {
        return notZero(a & b, size);
    }

    /// {@return ones in the lanes where a > b, unsigned: CMHI}
    public static long cmhi(long a, long b, int size) {
        return spread((~b & a) | (~(a ^ b) & sub(b, a, size)), size);
    }

    /// {@return ones in the lanes where a ≥ b, unsigned: CMHS}
    public static long cmhs(long a, long b, int size) {
        return ~cmhi(b, a, size);
    }

    /// {@return ones in the lanes where a > b, signed: CMGT; CMLT is this with the operands exchanged}
    public static long cmgt(long a, long b, int size) {
        return spread((b & ~a) | (~(a ^ b) & sub(b, a, size)), size);
    }

    /// {@return ones in the lanes where a ≥ b, signed: CMGE; CMLE is this with the operands exchanged}
    public static long cmge(long a, long b, int size) {
        return ~cmgt(b, a, size);
    }

    private static long notZero(long a, int size) {
        long signs = signBits(size);
        return spread((a & ~signs) + ~signs | a, size);
    }

    /// {@return SMAX}
    public static long smax(long a, long b, int size) {
        return Logic.select(cmgt(a, b, size), a, b);
    }

    /// {@return SMIN}
    public static long smin(long a, long b, int size) {
        return Logic.select(cmgt(a, b, size), b, a);
    }

    /// {@return UMAX}
    public static long umax(long a, long b, int size) {
        return Logic.select(cmhi(a, b, size), a, b);
    }

    /// {@return UMIN}
    public static long umin(long a, long b, int size) {
        return Logic.select(cmhi(a, b, size), b, a);
    }

    /// {@return the difference of the greater and the smaller, signed: SABD}
    public static long sabd(long a, long b, int size) {
        return sub(smax(a, b, size), smin(a, b, size), size);
    }

    /// {@return the difference of the greater and the smaller, unsigned: UABD}
    public static long uabd(long a, long b, int size) {
        return sub(umax(a, b, size), umin(a, b, size), size);
    }

    /// {@return the low half of each product: MUL}
    public static long mul(long a, long b, int size) {
        int bits = bits(size);
        long result = 0;
        for (int at = 0; at < Long.SIZE; at += bits) {
            result |= unsigned((a >>> at) * (b >>> at), 0, bits) << at;
        }
        return result;
    }

    /// {@return how many bits each byte has: CNT}
    public static long cnt(long a) {
        long pairs = a - (a >>> 1 & 0x5555_5555_5555_5555L);
        long nibbles = (pairs & 0x3333_3333_3333_3333L) + (pairs >>> 2 & 0x3333_3333_3333_3333L);
        return nibbles + (nibbles >>> 4) & 0x0F0F_0F0F_0F0F_0F0FL;
    }

    /// {@return how many zeros each lane begins with: CLZ}
    public static long clz(long a, int size) {
        int bits = bits(size);
        long result = 0;
        for (int at = 0; at < Long.SIZE; at += bits) {
            int count = Long.numberOfLeadingZeros(unsigned(a, at, bits)) - (Long.SIZE - bits);
            result |= (long) count << at;
        }
        return result;
    }

    /// {@return how many bits after the sign bit equal it: CLS}
    public static long cls(long a, int size) {
        int bits = bits(size);
        long result = 0;
        for (int at = 0; at < Long.SIZE; at += bits) {
            long lane = signed(a, at, bits);
            int count = Long.numberOfLeadingZeros(lane ^ lane >> (Long.SIZE - 1)) - (Long.SIZE - bits) - 1;
            result |= (long) count << at;
        }
        return result;
    }

    /// {@return the sums of neighbours, in lanes of twice the width: SADDLP}
    ///
    /// @param size of the sources, 0 to 2
    public static long saddlp(long a, int size) {
        int narrow = bits(size);
        long even = LaneShifts.sshr(a << narrow, narrow, size + 1);
        return add(even, LaneShifts.sshr(a, narrow, size + 1), size + 1);
    }

    /// {@return the sums of neighbours, in lanes of twice the width: UADDLP}
    ///
    /// @param size of the sources, 0 to 2
    public static long uaddlp(long a, int size) {
        int narrow = bits(size);
        long odd = LaneShifts.ushr(a, narrow, size + 1);
        return (a ^ odd << narrow) + odd;
    }

    /// {@return the sum of all lanes of a register, in lane 0: ADDV}
    ///
    /// @param high 0 for a 64-bit register
    public static long addv(long low, long high, int size) {
        long sum = add(low, high, size);
        for (int shift = Long.SIZE / 2; shift >= bits(size); shift >>= 1) {
            sum = add(sum, sum >>> shift, size);
        }
        return sum & Lanes.mask(size);
    }

    /// {@return the sum of all lanes, in a lane of twice the width: SADDLV}
    ///
    /// @param high 0 for a 64-bit register
    /// @param size of the sources, 0 to 2
    public static long saddlv(long low, long high, int size) {
        return addv(saddlp(low, size), saddlp(high, size), size + 1);
    }

    /// {@return the sum of all lanes, in a lane of twice the width: UADDLV}
    ///
    /// @param high 0 for a 64-bit register
    /// @param size of the sources, 0 to 2
    public static long uaddlv(long low, long high, int size) {
        return addv(uaddlp(low, size), uaddlp(high, size), size + 1);
    }

    /// {@return the greatest lane of a register, in lane 0: SMAXV}
    ///
    /// @param high `low` again for a 64-bit register
    public static long smaxv(long low, long high, int size) {
        long most = smax(low, high, size);
        for (int shift = Long.SIZE / 2; shift >= bits(size); shift >>= 1) {
            most = smax(most, most >>> shift, size);
        }
        return most & Lanes.mask(size);
    }

    /// {@return the least lane of a register, in lane 0: SMINV}
    ///
    /// @param high `low` again for a 64-bit register
    public static long sminv(long low, long high, int size) {
        long least = smin(low, high, size);
        for (int shift = Long.SIZE / 2; shift >= bits(size); shift >>= 1) {
            least = smin(least, least >>> shift, size);
        }
        return least & Lanes.mask(size);
    }

    /// {@return the greatest lane of a register, in lane 0: UMAXV}
    ///
    /// @param high `low` again for a 64-bit register
    public static long umaxv(long low, long high, int size) {
        long most = umax(low, high, size);
        for (int shift = Long.SIZE / 2; shift >= bits(size); shift >>= 1) {
            most = umax(most, most >>> shift, size);
        }
        return most & Lanes.mask(size);
    }

    /// {@return the least lane of a register, in lane 0: UMINV}
    ///
    /// @param high `low` again for a 64-bit register
    public static long uminv(long low, long high, int size) {
        long least = umin(low, high, size);
        for (int shift = Long.SIZE / 2; shift >= bits(size); shift >>= 1) {
            least = umin(least, least >>> shift, size);
        }
        return least & Lanes.mask(size);
    }
}

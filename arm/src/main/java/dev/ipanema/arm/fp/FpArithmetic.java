package dev.ipanema.arm.fp;

/// Sums, products, quotients and roots in any format and rounding mode, on integers: the exact meaning, which [Fp32]
/// and
/// [Fp64] compute in another way where the result is the same.
///
/// Significands are 64 bits with the first bit on top. Where bits get lost, the last one kept is set when any of them
/// was: that *sticky* bit lies below all those that decide the rounding.
///
/// Source: Arm ARM DDI 0487, shared pseudocode `FPAdd`, `FPSub`, `FPMul`, `FPMulX`, `FPMulAdd`, `FPDiv`, `FPSqrt`.
final class FpArithmetic {
    private FpArithmetic() {}

    /// {@return x shifted right, the last bit sticky}
    ///
    /// @param by 0 or more
    private static long shiftSticky(long x, int by) {
        if (by == 0) {
            return x;
        }
        return by < 64 ? x >>> by | (x << (64 - by) != 0 ? 1 : 0) : x != 0 ? 1 : 0;
    }

    /// {@return the zero that is the sum of two opposite numbers}
    private static long cancelled(FpFormat format, FpStatus status) {
        return format.zero(status.rounding() == FpRounding.MINUS_INFINITY ? 1 : 0);
    }

    /// {@return a + b}
    static long add(FpFormat format, long first, long second, FpStatus status) {
        long a = format.flushed(first, status);
        long b = format.flushed(second, status);
        if (format.isNan(a) || format.isNan(b)) {
            return FpNan.of(format, a, b, status);
        }
        boolean opposite = format.sign(a) != format.sign(b);
        if (format.isInfinite(a)) {
            return opposite && format.isInfinite(b) ? FpNan.invalid(format, status) : a;
        }
        if (format.isInfinite(b) || format.isZero(a)) {
            return format.isZero(b) && opposite ? cancelled(format, status) : b;
        }
        if (format.isZero(b)) {
            return a;
        }
        return format.abs(a) >= format.abs(b)
                ? addFinite(format, a, b, opposite, status)
                : addFinite(format, b, a, opposite, status);
    }

    private static long addFinite(FpFormat format, long larger, long smaller, boolean opposite, FpStatus status) {
        int exponent = format.exponent(larger);
        long a = format.significand(larger) >>> 1;
        long b = shiftSticky(format.significand(smaller) >>> 1, exponent - format.exponent(smaller));
        long sum = opposite ? a - b : a + b;
        if (sum == 0) {
            return cancelled(format, status);
        }
        int up = Long.numberOfLeadingZeros(sum);
        return FpRounding.round(format, format.sign(larger), exponent + 1 - up, sum << up, status.rounding(), status);
    }

    /// {@return a × b}
    ///
    /// @param extended infinity times zero is 2 with the product's sign, as FMULX has it
    static long mul(FpFormat format, long first, long second, boolean extended, FpStatus status) {
        long a = format.flushed(first, status);
        long b = format.flushed(second, status);
        if (format.isNan(a) || format.isNan(b)) {
            return FpNan.of(format, a, b, status);
        }
        int sign = format.sign(a) ^ format.sign(b);
        boolean infinite = format.isInfinite(a) || format.isInfinite(b);
        if (format.isZero(a) || format.isZero(b)) {
            if (infinite) {
                return extended ? format.zero(sign) | format.power(1) : FpNan.invalid(format, status);
            }
            return format.zero(sign);
        }
        if (infinite) {
            return format.zero(sign) | format.infinity();
        }
        long x = format.significand(a);
        long y = format.significand(b);
        long product = Math.unsignedMultiplyHigh(x, y) | (x * y != 0 ? 1 : 0);
        int up = Long.numberOfLeadingZeros(product);
        int exponent = format.exponent(a) + format.exponent(b) + 1 - up;
        return FpRounding.round(format, sign, exponent, product << up, status.rounding(), status);
    }

    /// {@return addend + a × b, rounded once}
    static long fma(FpFormat format, long addend, long first, long second, FpStatus status) {
        long c = format.flushed(addend, status);
        long a = format.flushed(first, status);
        long b = format.flushed(second, status);
        boolean invalid = (format.isInfinite(a) && format.isZero(b)) || (format.isZero(a) && format.isInfinite(b));
        if (format.isNan(c) || format.isNan(a) || format.isNan(b)) {
            boolean quiet = format.isNan(c) && !format.isSignallingNan(c);
            return quiet && invalid ? FpNan.invalid(format, status) : FpNan.of(format, c, a, b, status);
        }
        int sign = format.sign(a) ^ format.sign(b);
        if (format.isInfinite(a) || format.isInfinite(b)) {
            boolean opposite = format.isInfinite(c) && format.sign(c) != sign;
            return invalid || opposite ? FpNan.invalid(format, status) : format.zero(sign) | format.infinity();
        }
        if (format.isInfinite(c)) {
            return c;
        }
        if (format.isZero(a) || format.isZero(b)) {
            return format.isZero(c) && format.sign(c) != sign ? cancelled(format, status) : c;
        }
        return sumOfProduct(format, c, format, a, b, 0, status);
    }

    /// {@return (c + a × b) × 2 to the power of `scale`, rounded once; a and b finite and not zero, c finite}
    ///
    /// @param to the format of c and the result
    /// @param from the format of a and b
    static long sumOfProduct(FpFormat to, long c, FpFormat from, long a, long b, int scale, FpStatus status) {
        int sign = from.sign(a) ^ from.sign(b);
        long x = from.significand(a);
        long y = from.significand(b);
        // The product in high:low, its first bit in bit 62 of high.
        long high = Math.unsignedMultiplyHigh(x, y);
        long low = x * y;
        int exponent = from.exponent(a) + from.exponent(b) + 1;
        if (high >= 0) {
            exponent--;
        } else {
            low = low >>> 1 | high << 63;
            high >>>= 1;
        }
        if (to.isZero(c)) {
            return roundWide(to, sign, exponent + scale, high, low, status);
        }
        long otherHigh = to.significand(c) >>> 1;
        long otherLow = to.significand(c) << 63;
        int shift = exponent - to.exponent(c);
        if (shift > 0) {
            otherLow = lowShiftedSticky(otherHigh, otherLow, shift);
            otherHigh = shift < 64 ? otherHigh >>> shift : 0;
        } else if (shift < 0) {
            low = lowShiftedSticky(high, low, -shift);
            high = -shift < 64 ? high >>> -shift : 0;
            exponent -= shift;
        }
        if (sign == to.sign(c)) {
            long sum = low + otherLow;
            high += otherHigh + (Long.compareUnsigned(sum, low) < 0 ? 1 : 0);
            return roundWide(to, sign, exponent + scale, high, sum, status);
        }
        long difference = low - otherLow;
        high -= otherHigh + (Long.compareUnsigned(low, otherLow) < 0 ? 1 : 0);
        if (high < 0) {
            sign ^= 1;
            high = ~high + (difference == 0 ? 1 : 0);
            difference = -difference;
        }
        return (high | difference) == 0
                ? cancelled(to, status)
                : roundWide(to, sign, exponent + scale, high, difference, status);
    }

    /// {@return the low half of high:low shifted right, its last bit sticky}
    ///
    /// @param by 1 or more
    private static long lowShiftedSticky(long high, long low, int by) {
        if (by < 64) {
            return low >>> by | high << (64 - by) | (low << (64 - by) != 0 ? 1 : 0);
        }
        return shiftSticky(high, by - 64) | (low != 0 ? 1 : 0);
    }

    /// {@return high:low rounded}
    ///
    /// @param exponent the power of two of bit 62 of high
    private static long roundWide(FpFormat format, int sign, int exponent, long high, long low, FpStatus status) {
        int up = high != 0 ? Long.numberOfLeadingZeros(high) : 64 + Long.numberOfLeadingZeros(low);
        long significand;
        if (up == 0) {
            significand = high | (low != 0 ? 1 : 0);
        } else if (up < 64) {
            significand = high << up | low >>> (64 - up) | (low << up != 0 ? 1 : 0);
        } else {
            significand = low << (up - 64);
        }
        return FpRounding.round(format, sign, exponent + 1 - up, significand, status.rounding(), status);
    }

    /// {@return a ÷ b}
    static long div(FpFormat format, long first, long second, FpStatus status) {
        long a = format.flushed(first, status);
        long b = format.flushed(second, status);
        if (format.isNan(a) || format.isNan(b)) {
            return FpNan.of(format, a, b, status);
        }
        int sign = format.sign(a) ^ format.sign(b);
        boolean bothInfinite = format.isInfinite(a) && format.isInfinite(b);
        if (bothInfinite || (format.isZero(a) && format.isZero(b))) {
            return FpNan.invalid(format, status);
        }
        if (format.isInfinite(a) || format.isZero(b)) {
            if (!format.isInfinite(a)) {
                status.fpsr |= FpStatus.DZC;
            }
            return format.zero(sign) | format.infinity();
        }
        if (format.isZero(a) || format.isInfinite(b)) {
            return format.zero(sign);
        }
        long x = format.significand(a);
        long y = format.significand(b);
        int exponent = format.exponent(a) - format.exponent(b);
        if (Long.compareUnsigned(x, y) < 0) {
            exponent--;
        } else {
            x >>>= 1;
        }
        return FpRounding.round(format, sign, exponent, quotient(x, y), status.rounding(), status);
    }

    /// {@return x × 2⁶⁴ ÷ y, its last bit sticky: two digits of 32 bits}
    ///
    /// @param x unsigned, below y
    /// @param y bit 63 set, bits 10:0 clear
    private static long quotient(long x, long y) {
        long highHalf = y >>> 32;
        long lowHalf = y & 0xffff_ffffL;
        long result = 0;
        long rest = x;
        for (int digit = 0; digit < 2; digit++) {
            long guess = Long.divideUnsigned(rest, highHalf);
            long left = Long.remainderUnsigned(rest, highHalf);
            while (guess > 0xffff_ffffL || Long.compareUnsigned(guess * lowHalf, left << 32) > 0) {
                guess--;
                left += highHalf;
                if (left > 0xffff_ffffL) {
                    break;
                }
            }
            rest = (rest << 32) - guess * y;
            result = result << 32 | guess;
        }
        return rest != 0 ? result | 1 : result;
    }

    /// {@return √x}
    static long sqrt(FpFormat format, long operand, FpStatus status) {
        long x = format.flushed(operand, status);
        if (format.isNan(x)) {
            return FpNan.of(format, x, status);
        }
        if (format.isZero(x) || x == format.infinity()) {
            return x;
        }
        if (format.sign(x) != 0) {
            return FpNan.invalid(format, status);
        }
        int exponent = format.exponent(x);
        long root = root(format.significand(x), exponent & 1);
        return FpRounding.round(format, 0, exponent >> 1, root, status.rounding(), status);
    }

    /// How many bits of a root are computed: those of double precision and two more.
    private static final int ROOT_BITS = 55;

    /// {@return the root of a number from 1 to 4, its first bit in bit 63, the last one sticky: bit by bit}
    ///
    /// @param significand from 1 to 2, its first bit in bit 63
    /// @param odd 1 when the number is twice that
    private static long root(long significand, int odd) {
        long rest = odd != 0 ? significand >>> 62 : significand >>> 63;
        long digits = significand << (1 + odd);
        long root = 1;
        rest -= 1;
        for (int bit = 1; bit < ROOT_BITS; bit++) {
            rest = rest << 2 | digits >>> 62;
            digits <<= 2;
            long trial = root << 2 | 1;
            root <<= 1;
            if (rest >= trial) {
                rest -= trial;
                root |= 1;
            }
        }
        return root << (64 - ROOT_BITS) | ((rest | digits) != 0 ? 1 : 0);
    }
}

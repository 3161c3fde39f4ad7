package dev.ipanema.arm.simd;

import static dev.ipanema.arm.simd.Lanes.bits;
import static dev.ipanema.arm.simd.Lanes.mask;
import static dev.ipanema.arm.simd.Lanes.signed;
import static dev.ipanema.arm.simd.Lanes.unsigned;

import dev.ipanema.arm.fp.FpStatus;

/// Saturating doubling products, dot products and products of 2 × 8 matrices.
///
/// Source: Arm ARM DDI 0487, C7.2 by name.
public final class Products {
    private Products() {}

    /// {@return SQDMULH: the high half of the doubled product}
    ///
    /// @param size 1 or 2
    public static long sqdmulh(long a, long b, int size, FpStatus status) {
        int bits = bits(size);
        long result = 0;
        for (int at = 0; at < Long.SIZE; at += bits) {
            long high = (signed(a, at, bits) * signed(b, at, bits)) >> (bits - 1);
            result |= (Saturation.clamp(high, bits, status) & mask(size)) << at;
        }
        return result;
    }

    /// {@return SQRDMULH: the high half of the doubled product, rounded half up}
    ///
    /// @param size 1 or 2
    public static long sqrdmulh(long a, long b, int size, FpStatus status) {
        return sqrdmlah(a, b, 0, size, status);
    }

    /// {@return SQRDMLAH: `d` and the doubled product added in full width; the high half, rounded half up}
    ///
    /// @param size 1 or 2
    public static long sqrdmlah(long a, long b, long d, int size, FpStatus status) {
        int bits = bits(size);
        long result = 0;
        for (int at = 0; at < Long.SIZE; at += bits) {
            long product = signed(a, at, bits) * signed(b, at, bits);
            result |= (roundedHigh(signed(d, at, bits), product, bits, status) & mask(size)) << at;
        }
        return result;
    }

    /// {@return SQRDMLSH: the doubled product subtracted from `d` in full width; the high half, rounded half up}
    ///
    /// @param size 1 or 2
    public static long sqrdmlsh(long a, long b, long d, int size, FpStatus status) {
        int bits = bits(size);
        long result = 0;
        for (int at = 0; at < Long.SIZE; at += bits) {
            long product = signed(a, at, bits) * signed(b, at, bits);
            result |= (roundedHigh(signed(d, at, bits), -product, bits, status) & mask(size)) << at;
        }
        return result;
    }

    /// Everything is halved, so that it fits in 64 bits: |d × 2^31| ≤ 2^62, |product| ≤ 2^62.
    private static long roundedHigh(long d, long product, int bits, FpStatus status) {
        long sum = (d << (bits - 1)) + product + (1L << (bits - 2));
        return Saturation.clamp(sum >> (bits - 1), bits, status);
    }

    /// {@return SQDMULL: the doubled products of the low 32 bits of both, in lanes of twice the width}
    ///
    /// @param size of the sources, 1 or 2
    public static long sqdmull(long a, long b, int size, FpStatus status) {
        int bits = bits(size);
        long result = 0;
        for (int at = 0; at < Integer.SIZE; at += bits) {
            long product = signed(a, at, bits) * signed(b, at, bits);
            long doubled = Saturation.sum(product, product, 2 * bits, status);
            result |= (doubled & mask(size + 1)) << (2 * at);
        }
        return result;
    }

    /// {@return SQDMLAL: `d` plus [#sqdmull]}
    ///
    /// @param size of the factors, 1 or 2
    public static long sqdmlal(long a, long b, long d, int size, FpStatus status) {
        return Saturation.sqadd(d, sqdmull(a, b, size, status), size + 1, status);
    }

    /// {@return SQDMLSL: `d` less [#sqdmull]}
    ///
    /// @param size of the factors, 1 or 2
    public static long sqdmlsl(long a, long b, long d, int size, FpStatus status) {
        return Saturation.sqsub(d, sqdmull(a, b, size, status), size + 1, status);
    }

    /// {@return SDOT: to each 32-bit lane of `d` the products of its four bytes}
    public static long sdot(long a, long b, long d) {
        return lanes(d, signedProducts(a, b, 0), signedProducts(a, b, Integer.SIZE));
    }

    /// {@return UDOT: to each 32-bit lane of `d` the products of its four bytes}
    public static long udot(long a, long b, long d) {
        return lanes(d, unsignedProducts(a, b, 0), unsignedProducts(a, b, Integer.SIZE));
    }

    /// {@return USDOT: `a` unsigned, `b` signed; SUDOT is this with the operands exchanged}
    public static long usdot(long a, long b, long d) {
        return lanes(d, mixedProducts(a, b, 0), mixedProducts(a, b, Integer.SIZE));
    }

    /// {@return half of SMMLA: to `d` the row `a` of the first matrix times both rows of the second}
    public static long smmla(long a, long low, long high, long d) {
        return lanes(
                d,
                signedProducts(a, low, 0) + signedProducts(a, low, Integer.SIZE),
                signedProducts(a, high, 0) + signedProducts(a, high, Integer.SIZE));
    }

    /// {@return half of UMMLA: to `d` the row `a` of the first matrix times both rows of the second}
    public static long ummla(long a, long low, long high, long d) {
        return lanes(
                d,
                unsignedProducts(a, low, 0) + unsignedProducts(a, low, Integer.SIZE),
                unsignedProducts(a, high, 0) + unsignedProducts(a, high, Integer.SIZE));
    }

    /// {@return half of USMMLA: to `d` the unsigned row `a` of the first matrix times both signed rows of the second}
    public static long usmmla(long a, long low, long high, long d) {
        return lanes(
                d,
                mixedProducts(a, low, 0) + mixedProducts(a, low, Integer.SIZE),
                mixedProducts(a, high, 0) + mixedProducts(a, high, Integer.SIZE));
    }

    private static long lanes(long d, long low, long high) {
        return LaneArithmetic.add(d, (low & 0xFFFF_FFFFL) | high << Integer.SIZE, 2);
    }

    private static long signedProducts(long a, long b, int from) {
        long sum = 0;
        for (int at = from; at < from + Integer.SIZE; at += Byte.SIZE) {
            sum += signed(a, at, Byte.SIZE) * signed(b, at, Byte.SIZE);
        }
        return sum;
    }

    private static long unsignedProducts(long a, long b, int from) {
        long sum = 0;
        for (int at = from; at < from + Integer.SIZE; at += Byte.SIZE) {
            sum += unsigned(a, at, Byte.SIZE) * unsigned(b, at, Byte.SIZE);
        }
        return sum;
    }

    private static long mixedProducts(long a, long b, int from) {
        long sum = 0;
        for (int at = from; at < from + Integer.SIZE; at += Byte.SIZE) {
            sum += unsigned(a, at, Byte.SIZE) * signed(b, at, Byte.SIZE);
        }
        return sum;
    }
}

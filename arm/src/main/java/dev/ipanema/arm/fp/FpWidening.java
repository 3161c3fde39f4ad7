package dev.ipanema.arm.fp;

/// Products of small formats, summed in single precision: FMLAL and the BFloat16 instructions.
///
/// Source: Arm ARM DDI 0487, shared pseudocode `FPMulAddH`, `FPProcessNaNs3H`, `BFDotAdd`, `BFMatMulAdd` (without
/// FEAT_EBF16).
public final class FpWidening {
    private FpWidening() {}

    /// {@return addend + a × b in single precision of half-precision factors, rounded once}
    static long fmaOfHalves(long addend, long first, long second, FpStatus status) {
        FpFormat single = FpFormat.SINGLE;
        FpFormat half = FpFormat.HALF;
        long c = single.flushed(addend, status);
        long a = widened(half.flushed(first, status));
        long b = widened(half.flushed(second, status));
        return FpArithmetic.fma(single, c, a, b, status);
    }

    /// {@return a half-precision number in single precision, where each is a normal number; NaNs keep their kind}
    private static long widened(long x) {
        FpFormat half = FpFormat.HALF;
        FpFormat single = FpFormat.SINGLE;
        long sign = single.zero(half.sign(x));
        if (half.isZero(x)) {
            return sign;
        }
        int gained = single.fractionBits() - half.fractionBits();
        if (half.abs(x) >= half.infinity()) {
            return sign | single.infinity() | (x & half.fractionMask()) << gained;
        }
        long significand = half.significand(x) >>> 63 - single.fractionBits();
        return sign | single.power(half.exponent(x)) | significand & single.fractionMask();
    }
}

package dev.ipanema.arm.simd;

import dev.ipanema.arm.fp.Estimates;

/// Reciprocal estimates of unsigned fractions.
///
/// Source: Arm ARM DDI 0487, C7.2 (URECPE, URSQRTE), shared pseudocode `UnsignedRecipEstimate`,
/// `UnsignedRSqrtEstimate`.
public final class IntegerEstimates {
    private static final long LOW_32 = 0xFFFF_FFFFL;

    private IntegerEstimates() {}

    /// {@return URECPE: estimates of both 32-bit lanes as fractions of 2^32}
    public static long urecpe(long lanes) {
        return urecpe32(lanes >>> Integer.SIZE) << Integer.SIZE | urecpe32(lanes & LOW_32);
    }

    /// {@return URSQRTE: estimates of both 32-bit lanes as fractions of 2^32}
    public static long ursqrte(long lanes) {
        return ursqrte32(lanes >>> Integer.SIZE) << Integer.SIZE | ursqrte32(lanes & LOW_32);
    }

    private static long urecpe32(long operand) {
        return operand >>> 31 == 0 ? LOW_32 : (long) Estimates.reciprocal((int) (operand >>> 23)) << 23;
    }

    private static long ursqrte32(long operand) {
        return operand >>> 30 == 0 ? LOW_32 : (long) Estimates.reciprocalSquareRoot((int) (operand >>> 23)) << 23;
    }
}

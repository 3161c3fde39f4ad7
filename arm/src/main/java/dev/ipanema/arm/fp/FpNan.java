package dev.ipanema.arm.fp;

/// Which NaN an operation gives.
///
/// Source: Arm ARM DDI 0487, shared pseudocode `FPProcessNaN`, `FPProcessNaNs`, `FPProcessNaNs3`, `FPConvertNaN`.
final class FpNan {
    private FpNan() {}

    /// {@return the default NaN of an invalid operation, which is flagged}
    static long invalid(FpFormat format, FpStatus status) {
        status.fpsr |= FpStatus.IOC;
        return format.defaultNan();
    }

    /// {@return the NaN `x` as a result: quiet, or the default one by FPCR.DN}
    static long of(FpFormat format, long x, FpStatus status) {
        if (format.isSignallingNan(x)) {
            status.fpsr |= FpStatus.IOC;
        }
        return (status.fpcr & FpStatus.DN) != 0 ? format.defaultNan() : x | format.quietBit();
    }

    /// {@return the NaN of an operation on `a` and `b`, one of which at least is a NaN: a signalling one wins, then the
    /// first}
    static long of(FpFormat format, long a, long b, FpStatus status) {
        if (format.isSignallingNan(a)) {
            return of(format, a, status);
        }
        if (format.isSignallingNan(b)) {
            return of(format, b, status);
        }
        return of(format, format.isNan(a) ? a : b, status);
    }

    /// {@return the NaN of an operation on three operands, one of which at least is a NaN}
    static long of(FpFormat format, long a, long b, long c, FpStatus status) {
        if (format.isSignallingNan(a)) {
            return of(format, a, status);
        }
        if (format.isSignallingNan(b) || format.isSignallingNan(c)) {
            return of(format, b, c, status);
        }
        return format.isNan(a) ? of(format, a, status) : of(format, b, c, status);
    }

    /// {@return the NaN `x` in another format: quiet, with the first bits of its fraction}
    static long convert(FpFormat from, FpFormat to, long x) {
        long fraction = (x & from.fractionMask()) << (63 - from.fractionBits()) >>> (63 - to.fractionBits());
        return to.zero(from.sign(x)) | to.defaultNan() | fraction;
    }
}

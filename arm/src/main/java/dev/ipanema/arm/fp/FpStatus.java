package dev.ipanema.arm.fp;

/// FPCR and FPSR of one processor: how floating point rounds and what it has met. Mutable; for one thread at a time.
///
/// Source: Arm ARM DDI 0487, C5.2, FPCR and FPSR. No exception traps (the trap enables read zero), no FEAT_AFP.
public final class FpStatus {
    /// FPCR.FZ16: half-precision denormals are zero.
    public static final int FZ16 = 1 << 19;
    /// FPCR.RMode: 0 to nearest, ties to even, 1 towards plus infinity, 2 towards minus infinity, 3 towards zero.
    public static final int RMODE_SHIFT = 22;
    /// FPCR.FZ: single- and double-precision denormals are zero.
    public static final int FZ = 1 << 24;
    /// FPCR.DN: every NaN result is the default NaN.
    public static final int DN = 1 << 25;
    /// FPCR.AHP: the alternative half-precision format in conversions.
    public static final int AHP = 1 << 26;

    /// FPSR.IOC: invalid operation.
    public static final int IOC = 1;
    /// FPSR.DZC: division by zero.
    public static final int DZC = 1 << 1;
    /// FPSR.OFC: overflow.
    public static final int OFC = 1 << 2;
    /// FPSR.UFC: underflow.
    public static final int UFC = 1 << 3;
    /// FPSR.IXC: inexact.
    public static final int IXC = 1 << 4;
    /// FPSR.IDC: an input denormal was flushed to zero.
    public static final int IDC = 1 << 7;
    /// FPSR.QC: an integer operation saturated.
    public static final int QC = 1 << 27;

    /// The bits of FPCR that a processor without FEAT_FP16 has.
    public static final int FPCR_BASE = AHP | DN | FZ | 3 << RMODE_SHIFT;
    /// The bits of FPSR of a processor without AArch32.
    public static final int FPSR_BITS = QC | IDC | IXC | UFC | OFC | DZC | IOC;

    /// The register FPCR.
    public int fpcr;
    /// The register FPSR.
    public int fpsr;

    /// Creates the reset state: both registers 0.
    public FpStatus() {}

    /// {@return FPCR.RMode, one of the first four of [FpRounding]}
    public int rounding() {
        return fpcr >>> RMODE_SHIFT & 3;
    }
}

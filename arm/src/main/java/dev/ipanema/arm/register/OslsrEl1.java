package dev.ipanema.arm.register;

/// Fields of `OSLSR_EL1`, the OS lock status.
public final class OslsrEl1 {
    /// OSLM 0b10: the OS lock is implemented.
    public static final long IMPLEMENTED = 1L << 3;

    /// OSLK: the OS lock is locked.
    public static final long OSLK = 1L << 1;

    private OslsrEl1() {}
}

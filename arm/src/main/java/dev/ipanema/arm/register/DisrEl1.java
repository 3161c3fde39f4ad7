package dev.ipanema.arm.register;

/// Fields of `DISR_EL1` and `VDISR_EL2`, the deferred SError.
public final class DisrEl1 {
    /// An SError was deferred by ESB.
    public static final long A = 1L << 31;

    /// The syndrome: IDS and ISS.
    public static final long SYNDROME = 0x01ff_ffff;

    private DisrEl1() {}
}

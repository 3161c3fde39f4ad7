package dev.ipanema.arm.register;

/// Fields of the timer control registers `CNTP_CTL_EL0` and `CNTV_CTL_EL0`.
public final class CntCtl {
    public static final long ENABLE = 1;
    public static final long IMASK = 1L << 1;
    public static final long ISTATUS = 1L << 2;

    private CntCtl() {}
}

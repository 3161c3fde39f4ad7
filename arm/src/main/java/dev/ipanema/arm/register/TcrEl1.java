package dev.ipanema.arm.register;

import dev.ipanema.arm.memory.Shareability;
import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.pgtable.VtcrEl2;

/// Fields of `TCR_EL1`, the translation control register of the EL1&0 regime. Functions with a `half`
/// take 0 for the lower half of the address space (TTBR0) and 1 for the upper (TTBR1).
///
/// Source: Arm ARM DDI 0487, D24.2 "TCR_EL1".
public final class TcrEl1 {
    /// The ASID comes from TTBR1 rather than TTBR0.
    public static final long A1 = 1L << 22;
    /// The ASID has 16 bits rather than 8.
    public static final long AS = 1L << 36;
    /// Hardware sets the access flag.
    public static final long HA = 1L << 39;
    /// Hardware manages the dirty state.
    public static final long HD = 1L << 40;
    /// 52-bit output addresses with the 4 KiB and 16 KiB granules (FEAT_LPA2).
    public static final long DS = 1L << 59;

    /// HPD0 and HPD1: hierarchical permissions are disabled (FEAT_HPDS).
    public static final long HPD = 3L << 41;
    /// E0PD0 and E0PD1: EL0 accesses to a half always fault (FEAT_E0PD).
    public static final long E0PD = 3L << 55;

    /// The bits that exist without optional features.
    public static final long BASE = 0x3fL // T0SZ
            | 0x7_ffff_ff80L // EPD0 to IPS
            | AS
            | 3L << 37; // TBI0, TBI1

    /// TBID0 and TBID1 (FEAT_PAuth).
    public static final long TBID = 3L << 51;

    private static final int T0SZ = 0;
    private static final int EPD0 = 7;
    private static final int IRGN0 = 8;
    private static final int ORGN0 = 10;
    private static final int SH0 = 12;
    private static final int TG0 = 14;
    private static final int TG1 = 30;
    private static final int UPPER = 16;
    private static final int IPS = 32;
    private static final int TBI0 = 37;
    private static final int HPD0 = 41;
    private static final int TBID0 = 51;
    private static final int E0PD0 = 55;
    private static final int HALF_BIT = 55;

    private static final int WRITE_BACK_RWA = 1;

    private TcrEl1() {}

    /// {@return a value for translation through TTBR0 alone, walks Normal Write-Back and Inner Shareable}
    ///
    /// @param tsz 64 minus the size of the address space in bits
    /// @param ipsBits the size in bits of an intermediate physical address: 32, 36, 40, 42, 44, 48 or 52
    public static long lowerHalf(int tsz, Granule granule, int ipsBits) {
        return (long) tsz << T0SZ
                | (long) WRITE_BACK_RWA << IRGN0
                | (long) WRITE_BACK_RWA << ORGN0
                | (long) Shareability.ISH.bits() << SH0
                | (long) granule.tg0() << TG0
                | 1L << (EPD0 + UPPER)
                | (long) VtcrEl2.psOf(ipsBits) << IPS;
    }

    /// {@return the half that an address lies in, by its bit 55: 0 for TTBR0's, 1 for TTBR1's}
    public static int half(long va) {
        return (int) (va >>> HALF_BIT) & 1;
    }

    /// {@return T0SZ or T1SZ: 64 minus the size of the half in bits}
    public static int tsz(long tcr, int half) {
        return (int) (tcr >>> (T0SZ + UPPER * half)) & 0x3f;
    }

    /// {@return EPD0 or EPD1: whether walks through this half's TTBR are disabled}
    public static boolean epd(long tcr, int half) {
        return (tcr >>> (EPD0 + UPPER * half) & 1) != 0;
    }

    /// {@return IRGN0 or IRGN1: inner cacheability of walks, 0 NC, 1 WB RWA, 2 WT RA, 3 WB RA}
    public static int irgn(long tcr, int half) {
        return (int) (tcr >>> (IRGN0 + UPPER * half)) & 3;
    }

    /// {@return ORGN0 or ORGN1: outer cacheability of walks, encoded as [#irgn]}
    public static int orgn(long tcr, int half) {
        return (int) (tcr >>> (ORGN0 + UPPER * half)) & 3;
    }

    /// {@return SH0 or SH1: shareability of walks, and of all memory of the half under [#DS]}
    public static Shareability sh(long tcr, int half) {
        return Shareability.ofBits((int) (tcr >>> (SH0 + UPPER * half)) & 3);
    }

    /// {@return the granule of a half; a reserved TG0 or TG1 acts as 64 KiB}
    public static Granule granule(long tcr, int half) {
        return half == 0 ? Granule.ofTg0((int) (tcr >>> TG0)) : Granule.ofTg1((int) (tcr >>> TG1));
    }

    /// {@return the size in bits of an intermediate physical address that IPS selects: 32 to 56}
    public static int ipsBits(long tcr) {
        return VtcrEl2.paBitsOf((int) (tcr >>> IPS));
    }

    /// {@return TBI0 or TBI1: whether bits 63:56 of an address are ignored}
    public static boolean tbi(long tcr, int half) {
        return (tcr >>> (TBI0 + half) & 1) != 0;
    }

    /// {@return TBID0 or TBID1: whether TBI applies to data accesses only}
    public static boolean tbid(long tcr, int half) {
        return (tcr >>> (TBID0 + half) & 1) != 0;
    }

    /// {@return HPD0 or HPD1: whether the hierarchical permissions of table descriptors are ignored}
    public static boolean hpd(long tcr, int half) {
        return (tcr >>> (HPD0 + half) & 1) != 0;
    }

    /// {@return E0PD0 or E0PD1: whether EL0 accesses to the half always fault}
    public static boolean e0pd(long tcr, int half) {
        return (tcr >>> (E0PD0 + half) & 1) != 0;
    }
}

package dev.ipanema.arm.gic;

import dev.ipanema.arm.register.MpidrEl1;

/// A redistributor, `GICR_*`: offsets of registers and their fields. It has two frames of 64 KiB: RD, and SGI at
/// [#SGI_BASE], whose registers for private interrupts lie as in the distributor.
///
/// Source: Arm IHI 0069 (GICv3 and GICv4), "The GIC Redistributor register descriptions".
public final class Gicr {
    /// Bytes of a redistributor: both frames.
    public static final long SIZE = 0x2_0000;

    /// The SGI frame.
    public static final int SGI_BASE = 0x1_0000;

    public static final int CTLR = 0x0000;
    public static final int IIDR = 0x0004;
    public static final int TYPER = 0x0008;
    public static final int STATUSR = 0x0010;
    public static final int WAKER = 0x0014;
    public static final int PROPBASER = 0x0070;
    public static final int PENDBASER = 0x0078;
    public static final int INVLPIR = 0x00a0;
    public static final int INVALLR = 0x00b0;
    public static final int SYNCR = 0x00c0;
    public static final int NSACR = 0x0e00;

    public static final int CTLR_ENABLE_LPIS = 1;

    /// GICR_INVLPIR and GICR_INVALLR are there.
    public static final int CTLR_CES = 1 << 1;

    /// LPIs can be disabled again.
    public static final int CTLR_IR = 1 << 2;

    /// Physical LPIs are supported.
    public static final long TYPER_PLPIS = 1;

    /// The last redistributor of a contiguous region.
    public static final long TYPER_LAST = 1L << 4;

    private static final int TYPER_PROCESSOR_SHIFT = 8;
    private static final int TYPER_AFFINITY_SHIFT = 32;
    private static final int AFF3_SHIFT = 24;
    private static final int LEVEL_BITS = 8;

    /// Size field of GICR_PROPBASER: interrupt numbers have this many bits, less one.
    private static final long PROPBASER_IDBITS = 0x1f;

    private static final int BASER_INNER_CACHE_SHIFT = 7;
    private static final int BASER_SHARE_SHIFT = 10;
    private static final int BASER_OUTER_CACHE_SHIFT = 56;
    private static final long BASER_ATTRIBUTES = 7L << 7 | 3L << 10 | 7L << 56;

    /// The address field of GICR_PROPBASER.
    private static final long PROPBASER_ADDRESS = 0xf_ffff_ffff_f000L;

    /// The address field of GICR_PENDBASER.
    private static final long PENDBASER_ADDRESS = 0xf_ffff_ffff_0000L;

    /// GICR_PENDBASER: the pending table is all zero; write-only.
    public static final long PENDBASER_PTZ = 1L << 62;

    /// Bit 0 of a byte in the LPI configuration table: the interrupt is enabled.
    public static final int LPI_ENABLE = 1;

    /// The priority in a byte of the LPI configuration table.
    public static final int LPI_PRIORITY = 0xfc;

    private Gicr() {}

    /// {@return the fields of GICR_TYPER that name the processor}
    ///
    /// @param mpidr MPIDR_EL1
    /// @param number processor number, 16 bits
    public static long typer(long mpidr, int number) {
        long affinity = 0;
        for (int level = 0; level < 3; level++) {
            affinity |= (long) MpidrEl1.level(mpidr, level) << (LEVEL_BITS * level);
        }
        affinity |= (long) MpidrEl1.level(mpidr, 3) << AFF3_SHIFT;
        return affinity << TYPER_AFFINITY_SHIFT | (number & 0xffffL) << TYPER_PROCESSOR_SHIFT;
    }

    /// {@return the address of the configuration table}
    public static long propbaserAddress(long propbaser) {
        return propbaser & PROPBASER_ADDRESS;
    }

    /// {@return how many bits interrupt numbers have in the configuration table}
    public static int propbaserIdBits(long propbaser) {
        return (int) (propbaser & PROPBASER_IDBITS) + 1;
    }

    /// {@return the address of the pending table}
    public static long pendbaserAddress(long pendbaser) {
        return pendbaser & PENDBASER_ADDRESS;
    }

    /// {@return what GICR_PROPBASER keeps of a written value}
    public static long sanitisePropbaser(long value) {
        return attributes(value & (PROPBASER_ADDRESS | PROPBASER_IDBITS | BASER_ATTRIBUTES));
    }

    /// {@return what GICR_PENDBASER keeps of a written value; [#PENDBASER_PTZ] reads as zero}
    public static long sanitisePendbaser(long value) {
        return attributes(value & (PENDBASER_ADDRESS | BASER_ATTRIBUTES));
    }

    private static long attributes(long value) {
        return TableAttributes.sanitise(value, BASER_INNER_CACHE_SHIFT, BASER_SHARE_SHIFT, BASER_OUTER_CACHE_SHIFT);
    }

    /// {@return what GICR_PROPBASER and GICR_PENDBASER start with: a memory type and no table}
    public static long initialBaser() {
        return TableAttributes.initial(BASER_INNER_CACHE_SHIFT, BASER_SHARE_SHIFT);
    }
}

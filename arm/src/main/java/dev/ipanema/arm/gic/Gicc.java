package dev.ipanema.arm.gic;

/// The memory-mapped CPU interface of a GICv2, `GICC_*`, as a guest sees it through `GICV_*`: offsets and fields.
///
/// Source: Arm IHI 0048 (GICv2), 4.4 and 5.5.
public final class Gicc {
    /// Bytes: two pages, GICC_DIR in the second.
    public static final long SIZE = 0x2000;

    public static final int CTLR = 0x0000;
    public static final int PMR = 0x0004;
    public static final int BPR = 0x0008;
    public static final int IAR = 0x000c;
    public static final int EOIR = 0x0010;
    public static final int RPR = 0x0014;
    public static final int HPPIR = 0x0018;
    public static final int ABPR = 0x001c;
    public static final int AIAR = 0x0020;
    public static final int AEOIR = 0x0024;
    public static final int AHPPIR = 0x0028;
    public static final int APR = 0x00d0;
    public static final int IIDR = 0x00fc;
    public static final int DIR = 0x1000;

    public static final int CTLR_ENABLE_GRP0 = 1;
    public static final int CTLR_ENABLE_GRP1 = 1 << 1;
    public static final int CTLR_ACK_CTL = 1 << 2;
    public static final int CTLR_FIQ_EN = 1 << 3;
    public static final int CTLR_CBPR = 1 << 4;
    public static final int CTLR_EOI_MODE_NS = 1 << 9;

    /// GICC_IIDR of a GICv2 by Arm.
    public static final long IIDR_VALUE = 0x0002_043bL;

    private Gicc() {}
}

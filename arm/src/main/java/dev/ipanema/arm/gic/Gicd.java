package dev.ipanema.arm.gic;

/// The distributor, `GICD_*`: offsets of registers and their fields, GICv2 and GICv3.
///
/// Sources: Arm IHI 0048 (GICv2), 4.3; Arm IHI 0069 (GICv3 and GICv4), "The GIC Distributor register descriptions".
public final class Gicd {
    /// Bytes of the frame of a GICv3.
    public static final long SIZE_V3 = 0x1_0000;

    /// Bytes of the frame of a GICv2.
    public static final long SIZE_V2 = 0x1000;

    public static final int CTLR = 0x0000;
    public static final int TYPER = 0x0004;
    public static final int IIDR = 0x0008;
    public static final int TYPER2 = 0x000c;
    public static final int STATUSR = 0x0010;
    public static final int IGROUPR = 0x0080;
    public static final int ISENABLER = 0x0100;
    public static final int ICENABLER = 0x0180;
    public static final int ISPENDR = 0x0200;
    public static final int ICPENDR = 0x0280;
    public static final int ISACTIVER = 0x0300;
    public static final int ICACTIVER = 0x0380;
    public static final int IPRIORITYR = 0x0400;
    public static final int ITARGETSR = 0x0800;
    public static final int ICFGR = 0x0c00;
    public static final int IGRPMODR = 0x0d00;
    public static final int SGIR = 0x0f00;
    public static final int CPENDSGIR = 0x0f10;
    public static final int SPENDSGIR = 0x0f20;
    public static final int IROUTER = 0x6000;

    /// The first identification register of a GICv3.
    public static final int IDREGS = 0xffd0;

    public static final int IDREGS_SIZE = 48;

    /// `PIDR2`, which tells the version of the architecture; the same in every GICv3 frame.
    public static final int PIDR2 = 0xffe8;

    /// `PIDR2` of a GICv3.
    public static final int PIDR2_GICV3 = 0x3b;

    /// GICD_CTLR of a GICv2: forwarding is on.
    public static final int CTLR_ENABLE = 1;

    /// GICD_CTLR of a GICv3 with one security state: group 1 is on.
    public static final int CTLR_ENABLE_SS_G1 = 1 << 1;

    /// Affinity routing; always on here.
    public static final int CTLR_ARE_NS = 1 << 4;

    /// One security state; always so here.
    public static final int CTLR_DS = 1 << 6;

    public static final int TYPER_LPIS = 1 << 17;

    private static final int TYPER_CPUS_SHIFT = 5;
    private static final int TYPER_ID_BITS_SHIFT = 19;
    private static final int IIDR_PRODUCT_SHIFT = 24;
    private static final int IIDR_REVISION_SHIFT = 12;
    private static final int IIDR_REVISION = 0xf;
    private static final int SGIR_FILTER_SHIFT = 24;
    private static final int SGIR_TARGETS_SHIFT = 16;

    private Gicd() {}

    /// {@return the field of GICD_TYPER with the number of interrupts}
    ///
    /// @param lines interrupts up to the last SPI, a multiple of 32
    public static int typerLines(int lines) {
        return (lines / Intid.PRIVATE - 1) & 0x1f;
    }

    /// {@return the field of GICD_TYPER with the size of an interrupt number}
    public static int typerIdBits(int bits) {
        return (bits - 1) << TYPER_ID_BITS_SHIFT;
    }

    /// {@return the field of GICD_TYPER of a GICv2 with the number of CPU interfaces}
    public static int typerCpus(int cpus) {
        return (cpus - 1) << TYPER_CPUS_SHIFT;
    }

    /// {@return an implementer identification register}
    public static int iidr(int product, int revision, int implementer) {
        return product << IIDR_PRODUCT_SHIFT | revision << IIDR_REVISION_SHIFT | implementer;
    }

    /// {@return the revision that an implementer identification register tells}
    public static int iidrRevision(long iidr) {
        return (int) (iidr >>> IIDR_REVISION_SHIFT) & IIDR_REVISION;
    }

    /// {@return an implementer identification register without its revision}
    public static long iidrWithoutRevision(long iidr) {
        return iidr & ~((long) IIDR_REVISION << IIDR_REVISION_SHIFT);
    }

    /// {@return GICD_SGIR.TargetListFilter: 0 as the list says, 1 all but the sender, 2 the sender}
    public static int sgirFilter(long value) {
        return (int) (value >>> SGIR_FILTER_SHIFT) & 3;
    }

    /// {@return GICD_SGIR.CPUTargetList}
    public static int sgirTargets(long value) {
        return (int) (value >>> SGIR_TARGETS_SHIFT) & 0xff;
    }

    /// {@return GICD_SGIR.INTID}
    public static int sgirIntid(long value) {
        return (int) value & 0xf;
    }
}

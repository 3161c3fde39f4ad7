package dev.ipanema.arm.pgtable;

import dev.ipanema.arm.memory.Shareability;
import dev.ipanema.arm.memory.Stage2MemAttr;

/// Stage-2 descriptors of VMSAv8-64 as static functions over `long` (Arm ARM DDI 0487, stage 2 block, page
/// and table descriptors; Linux `arch/arm64/kvm/hyp/pgtable.c`).
///
/// | bits | leaf field |
/// |---|---|
/// | 0, 1 | valid; type: 1 for a table (levels −1 to 2) and for a page (level 3), 0 for a block |
/// | 5:2 | MemAttr |
/// | 6, 7 | S2AP: read, write |
/// | 9:8 | SH; output address bits 51:50 with LPA2 |
/// | 10, 11, 16 | AF, FnXS, nT (blocks) |
/// | 51, 52 | DBM, Contiguous |
/// | 54:53 | XN (54 alone without FEAT_XNX) |
/// | 58:55 | software |
///
/// The parameter `oa52` of address functions says for 4 KiB and 16 KiB granules that VTCR_EL2.DS is set,
/// and for 64 KiB that physical addresses have 52 bits.
public final class Stage2Descriptor {
    /// Valid bit.
    public static final long VALID = Descriptor.VALID;
    /// Type bit: a table at levels below 3, a page at level 3.
    public static final long TABLE_OR_PAGE = Descriptor.TABLE_OR_PAGE;
    /// Read permission, S2AP[0].
    public static final long S2AP_R = 1L << 6;
    /// Write permission, S2AP[1].
    public static final long S2AP_W = 1L << 7;
    /// Inner Shareable in the SH field; only without LPA2.
    public static final long SH_INNER = (long) Shareability.ISH.bits() << Descriptor.SH_SHIFT;
    /// Access flag.
    public static final long AF = Descriptor.AF;
    /// FnXS: XS of the result is clear (FEAT_XS).
    public static final long FNXS = 1L << 11;
    /// nT: block translation entry that must not be cached (FEAT_BBML1).
    public static final long NT = Descriptor.NT;
    /// Dirty bit modifier.
    public static final long DBM = Descriptor.DBM;
    /// Contiguous hint.
    public static final long CONTIGUOUS = Descriptor.CONTIGUOUS;
    /// Field XN, bits 54:53.
    public static final long XN_FIELD = 0b11L << 53;
    /// The permission bits that may change in a live entry: S2AP and XN (Linux `KVM_PTE_LEAF_S2_COMPAT_MASK`
    /// without the software bits).
    public static final long PERMISSIONS = S2AP_R | S2AP_W | XN_FIELD;
    /// Field of the software bits SW0 to SW3.
    public static final long SOFTWARE_FIELD = Descriptor.SOFTWARE_FIELD;

    private static final int MEMATTR_SHIFT = 2;
    private static final int MEMATTR_MASK = 0b1111;
    private static final int XN_SHIFT = 53;
    private static final int XN_NONE = 0b00;
    private static final int XN_EL1 = 0b01;
    private static final int XN_BOTH = 0b10;
    private static final int XN_EL0 = 0b11;
    private static final int XN_MASK = 0b11;
    private static final int SOFTWARE_MASK = 0xF;
    private static final int S2AP_SHIFT = 6;
    private static final int S2AP_MASK = 0b11;
    private static final int ANNOTATION_SHIFT = 60;

    private Stage2Descriptor() {}

    // ---- type and address ----------------------------------------------------------------------------------------

    /// {@return whether the valid bit is set}
    public static boolean isValid(long desc) {
        return Descriptor.isValid(desc);
    }

    /// {@return whether an entry points at a table of the next level}
    public static boolean isTable(long desc, int level) {
        return Descriptor.isTable(desc, level);
    }

    /// {@return whether an entry is a block or a page; at level 3 the block encoding is reserved and counts
    /// as invalid. Whether the granule has blocks at a level is [Granule#hasBlocks]}
    public static boolean isBlockOrPage(long desc, int level) {
        return Descriptor.isLeaf(desc, level);
    }

    /// {@return the output address of a block or page, aligned to what the level spans}
    public static long outputAddress(long desc, int level, Granule granule, boolean oa52) {
        return Descriptor.address(desc, granule.levelShift(level), granule, oa52);
    }

    /// {@return the address of the next table}
    public static long tableAddress(long desc, Granule granule, boolean oa52) {
        return Descriptor.tableAddress(desc, granule, oa52);
    }

    /// {@return a valid block or page descriptor}
    /// @param pa output address; bits below what the level spans are dropped
    /// @param attributes attribute bits, for example from [Stage2Prot#encode]
    public static long leaf(long pa, int level, long attributes, Granule granule, boolean oa52) {
        return Descriptor.leafType(level)
                | attributes
                | Descriptor.encodeAddress(pa, granule.levelShift(level), granule, oa52);
    }

    /// {@return a valid table descriptor}
    /// @param pa address of the next table, a multiple of the granule
    public static long table(long pa, Granule granule, boolean oa52) {
        return VALID | TABLE_OR_PAGE | Descriptor.encodeAddress(pa, granule.shift(), granule, oa52);
    }

    // ---- attributes ----------------------------------------------------------------------------------------------

    /// {@return MemAttr[3:0], see [Stage2MemAttr]}
    public static int memAttr(long desc) {
        return (int) desc >>> MEMATTR_SHIFT & MEMATTR_MASK;
    }

    /// {@return MemAttr in its place}
    public static long memAttrBits(int memAttr) {
        return (long) (memAttr & MEMATTR_MASK) << MEMATTR_SHIFT;
    }

    /// {@return the S2AP field: 00 none, 01 read, 10 write, 11 both}
    public static int s2ap(long desc) {
        return (int) desc >>> S2AP_SHIFT & S2AP_MASK;
    }

    /// {@return whether reads are allowed}
    public static boolean isReadable(long desc) {
        return (desc & S2AP_R) != 0;
    }

    /// {@return whether writes are allowed, without regard to [#DBM]}
    public static boolean isWritable(long desc) {
        return (desc & S2AP_W) != 0;
    }

    /// {@return the SH field; with LPA2 these bits belong to the address and VTCR_EL2.SH0 applies}
    public static Shareability shareability(long desc) {
        return Shareability.ofBits((int) desc >>> Descriptor.SH_SHIFT);
    }

    /// {@return whether the access flag is set}
    public static boolean af(long desc) {
        return (desc & AF) != 0;
    }

    /// {@return whether the Contiguous hint is set}
    public static boolean contiguous(long desc) {
        return (desc & CONTIGUOUS) != 0;
    }

    /// {@return whether FnXS is set}
    public static boolean fnxs(long desc) {
        return (desc & FNXS) != 0;
    }

    /// {@return field XN, two bits: 00 all may execute, 01 EL0 only, 10 none, 11 EL1 only}
    public static int xn(long desc) {
        return (int) (desc >>> XN_SHIFT) & XN_MASK;
    }

    /// {@return field XN in its place}
    /// @param px whether EL1 may execute
    /// @param ux whether EL0 may execute
    public static long xnBits(boolean px, boolean ux) {
        int xn = px ? (ux ? XN_NONE : XN_EL0) : (ux ? XN_EL1 : XN_BOTH);
        return (long) xn << XN_SHIFT;
    }

    /// {@return whether EL1 may execute}
    /// @param xnx whether the CPU has FEAT_XNX; without it bit 53 is ignored
    public static boolean isExecutableAtEl1(long desc, boolean xnx) {
        int xn = xn(desc);
        return xnx ? xn == XN_NONE || xn == XN_EL0 : (xn & XN_BOTH) == 0;
    }

    /// {@return whether EL0 may execute}
    /// @param xnx whether the CPU has FEAT_XNX; without it bit 53 is ignored
    public static boolean isExecutableAtEl0(long desc, boolean xnx) {
        int xn = xn(desc);
        return xnx ? xn == XN_NONE || xn == XN_EL1 : (xn & XN_BOTH) == 0;
    }

    /// {@return the software bits SW3:SW0 as a number, 0 to 15}
    public static int software(long desc) {
        return (int) (desc >>> Descriptor.SOFTWARE_SHIFT) & SOFTWARE_MASK;
    }

    /// {@return software bits in their place}
    /// @param software SW3:SW0, 0 to 15
    public static long softwareBits(int software) {
        return (long) (software & SOFTWARE_MASK) << Descriptor.SOFTWARE_SHIFT;
    }

    // ---- invalid entries that software uses ------------------------------------------------------------------------

    /// {@return an invalid, non-zero entry of a software type in bits 63:60, which hardware ignores
    /// (Linux `KVM_INVALID_PTE_TYPE_MASK`)}
    /// @param type 1 to 15
    public static long annotation(int type) {
        return (long) (type & SOFTWARE_MASK) << ANNOTATION_SHIFT;
    }

    /// {@return the software type of an invalid entry, 0 for none}
    public static int annotationType(long desc) {
        return isValid(desc) ? 0 : (int) (desc >>> ANNOTATION_SHIFT) & SOFTWARE_MASK;
    }

    // ---- text ----------------------------------------------------------------------------------------------------

    /// {@return an entry in words, for example `block 0x80000000 RWX MemAttr=1111 (Normal oWB iWB) ISH AF`}
    /// @param oa52 LPA2 or 52-bit 64 KiB addresses
    /// @param fwb HCR_EL2.FWB, which decides what MemAttr means
    public static String describe(long desc, int level, Granule granule, boolean oa52, boolean fwb) {
        if (isTable(desc, level)) {
            return "table " + Descriptor.address(tableAddress(desc, granule, oa52));
        }
        if (!isBlockOrPage(desc, level)) {
            return desc == 0 ? "invalid" : "invalid 0x" + Long.toHexString(desc);
        }
        boolean lpa2 = oa52 && granule != Granule.K64;
        String bits = Integer.toBinaryString(1 << 4 | memAttr(desc)).substring(1);
        return (level == Descriptor.LAST_LEVEL ? "page " : "block ")
                + Descriptor.address(outputAddress(desc, level, granule, oa52))
                + " "
                + Stage2Prot.describe(Stage2Prot.permissions(desc, true) | software(desc) * Stage2Prot.SW0)
                + " MemAttr="
                + bits
                + " ("
                + Stage2MemAttr.describe(memAttr(desc), fwb, false)
                + ")"
                + (lpa2 ? "" : " " + shareability(desc))
                + (af(desc) ? " AF" : "")
                + (contiguous(desc) ? " contiguous" : "")
                + ((desc & DBM) != 0 ? " DBM" : "")
                + (fnxs(desc) ? " FnXS" : "");
    }
}

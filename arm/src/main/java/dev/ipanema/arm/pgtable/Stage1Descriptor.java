package dev.ipanema.arm.pgtable;

import dev.ipanema.arm.memory.Shareability;

/// Stage-1 descriptors of VMSAv8-64, EL1&0 regime, as static functions over `long`
/// (Arm ARM DDI 0487, stage 1 block, page and table descriptors; without permission indirection).
///
/// | bits | leaf field | | bits | table field |
/// |---|---|---|---|---|
/// | 4:2 | AttrIndx | | 63 | NSTable |
/// | 5 | NS | | 62:61 | APTable |
/// | 7:6 | AP[2:1] | | 60 | UXNTable |
/// | 9:8 | SH; address bits 51:50 with LPA2 | | 59 | PXNTable |
/// | 10, 11, 16 | AF, nG, nT | | | |
/// | 50 to 54 | GP, DBM, Contiguous, PXN, UXN | | | |
/// | 58:55 | software | | | |
///
/// The parameter `oa52` of address functions says for 4 KiB and 16 KiB granules that TCR_EL1.DS is set, and
/// for 64 KiB that physical addresses have 52 bits.
public final class Stage1Descriptor {
    /// Valid bit.
    public static final long VALID = Descriptor.VALID;
    /// Type bit: a table at levels below 3, a page at level 3.
    public static final long TABLE_OR_PAGE = Descriptor.TABLE_OR_PAGE;
    /// Non-secure.
    public static final long NS = 1L << 5;
    /// AP[1]: EL0 may access.
    public static final long AP_EL0 = 1L << 6;
    /// AP[2]: read-only.
    public static final long AP_READ_ONLY = 1L << 7;
    /// Inner Shareable in the SH field; only without LPA2.
    public static final long SH_INNER = (long) Shareability.ISH.bits() << Descriptor.SH_SHIFT;
    /// Outer Shareable in the SH field; only without LPA2.
    public static final long SH_OUTER = (long) Shareability.OSH.bits() << Descriptor.SH_SHIFT;
    /// Access flag.
    public static final long AF = Descriptor.AF;
    /// Not global.
    public static final long NG = 1L << 11;
    /// nT: block translation entry that must not be cached (FEAT_BBML1).
    public static final long NT = Descriptor.NT;
    /// Guarded page (FEAT_BTI).
    public static final long GP = 1L << 50;
    /// Dirty bit modifier.
    public static final long DBM = Descriptor.DBM;
    /// Contiguous hint.
    public static final long CONTIGUOUS = Descriptor.CONTIGUOUS;
    /// Privileged execute-never.
    public static final long PXN = 1L << 53;
    /// Unprivileged execute-never.
    public static final long UXN = 1L << 54;

    /// Table: subsequent lookups are Non-secure.
    public static final long NS_TABLE = 1L << 63;
    /// Table: APTable[0], EL0 may not access.
    public static final long AP_TABLE_NO_EL0 = 1L << 61;
    /// Table: APTable[1], read-only.
    public static final long AP_TABLE_READ_ONLY = 1L << 62;
    /// Table: unprivileged execute-never.
    public static final long UXN_TABLE = 1L << 60;
    /// Table: privileged execute-never.
    public static final long PXN_TABLE = 1L << 59;
    /// The table bits that limit permissions, which TCR_EL1.HPD0 and HPD1 disable.
    public static final long HIERARCHICAL = AP_TABLE_NO_EL0 | AP_TABLE_READ_ONLY | UXN_TABLE | PXN_TABLE;

    private static final int ATTR_INDX_SHIFT = 2;
    private static final int ATTR_INDX_MASK = 0b111;

    private Stage1Descriptor() {}

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
    /// @param address output address; bits below what the level spans are dropped
    /// @param attributes the remaining bits
    public static long leaf(long address, int level, long attributes, Granule granule, boolean oa52) {
        return Descriptor.leafType(level)
                | attributes
                | Descriptor.encodeAddress(address, granule.levelShift(level), granule, oa52);
    }

    /// {@return a valid table descriptor}
    /// @param address of the next table, a multiple of the granule
    /// @param hierarchical bits of [#HIERARCHICAL] and [#NS_TABLE]
    public static long table(long address, long hierarchical, Granule granule, boolean oa52) {
        return VALID | TABLE_OR_PAGE | hierarchical | Descriptor.encodeAddress(address, granule.shift(), granule, oa52);
    }

    /// {@return AttrIndx, the index of the MAIR_EL1 byte, 0 to 7}
    public static int attrIndx(long desc) {
        return (int) desc >>> ATTR_INDX_SHIFT & ATTR_INDX_MASK;
    }

    /// {@return AttrIndx in its place}
    public static long attrIndxBits(int index) {
        return (long) (index & ATTR_INDX_MASK) << ATTR_INDX_SHIFT;
    }

    /// {@return the SH field; with LPA2 these bits belong to the address and TCR_EL1.SHn applies}
    public static Shareability shareability(long desc) {
        return Shareability.ofBits((int) desc >>> Descriptor.SH_SHIFT);
    }

    /// {@return the SH field in its place; only without LPA2}
    public static long shareabilityBits(Shareability shareability) {
        return (long) shareability.bits() << Descriptor.SH_SHIFT;
    }

    /// {@return whether the access flag is set}
    public static boolean af(long desc) {
        return (desc & AF) != 0;
    }

    /// {@return whether the entry is for one ASID only}
    public static boolean nG(long desc) {
        return (desc & NG) != 0;
    }

    /// {@return whether the Contiguous hint is set}
    public static boolean contiguous(long desc) {
        return (desc & CONTIGUOUS) != 0;
    }

    /// {@return the software bits as a number, 0 to 15}
    public static int software(long desc) {
        return (int) (desc >>> Descriptor.SOFTWARE_SHIFT) & 0xF;
    }

    /// The leaf with the limits of the tables above it applied: APTable into AP, UXNTable and PXNTable into
    /// UXN and PXN.
    ///
    /// @param desc block or page descriptor
    /// @param tables the table descriptors of the walk joined by OR; 0 when hierarchical permissions are
    /// disabled
    public static long withHierarchical(long desc, long tables) {
        long limited = desc;
        if ((tables & AP_TABLE_NO_EL0) != 0) {
            limited &= ~AP_EL0;
        }
        if ((tables & AP_TABLE_READ_ONLY) != 0) {
            limited |= AP_READ_ONLY;
        }
        if ((tables & UXN_TABLE) != 0) {
            limited |= UXN;
        }
        if ((tables & PXN_TABLE) != 0) {
            limited |= PXN;
        }
        return limited;
    }

    /// {@return an entry in words, for example `page 0x80000000 EL1 RW- EL0 --- AttrIndx=0 ISH AF`}
    /// @param oa52 LPA2 or 52-bit 64 KiB addresses
    public static String describe(long desc, int level, Granule granule, boolean oa52) {
        if (isTable(desc, level)) {
            return "table " + Descriptor.address(tableAddress(desc, granule, oa52)) + hierarchical(desc);
        }
        if (!isBlockOrPage(desc, level)) {
            return desc == 0 ? "invalid" : "invalid 0x" + Long.toHexString(desc);
        }
        boolean lpa2 = oa52 && granule != Granule.K64;
        return (level == Descriptor.LAST_LEVEL ? "page " : "block ")
                + Descriptor.address(outputAddress(desc, level, granule, oa52))
                + " EL1 "
                + permissions(true, (desc & AP_READ_ONLY) == 0, (desc & PXN) == 0)
                + " EL0 "
                + permissions(
                        (desc & AP_EL0) != 0, (desc & AP_EL0) != 0 && (desc & AP_READ_ONLY) == 0, (desc & UXN) == 0)
                + " AttrIndx="
                + attrIndx(desc)
                + (lpa2 ? "" : " " + shareability(desc))
                + (af(desc) ? " AF" : "")
                + (nG(desc) ? " nG" : "")
                + (contiguous(desc) ? " contiguous" : "")
                + ((desc & DBM) != 0 ? " DBM" : "")
                + ((desc & GP) != 0 ? " GP" : "");
    }

    private static String permissions(boolean read, boolean write, boolean execute) {
        return (read ? "R" : "-") + (write ? "W" : "-") + (execute ? "X" : "-");
    }

    private static String hierarchical(long desc) {
        return ((desc & NS_TABLE) != 0 ? " NSTable" : "")
                + ((desc & AP_TABLE_NO_EL0) != 0 ? " no-EL0" : "")
                + ((desc & AP_TABLE_READ_ONLY) != 0 ? " read-only" : "")
                + ((desc & UXN_TABLE) != 0 ? " UXNTable" : "")
                + ((desc & PXN_TABLE) != 0 ? " PXNTable" : "");
    }
}

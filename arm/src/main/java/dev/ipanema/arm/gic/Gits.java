package dev.ipanema.arm.gic;

/// The interrupt translation service, `GITS_*`: offsets of registers and their fields.
///
/// Source: Arm IHI 0069 (GICv3 and GICv4), "The ITS register descriptions".
public final class Gits {
    /// Bytes: the control frame and the frame of GITS_TRANSLATER.
    public static final long SIZE = 0x2_0000;

    public static final int CTLR = 0x0000;
    public static final int IIDR = 0x0004;
    public static final int TYPER = 0x0008;
    public static final int CBASER = 0x0080;
    public static final int CWRITER = 0x0088;
    public static final int CREADR = 0x0090;
    public static final int BASER = 0x0100;
    public static final int BASER_COUNT = 8;

    /// Where devices write an event's number.
    public static final int TRANSLATER = 0x1_0040;

    public static final int CTLR_ENABLED = 1;

    /// Nothing is under way.
    public static final long CTLR_QUIESCENT = 1L << 31;

    private static final long TYPER_PLPIS = 1;
    private static final int TYPER_ENTRY_SIZE_SHIFT = 4;
    private static final int TYPER_ID_BITS_SHIFT = 8;
    private static final int TYPER_DEVICE_BITS_SHIFT = 13;

    private static final long VALID = 1L << 63;
    private static final int INNER_CACHE_SHIFT = 59;
    private static final int OUTER_CACHE_SHIFT = 53;
    private static final int SHARE_SHIFT = 10;
    private static final long PAGE_4K = 0x1000;

    private static final long CBASER_ADDRESS = 0xf_ffff_ffff_f000L;
    private static final long CBASER_PAGES = 0xff;
    private static final long CBASER_KEPT = VALID | 7L << 59 | 7L << 53 | CBASER_ADDRESS | 3L << 10 | CBASER_PAGES;

    /// The field of GITS_CWRITER and GITS_CREADR.
    private static final long COMMAND_OFFSET = 0xf_ffe0;

    private static final long BASER_INDIRECT = 1L << 62;
    private static final int BASER_TYPE_SHIFT = 56;
    private static final int BASER_ENTRY_SIZE_SHIFT = 48;
    private static final int BASER_PAGE_SIZE_SHIFT = 8;
    private static final long BASER_PAGE_64K = 2;
    private static final long BASER_PAGES = 0xff;
    private static final long BASER_ADDRESS = 0xffff_ffff_0000L;
    private static final long BASER_HIGH_ADDRESS = 0xf000;
    private static final int BASER_HIGH_ADDRESS_SHIFT = 36;
    private static final long BASER_KEPT =
            VALID | BASER_INDIRECT | 7L << 59 | 7L << 53 | BASER_ADDRESS | BASER_HIGH_ADDRESS | 3L << 10 | BASER_PAGES;

    /// GITS_BASER.Type: the device table.
    public static final int TYPE_DEVICE = 1;

    /// GITS_BASER.Type: the collection table.
    public static final int TYPE_COLLECTION = 4;

    /// The page size of tables: 64 KiB.
    public static final long PAGE_SIZE = 0x1_0000;

    private static final long L1_ADDRESS = 0xf_ffff_ffff_0000L;

    private Gits() {}

    /// {@return GITS_TYPER of an ITS with physical LPIs, processor numbers as targets and no collections of its own}
    ///
    /// @param deviceBits bits of a device's number
    /// @param eventBits bits of an event's number
    /// @param entrySize bytes of an interrupt translation entry
    public static long typer(int deviceBits, int eventBits, int entrySize) {
        return TYPER_PLPIS
                | (entrySize - 1L) << TYPER_ENTRY_SIZE_SHIFT
                | (eventBits - 1L) << TYPER_ID_BITS_SHIFT
                | (deviceBits - 1L) << TYPER_DEVICE_BITS_SHIFT;
    }

    /// {@return whether a table register or a first-level entry is valid}
    public static boolean isValid(long value) {
        return (value & VALID) != 0;
    }

    /// {@return what GITS_CBASER keeps of a written value}
    public static long sanitiseCbaser(long value) {
        return TableAttributes.sanitise(value & CBASER_KEPT, INNER_CACHE_SHIFT, SHARE_SHIFT, OUTER_CACHE_SHIFT);
    }

    /// {@return the address of the command queue}
    public static long cbaserAddress(long cbaser) {
        return cbaser & CBASER_ADDRESS;
    }

    /// {@return bytes of the command queue}
    public static long cbaserSize(long cbaser) {
        return ((cbaser & CBASER_PAGES) + 1) * PAGE_4K;
    }

    /// {@return the offset in the command queue that GITS_CWRITER holds}
    public static long commandOffset(long value) {
        return value & COMMAND_OFFSET;
    }

    /// {@return GITS_BASER of a table of a type before the guest has written it}
    public static long initialBaser(int type, int entrySize) {
        return fixed(TableAttributes.initial(INNER_CACHE_SHIFT, SHARE_SHIFT), type, entrySize);
    }

    /// {@return what GITS_BASER keeps of a written value}
    public static long sanitiseBaser(long value, int type, int entrySize) {
        return fixed(
                TableAttributes.sanitise(value & BASER_KEPT, INNER_CACHE_SHIFT, SHARE_SHIFT, OUTER_CACHE_SHIFT),
                type,
                entrySize);
    }

    private static long fixed(long value, int type, int entrySize) {
        return value
                | (long) type << BASER_TYPE_SHIFT
                | (entrySize - 1L) << BASER_ENTRY_SIZE_SHIFT
                | BASER_PAGE_64K << BASER_PAGE_SIZE_SHIFT;
    }

    /// {@return whether the table has two levels}
    public static boolean isIndirect(long baser) {
        return (baser & BASER_INDIRECT) != 0;
    }

    /// {@return the address of the table, with pages of 64 KiB}
    public static long baserAddress(long baser) {
        return (baser & BASER_ADDRESS) | (baser & BASER_HIGH_ADDRESS) << BASER_HIGH_ADDRESS_SHIFT;
    }

    /// {@return bytes of the table, or of its first level}
    public static long baserSize(long baser) {
        return ((baser & BASER_PAGES) + 1) * PAGE_SIZE;
    }

    /// {@return the address of the second level that a first-level entry gives}
    public static long level2Address(long entry) {
        return entry & L1_ADDRESS;
    }
}

package dev.ipanema.arm.pgtable;

/// What descriptors of both stages have in common: the type in bits 1:0, addresses, access flag,
/// Contiguous, DBM and the software bits (Arm ARM DDI 0487, VMSAv8-64 translation table format
/// descriptors).
///
/// `oa52` tells the format of addresses: with 4 KiB and 16 KiB granules it is the DS field (LPA2, address
/// bits 51:50 in descriptor bits 9:8, which then hold no shareability); with 64 KiB it says that the CPU
/// has 52-bit physical addresses (address bits 51:48 in descriptor bits 15:12).
final class Descriptor {
    static final long VALID = 1L;
    static final long TABLE_OR_PAGE = 1L << 1;
    static final int SH_SHIFT = 8;
    static final long SH_FIELD = 0b11L << SH_SHIFT;
    static final long AF = 1L << 10;
    static final long NT = 1L << 16;
    static final long DBM = 1L << 51;
    static final long CONTIGUOUS = 1L << 52;
    static final int SOFTWARE_SHIFT = 55;
    static final long SOFTWARE_FIELD = 0xFL << SOFTWARE_SHIFT;
    static final int LAST_LEVEL = 3;

    private static final int OA_BITS = 48;
    private static final int OA_BITS_IN_PLACE_LPA2 = 50;
    private static final long OA_51_50 = 0b11L << 50;
    private static final int LPA2_SHIFT = 50 - SH_SHIFT;
    private static final long OA_51_48_FIELD = 0xFL << 12;
    private static final int K64_SHIFT = 48 - 12;

    private Descriptor() {}

    static boolean isValid(long desc) {
        return (desc & VALID) != 0;
    }

    static boolean isTable(long desc, int level) {
        return level < LAST_LEVEL && (desc & (VALID | TABLE_OR_PAGE)) == (VALID | TABLE_OR_PAGE);
    }

    static boolean isLeaf(long desc, int level) {
        long type = desc & (VALID | TABLE_OR_PAGE);
        return level == LAST_LEVEL ? type == (VALID | TABLE_OR_PAGE) : type == VALID;
    }

    static long leafType(int level) {
        return level == LAST_LEVEL ? VALID | TABLE_OR_PAGE : VALID;
    }

    /// The address field down to `lowBit`.
    static long address(long desc, int lowBit, Granule granule, boolean oa52) {
        if (!oa52) {
            return desc & inPlace(lowBit, OA_BITS);
        }
        if (granule == Granule.K64) {
            return (desc & inPlace(lowBit, OA_BITS)) | (desc & OA_51_48_FIELD) << K64_SHIFT;
        }
        return (desc & inPlace(lowBit, OA_BITS_IN_PLACE_LPA2)) | (desc & SH_FIELD) << LPA2_SHIFT;
    }

    static long encodeAddress(long address, int lowBit, Granule granule, boolean oa52) {
        if (!oa52) {
            return address & inPlace(lowBit, OA_BITS);
        }
        if (granule == Granule.K64) {
            return (address & inPlace(lowBit, OA_BITS)) | ((address >>> K64_SHIFT) & OA_51_48_FIELD);
        }
        return (address & inPlace(lowBit, OA_BITS_IN_PLACE_LPA2)) | (address & OA_51_50) >>> LPA2_SHIFT;
    }

    private static long inPlace(int lowBit, int topBit) {
        return (1L << topBit) - (1L << lowBit);
    }

    /// The address of the table that a table descriptor points at; its low bit is the size of a table.
    static long tableAddress(long desc, Granule granule, boolean oa52) {
        return address(desc, granule.shift(), granule, oa52);
    }

    static String address(long address) {
        return "0x" + Long.toHexString(address);
    }
}

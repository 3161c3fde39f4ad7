package dev.ipanema.arm.pgtable;

/// A translation granule: the size of pages and of translation tables.
///
/// A level resolves [#stride()] address bits; the entry of level n spans 2^[#levelShift(int)] bytes:
///
/// | granule | level -1 | 0 | 1 | 2 | 3 |
/// |---|---|---|---|---|---|
/// | 4 KiB | 2^48 | 512 GiB | 1 GiB | 2 MiB | 4 KiB |
/// | 16 KiB | – | 2^47 | 64 GiB | 32 MiB | 16 KiB |
/// | 64 KiB | – | – | 4 TiB | 512 MiB | 64 KiB |
///
/// Sources: Arm ARM DDI 0487, translation granules; Linux `ARM64_HW_PGTABLE_LEVEL_SHIFT`.
public enum Granule {
    /// 4 KiB.
    K4(12, "4K", 0b00, 0b10),
    /// 16 KiB.
    K16(14, "16K", 0b10, 0b01),
    /// 64 KiB.
    K64(16, "64K", 0b01, 0b11);

    private static final int LAST_LEVEL = 3;
    private static final int LOG2_DESCRIPTOR_BYTES = 3;

    private final int shift;
    private final String label;
    private final int tg0;
    private final int tg1;

    Granule(int shift, String label, int tg0, int tg1) {
        this.shift = shift;
        this.label = label;
        this.tg0 = tg0;
        this.tg1 = tg1;
    }

    /// {@return log2 of the page size in bytes: 12, 14 or 16}
    public int shift() {
        return shift;
    }

    /// {@return the size of a page and of a table in bytes}
    public int bytes() {
        return 1 << shift;
    }

    /// {@return address bits that one level resolves: 9, 11 or 13}
    public int stride() {
        return shift - LOG2_DESCRIPTOR_BYTES;
    }

    /// {@return descriptors in one table: 512, 2048 or 8192}
    public int entries() {
        return 1 << stride();
    }

    /// {@return log2 of the bytes that one entry of a level spans; level 3 is a page}
    /// @param level -1 to 3
    public int levelShift(int level) {
        return shift + (LAST_LEVEL - level) * stride();
    }

    /// {@return the bytes that one entry of a level spans}
    /// @param level a level whose entries span less than 2^63 bytes
    public long levelSize(int level) {
        return 1L << levelShift(level);
    }

    /// {@return the index into the table of a level, without concatenation}
    public int index(long address, int level) {
        return (int) (address >>> levelShift(level)) & entries() - 1;
    }

    /// {@return the smallest level at which Linux maps blocks at stage 2, whatever the hardware could do
    /// (Linux `KVM_PGTABLE_MIN_BLOCK_LEVEL`)}
    public int kvmMinBlockLevel() {
        return this == K4 ? 1 : 2;
    }

    /// {@return whether the architecture has block descriptors at a level}
    /// @param oa52 LPA2 (4 KiB, 16 KiB) or a 52-bit output address (64 KiB)
    public boolean hasBlocks(int level, boolean oa52) {
        return switch (this) {
            case K4 -> level == 2 || level == 1 || (level == 0 && oa52);
            case K16 -> level == 2 || (level == 1 && oa52);
            case K64 -> level == 2 || (level == 1 && oa52);
        };
    }

    /// {@return entries in one group of the Contiguous bit at a level}
    public int contiguousEntries(int level) {
        return switch (this) {
            case K4 -> 16;
            case K16 -> level == LAST_LEVEL ? 128 : 32;
            case K64 -> 32;
        };
    }

    /// {@return the encoding in VTCR_EL2.TG0 and TCR_EL1.TG0}
    public int tg0() {
        return tg0;
    }

    /// {@return the encoding in TCR_EL1.TG1}
    public int tg1() {
        return tg1;
    }

    /// {@return the granule of a TG0 field; the reserved value 0b11 acts as 64 KiB}
    public static Granule ofTg0(int tg0) {
        return switch (tg0 & 0b11) {
            case 0b00 -> K4;
            case 0b10 -> K16;
            default -> K64;
        };
    }

    /// {@return the granule of a TG1 field; the reserved value 0b00 acts as 64 KiB}
    public static Granule ofTg1(int tg1) {
        return switch (tg1 & 0b11) {
            case 0b10 -> K4;
            case 0b01 -> K16;
            default -> K64;
        };
    }

    /// {@return `4K`, `16K` or `64K`}
    @Override
    public String toString() {
        return label;
    }
}

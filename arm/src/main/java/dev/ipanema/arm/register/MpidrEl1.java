package dev.ipanema.arm.register;

/// Fields of `MPIDR_EL1`: the affinity of a processing element, three levels of 8 bits in bits 23:0 and the fourth
/// in bits 39:32.
///
/// Source: Arm ARM DDI 0487, D24.2 "MPIDR_EL1".
public final class MpidrEl1 {
    /// The affinity fields.
    public static final long AFFINITY = 0xff_00ff_ffffL;

    /// Bit 31, always 1.
    public static final long RES1 = 1L << 31;

    private static final int PACKED_AFF3_SHIFT = 24;
    private static final long LOW_LEVELS = 0xff_ffff;
    private static final int BITS_PER_LEVEL = 8;
    private static final int AFF3_SHIFT = 32;

    private MpidrEl1() {}

    /// {@return the affinity of levels 0, 1 and 2, 0 to 255 each}
    public static long of(int aff0, int aff1, int aff2) {
        return (aff0 & 0xffL) | (aff1 & 0xffL) << BITS_PER_LEVEL | (aff2 & 0xffL) << (2 * BITS_PER_LEVEL);
    }

    /// {@return the affinity of level 3, 0 to 255}
    public static long aff3(int aff3) {
        return (aff3 & 0xffL) << AFF3_SHIFT;
    }

    /// {@return the affinity of levels 0 to 2 alone}
    public static long lowLevels(long mpidr) {
        return mpidr & LOW_LEVELS;
    }

    /// {@return the affinity that 32 bits hold as Aff3.Aff2.Aff1.Aff0}
    public static long unpacked(int packed) {
        return (packed & LOW_LEVELS) | aff3(packed >>> PACKED_AFF3_SHIFT);
    }

    /// {@return one level of an affinity}
    ///
    /// @param level 0 to 3
    public static int level(long mpidr, int level) {
        return (int) (mpidr >>> (level == 3 ? AFF3_SHIFT : BITS_PER_LEVEL * level)) & 0xff;
    }

    /// {@return the affinity fields from a level on}
    ///
    /// @param level 0 to 3
    public static long mask(int level) {
        return level == 3 ? AFFINITY & (-1L << AFF3_SHIFT) : AFFINITY & (-1L << (BITS_PER_LEVEL * level));
    }
}

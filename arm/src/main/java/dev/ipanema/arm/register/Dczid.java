package dev.ipanema.arm.register;

/// Fields of `DCZID_EL0`, the block size of DC ZVA.
public final class Dczid {
    /// DC ZVA is prohibited.
    public static final long DZP = 1L << 4;

    private Dczid() {}

    /// {@return the block size in bytes, 4 to 2048}
    public static int blockBytes(long dczid) {
        return 4 << Math.min(dczid & 0xf, 9);
    }
}

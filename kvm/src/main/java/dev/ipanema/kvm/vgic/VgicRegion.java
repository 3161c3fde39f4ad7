package dev.ipanema.kvm.vgic;

import org.jspecify.annotations.Nullable;

/// A range of registers of one kind (`struct vgic_register_region`).
///
/// @param offset first byte in the frame
/// @param length bytes
/// @param bitsPerIrq how many bits each interrupt has, 0 for registers that are not of interrupts
/// @param sizes the sizes of accesses that are answered, in bytes, or-ed
/// @param kind what the registers do
record VgicRegion(int offset, int length, int bitsPerIrq, int sizes, Kind kind) {
    /// Accesses of 32 bits.
    static final int WORD = 4;

    /// Accesses of 8 and 32 bits.
    static final int BYTE_WORD = 1 | 4;

    /// Accesses of 32 and 64 bits.
    static final int WORD_LONG = 4 | 8;

    private static final int MAX_IRQS = 1024;

    /// What registers do.
    enum Kind {
        GROUP,
        ISENABLE,
        ICENABLE,
        ISPEND,
        ICPEND,
        ISACTIVE,
        ICACTIVE,
        PRIORITY,
        CONFIG,
        TARGET,
        SGI_CLEAR,
        SGI_SET,
        ROUTER,
        /// Read as zero, writes ignored.
        RAZ,
        /// Reads as one, writes ignored.
        RAO,
        /// A register of the frame itself.
        OWN
    }

    /// {@return registers of all 1024 interrupts of a distributor}
    static VgicRegion perIrq(int offset, int bits, int sizes, Kind kind) {
        return new VgicRegion(offset, MAX_IRQS * bits / Byte.SIZE, bits, sizes, kind);
    }

    /// {@return registers that are not of interrupts}
    static VgicRegion own(int offset, int length, int sizes) {
        return new VgicRegion(offset, length, 0, sizes, Kind.OWN);
    }

    /// {@return the first interrupt that an access reaches}
    int intid(int at) {
        return (at - offset) * Byte.SIZE / bitsPerIrq;
    }

    private boolean holds(int at, int len) {
        return at >= offset && at + len <= offset + length;
    }

    /// {@return the region that answers an access, null when none does (`vgic_get_mmio_region`, `check_region`)}
    ///
    /// @param lines how many interrupts there are
    static @Nullable VgicRegion find(VgicRegion[] regions, int at, int len, int lines) {
        for (VgicRegion region : regions) {
            if (region.holds(at, len)) {
                boolean fits = (region.sizes & len) != 0 && at % len == 0;
                return fits && (region.bitsPerIrq == 0 || region.intid(at) < lines) ? region : null;
            }
        }
        return null;
    }
}

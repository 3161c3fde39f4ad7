package dev.ipanema.arm.gic;

/// The memory type fields of the registers that give a GIC its tables: which values a GIC keeps that reads them through
/// the caches (`vgic-mmio-v3.c:vgic_sanitise_shareability` and its companions).
///
/// Source: Arm IHI 0069 (GICv3 and GICv4), "GICR_PROPBASER", "GITS_BASER<n>".
final class TableAttributes {
    private static final long CACHEABILITY = 7;
    private static final long SHAREABILITY = 3;
    private static final long INNER_SHAREABLE = 1;
    private static final long OUTER_SHAREABLE = 2;
    private static final long DEVICE = 0;
    private static final long NON_CACHEABLE = 1;
    private static final long READ_ALLOCATE_WRITE_BACK = 5;
    private static final long SAME_AS_INNER = 0;

    private TableAttributes() {}

    /// {@return a register with memory types that are kept: inner-shareable for outer-shareable, cacheable inside,
    /// outside as inside or non-cacheable}
    ///
    /// @param inner position of the inner cacheability
    /// @param share position of the shareability
    /// @param outer position of the outer cacheability
    static long sanitise(long register, int inner, int share, int outer) {
        long value = register;
        if (field(value, share, SHAREABILITY) == OUTER_SHAREABLE) {
            value = with(value, share, SHAREABILITY, INNER_SHAREABLE);
        }
        long cache = field(value, inner, CACHEABILITY);
        if (cache == DEVICE || cache == NON_CACHEABLE) {
            value = with(value, inner, CACHEABILITY, READ_ALLOCATE_WRITE_BACK);
        }
        long outside = field(value, outer, CACHEABILITY);
        if (outside != SAME_AS_INNER && outside != NON_CACHEABLE) {
            value = with(value, outer, CACHEABILITY, NON_CACHEABLE);
        }
        return value;
    }

    /// {@return what a register starts with: inner-shareable, read-allocate write-back}
    static long initial(int inner, int share) {
        return READ_ALLOCATE_WRITE_BACK << inner | INNER_SHAREABLE << share;
    }

    private static long field(long value, int shift, long mask) {
        return value >>> shift & mask;
    }

    private static long with(long value, int shift, long mask, long field) {
        return (value & ~(mask << shift)) | field << shift;
    }
}

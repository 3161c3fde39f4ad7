package dev.ipanema.arm.memory;

/// The cacheability of Normal memory at one level with its allocation hints (ASL type `MemAttrHints`).
///
/// Instances are interned: one object per value. Non-cacheable has no hints. The packed form of five bits
/// is this project's own (cacheability in bits 1:0, then read-allocate, write-allocate, transient), not an
/// Arm encoding.
public final class MemAttrHints {
    static final int PACKED_BITS = 5;
    static final int CACHEABILITY = 0b11;
    static final int READ_ALLOCATE = 1 << 2;
    static final int WRITE_ALLOCATE = 1 << 3;
    static final int TRANSIENT = 1 << 4;
    static final int HINTS = READ_ALLOCATE | WRITE_ALLOCATE | TRANSIENT;

    private static final MemAttrHints[] INTERNED = intern();

    /// Non-cacheable.
    public static final MemAttrHints NC = of(Cacheability.NC, false, false, false);
    /// Write-through, read- and write-allocate, not transient.
    public static final MemAttrHints WT_RWA = of(Cacheability.WT, true, true, false);
    /// Write-through, read-allocate, not transient.
    public static final MemAttrHints WT_RA = of(Cacheability.WT, true, false, false);
    /// Write-back, read- and write-allocate, not transient.
    public static final MemAttrHints WB_RWA = of(Cacheability.WB, true, true, false);
    /// Write-back, read-allocate only, not transient.
    public static final MemAttrHints WB_RA = of(Cacheability.WB, true, false, false);

    private final int packed;

    private MemAttrHints(int packed) {
        this.packed = packed;
    }

    private static MemAttrHints[] intern() {
        MemAttrHints[] all = new MemAttrHints[1 << PACKED_BITS];
        for (int packed = 0; packed < all.length; packed++) {
            all[packed] = new MemAttrHints(packed);
        }
        return all;
    }

    /// {@return the value of a cacheability and its hints; hints of non-cacheable memory are dropped}
    public static MemAttrHints of(
            Cacheability cacheability, boolean readAllocate, boolean writeAllocate, boolean isTransient) {
        if (cacheability == Cacheability.NC) {
            return INTERNED[0];
        }
        return INTERNED[
                cacheability.ordinal()
                        | (readAllocate ? READ_ALLOCATE : 0)
                        | (writeAllocate ? WRITE_ALLOCATE : 0)
                        | (isTransient ? TRANSIENT : 0)];
    }

    static MemAttrHints ofPacked(int packed) {
        return INTERNED[packed];
    }

    int packed() {
        return packed;
    }

    /// {@return NC, WT or WB}
    public Cacheability cacheability() {
        return Cacheability.ofOrdinal(packed & CACHEABILITY);
    }

    /// {@return whether a read should allocate}
    public boolean readAllocate() {
        return (packed & READ_ALLOCATE) != 0;
    }

    /// {@return whether a write should allocate}
    public boolean writeAllocate() {
        return (packed & WRITE_ALLOCATE) != 0;
    }

    /// {@return whether the benefit of caching is expected to be short}
    public boolean isTransient() {
        return (packed & TRANSIENT) != 0;
    }

    /// {@return the allocation hints: `RWA`, `RA`, `WA` or `no-alloc`; empty for non-cacheable}
    public String hints() {
        if (cacheability() == Cacheability.NC) {
            return "";
        }
        return switch (packed & (READ_ALLOCATE | WRITE_ALLOCATE)) {
            case READ_ALLOCATE | WRITE_ALLOCATE -> "RWA";
            case READ_ALLOCATE -> "RA";
            case WRITE_ALLOCATE -> "WA";
            default -> "no-alloc";
        };
    }

    /// {@return for example `WB-RWA`, `WT-RA-transient`, `NC`}
    @Override
    public String toString() {
        if (cacheability() == Cacheability.NC) {
            return "NC";
        }
        return cacheability() + "-" + hints() + (isTransient() ? "-transient" : "");
    }
}

package dev.ipanema.arm.memory;

/// When a misaligned access faults: first by what it is ([#faultsByAccess], virtual address only), then by
/// the stage-1 type, then by the stage-2 type ([#faultsByType], the last with FWB on the combined type).
/// All of them report fault status 0x21; the first two to EL1, the last to EL2 (Arm ARM DDI 0487, alignment
/// of data accesses; ASL `AArch64_UnalignedAccessFaults`, `AArch64_S1HasAlignmentFault`,
/// `AArch64_S2HasAlignmentFault`).
///
/// With a stage-1 type of Device an unaligned access faults at stage 1 even where FWB makes the final type
/// Write-back.
public final class AlignmentRules {
    private static final int ATOMIC_QUANTITY = 16;

    /// What an access is, as far as alignment cares.
    public enum AccessClass {
        /// An ordinary load or store, also of a pair or of a SIMD register.
        PLAIN,
        /// Load-acquire, store-release and their LDAPR and STLUR forms, not exclusive.
        ACQUIRE_RELEASE,
        /// Load- and store-exclusive, compare and swap, LSE atomic.
        EXCLUSIVE_OR_ATOMIC,
        /// LD64B, ST64B and its relatives, read-check-write, guarded control stack: always to be aligned.
        ALWAYS_ALIGNED,
        /// DC ZVA: any address, but never to Device memory.
        DC_ZVA,
        /// Storing or loading allocation tags. Device memory is a CONSTRAINED choice: no fault here.
        TAG,
        /// DC and IC by address, AT: never checked.
        CACHE_MAINTENANCE,
        /// Instruction fetch, whose alignment is that of the PC.
        FETCH
    }

    private AlignmentRules() {}

    /// {@return whether an address is a multiple of the alignment of its access}
    /// @param alignment a power of two in bytes: the element of a pair, else the access
    public static boolean isAligned(long va, int alignment) {
        return (va & alignment - 1) == 0;
    }

    /// Whether an access faults whatever memory it reaches.
    ///
    /// @param accessClass what the access is
    /// @param va virtual address
    /// @param bytes size of the whole access
    /// @param alignment natural alignment in bytes: of an element for an ordinary pair, of the whole for
    /// others
    /// @param sctlrA SCTLR_EL1.A: alignment is enforced
    /// @param sctlrNaa SCTLR_EL1.nAA: acquire and release accesses may cross 16 bytes
    /// @param lse2 whether the CPU has FEAT_LSE2
    public static boolean faultsByAccess(
            AccessClass accessClass,
            long va,
            int bytes,
            int alignment,
            boolean sctlrA,
            boolean sctlrNaa,
            boolean lse2) {
        if (isAligned(va, alignment)) {
            return false;
        }
        return switch (accessClass) {
            case PLAIN -> sctlrA;
            case ACQUIRE_RELEASE -> sctlrA || !lse2 || (!sctlrNaa && crosses(va, bytes));
            case EXCLUSIVE_OR_ATOMIC -> sctlrA || !lse2 || crosses(va, bytes);
            case ALWAYS_ALIGNED, TAG -> true;
            case DC_ZVA, CACHE_MAINTENANCE, FETCH -> false;
        };
    }

    private static boolean crosses(long va, int bytes) {
        return (va & ATOMIC_QUANTITY - 1) + bytes > ATOMIC_QUANTITY;
    }

    /// Whether an access that [#faultsByAccess] let pass faults because of the type of memory.
    ///
    /// A misaligned atomic within 16 bytes to Normal memory that is not Write-back may fault or work; it
    /// works here.
    ///
    /// @param accessClass what the access is
    /// @param aligned result of [#isAligned]
    /// @param type the stage-1 type, or for the stage-2 check the result of [Stage2Modifiers#leafType]
    public static boolean faultsByType(AccessClass accessClass, boolean aligned, MemoryAttributes type) {
        return type.isDevice()
                && switch (accessClass) {
                    case PLAIN, ACQUIRE_RELEASE, EXCLUSIVE_OR_ATOMIC, ALWAYS_ALIGNED -> !aligned;
                    case DC_ZVA -> true;
                    case TAG, CACHE_MAINTENANCE, FETCH -> false;
                };
    }
}

package dev.ipanema.arm.memory;

/// On which memory exclusive, atomic and 64-byte accesses are guaranteed to work, by final type (Arm ARM
/// DDI 0487, the Arm architecture requirements on exclusives and on FEAT_LSE; ASL `SetExclusiveMonitors`).
///
/// Where they are not guaranteed, what happens is IMPLEMENTATION DEFINED: the access works, or it takes a
/// Data Abort with fault status 0x35 or an External abort. Which of them is a matter of the machine, not of
/// this class.
public final class ExclusiveRules {
    private ExclusiveRules() {}

    /// {@return whether load-exclusive, store-exclusive and LSE atomics are architecturally guaranteed on a
    /// type}
    public static boolean isGuaranteed(MemoryAttributes finalType) {
        return finalType.isWriteBackFullAllocate() && usesGlobalMonitor(finalType);
    }

    /// The stage that a Data Abort with fault status 0x35 is reported at: stage 1 when its type alone
    /// already is not Write-back, else stage 2.
    ///
    /// @param s1 the type that stage 1 gave for an access whose final type is not guaranteed
    /// @return 1 or 2
    public static int faultStage(MemoryAttributes s1) {
        return s1.isWriteBackFullAllocate() ? 2 : 1;
    }

    /// {@return whether exclusives on a type also use the global monitor: all but Non-shareable memory}
    public static boolean usesGlobalMonitor(MemoryAttributes finalType) {
        return finalType.shareability() != Shareability.NSH;
    }

    /// {@return whether LD64B and ST64B fault with status 0x35: they need Device or Normal Non-cacheable
    /// memory}
    /// @param type the stage-1 type, or for stage 2 the modified stage-2 type
    public static boolean faults64Byte(MemoryAttributes type) {
        return type.isCacheable();
    }
}

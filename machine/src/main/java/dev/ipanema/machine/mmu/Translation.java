package dev.ipanema.machine.mmu;

/// The outcome of translating one virtual address: what a combined TLB entry holds. Mutable, one object per
/// translator, overwritten by each translation.
final class Translation {
    static final int USER_READ = 1;
    static final int USER_WRITE = 1 << 1;
    static final int USER_EXEC = 1 << 2;
    static final int PRIV_READ = 1 << 3;
    static final int PRIV_WRITE = 1 << 4;
    static final int PRIV_EXEC = 1 << 5;
    static final int S2_READ = 1 << 6;
    static final int S2_WRITE = 1 << 7;
    static final int S2_PRIV_EXEC = 1 << 8;
    static final int S2_USER_EXEC = 1 << 9;

    /// The stage-2 (with FWB: combined) type is Device.
    static final int S2_DEVICE = 1 << 10;

    /// Stage 1 is writable by grace of its dirty bit modifier: the first write has to update the
    /// descriptor.
    static final int S1_CLEAN = 1 << 11;

    /// As [#S1_CLEAN], of stage 2.
    static final int S2_CLEAN = 1 << 12;

    /// The stage-1 leaf is a guarded page (FEAT_BTI).
    static final int GUARDED = 1 << 13;

    /// All of stage 1 is allowed to everybody: stage 1 is off.
    static final int S1_ALL = USER_READ | USER_WRITE | USER_EXEC | PRIV_READ | PRIV_WRITE | PRIV_EXEC;

    /// All of stage 2 is allowed: stage 2 is off.
    static final int S2_ALL = S2_READ | S2_WRITE | S2_PRIV_EXEC | S2_USER_EXEC;

    /// Of the access: virtual, intermediate and physical address.
    long va;

    long ipa;
    long pa;

    /// Permissions and flags: the constants above.
    int rights;

    /// [dev.ipanema.arm.memory.MemoryAttributes#packed] of stage 1 alone and of both stages.
    int s1Attributes;

    int attributes;

    /// The same for instruction fetches.
    int s1FetchAttributes;

    int fetchAttributes;

    /// Lookup levels of the leaves, -1 to 3.
    int s1Level;

    int s2Level;

    /// log2 of the bytes that the leaf of stage 1 covers, contiguous group included, and the smaller of
    /// both stages.
    int s1Shift;

    int shift;

    /// Stage 1 says global (nG clear, or stage 1 is off).
    boolean global;
}

package dev.ipanema.arm.a64;

/// The bits of `aux` that describe a load or store: enough to do the access and to build the syndrome of
/// its abort.
///
/// Bits 2:0 log2 of the bytes of one register, 3 [#SIGNED], 4 [#SF], 5 [#ACQUIRE], 6 [#RELEASE], 7
/// [#WRITE], 8 [#SYNDROME_VALID], 11:9 left shift of the index register, 14:12 its extension option, 15
/// [#UNPRIVILEGED].
public final class Access {
    /// A load that sign-extends (ISS.SSE).
    public static final int SIGNED = 1 << 3;
    /// The register is 64 bits wide (ISS.SF).
    public static final int SF = 1 << 4;
    /// The load has acquire semantics; on an atomic, its load.
    public static final int ACQUIRE = 1 << 5;
    /// The store has release semantics; on an atomic, its store.
    public static final int RELEASE = 1 << 6;
    /// The instruction stores; set on atomics also.
    public static final int WRITE = 1 << 7;
    /// One general-purpose register without write-back: an abort at stage 2 reports ISV (Arm ARM, ESR_ELx
    /// ISS of a data abort). Never set on exclusives and atomics.
    public static final int SYNDROME_VALID = 1 << 8;
    /// LDTR and STTR: checked as an access from EL0.
    public static final int UNPRIVILEGED = 1 << 15;

    private Access() {}

    /// {@return log2 of the bytes moved for one register, 0–4, or 6 for the 64-byte accesses}
    public static int log2Size(int aux) {
        return aux & 7;
    }

    /// {@return how far the index register is shifted left, 0–4}
    public static int indexShift(int aux) {
        return aux >>> 9 & 7;
    }
}

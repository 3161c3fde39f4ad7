package dev.ipanema.guests.program;

import org.jspecify.annotations.Nullable;

/// What the probe payload does at its address A, in the words of the recordings.
///
/// The payload's x2 is [ProbePayload#STORE_VALUE]. Where it says "executes", the code at A+0x800 is called.
public enum Operation {
    /// `LDR X, [A]`
    R("r"),
    /// `STR x2, [A]`
    W("w"),
    /// `LDR X, [A+0x101]`
    RU("ru"),
    /// `STR x2, [A+0x101]`
    WU("wu"),
    /// `LDR W, [A]`
    R32("r32"),
    /// executes A+0x800
    X("x"),
    /// `LDXR X, [A]; STXR W, x2, [A]`
    LDXR_STXR("ldxr_stxr"),
    /// `LDADD x2, X, [A]`
    LDADD("ldadd"),
    /// `DC ZVA, A+0x400`
    DCZVA("dczva"),
    /// `DC CIVAC, A`
    DCCIVAC("dccivac"),
    /// `DC IVAC, A`
    DCIVAC("dcivac"),
    /// `IC IVAU, A`
    ICIVAU("icivau"),
    /// `LDP X, X, [A]`
    LDP("ldp"),
    /// `STP x2, x2, [A]`
    STP("stp"),
    /// `LDR X, [A], #8`: an access without a valid instruction syndrome
    LDR_POST("ldr_post"),
    /// `AT S1E1R, A` and PAR_EL1
    AT_S1E1R("at_s1e1r"),
    /// R, then W
    R_W("r_w"),
    /// W, then X
    W_X("w_x"),
    /// X, then W
    X_W("x_w"),
    /// R, then X
    R_X("r_x");

    private final String word;

    Operation(String word) {
        this.word = word;
    }

    /// {@return how the recordings spell it}
    public String word() {
        return word;
    }

    /// {@return the operation of a spelling, null when there is none}
    public static @Nullable Operation of(String word) {
        for (Operation operation : values()) {
            if (operation.word.equals(word)) {
                return operation;
            }
        }
        return null;
    }
}

package dev.ipanema.arm.register;

/// Fields of `ICH_MISR_EL2`: why the virtual CPU interface asserts its maintenance interrupt.
///
/// Source: Arm IHI 0069 (GICv3 and GICv4), "ICH_MISR_EL2".
public final class IchMisrEl2 {
    public static final int EOI = 1;
    public static final int U = 1 << 1;
    public static final int LRENP = 1 << 2;
    public static final int NP = 1 << 3;
    public static final int VGRP0E = 1 << 4;
    public static final int VGRP0D = 1 << 5;
    public static final int VGRP1E = 1 << 6;
    public static final int VGRP1D = 1 << 7;

    private IchMisrEl2() {}
}

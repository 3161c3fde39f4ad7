package dev.ipanema.arm.pauth;

import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.SysReg;

/// A key of pointer authentication: its registers, the bit that turns its instructions on, and what it is for.
///
/// Source: Arm ARM DDI 0487, APIAKeyLo_EL1 and its like; SCTLR_EL1.
public enum PacKey {
    IA(SysReg.APIAKeyLo_EL1, SysReg.APIAKeyHi_EL1, SctlrEl1.ENIA, false, 0),
    IB(SysReg.APIBKeyLo_EL1, SysReg.APIBKeyHi_EL1, SctlrEl1.ENIB, false, 1),
    DA(SysReg.APDAKeyLo_EL1, SysReg.APDAKeyHi_EL1, SctlrEl1.ENDA, true, 0),
    DB(SysReg.APDBKeyLo_EL1, SysReg.APDBKeyHi_EL1, SctlrEl1.ENDB, true, 1),
    /// The generic key; nothing turns it off.
    GA(SysReg.APGAKeyLo_EL1, SysReg.APGAKeyHi_EL1, 0, true, 0);

    private final SysReg low;
    private final SysReg high;
    private final long enable;
    private final boolean data;
    private final int number;

    PacKey(SysReg low, SysReg high, long enable, boolean data, int number) {
        this.low = low;
        this.high = high;
        this.enable = enable;
        this.data = data;
        this.number = number;
    }

    /// {@return whether a register is half of a key}
    public static boolean isHalfOf(SysReg register) {
        return register.compareTo(SysReg.APIAKeyLo_EL1) >= 0 && register.compareTo(SysReg.APGAKeyHi_EL1) <= 0;
    }

    /// {@return the register with bits 63:0 of the key}
    public SysReg low() {
        return low;
    }

    /// {@return the register with bits 127:64}
    public SysReg high() {
        return high;
    }

    /// {@return the bit of SCTLR_EL1 without which the key's instructions do nothing}
    public long enable() {
        return enable;
    }

    /// {@return whether it is for data pointers}
    public boolean isData() {
        return data;
    }

    /// {@return 0 for an A key, 1 for a B key}
    public int number() {
        return number;
    }
}

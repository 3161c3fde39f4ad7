package dev.ipanema.arm.register;

import org.jspecify.annotations.Nullable;

/// An address translation instruction for the EL1&0 regime.
///
/// Source: Arm ARM DDI 0487, C5.4 "A64 System instructions for address translation".
public enum AtOp {
    S1E1R(0, 8, 0, false, false, true, false),
    S1E1W(0, 8, 1, true, false, true, false),
    S1E0R(0, 8, 2, false, false, false, false),
    S1E0W(0, 8, 3, true, false, false, false),
    S1E1RP(0, 9, 0, false, false, true, true),
    S1E1WP(0, 9, 1, true, false, true, true),
    S12E1R(4, 8, 4, false, true, true, false),
    S12E1W(4, 8, 5, true, true, true, false),
    S12E0R(4, 8, 6, false, true, false, false),
    S12E0W(4, 8, 7, true, true, false, false);

    private final int encoding;
    private final boolean write;
    private final boolean bothStages;
    private final boolean privileged;
    private final boolean pan;

    AtOp(int op1, int crm, int op2, boolean write, boolean bothStages, boolean privileged, boolean pan) {
        this.encoding = SysReg.encoding(1, op1, 7, crm, op2);
        this.write = write;
        this.bothStages = bothStages;
        this.privileged = privileged;
        this.pan = pan;
    }

    /// {@return the instruction with this 16-bit encoding (see [SysReg#encoding()]), or null}
    public static @Nullable AtOp of(int encoding) {
        for (AtOp op : values()) {
            if (op.encoding == encoding) {
                return op;
            }
        }
        return null;
    }

    /// {@return the encoding packed as [SysReg#encoding()] packs it, op0 = 1}
    public int encoding() {
        return encoding;
    }

    /// {@return whether write permission is checked rather than read}
    public boolean isWrite() {
        return write;
    }

    /// {@return whether stage 2 translates the output too; EL1 may not execute these}
    public boolean bothStages() {
        return bothStages;
    }

    /// {@return whether the access is checked as one from EL1 rather than EL0}
    public boolean privileged() {
        return privileged;
    }

    /// {@return whether PSTATE.PAN is honoured (FEAT_PAN2)}
    public boolean honoursPan() {
        return pan;
    }
}

package dev.ipanema.arm.register;

import org.jspecify.annotations.Nullable;

/// A cache maintenance instruction, DC ZVA included.
///
/// Source: Arm ARM DDI 0487, C5.3 "A64 System instructions for cache maintenance".
public enum CacheOp {
    IC_IALLUIS(0, 1, 0, Operand.NONE),
    IC_IALLU(0, 5, 0, Operand.NONE),
    IC_IVAU(3, 5, 1, Operand.VA),
    DC_IVAC(0, 6, 1, Operand.VA),
    DC_ISW(0, 6, 2, Operand.SET_WAY),
    DC_CSW(0, 10, 2, Operand.SET_WAY),
    DC_CISW(0, 14, 2, Operand.SET_WAY),
    DC_ZVA(3, 4, 1, Operand.VA),
    DC_CVAC(3, 10, 1, Operand.VA),
    DC_CVAU(3, 11, 1, Operand.VA),
    DC_CVAP(3, 12, 1, Operand.VA),
    DC_CVADP(3, 13, 1, Operand.VA),
    DC_CIVAC(3, 14, 1, Operand.VA);

    /// What Xt names.
    public enum Operand {
        /// Xt is not read.
        NONE,
        /// A virtual address.
        VA,
        /// Level, set and way.
        SET_WAY
    }

    private final int encoding;
    private final Operand operand;

    CacheOp(int op1, int crm, int op2, Operand operand) {
        this.encoding = SysReg.encoding(1, op1, 7, crm, op2);
        this.operand = operand;
    }

    /// {@return the instruction with this 16-bit encoding (see [SysReg#encoding()]), or null}
    public static @Nullable CacheOp of(int encoding) {
        for (CacheOp op : values()) {
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

    /// {@return what Xt names}
    public Operand operand() {
        return operand;
    }

    /// {@return whether EL0 may execute it when SCTLR_EL1.UCI (or DZE for DC ZVA) allows}
    public boolean allowedAtEl0() {
        return (encoding >>> 11 & 7) == 3;
    }

    /// {@return whether it acts on instruction caches}
    public boolean isInstruction() {
        return this == IC_IALLUIS || this == IC_IALLU || this == IC_IVAU;
    }

    /// {@return whether it cleans or invalidates data to the point of coherency or persistence}
    public boolean toCoherency() {
        return switch (this) {
            case DC_IVAC, DC_CVAC, DC_CIVAC, DC_CVAP, DC_CVADP -> true;
            default -> false;
        };
    }
}

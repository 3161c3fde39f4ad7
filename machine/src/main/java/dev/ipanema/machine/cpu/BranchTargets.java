package dev.ipanema.machine.cpu;

import dev.ipanema.arm.register.Pstate;
import dev.ipanema.arm.register.SctlrEl1;

/// Branch target identification (FEAT_BTI): where an indirect branch may land in a guarded page.
///
/// PSTATE.BTYPE is set by an indirect branch and cleared where it lands; in between it is seen only by exceptions that
/// the fetch of the target takes.
///
/// Source: Arm ARM DDI 0487, D8.4.4 "Guarded pages"; `BranchTargetCheck`, `BTypeCompatible_BTI`,
/// `BTypeCompatible_PACIXSP`.
final class BranchTargets {
    /// BR by X16 or X17, or from a page that is not guarded.
    static final int JUMP = 1;

    /// BLR.
    static final int CALL = 2;

    /// BR from a guarded page.
    static final int GUARDED_JUMP = 3;

    /// The hint numbers of BTI, BTI c, BTI j and BTI jc.
    private static final int BTI_C = 34;

    private static final int BTI_J = 36;
    private static final int BTI_JC = 38;
    private static final int BTYPE_SHIFT = Long.numberOfTrailingZeros(Pstate.BTYPE);

    private BranchTargets() {}

    /// {@return PSTATE.BTYPE}
    static int btype(CpuContext ctx) {
        return (int) (ctx.pstate & Pstate.BTYPE) >>> BTYPE_SHIFT;
    }

    /// Sets PSTATE.BTYPE.
    static void set(CpuContext ctx, int btype) {
        ctx.pstate = (ctx.pstate & ~Pstate.BTYPE) | (long) btype << BTYPE_SHIFT;
    }

    /// Arrives in a page.
    ///
    /// @param target the decoded instruction there
    /// @return false, with PSTATE.BTYPE as it was, when an indirect branch may not come there or the instruction is
    ///     not decoded yet
    static boolean land(CpuContext ctx, boolean guarded, DecodedInstruction target) {
        ctx.pageGuarded = guarded;
        if ((ctx.pstate & Pstate.BTYPE) == 0) {
            return true;
        }
        if (guarded && !target.acceptsBranch(ctx, btype(ctx))) {
            return false;
        }
        ctx.pstate &= ~Pstate.BTYPE;
        return true;
    }

    /// {@return whether BTI accepts a branch}
    ///
    /// @param hint its hint number, which holds its operand
    static boolean bti(int hint, int btype) {
        return switch (hint) {
            case BTI_C -> btype != GUARDED_JUMP;
            case BTI_J -> btype != CALL;
            case BTI_JC -> true;
            default -> false;
        };
    }

    /// {@return whether PACIASP or PACIBSP accepts a branch}
    static boolean pacSp(CpuContext ctx, int btype) {
        long strict = ctx.el() == 0 ? SctlrEl1.BT0 : SctlrEl1.BT1;
        return btype != GUARDED_JUMP || (ctx.translation().sctlrEl1 & strict) == 0;
    }
}

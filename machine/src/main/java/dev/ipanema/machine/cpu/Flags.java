package dev.ipanema.machine.cpu;

import dev.ipanema.arm.register.Pstate;

/// Setting and testing the condition flags of a [CpuContext], which keeps them spread over four longs.
///
/// Source: Arm ARM DDI 0487, `AddWithCarry` and `ConditionHolds` of the shared pseudocode.
final class Flags {
    /// Bit n of entry c: whether condition c holds with NZCV = n.
    private static final int[] HOLDS = new int[16];

    static {
        for (int condition = 0; condition < 16; condition++) {
            for (int nzcv = 0; nzcv < 16; nzcv++) {
                HOLDS[condition] |= (holds(condition, nzcv) ? 1 : 0) << nzcv;
            }
        }
    }

    private Flags() {}

    private static boolean holds(int condition, int nzcv) {
        boolean n = (nzcv & 8) != 0;
        boolean z = (nzcv & 4) != 0;
        boolean c = (nzcv & 2) != 0;
        boolean v = (nzcv & 1) != 0;
        boolean positive = switch (condition >>> 1) {
            case 0 -> z;
            case 1 -> c;
            case 2 -> n;
            case 3 -> v;
            case 4 -> c && !z;
            case 5 -> n == v;
            case 6 -> n == v && !z;
            default -> true;
        };
        return positive != ((condition & 1) != 0 && condition != 15);
    }

    /// {@return whether a condition of an instruction, 0 to 15, holds}
    static boolean holds(CpuContext ctx, int condition) {
        return (HOLDS[condition & 15] >>> (int) (ctx.nzcv() >>> Pstate.NZCV_SHIFT) & 1) != 0;
    }

    /// Sets the flags of `result` = `a` + `b` (+ carry in), operands of 32 bits sign-extended.
    static void add(CpuContext ctx, long a, long b, long result) {
        ctx.flagN = result;
        ctx.flagZ = result;
        ctx.flagC = a & b | (a | b) & ~result;
        ctx.flagV = (a ^ result) & (b ^ result);
    }

    /// Sets the flags of `result` = `a` − `b`, operands of 32 bits sign-extended.
    static void sub(CpuContext ctx, long a, long b, long result) {
        ctx.flagN = result;
        ctx.flagZ = result;
        ctx.flagC = a & ~b | (a | ~b) & ~result;
        ctx.flagV = (a ^ b) & (a ^ result);
    }

    /// Sets the flags of a logical result, of 32 bits sign-extended.
    static void logical(CpuContext ctx, long result) {
        ctx.flagN = result;
        ctx.flagZ = result;
        ctx.flagC = 0;
        ctx.flagV = 0;
    }

    /// {@return the carry flag, 0 or 1}
    static long carry(CpuContext ctx) {
        return ctx.flagC >>> 63;
    }
}

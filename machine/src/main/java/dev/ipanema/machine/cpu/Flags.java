package dev.ipanema.machine.cpu;

import dev.ipanema.arm.a64.Condition;
import dev.ipanema.arm.a64.PreDecoded;
import dev.ipanema.arm.register.Pstate;

/// Setting and testing the condition flags of a [CpuContext], which keeps them spread over four longs.
///
/// Source: Arm ARM DDI 0487, `AddWithCarry` of the shared pseudocode.
final class Flags {
    private Flags() {}

    /// {@return whether the condition in the aux of an instruction holds}
    static boolean holds(CpuContext ctx, int aux) {
        return Condition.holds(PreDecoded.condition(aux), (int) (ctx.nzcv() >>> Pstate.NZCV_SHIFT));
    }

    /// Sets the flags of `result` = `a` + `b` (+ carry in), operands of 32 bits sign-extended.
    static void add(CpuContext ctx, long a, long b, long result) {
        ctx.flagN = result;
        ctx.flagZ = result;
        ctx.flagC = (a & b) | ((a | b) & ~result);
        ctx.flagV = (a ^ result) & (b ^ result);
    }

    /// Sets the flags of `result` = `a` − `b`, operands of 32 bits sign-extended.
    static void sub(CpuContext ctx, long a, long b, long result) {
        ctx.flagN = result;
        ctx.flagZ = result;
        ctx.flagC = (a & ~b) | ((a | ~b) & ~result);
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

    /// {@return a + b, flags set}
    static long adds64(CpuContext ctx, long a, long b) {
        long result = a + b;
        add(ctx, a, b, result);
        return result;
    }

    /// {@return a − b, flags set}
    static long subs64(CpuContext ctx, long a, long b) {
        long result = a - b;
        sub(ctx, a, b, result);
        return result;
    }

    /// {@return a + b + carry, flags set}
    static long adcs64(CpuContext ctx, long a, long b) {
        long result = a + b + carry(ctx);
        add(ctx, a, b, result);
        return result;
    }

    /// {@return the argument, flags set as by a logical operation}
    static long ands64(CpuContext ctx, long result) {
        logical(ctx, result);
        return result;
    }

    /// {@return a + b zero-extended, flags set}
    static long adds32(CpuContext ctx, int a, int b) {
        int result = a + b;
        add(ctx, a, b, result);
        return result & Integers.LOW32;
    }

    /// {@return a − b zero-extended, flags set}
    static long subs32(CpuContext ctx, int a, int b) {
        int result = a - b;
        sub(ctx, a, b, result);
        return result & Integers.LOW32;
    }

    /// {@return a + b + carry zero-extended, flags set}
    static long adcs32(CpuContext ctx, int a, int b) {
        int result = a + b + (int) carry(ctx);
        add(ctx, a, b, result);
        return result & Integers.LOW32;
    }

    /// {@return the argument zero-extended, flags set as by a logical operation}
    static long ands32(CpuContext ctx, int result) {
        logical(ctx, result);
        return result & Integers.LOW32;
    }
}

package dev.ipanema.machine.cpu;

import static dev.ipanema.machine.cpu.Integers.LOW32;

import dev.ipanema.arm.a64.PreDecoded;
import dev.ipanema.arm.register.Pstate;
import dev.ipanema.machine.mmu.Mmu;

/// The integer instructions that guests execute most. `mask` is what a result keeps: all bits, or the low 32 of the
/// forms on W registers.
///
/// Source: Arm ARM DDI 0487, C6.2 by name.
final class IntegerInstructions {
    private IntegerInstructions() {}

    /// Operands in registers.
    abstract static class Register extends DecodedInstruction {
        final int d;
        final int n;
        final int m;
        final int a;
        final int aux;
        final int amount;
        final int left;
        final int right;
        final long mask;

        Register(long word, long mask) {
            super(word);
            this.d = PreDecoded.rd(word);
            this.n = PreDecoded.rn(word);
            this.m = PreDecoded.rm(word);
            this.a = PreDecoded.ra(word);
            this.aux = PreDecoded.aux(word);
            this.amount = PreDecoded.shiftAmount(aux);
            int upper = mask == LOW32 ? 32 : 0;
            this.left = (aux & 63) + upper;
            this.right = (aux >>> 8) + upper;
            this.mask = mask;
        }
    }

    /// One operand a constant.
    abstract static class Immediate extends DecodedInstruction {
        final int d;
        final int n;
        final int a;
        final int aux;
        final int amount;
        final long imm;
        final long mask;

        Immediate(long word, long imm, long mask) {
            super(word);
            this.d = PreDecoded.rd(word);
            this.n = PreDecoded.rn(word);
            this.a = PreDecoded.ra(word);
            this.aux = PreDecoded.aux(word);
            this.amount = aux;
            this.imm = imm;
            this.mask = mask;
        }
    }

    /// ADD and SUB (immediate), the latter with its operand negated.
    static final class AddImmediate extends Immediate {
        AddImmediate(long word, long imm, long mask) {
            super(word, imm, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = (x[n] + imm) & mask;
            return at + 1;
        }
    }

    /// AND (immediate).
    static final class AndImmediate extends Immediate {
        AndImmediate(long word, long imm, long mask) {
            super(word, imm, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = x[n] & imm;
            return at + 1;
        }
    }

    /// ORR (immediate).
    static final class OrrImmediate extends Immediate {
        OrrImmediate(long word, long imm, long mask) {
            super(word, imm, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = (x[n] | imm) & mask;
            return at + 1;
        }
    }

    /// EOR (immediate).
    static final class EorImmediate extends Immediate {
        EorImmediate(long word, long imm, long mask) {
            super(word, imm, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = (x[n] ^ imm) & mask;
            return at + 1;
        }
    }

    /// MOVZ, MOVN.
    static final class Constant extends Immediate {
        Constant(long word, long imm, long mask) {
            super(word, imm, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = imm;
            return at + 1;
        }
    }

    /// ADR and ADRP: a constant distance from the start of the page.
    static final class PageAddress extends Immediate {
        PageAddress(long word, long imm, long mask) {
            super(word, imm, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = ctx.pageVa + imm;
            return at + 1;
        }
    }

    /// MOVK: `mask` is what stays.
    static final class MoveKeep extends Immediate {
        MoveKeep(long word, long imm, long mask) {
            super(word, imm, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = (x[a] & mask) | imm;
            return at + 1;
        }
    }

    /// ADDS (immediate), 64 bits.
    static final class AddsImmediate extends Immediate {
        AddsImmediate(long word, long imm, long mask) {
            super(word, imm, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = Flags.adds64(ctx, x[n], imm);
            return at + 1;
        }
    }

    /// ADDS (immediate), 32 bits.
    static final class AddsImmediate32 extends Immediate {
        AddsImmediate32(long word, long imm, long mask) {
            super(word, imm, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = Flags.adds32(ctx, (int) x[n], (int) imm);
            return at + 1;
        }
    }

    /// SUBS (immediate), 64 bits.
    static final class SubsImmediate extends Immediate {
        SubsImmediate(long word, long imm, long mask) {
            super(word, imm, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = Flags.subs64(ctx, x[n], imm);
            return at + 1;
        }
    }

    /// SUBS (immediate), 32 bits.
    static final class SubsImmediate32 extends Immediate {
        SubsImmediate32(long word, long imm, long mask) {
            super(word, imm, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = Flags.subs32(ctx, (int) x[n], (int) imm);
            return at + 1;
        }
    }

    /// ANDS (immediate), 64 bits.
    static final class AndsImmediate extends Immediate {
        AndsImmediate(long word, long imm, long mask) {
            super(word, imm, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = Flags.ands64(ctx, x[n] & imm);
            return at + 1;
        }
    }

    /// ANDS (immediate), 32 bits.
    static final class AndsImmediate32 extends Immediate {
        AndsImmediate32(long word, long imm, long mask) {
            super(word, imm, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = Flags.ands32(ctx, (int) (x[n] & imm));
            return at + 1;
        }
    }

    /// BFM, 64 bits: `imm` is the mask of what is inserted.
    static final class Insert extends Immediate {
        Insert(long word, long imm, long mask) {
            super(word, imm, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = (x[a] & ~imm) | (Long.rotateRight(x[n], amount) & imm);
            return at + 1;
        }
    }

    /// BFM, 32 bits.
    static final class Insert32 extends Immediate {
        Insert32(long word, long imm, long mask) {
            super(word, imm, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = ((x[a] & ~imm) | (Integer.rotateRight((int) x[n], amount) & imm)) & mask;
            return at + 1;
        }
    }

    /// UBFM; of 32 bits by shifting through the upper half.
    static final class UnsignedBitfield extends Register {
        UnsignedBitfield(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = x[n] << left >>> right;
            return at + 1;
        }
    }

    /// SBFM; of 32 bits by shifting through the upper half.
    static final class SignedBitfield extends Register {
        SignedBitfield(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = x[n] << left >> right & mask;
            return at + 1;
        }
    }

    /// MOV (register).
    static final class Move extends Register {
        Move(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = x[m] & mask;
            return at + 1;
        }
    }

    /// ADD (register).
    static final class AddRegister extends Register {
        AddRegister(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = (x[n] + x[m]) & mask;
            return at + 1;
        }
    }

    /// SUB (register).
    static final class SubRegister extends Register {
        SubRegister(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = (x[n] - x[m]) & mask;
            return at + 1;
        }
    }

    /// AND (register).
    static final class AndRegister extends Register {
        AndRegister(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = (x[n] & x[m]) & mask;
            return at + 1;
        }
    }

    /// ORR (register).
    static final class OrrRegister extends Register {
        OrrRegister(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = (x[n] | x[m]) & mask;
            return at + 1;
        }
    }

    /// EOR (register).
    static final class EorRegister extends Register {
        EorRegister(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = (x[n] ^ x[m]) & mask;
            return at + 1;
        }
    }

    /// ADD (shifted register) with LSL, which does not need the width.
    static final class AddShiftedLeft extends Register {
        AddShiftedLeft(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = (x[n] + (x[m] << amount)) & mask;
            return at + 1;
        }
    }

    /// SUB (shifted register) with LSL, which does not need the width.
    static final class SubShiftedLeft extends Register {
        SubShiftedLeft(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = (x[n] - (x[m] << amount)) & mask;
            return at + 1;
        }
    }

    /// AND (shifted register) with LSL, which does not need the width.
    static final class AndShiftedLeft extends Register {
        AndShiftedLeft(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = (x[n] & (x[m] << amount)) & mask;
            return at + 1;
        }
    }

    /// BIC (shifted register) with LSL, which does not need the width.
    static final class BicShiftedLeft extends Register {
        BicShiftedLeft(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = (x[n] & ~(x[m] << amount)) & mask;
            return at + 1;
        }
    }

    /// ORR (shifted register) with LSL, which does not need the width.
    static final class OrrShiftedLeft extends Register {
        OrrShiftedLeft(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = (x[n] | (x[m] << amount)) & mask;
            return at + 1;
        }
    }

    /// ORN (shifted register) with LSL, which does not need the width.
    static final class OrnShiftedLeft extends Register {
        OrnShiftedLeft(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = (x[n] | ~(x[m] << amount)) & mask;
            return at + 1;
        }
    }

    /// EOR (shifted register) with LSL, which does not need the width.
    static final class EorShiftedLeft extends Register {
        EorShiftedLeft(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = (x[n] ^ (x[m] << amount)) & mask;
            return at + 1;
        }
    }

    /// ADD (extended register).
    static final class AddExtended extends Register {
        AddExtended(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = (x[n] + PreDecoded.extend(x[m], aux)) & mask;
            return at + 1;
        }
    }

    /// ADDS (register), 64 bits.
    static final class AddsRegister extends Register {
        AddsRegister(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = Flags.adds64(ctx, x[n], x[m]);
            return at + 1;
        }
    }

    /// ADDS (register), 32 bits.
    static final class AddsRegister32 extends Register {
        AddsRegister32(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = Flags.adds32(ctx, (int) x[n], (int) x[m]);
            return at + 1;
        }
    }

    /// SUBS (register), 64 bits.
    static final class SubsRegister extends Register {
        SubsRegister(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = Flags.subs64(ctx, x[n], x[m]);
            return at + 1;
        }
    }

    /// SUBS (register), 32 bits.
    static final class SubsRegister32 extends Register {
        SubsRegister32(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = Flags.subs32(ctx, (int) x[n], (int) x[m]);
            return at + 1;
        }
    }

    /// ANDS (register), 64 bits.
    static final class AndsRegister extends Register {
        AndsRegister(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = Flags.ands64(ctx, x[n] & x[m]);
            return at + 1;
        }
    }

    /// ANDS (register), 32 bits.
    static final class AndsRegister32 extends Register {
        AndsRegister32(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = Flags.ands32(ctx, (int) (x[n] & x[m]));
            return at + 1;
        }
    }

    /// CSEL.
    static final class Csel extends Register {
        Csel(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = (Flags.holds(ctx, aux) ? x[n] : x[m]) & mask;
            return at + 1;
        }
    }

    /// CSINC.
    static final class Csinc extends Register {
        Csinc(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = (Flags.holds(ctx, aux) ? x[n] : x[m] + 1) & mask;
            return at + 1;
        }
    }

    /// CSINV.
    static final class Csinv extends Register {
        Csinv(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = (Flags.holds(ctx, aux) ? x[n] : ~x[m]) & mask;
            return at + 1;
        }
    }

    /// CSNEG.
    static final class Csneg extends Register {
        Csneg(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = (Flags.holds(ctx, aux) ? x[n] : -x[m]) & mask;
            return at + 1;
        }
    }

    /// CCMP (register), 64 bits.
    static final class CcmpRegister extends Register {
        CcmpRegister(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            if (Flags.holds(ctx, aux)) {
                Flags.subs64(ctx, x[n], x[m]);
            } else {
                ctx.setNzcv((long) PreDecoded.nzcv(aux) << Pstate.NZCV_SHIFT);
            }
            return at + 1;
        }
    }

    /// CCMP (register), 32 bits.
    static final class CcmpRegister32 extends Register {
        CcmpRegister32(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            if (Flags.holds(ctx, aux)) {
                Flags.subs32(ctx, (int) x[n], (int) x[m]);
            } else {
                ctx.setNzcv((long) PreDecoded.nzcv(aux) << Pstate.NZCV_SHIFT);
            }
            return at + 1;
        }
    }

    /// CCMP (immediate), 64 bits.
    static final class CcmpImmediate extends Immediate {
        CcmpImmediate(long word, long imm, long mask) {
            super(word, imm, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            if (Flags.holds(ctx, aux)) {
                Flags.subs64(ctx, x[n], imm);
            } else {
                ctx.setNzcv((long) PreDecoded.nzcv(aux) << Pstate.NZCV_SHIFT);
            }
            return at + 1;
        }
    }

    /// CCMP (immediate), 32 bits.
    static final class CcmpImmediate32 extends Immediate {
        CcmpImmediate32(long word, long imm, long mask) {
            super(word, imm, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            if (Flags.holds(ctx, aux)) {
                Flags.subs32(ctx, (int) x[n], (int) imm);
            } else {
                ctx.setNzcv((long) PreDecoded.nzcv(aux) << Pstate.NZCV_SHIFT);
            }
            return at + 1;
        }
    }

    /// MADD.
    static final class Madd extends Register {
        Madd(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = (x[a] + x[n] * x[m]) & mask;
            return at + 1;
        }
    }

    /// MSUB.
    static final class Msub extends Register {
        Msub(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = (x[a] - x[n] * x[m]) & mask;
            return at + 1;
        }
    }

    /// SMADDL.
    static final class Smaddl extends Register {
        Smaddl(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = x[a] + (long) (int) x[n] * (int) x[m];
            return at + 1;
        }
    }

    /// UMADDL.
    static final class Umaddl extends Register {
        Umaddl(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = x[a] + (x[n] & LOW32) * (x[m] & LOW32);
            return at + 1;
        }
    }

    /// UMULH.
    static final class Umulh extends Register {
        Umulh(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = Math.unsignedMultiplyHigh(x[n], x[m]);
            return at + 1;
        }
    }

    /// LSLV, 64 bits.
    static final class Lslv extends Register {
        Lslv(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = x[n] << x[m];
            return at + 1;
        }
    }

    /// LSLV, 32 bits.
    static final class Lslv32 extends Register {
        Lslv32(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = (int) x[n] << (int) x[m] & LOW32;
            return at + 1;
        }
    }

    /// LSRV, 64 bits.
    static final class Lsrv extends Register {
        Lsrv(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = x[n] >>> x[m];
            return at + 1;
        }
    }

    /// LSRV, 32 bits.
    static final class Lsrv32 extends Register {
        Lsrv32(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = (int) x[n] >>> (int) x[m] & LOW32;
            return at + 1;
        }
    }

    /// ASRV, 64 bits.
    static final class Asrv extends Register {
        Asrv(long word, long mask) {
            super(word, mask);
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = x[n] >> x[m];
            return at + 1;
        }
    }
}

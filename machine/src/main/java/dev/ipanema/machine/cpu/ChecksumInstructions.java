package dev.ipanema.machine.cpu;

import static dev.ipanema.machine.cpu.Integers.LOW32;

import dev.ipanema.arm.a64.Op;
import dev.ipanema.arm.a64.PreDecoded;
import dev.ipanema.machine.mmu.Mmu;
import org.jspecify.annotations.Nullable;

/// Integer instructions on registers that checksums and cryptography execute often: add with carry, extract, reversed
/// bytes, leading zeros.
///
/// Source: Arm ARM DDI 0487, C6.2 by name.
final class ChecksumInstructions {
    private ChecksumInstructions() {}

    /// {@return the executable form, null for an operation that is none of these}
    static @Nullable DecodedInstruction make(int op, long word, long imm) {
        return switch (op) {
            case Op.ADC_X -> new AddWithCarry(word, -1L);
            case Op.ADC_W -> new AddWithCarry(word, LOW32);
            case Op.EXTR_X -> new Extract(word, (int) imm);
            case Op.EXTR_W -> new Extract32(word, (int) imm);
            case Op.REV_X -> new Reverse(word, 0);
            case Op.REV_W -> new Reverse(word, 32);
            case Op.CLZ_X -> new LeadingZeros(word, 0, -1L);
            case Op.CLZ_W -> new LeadingZeros(word, 32, LOW32);
            default -> null;
        };
    }

    abstract static class Registers extends DecodedInstruction {
        final int d;
        final int n;
        final int m;

        Registers(long word) {
            super(word);
            this.d = PreDecoded.rd(word);
            this.n = PreDecoded.rn(word);
            this.m = PreDecoded.rm(word);
        }
    }

    /// ADC.
    static final class AddWithCarry extends Registers {
        private final long mask;

        AddWithCarry(long word, long mask) {
            super(word);
            this.mask = mask;
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = (x[n] + x[m] + Flags.carry(ctx)) & mask;
            return at + 1;
        }
    }

    /// EXTR of X registers, ROR (immediate).
    static final class Extract extends Registers {
        private final int lsb;

        Extract(long word, int lsb) {
            super(word);
            this.lsb = lsb;
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = Integers.extract(x[n], x[m], lsb);
            return at + 1;
        }
    }

    /// EXTR of W registers.
    static final class Extract32 extends Registers {
        private final int lsb;

        Extract32(long word, int lsb) {
            super(word);
            this.lsb = lsb;
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = Integers.extract((int) x[n], (int) x[m], lsb) & LOW32;
            return at + 1;
        }
    }

    /// REV of all bytes of a register.
    static final class Reverse extends Registers {
        /// Bits that a W register lacks.
        private final int missing;

        Reverse(long word, int missing) {
            super(word);
            this.missing = missing;
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            x[d] = Long.reverseBytes(x[n]) >>> missing;
            return at + 1;
        }
    }

    /// CLZ.
    static final class LeadingZeros extends Registers {
        private final int missing;
        private final long mask;

        LeadingZeros(long word, int missing, long mask) {
            super(word);
            this.missing = missing;
            this.mask = mask;
        }

        @Override
        int execute(CpuContext ctx, Mmu mmu, int at) {
            long[] x = ctx.x;
            int zeros = Long.numberOfLeadingZeros(x[n] & mask) - missing;
            x[d] = zeros;
            return at + 1;
        }
    }
}

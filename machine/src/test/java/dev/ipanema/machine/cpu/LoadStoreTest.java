package dev.ipanema.machine.cpu;

import static dev.ipanema.arm.a64.Reg.SP;
import static dev.ipanema.arm.a64.Reg.X0;
import static dev.ipanema.arm.a64.Reg.X1;
import static dev.ipanema.arm.a64.Reg.X2;
import static dev.ipanema.arm.a64.Reg.X3;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.machine.memory.Agent;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class LoadStoreTest {
    private static final long SEED = Long.getLong("ipanema.seed", 20250705);
    private static final int ROUNDS = Boolean.getBoolean("ipanema.long") ? 2_000_000 : 30_000;
    private static final int WINDOW = 1 << 13;

    /// A second implementation of loads and stores of one general register, from the encodings (Arm ARM C4.1.94).
    private static final class Oracle {
        final long[] x = new long[32];
        final byte[] memory = new byte[WINDOW];
        int base;

        static int bits(int insn, int high, int low) {
            return insn >>> low & (1 << high - low + 1) - 1;
        }

        static long signed(long value, int size) {
            return value << 64 - size >> 64 - size;
        }

        long zeroOr(int n) {
            return n == 31 ? 0 : x[n];
        }

        /// Executes a load or store; the base register's value is `base` bytes into the window.
        ///
        /// @return false when the encoding is unallocated or not for general registers
        boolean execute(int insn) {
            int log2 = bits(insn, 31, 30);
            int opc = bits(insn, 23, 22);
            if (opc == 3 && log2 >= 2 || opc == 2 && log2 == 3) {
                return false;
            }
            int n = bits(insn, 9, 5);
            long address = x[n];
            long writeBack = 0;
            boolean writesBack = false;
            if (bits(insn, 24, 24) == 1) {
                address += (long) bits(insn, 21, 10) << log2;
            } else if (bits(insn, 21, 21) == 1) {
                int option = bits(insn, 15, 13);
                if (bits(insn, 11, 10) != 2 || (option & 2) == 0) {
                    return false;
                }
                long m = zeroOr(bits(insn, 20, 16));
                long extended = option == 2 ? m & 0xffff_ffffL : option == 6 ? (int) m : m;
                address += extended << (bits(insn, 12, 12) == 1 ? log2 : 0);
            } else {
                long imm = signed(bits(insn, 20, 12), 9);
                int mode = bits(insn, 11, 10);
                writesBack = (mode & 1) == 1;
                writeBack = address + imm;
                if (mode != 1) {
                    address += imm;
                }
            }
            access(insn, opc, log2, (int) (address - Rig.DATA));
            if (writesBack) {
                x[n] = writeBack;
            }
            return true;
        }

        private void access(int insn, int opc, int log2, int at) {
            int t = bits(insn, 4, 0);
            int bytes = 1 << log2;
            if (opc == 0) {
                long value = zeroOr(t);
                for (int i = 0; i < bytes; i++) {
                    memory[at + i] = (byte) (value >>> 8 * i);
                }
                return;
            }
            long value = 0;
            for (int i = 0; i < bytes; i++) {
                value |= (memory[at + i] & 0xffL) << 8 * i;
            }
            if (opc >= 2) {
                value = signed(value, 8 * bytes);
                value = opc == 3 ? value & 0xffff_ffffL : value;
            }
            if (t != 31) {
                x[t] = value;
            }
        }
    }

    @Test
    void randomAccessesAgreeWithTheOracle() {
        System.out.println("LoadStoreTest seed " + SEED);
        SplittableRandom random = new SplittableRandom(SEED);
        try (Rig rig = new Rig()) {
            rig.stage1(0).stage2();
            for (int round = 0; round < ROUNDS; round++) {
                // 0x38…: unscaled, unprivileged, pre, post, register; 0x39…: unsigned offset, kept small.
                int insn = random.nextInt() & 0xc0df_fc00 | 0x3800_0000 | (random.nextInt() & 0x0120_0000);
                insn = (insn & 1 << 24) != 0 ? insn & ~0x003f_0000 : insn;
                check(rig, random, insn, round);
            }
        }
    }

    private static void check(Rig rig, SplittableRandom random, int withoutRegisters, int round) {
        int t = random.nextInt(32);
        int n = (t + 1 + random.nextInt(29)) % 31;
        n = n == t ? (n + 1) % 31 : n;
        int insn = withoutRegisters & ~0x3ff | n << 5 | t;
        Oracle oracle = new Oracle();
        random.nextBytes(oracle.memory);
        for (int r = 0; r < 31; r++) {
            oracle.x[r] = r == n ? Rig.DATA + WINDOW / 2 + random.nextInt(64) : random.nextInt(-128, 128);
            if (r != n && Oracle.bits(insn, 15, 13) == 2) {
                oracle.x[r] &= 0xffff_0000_0000_007fL;
            }
            rig.ctx.setX(r, oracle.x[r]);
        }
        boolean isRegister = (insn & 1 << 24) == 0 && (insn & 1 << 21) != 0;
        if (isRegister && Oracle.bits(insn, 20, 16) == n) {
            return;
        }
        rig.memory.write(Agent.LOADER, TYPE, Rig.DATA, oracle.memory, 0, WINDOW);
        rig.ctx.set(SysReg.ESR_EL1, 0);
        boolean isPrefetch = (insn & 0xc080_0000) == 0xc080_0000 && (insn & 1 << 22) == 0;
        boolean isUnprivileged = (insn & 1 << 24) == 0 && !isRegister && Oracle.bits(insn, 11, 10) == 2;
        String what = "round %d insn 0x%08x seed %d".formatted(round, insn, SEED);
        if (isPrefetch || isUnprivileged || !oracle.execute(insn)) {
            return;
        }

        Exit exit = rig.step(asm -> asm.word(insn));

        assertThat(exit).as(what).isEqualTo(Exit.BUDGET);
        assertThat(rig.ctx.get(SysReg.ESR_EL1)).as(what).isZero();
        assertThat(Arrays.copyOf(rig.ctx.x, 31)).as(what).isEqualTo(Arrays.copyOf(oracle.x, 31));
        byte[] memory = new byte[WINDOW];
        rig.memory.read(Agent.LOADER, TYPE, Rig.DATA, memory, 0, WINDOW);
        assertThat(memory).as(what).isEqualTo(oracle.memory);
    }

    private static final dev.ipanema.arm.memory.MemoryAttributes TYPE =
            dev.ipanema.arm.memory.MemoryAttributes.NORMAL_WB;

    @Test
    void pairOfWordsIsSignExtendedByLdpsw() {
        try (Rig rig = new Rig()) {
            rig.write(Rig.DATA, 0x7fff_ffff_8000_0000L);
            rig.ctx.setX(0, Rig.DATA);

            rig.step(asm -> asm.emit("LDPSW_IMM", X1, X2, X0, 0L));

            assertThat(rig.ctx.x(1)).isEqualTo(0xffff_ffff_8000_0000L);
            assertThat(rig.ctx.x(2)).isEqualTo(0x7fff_ffffL);
        }
    }

    @Test
    void unprivilegedLoadIsCheckedAsEl0() {
        try (Rig rig = new Rig()) {
            rig.stage1(0);
            rig.ctx.setX(0, Rig.DATA);

            // LDTRH W1, [X0]
            rig.run(asm -> asm.word(0x7840_0801));

            // Data abort from EL1, permission fault at level 1.
            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.dataAbort(false, true, 0x0d));
            assertThat(rig.ctx.get(SysReg.FAR_EL1)).isEqualTo(Rig.DATA);
        }
    }

    @Test
    void unprivilegedSignedLoadExtendsToTheRegister() {
        try (Rig rig = new Rig()) {
            rig.write(Rig.DATA, 0x8001);
            rig.ctx.setX(0, Rig.DATA);

            // LDTRSH W1, [X0]; LDTRSH X2, [X0]
            rig.run(asm -> asm.word(0x78c0_0801).word(0x7880_0802).hvc(0));

            assertThat(rig.ctx.x(1)).isEqualTo(0xffff_8001L);
            assertThat(rig.ctx.x(2)).isEqualTo(0xffff_ffff_ffff_8001L);
        }
    }

    @Test
    void pairWithWriteBackMovesTheBase() {
        try (Rig rig = new Rig()) {
            rig.ctx.setX(1, 11);
            rig.ctx.setX(2, 22);

            rig.step(asm -> asm.stpPre(X1, X2, SP, -16));

            assertThat(rig.ctx.sp()).isEqualTo(Rig.STACK - 16);
            assertThat(rig.read(Rig.STACK - 16)).isEqualTo(11);
            assertThat(rig.read(Rig.STACK - 8)).isEqualTo(22);
            rig.step(asm -> asm.ldpPost(X3, X0, SP, 16));
            assertThat(rig.ctx.sp()).isEqualTo(Rig.STACK);
            assertThat(rig.ctx.x(3)).isEqualTo(11);
            assertThat(rig.ctx.x(0)).isEqualTo(22);
        }
    }

    @Test
    void storePairAcrossPagesStoresBothHalves() {
        try (Rig rig = new Rig()) {
            rig.stage1(0);
            rig.ctx.setX(0, Rig.DATA + 0xff8);
            rig.ctx.setX(1, 0x1111);
            rig.ctx.setX(2, 0x2222);

            rig.step(asm -> asm.stp(X1, X2, X0, 0));

            assertThat(rig.read(Rig.DATA + 0xff8)).isEqualTo(0x1111);
            assertThat(rig.read(Rig.DATA + 0x1000)).isEqualTo(0x2222);
        }
    }

    @Test
    void loadOfTheBaseWithWriteBackKeepsTheLoadedValue() {
        try (Rig rig = new Rig()) {
            rig.write(Rig.DATA, 0x1234);
            rig.ctx.setX(0, Rig.DATA);

            // LDR X0, [X0], #8: CONSTRAINED UNPREDICTABLE.
            rig.step(asm -> asm.word(0xf840_8400));

            assertThat(rig.ctx.x(0)).isEqualTo(0x1234);
        }
    }

    @Test
    void literalIsRelativeToTheInstruction() {
        try (Rig rig = new Rig()) {
            // LDR X1, .+16
            rig.run(asm -> asm.word(0x5800_0081).hvc(0).nop().nop().quad(0x1122_3344_5566_7788L));

            assertThat(rig.ctx.x(1)).isEqualTo(0x1122_3344_5566_7788L);
        }
    }

    @Test
    void misalignedStackPointerFaultsOnlyWhenChecked() {
        try (Rig rig = new Rig()) {
            rig.stage1(0);
            rig.ctx.setSp(Rig.STACK + 8);
            rig.write(Rig.STACK + 8, 77);

            rig.step(asm -> asm.ldr(X1, SP, 0));
            assertThat(rig.ctx.x(1)).isEqualTo(77);
            rig.ctx.set(SysReg.SCTLR_EL1, rig.ctx.get(SysReg.SCTLR_EL1) | SctlrEl1.SA);
            rig.run(asm -> asm.ldr(X2, SP, 0));

            assertThat(rig.reachedVector(0x200)).isTrue();
            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.spAlignment());
            assertThat(rig.ctx.get(SysReg.ELR_EL1)).isEqualTo(Rig.CODE);
            assertThat(rig.ctx.x(2)).isZero();
        }
    }

    @Test
    void misalignedStackPointerIsNotCheckedForAPrefetchOrALiteral() {
        try (Rig rig = new Rig()) {
            rig.stage1(0);
            rig.ctx.set(SysReg.SCTLR_EL1, rig.ctx.get(SysReg.SCTLR_EL1) | SctlrEl1.SA);
            rig.ctx.setSp(Rig.STACK + 8);

            // PRFM PLDL1KEEP, [SP]
            Exit exit = rig.step(asm -> asm.word(0xf980_03e0));

            assertThat(exit).isEqualTo(Exit.BUDGET);
            assertThat(rig.ctx.pc()).isEqualTo(Rig.CODE + 4);
        }
    }

    @Test
    void casPairWithX30DropsTheSecondRegister() {
        try (Rig rig = new Rig()) {
            rig.write(Rig.DATA, 5);
            rig.write(Rig.DATA + 8, 0);
            rig.ctx.setX(0, Rig.DATA);
            rig.ctx.setX(30, 5);
            rig.ctx.setX(2, 7);
            rig.ctx.setX(3, 8);

            // CASP X30, XZR, X2, X3, [X0]
            rig.step(asm -> asm.word(0x483e_7c02));

            assertThat(rig.read(Rig.DATA)).isEqualTo(7);
            assertThat(rig.read(Rig.DATA + 8)).isEqualTo(8);
            assertThat(rig.ctx.x(30)).isEqualTo(5);
            assertThat(rig.ctx.x[31]).isZero();
        }
    }
}

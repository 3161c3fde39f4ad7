package dev.ipanema.machine.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.register.Pstate;
import dev.ipanema.arm.register.SysReg;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Random words of the data-processing encodings on random registers, against [IntegerOracle].
class IntegerInstructionsTest {
    private static final long SEED = Long.getLong("ipanema.seed", 20250704);
    private static final int ROUNDS = Boolean.getBoolean("ipanema.long") ? 5_000_000 : 60_000;

    /// Values at which carries, signs and shifts change.
    private static final long[] CORNERS = {
        0, 1, 2, -1, Long.MAX_VALUE, Long.MIN_VALUE, 0x7fff_ffffL, 0x8000_0000L, 0xffff_ffffL, 0x1_0000_0000L, 63, 64
    };

    /// One group of encodings: its fixed bits, and which bits are fixed.
    private enum Group {
        PC_RELATIVE(0x1000_0000, 0x1f00_0000),
        ADD_SUB_IMMEDIATE(0x1100_0000, 0x1f80_0000),
        LOGICAL_IMMEDIATE(0x1200_0000, 0x1f80_0000),
        MOVE_WIDE(0x1280_0000, 0x1f80_0000),
        BITFIELD(0x1300_0000, 0x1f80_0000),
        EXTRACT(0x1380_0000, 0x1f80_0000),
        LOGICAL_SHIFTED(0x0a00_0000, 0x1f00_0000),
        ADD_SUB_SHIFTED(0x0b00_0000, 0x1f20_0000),
        ADD_SUB_EXTENDED(0x0b20_0000, 0x1f20_0000),
        ADD_SUB_CARRY(0x1a00_0000, 0x1fe0_fc00),
        CONDITIONAL_COMPARE(0x1a40_0000, 0x1fe0_0000),
        CONDITIONAL_SELECT(0x1a80_0000, 0x1fe0_0000),
        TWO_SOURCE(0x1ac0_0000, 0x7fe0_c000),
        ONE_SOURCE(0x5ac0_0000, 0x7fff_e000),
        THREE_SOURCE(0x1b00_0000, 0x1f00_0000);

        final int fixed;
        final int mask;

        Group(int fixed, int mask) {
            this.fixed = fixed;
            this.mask = mask;
        }
    }

    private static final int PACGA = 0x9ac0_3000;
    private static final int PACGA_MASK = 0xffe0_fc00;

    @Test
    void randomInstructionsAgreeWithTheOracle() {
        System.out.println("IntegerInstructionsTest seed " + SEED);
        SplittableRandom random = new SplittableRandom(SEED);
        Group[] groups = Group.values();
        try (Rig rig = new Rig()) {
            for (int round = 0; round < ROUNDS; round++) {
                Group group = groups[round % groups.length];
                int insn = group.fixed | random.nextInt() & ~group.mask;
                if ((insn & PACGA_MASK) == PACGA) {
                    // Pointer authentication has tests of its own.
                    continue;
                }
                check(rig, insn, random, group + " round " + round + " seed " + SEED);
            }
        }
    }

    private static void check(Rig rig, int insn, SplittableRandom random, String what) {
        IntegerOracle oracle = new IntegerOracle();
        for (int n = 0; n < 31; n++) {
            oracle.x[n] = value(random);
            rig.ctx.setX(n, oracle.x[n]);
        }
        oracle.sp = value(random);
        rig.ctx.setSp(oracle.sp);
        oracle.nzcv = random.nextInt(16);
        rig.ctx.set(SysReg.NZCV, (long) oracle.nzcv << Pstate.NZCV_SHIFT);
        rig.ctx.set(SysReg.ESR_EL1, 0);
        boolean allocated = oracle.execute(insn, Rig.CODE);

        Exit exit = rig.step(asm -> asm.word(insn));

        String context = "%s insn 0x%08x".formatted(what, insn);
        if (!allocated) {
            assertThat(rig.ctx.get(SysReg.ESR_EL1)).as(context).isEqualTo(Esr.unknown());
            rig.ctx.setPstate(Pstate.EL1H);
            return;
        }
        assertThat(exit).as(context).isEqualTo(Exit.BUDGET);
        assertThat(rig.ctx.pc()).as(context).isEqualTo(Rig.CODE + 4);
        assertThat(Arrays.copyOf(rig.ctx.x, 31)).as(context).isEqualTo(oracle.x);
        assertThat(rig.ctx.x[31]).as(context).isZero();
        assertThat(rig.ctx.sp()).as(context).isEqualTo(oracle.sp);
        assertThat(rig.ctx.get(SysReg.NZCV) >>> Pstate.NZCV_SHIFT).as(context).isEqualTo(oracle.nzcv);
    }

    private static long value(SplittableRandom random) {
        return switch (random.nextInt(4)) {
            case 0 -> CORNERS[random.nextInt(CORNERS.length)];
            case 1 -> random.nextInt(70);
            default -> random.nextLong() >>> random.nextInt(64);
        };
    }
}

package dev.ipanema.machine.cpu;

import static dev.ipanema.arm.a64.Reg.X0;
import static dev.ipanema.arm.a64.Reg.X1;
import static dev.ipanema.arm.a64.Reg.X30;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.a64.Condition;
import dev.ipanema.arm.register.Pstate;
import dev.ipanema.arm.register.SysReg;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BranchTest {
    @Test
    void conditionalBranchesFollowTheFlags() {
        try (Rig rig = new Rig()) {
            for (int condition = 0; condition < 16; condition++) {
                for (int nzcv = 0; nzcv < 16; nzcv++) {
                    rig.ctx.set(SysReg.NZCV, (long) nzcv << Pstate.NZCV_SHIFT);
                    // B.cond .+16
                    int insn = 0x5400_0080 | condition;
                    rig.step(asm -> asm.word(insn));

                    long expected = Rig.CODE + (Condition.holds(condition, nzcv) ? 16 : 4);
                    assertThat(rig.ctx.pc())
                            .as("condition %d nzcv %d", condition, nzcv)
                            .isEqualTo(expected);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        // CBZ X0, CBZ W0, CBNZ X0, CBNZ W0, TBZ X0 #33, TBNZ X0 #33, each to .+16
        "0xb4000080, 0x100000000, false",
        "0x34000080, 0x100000000, true",
        "0xb5000080, 0x100000000, true",
        "0x35000080, 0x100000000, false",
        "0xb6080080, 0x200000000, false",
        "0xb6080080, 0xfffffffdffffffff, true",
        "0xb7080080, 0x200000000, true",
    })
    void compareAndTestBranches(String insn, String value, boolean taken) {
        try (Rig rig = new Rig()) {
            rig.ctx.setX(0, Long.parseUnsignedLong(value.substring(2), 16));

            rig.step(asm -> asm.word(Integer.parseUnsignedInt(insn.substring(2), 16)));

            assertThat(rig.ctx.pc()).isEqualTo(Rig.CODE + (taken ? 16 : 4));
        }
    }

    @Test
    void callToAnotherPageComesBack() {
        try (Rig rig = new Rig()) {
            rig.load(Rig.CODE + 0x2000, asm -> asm.add(X0, X0, 1).ret());

            // BL .+0x2000
            rig.run(asm -> asm.word(0x9400_0800).hvc(3));

            assertThat(rig.pe.esrEl2() & 0xffff).isEqualTo(3);
            assertThat(rig.ctx.x(0)).isEqualTo(1);
            assertThat(rig.ctx.x(30)).isEqualTo(Rig.CODE + 4);
        }
    }

    @Test
    void branchWithLinkToTheLinkRegisterUsesItsOldValue() {
        try (Rig rig = new Rig()) {
            rig.ctx.setX(30, Rig.CODE + 0x40);

            rig.step(asm -> asm.blr(X30));

            assertThat(rig.ctx.pc()).isEqualTo(Rig.CODE + 0x40);
            assertThat(rig.ctx.x(30)).isEqualTo(Rig.CODE + 4);
        }
    }

    @Test
    void straightLineCrossesThePage() {
        try (Rig rig = new Rig()) {
            rig.load(
                    Rig.CODE + 0xff8,
                    asm -> asm.add(X0, X0, 1).add(X0, X0, 2).add(X0, X0, 4).hvc(0));
            rig.ctx.setPc(Rig.CODE + 0xff8);

            rig.pe.run(rig.ctx, 100);

            assertThat(rig.ctx.x(0)).isEqualTo(7);
            assertThat(rig.ctx.pc()).isEqualTo(Rig.CODE + 0x1008);
        }
    }

    @Test
    void budgetIsExactAcrossPagesAndBranches() {
        try (Rig rig = new Rig()) {
            rig.load(Rig.CODE, asm -> {
                var loop = asm.here();
                asm.add(X0, X0, 1).add(X1, X1, 1).b(loop);
            });
            rig.ctx.setPc(Rig.CODE);

            Exit exit = rig.pe.run(rig.ctx, 3 * 700 + 1);

            assertThat(exit).isEqualTo(Exit.BUDGET);
            assertThat(rig.ctx.x(0)).isEqualTo(701);
            assertThat(rig.ctx.x(1)).isEqualTo(700);
            assertThat(rig.ctx.pc()).isEqualTo(Rig.CODE + 4);
            assertThat(rig.pe.instructions()).isEqualTo(2101);
        }
    }

    @Test
    void kickEndsALoop() throws InterruptedException {
        try (Rig rig = new Rig()) {
            rig.load(Rig.CODE, asm -> asm.b(asm.here()));
            rig.ctx.setPc(Rig.CODE);
            Thread kicker = new Thread(rig.pe::kick, "kicker");
            kicker.start();

            Exit exit = rig.pe.run(rig.ctx, Long.MAX_VALUE);

            kicker.join();
            assertThat(exit).isEqualTo(Exit.KICK);
        }
    }

    @Test
    void kickBeforeTheRunIsNotLost() {
        try (Rig rig = new Rig()) {
            rig.load(Rig.CODE, asm -> asm.nop().hvc(0));
            rig.pe.kick();

            assertThat(rig.pe.run(rig.ctx, 10)).isEqualTo(Exit.KICK);
            assertThat(rig.pe.run(rig.ctx, 10)).isEqualTo(Exit.TRAP);
        }
    }

    @Test
    void tagByteOfABranchTargetIsDroppedWhereItIsIgnored() {
        try (Rig rig = new Rig()) {
            rig.stage1(0);
            rig.ctx.set(SysReg.TCR_EL1, rig.ctx.get(SysReg.TCR_EL1) | 1L << 37);
            rig.load(Rig.CODE + 0x2000, asm -> asm.hvc(5));
            rig.ctx.setX(0, 0x5a00_0000_0000_0000L | Rig.CODE + 0x2000);

            rig.run(asm -> asm.br(X0));

            assertThat(rig.pe.esrEl2() & 0xffff).isEqualTo(5);
            assertThat(rig.ctx.pc()).isEqualTo(Rig.CODE + 0x2004);
        }
    }
}

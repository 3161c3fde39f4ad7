package dev.ipanema.machine.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.a64.Reg;
import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.pauth.PacKey;
import dev.ipanema.arm.pauth.Qarma;
import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.Pstate;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.arm.register.TcrEl1;
import org.junit.jupiter.api.Test;

class PointerAuthenticationTest {
    private static final long ENABLED = SctlrEl1.ENIA | SctlrEl1.ENIB | SctlrEl1.ENDA | SctlrEl1.ENDB;
    private static final long MODIFIER = 0x1122_3344_5566_7788L;
    private static final long KEY_LOW = 0xec28_02d4_e0a4_88e9L;
    private static final long KEY_HIGH = 0x84be_85ce_9804_e94bL;
    private static final long VECTOR_SAME_EL = 0x200;

    /// All bits above bit 47 but bit 55.
    private static final long CODE_BITS = 0xff7f_0000_0000_0000L;

    /// A rig whose stage 1 is off, with 48-bit halves, one key for everything and HCR_EL2 as KVM sets it.
    private static Rig rig(String cpu) {
        Rig rig = new Rig(cpu);
        for (PacKey key : PacKey.values()) {
            rig.ctx.set(key.low(), KEY_LOW);
            rig.ctx.set(key.high(), KEY_HIGH);
        }
        rig.ctx.set(SysReg.TCR_EL1, TcrEl1.lowerHalf(16, Granule.K4, 40) | 16L << 16);
        rig.ctx.set(SysReg.SCTLR_EL1, SctlrEl1.RES1 | ENABLED);
        return rig.hcr(HcrEl2.API | HcrEl2.APK);
    }

    @Test
    void pacPutsTheEncryptedPointerIntoItsUpperBits() {
        try (Rig rig = rig("max-pauth+pauth")) {
            rig.ctx.setX(1, Rig.DATA);
            rig.ctx.setX(2, MODIFIER);

            rig.step(asm -> asm.emit("PACDA", Reg.X1, Reg.X2));

            long code = Qarma.QARMA5.encrypt(Rig.DATA, MODIFIER, KEY_HIGH, KEY_LOW) & CODE_BITS;
            assertThat(rig.ctx.x(1)).isEqualTo(Rig.DATA | code);
        }
    }

    @Test
    void theOtherCipherIsUsedWhereTheModelNamesIt() {
        try (Rig rig = rig("max-pauth+pacqarma3")) {
            rig.ctx.setX(1, Rig.DATA);

            rig.step(asm -> asm.emit("PACDZA", Reg.X1));

            long code = Qarma.QARMA3.encrypt(Rig.DATA, 0, KEY_HIGH, KEY_LOW) & CODE_BITS;
            assertThat(rig.ctx.x(1)).isEqualTo(Rig.DATA | code);
        }
    }

    @Test
    void authenticationGivesThePointerBack() {
        try (Rig rig = rig("max-pauth+pauth")) {
            rig.ctx.setX(30, Rig.CODE);
            rig.run(asm -> asm.emit("PACIASP").emit("AUTIASP").hvc(1));

            assertThat(rig.ctx.x(30)).isEqualTo(Rig.CODE);
        }
    }

    @Test
    void aWrongCodeMakesANonCanonicalPointer() {
        try (Rig rig = rig("max-pauth+pauth")) {
            rig.ctx.setX(1, Rig.DATA);
            rig.ctx.set(SysReg.APDAKeyLo_EL1, ~KEY_LOW);
            rig.run(asm -> asm.emit("PACDZB", Reg.X1).emit("AUTDZA", Reg.X1).hvc(1));

            assertThat(rig.ctx.x(1)).isEqualTo(Rig.DATA | 1L << 61);
        }
    }

    @Test
    void aWrongCodeFaultsWithFpac() {
        try (Rig rig = rig("max-pauth+pauth+fpac")) {
            rig.ctx.setX(1, Rig.DATA | 1L << 60);
            rig.run(asm -> asm.emit("AUTDZB", Reg.X1).hvc(1));

            assertThat(rig.reachedVector((int) VECTOR_SAME_EL)).isTrue();
            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.fpac(true, 1));
            assertThat(rig.ctx.get(SysReg.ELR_EL1)).isEqualTo(Rig.CODE);
            assertThat(rig.ctx.x(1)).isEqualTo(Rig.DATA | 1L << 60);
        }
    }

    @Test
    void combinedInstructionsFaultWithFpaccombineOnly() {
        try (Rig rig = rig("max-pauth+pauth+fpac");
                Rig combined = rig("max-pauth+pauth+fpaccombine")) {
            rig.ctx.setX(1, Rig.DATA | 1L << 60);
            combined.ctx.setX(1, Rig.DATA | 1L << 60);

            rig.run(asm -> asm.emit("LDRAA_IMM", Reg.X2, Reg.X1, 8).hvc(1));
            combined.run(asm -> asm.emit("LDRAA_IMM", Reg.X2, Reg.X1, 8).hvc(1));

            assertThat(Esr.ec(rig.ctx.get(SysReg.ESR_EL1))).isEqualTo(0x25);
            assertThat(combined.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.fpac(true, 0));
        }
    }

    @Test
    void aKeyThatIsOffLeavesThePointer() {
        try (Rig rig = rig("max-pauth+pauth")) {
            rig.ctx.set(SysReg.SCTLR_EL1, SctlrEl1.RES1 | ENABLED & ~SctlrEl1.ENIB);
            rig.ctx.setX(1, Rig.DATA);
            rig.run(asm -> asm.emit("PACIZB", Reg.X1).hvc(1));

            assertThat(rig.ctx.x(1)).isEqualTo(Rig.DATA);
        }
    }

    @Test
    void withoutApiTheInstructionsGoToEl2() {
        try (Rig rig = rig("max-pauth+pauth")) {
            rig.ctx.set(SysReg.HCR_EL2, HcrEl2.RW | HcrEl2.APK);

            Exit exit = rig.run(asm -> asm.emit("PACGA", Reg.X1, Reg.X2, Reg.X3));

            assertThat(exit).isEqualTo(Exit.TRAP);
            assertThat(rig.pe.esrEl2()).isEqualTo(Esr.pac());
            assertThat(rig.ctx.pc()).isEqualTo(Rig.CODE);
        }
    }

    @Test
    void withoutApkTheKeysGoToEl2() {
        try (Rig rig = rig("max-pauth+pauth")) {
            rig.ctx.set(SysReg.HCR_EL2, HcrEl2.RW | HcrEl2.API);

            Exit exit = rig.run(asm -> asm.msr(SysReg.APDAKeyHi_EL1, Reg.X1));

            assertThat(exit).isEqualTo(Exit.TRAP);
            assertThat(rig.pe.esrEl2()).isEqualTo(Esr.sys64(3, 0, 2, 2, 1, 1, false));
        }
    }

    @Test
    void theGenericCodeIsTheUpperHalfOfTheBlock() {
        try (Rig rig = rig("max-pauth+pauth")) {
            rig.ctx.setX(2, 0xfb62_3599_da6e_8127L);
            rig.ctx.setX(3, 0x477d_469d_ec0b_8762L);

            rig.step(asm -> asm.emit("PACGA", Reg.X1, Reg.X2, Reg.X3));

            // The block of the QARMA paper.
            assertThat(rig.ctx.x(1)).isEqualTo(0xc003_b939_0000_0000L);
        }
    }

    @Test
    void authenticatedBranchesReachTheAddress() {
        long target = Rig.CODE + 0x100;
        try (Rig rig = rig("max-pauth+pauth")) {
            rig.load(target, asm -> asm.emit("RETAB"));
            rig.ctx.setX(1, target);
            rig.ctx.setX(2, MODIFIER);
            rig.ctx.setSp(Rig.STACK);
            rig.load(Rig.CODE + 0x80, asm -> asm.hvc(1));
            rig.run(asm -> asm.emit("PACIA", Reg.X1, Reg.X2)
                    .emit("BLRAA", Reg.X1, Reg.X2)
                    .hvc(2));

            // RETAB authenticates a link that was not signed: it goes to an address with an error code.
            assertThat(rig.ctx.get(SysReg.ELR_EL1)).isEqualTo(Rig.CODE + 8 | 2L << 61);
        }
    }

    @Test
    void eretaaReturnsToTheSignedAddress() {
        try (Rig rig = rig("max-pauth+pauth")) {
            rig.ctx.set(SysReg.SPSR_EL1, Pstate.EL1H | Pstate.DAIF);
            rig.load(Rig.CODE + 0x100, asm -> asm.hvc(3));
            rig.run(asm -> asm.movImm(Reg.X30, Rig.CODE + 0x100)
                    .emit("PACIASP")
                    .msr(SysReg.ELR_EL1, Reg.X30)
                    .emit("ERETAA"));

            assertThat(rig.ctx.pc()).isEqualTo(Rig.CODE + 0x104);
            assertThat(rig.pe.esrEl2()).isEqualTo(Esr.hvc(3));
        }
    }

    @Test
    void withoutTheFeatureHintsDoNothingAndTheOthersAreUndefined() {
        try (Rig rig = rig("cortex-a76")) {
            rig.ctx.setX(30, Rig.CODE);
            rig.run(asm -> asm.emit("PACIASP").emit("PACIZA", Reg.X30));

            assertThat(rig.ctx.x(30)).isEqualTo(Rig.CODE);
            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.unknown());
            assertThat(rig.ctx.get(SysReg.ELR_EL1)).isEqualTo(Rig.CODE + 4);
        }
    }

    @Test
    void withoutTheFeatureTheKeysAreUndefined() {
        try (Rig rig = rig("cortex-a76")) {
            rig.run(asm -> asm.mrs(Reg.X1, SysReg.APIAKeyLo_EL1));

            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.unknown());
        }
    }

    @Test
    void xpacTakesTheCodeOutEvenWithAllKeysOff() {
        try (Rig rig = rig("max-pauth+pauth")) {
            rig.ctx.set(SysReg.SCTLR_EL1, SctlrEl1.RES1);
            rig.ctx.setX(1, 0xa5a5_0000_0000_1234L);
            rig.ctx.setX(30, 0x1280_0000_0000_1234L);

            rig.run(asm -> asm.emit("XPACD", Reg.X1).emit("XPACLRI").hvc(1));

            assertThat(rig.ctx.x(1)).isEqualTo(0xffff_0000_0000_1234L);
            assertThat(rig.ctx.x(30)).isEqualTo(0xffff_0000_0000_1234L);
        }
    }
}

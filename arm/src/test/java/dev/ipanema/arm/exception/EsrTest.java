package dev.ipanema.arm.exception;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class EsrTest {
    private static final int TRANSLATION_2 = FaultStatus.of(FaultStatus.TRANSLATION, 2);

    @Test
    void storeToUnmappedIpaHasTheSyndromeOfItsInstruction() {
        int iss = Esr.withAccess(Esr.abortIss(TRANSLATION_2, Esr.WNR), 2, false, 3, false, false);

        long esr = Esr.dataAbort(true, true, iss);

        assertThat(esr).isEqualTo(0x9383_0046L);
        assertThat(Esr.describe(esr))
                .isEqualTo("0x93830046 EC=0x24 Data Abort from a lower EL, write, "
                        + "DFSC=0x06 translation fault level 2, word w3");
    }

    @Test
    void signExtendingAcquireLoadIsReadBack() {
        long esr = Esr.dataAbort(true, true, Esr.withAccess(Esr.abortIss(TRANSLATION_2, 0), 1, true, 30, true, true));

        assertThat(Esr.isv(esr)).isTrue();
        assertThat(Esr.accessBytes(esr)).isEqualTo(2);
        assertThat(Esr.sse(esr)).isTrue();
        assertThat(Esr.srt(esr)).isEqualTo(30);
        assertThat(Esr.sf(esr)).isTrue();
        assertThat(Esr.ar(esr)).isTrue();
        assertThat(Esr.wnr(esr)).isFalse();
        assertThat(Esr.fsc(esr)).isEqualTo(TRANSLATION_2);
        assertThat(Esr.describe(esr)).endsWith("halfword signed x30 acquire/release");
    }

    @Test
    void abortWithoutInstructionSyndromeAlwaysSetsIl() {
        long esr = Esr.dataAbort(true, false, Esr.abortIss(TRANSLATION_2, Esr.CM | Esr.WNR));

        assertThat(Esr.il(esr)).isTrue();
        assertThat(Esr.isv(esr)).isFalse();
        assertThat(Esr.describe(esr)).endsWith("write, DFSC=0x06 translation fault level 2, ISV=0, CM");
    }

    @Test
    void instructionAbortOnATableWalkNamesTheWalk() {
        long esr = Esr.instructionAbort(true, Esr.abortIss(FaultStatus.of(FaultStatus.PERMISSION, 3), Esr.S1PTW));

        assertThat(esr).isEqualTo(0x8200_008FL);
        assertThat(Esr.s1ptw(esr)).isTrue();
        assertThat(Esr.describe(esr))
                .isEqualTo("0x8200008f EC=0x20 Instruction Abort from a lower EL, "
                        + "IFSC=0x0f permission fault level 3, S1PTW");
    }

    @Test
    void abortFromTheCurrentLevelHasItsOwnClass() {
        assertThat(Esr.ec(Esr.dataAbort(false, true, FaultStatus.ALIGNMENT))).isEqualTo(ExceptionClass.DATA_ABORT_SAME);
        assertThat(Esr.ec(Esr.instructionAbort(false, FaultStatus.SYNC_EXTERNAL_ABORT)))
                .isEqualTo(ExceptionClass.INSTRUCTION_ABORT_SAME);
    }

    @Test
    void callsCarryTheirImmediate() {
        assertThat(Esr.hvc(0)).isEqualTo(0x5A00_0000L);
        assertThat(Esr.svc(0x1234)).isEqualTo(0x5600_1234L);
        assertThat(Esr.smc(1)).isEqualTo(0x5E00_0001L);
        assertThat(Esr.brk(0x800)).isEqualTo(0xF200_0800L);
        assertThat(Esr.imm16(Esr.hvc(0xFFFF))).isEqualTo(0xFFFF);
        assertThat(Esr.describe(Esr.svc(7))).isEqualTo("0x56000007 EC=0x15 SVC, #0x7");
    }

    @Test
    void trappedWaitNamesTheInstruction() {
        assertThat(Esr.wfx(Esr.WFX_WFI, 0)).isEqualTo(0x07E0_0000L);
        assertThat(Esr.describe(Esr.wfx(Esr.WFX_WFE, 0))).isEqualTo("0x07e00001 EC=0x01 Trapped WFI or WFE, WFE");
        assertThat(Esr.wfxTi(Esr.wfx(Esr.WFX_WFIT, 9))).isEqualTo(Esr.WFX_WFIT);
    }

    @Test
    void trappedSystemRegisterAccessIsReadBack() {
        long esr = Esr.sys64(3, 0, 1, 0, 1, 17, true);

        assertThat(Esr.sysOp0(esr)).isEqualTo(3);
        assertThat(Esr.sysOp1(esr)).isZero();
        assertThat(Esr.sysCrn(esr)).isEqualTo(1);
        assertThat(Esr.sysCrm(esr)).isZero();
        assertThat(Esr.sysOp2(esr)).isEqualTo(1);
        assertThat(Esr.sysRt(esr)).isEqualTo(17);
        assertThat(Esr.sysIsRead(esr)).isTrue();
        assertThat(Esr.describe(esr))
                .isEqualTo("0x62320621 EC=0x18 Trapped MSR, MRS or system instruction, read S3_0_C1_C0_1, x17");
    }

    @Test
    void exceptionsWithoutInformationHaveAnEmptyIss() {
        assertThat(Esr.unknown()).isEqualTo(0x0200_0000L);
        assertThat(Esr.illegalState()).isEqualTo(0x3A00_0000L);
        assertThat(Esr.pcAlignment()).isEqualTo(0x8A00_0000L);
        assertThat(Esr.spAlignment()).isEqualTo(0x9A00_0000L);
        assertThat(Esr.fpAsimd()).isEqualTo(0x1FE0_0000L);
        assertThat(Esr.sve()).isEqualTo(0x6600_0000L);
        assertThat(Esr.pac()).isEqualTo(0x2600_0000L);
        assertThat(Esr.bti(2)).isEqualTo(0x3600_0002L);
        assertThat(Esr.describe(Esr.unknown())).isEqualTo("0x02000000 EC=0x00 Unknown reason");
    }

    @Test
    void debugExceptionsHaveTheDebugStatus() {
        assertThat(Esr.breakpoint(true)).isEqualTo(0xC200_0022L);
        assertThat(Esr.softwareStep(true, true, false)).isEqualTo(0xCB00_0022L);
        assertThat(Esr.watchpoint(false, true, false)).isEqualTo(0xD600_0062L);
        assertThat(Esr.describe(Esr.watchpoint(false, true, false)))
                .isEqualTo("0xd6000062 EC=0x35 Watchpoint from the current EL, write");
    }

    @Test
    void serrorKeepsItsIss() {
        assertThat(Esr.serrorIds(Esr.serror(1 << 24))).isTrue();
        assertThat(Esr.describe(Esr.serror(0x11))).isEqualTo("0xbe000011 EC=0x2f SError, ISS=0x11");
    }

    @Test
    void secondSyndromeLiesAboveTheFirst() {
        long esr = Esr.withIss2(Esr.unknown(), 0x20);

        assertThat(esr).isEqualTo(0x20_0200_0000L);
        assertThat(Esr.iss2(esr)).isEqualTo(0x20);
        assertThat(Esr.iss(esr)).isZero();
    }
}

package dev.ipanema.machine.cpu;

import static dev.ipanema.arm.a64.Reg.X0;
import static dev.ipanema.arm.a64.Reg.X1;
import static dev.ipanema.arm.a64.Reg.X2;
import static dev.ipanema.arm.a64.Reg.X5;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.register.CacheOp;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.arm.register.TlbiOp;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// Traps to EL2: exact ESR_EL2, HPFAR_EL2, FAR_EL2 and return address. The numbers are those of Linux's `esr.h` and of
/// the Arm ARM's ISS tables.
class TrapTest {
    private static void traps(long hcr, Consumer<Assembler> program, long esr) {
        try (Rig rig = new Rig()) {
            rig.hcr(hcr);

            Exit exit = rig.run(program);

            assertThat(exit).isEqualTo(Exit.TRAP);
            assertThat("0x%x".formatted(rig.pe.esrEl2())).isEqualTo("0x%x".formatted(esr));
            assertThat(rig.ctx.pc()).isEqualTo(Rig.CODE);
        }
    }

    private static void doesNotTrap(long hcr, Consumer<Assembler> program) {
        try (Rig rig = new Rig()) {
            rig.hcr(hcr);

            rig.run(asm -> {
                program.accept(asm);
                asm.hvc(0x77);
            });

            assertThat(rig.pe.esrEl2()).isEqualTo(Esr.hvc(0x77));
        }
    }

    @Test
    void hypervisorCallReturnsBehindItself() {
        try (Rig rig = new Rig()) {
            Exit exit = rig.run(asm -> asm.hvc(0x1234));

            assertThat(exit).isEqualTo(Exit.TRAP);
            assertThat(rig.pe.esrEl2()).isEqualTo(0x5a00_1234L);
            assertThat(rig.ctx.pc()).isEqualTo(Rig.CODE + 4);
        }
    }

    @Test
    void hypervisorCallIsUndefinedAtEl0AndWithHcd() {
        try (Rig rig = new Rig()) {
            rig.hcr(HcrEl2.HCD);
            rig.load(Rig.VECTORS + 0x200, asm -> asm.smc(1));
            rig.hcr(HcrEl2.TSC);

            rig.run(asm -> asm.hvc(0));

            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.unknown());
            assertThat(rig.pe.esrEl2()).isEqualTo(Esr.smc(1));
        }
    }

    @Test
    void secureMonitorCallTrapsAtItself() {
        traps(HcrEl2.TSC, asm -> asm.smc(0x21), 0x5e00_0021L);
    }

    @Test
    void waitForInterruptTrapsWithItsKind() {
        traps(HcrEl2.TWI, Assembler::wfi, 0x07e0_0000L);
    }

    @Test
    void waitForEventTrapsOnlyWithoutAnEvent() {
        try (Rig rig = new Rig()) {
            rig.hcr(HcrEl2.TWE);

            // The run's start has set the event register: the first WFE takes it.
            rig.run(asm -> asm.wfe().wfe());

            assertThat(rig.pe.esrEl2()).isEqualTo(0x07e0_0001L);
            assertThat(rig.ctx.pc()).isEqualTo(Rig.CODE + 4);
        }
    }

    @Test
    void waitForInterruptWithoutTheTrapEndsTheRun() {
        try (Rig rig = new Rig()) {
            Exit exit = rig.run(Assembler::wfi);

            assertThat(exit).isEqualTo(Exit.WAIT);
            assertThat(rig.ctx.pc()).isEqualTo(Rig.CODE + 4);
        }
    }

    @Test
    void waitForInterruptFallsThroughWhenOneIsPending() {
        doesNotTrap(HcrEl2.TWI | HcrEl2.IMO | HcrEl2.VI, Assembler::wfi);
    }

    @ParameterizedTest
    @EnumSource(
            value = SysReg.class,
            names = {
                "SCTLR_EL1",
                "TTBR0_EL1",
                "TTBR1_EL1",
                "TCR_EL1",
                "ESR_EL1",
                "FAR_EL1",
                "AFSR0_EL1",
                "AFSR1_EL1",
                "MAIR_EL1",
                "AMAIR_EL1",
                "CONTEXTIDR_EL1"
            })
    void virtualMemoryRegistersTrapByDirection(SysReg reg) {
        long write = Esr.sys64(reg.op0(), reg.op1(), reg.crn(), reg.crm(), reg.op2(), 5, false);
        traps(HcrEl2.TVM, asm -> asm.msr(reg, X5), write);
        doesNotTrap(HcrEl2.TVM, asm -> asm.mrs(X5, reg));
        long read = Esr.sys64(reg.op0(), reg.op1(), reg.crn(), reg.crm(), reg.op2(), 5, true);
        traps(HcrEl2.TRVM, asm -> asm.mrs(X5, reg), read);
    }

    @Test
    void writeOfSctlrHasTheSyndromeOfLinux() {
        // ESR_ELx_SYS64_ISS of SYS_SCTLR_EL1 (op0=3 CRn=1), Rt=5, write: 0x62 << 24 | 3 << 20 | 1 << 10 | 5 << 5.
        traps(HcrEl2.TVM, asm -> asm.msr(SysReg.SCTLR_EL1, X5), 0x6230_04a0L);
    }

    @Test
    void identificationRegistersTrapInGroups() {
        // op0=3 CRm=4 Rt=0, read.
        traps(HcrEl2.TID3, asm -> asm.mrs(X0, SysReg.ID_AA64PFR0_EL1), 0x6230_0009L);
        // S3_0_C0_C7_7 has no name and is in the group all the same; Rt=1.
        traps(HcrEl2.TID3, asm -> asm.word(0xd538_07e1), 0x623e_002fL);
        traps(HcrEl2.TID1, asm -> asm.mrs(X0, SysReg.REVIDR_EL1), 0x623c_0001L);
        traps(HcrEl2.TID2, asm -> asm.mrs(X0, SysReg.CTR_EL0), 0x6232_c001L);
        traps(HcrEl2.TID2, asm -> asm.msr(SysReg.CSSELR_EL1, X0), 0x6230_8000L);
        doesNotTrap(HcrEl2.TID1 | HcrEl2.TID2 | HcrEl2.TID3, asm -> asm.mrs(X0, SysReg.MIDR_EL1));
    }

    @Test
    void auxiliaryControlTraps() {
        traps(HcrEl2.TACR, asm -> asm.mrs(X0, SysReg.ACTLR_EL1), 0x6232_0401L);
    }

    @Test
    void implementationDefinedSpaceTrapsOrIsUndefined() {
        // MRS X0, S3_0_C15_C2_1
        traps(HcrEl2.TIDCP, asm -> asm.word(0xd538_f220), 0x6232_3c05L);
        try (Rig rig = new Rig()) {
            rig.run(asm -> asm.word(0xd538_f220));
            assertThat(rig.ctx.get(SysReg.ESR_EL1)).isEqualTo(Esr.unknown());
        }
    }

    @Test
    void setWayMaintenanceTraps() {
        // DC ISW, X2: op0=1 CRn=7 CRm=6 op2=2, write.
        traps(HcrEl2.TSW, asm -> asm.cache(CacheOp.DC_ISW, X2), 0x6214_1c4cL);
        doesNotTrap(HcrEl2.TPCP | HcrEl2.TPU, asm -> asm.cache(CacheOp.DC_CISW, X2));
    }

    @Test
    void maintenanceByAddressTrapsByPoint() {
        traps(HcrEl2.TPCP, asm -> asm.cache(CacheOp.DC_CIVAC, X0), Esr.sys64(1, 3, 7, 14, 1, 0, false));
        traps(HcrEl2.TPU, asm -> asm.cache(CacheOp.IC_IVAU, X0), Esr.sys64(1, 3, 7, 5, 1, 0, false));
        traps(HcrEl2.TDZ, asm -> asm.cache(CacheOp.DC_ZVA, X0), Esr.sys64(1, 3, 7, 4, 1, 0, false));
    }

    @Test
    void tlbMaintenanceTraps() {
        traps(HcrEl2.TTLB, asm -> asm.tlbi(TlbiOp.VAE1IS, X1), Esr.sys64(1, 0, 8, 3, 1, 1, false));
        traps(HcrEl2.TTLBIS, asm -> asm.tlbi(TlbiOp.VAE1IS, X1), Esr.sys64(1, 0, 8, 3, 1, 1, false));
        doesNotTrap(HcrEl2.TTLBIS | HcrEl2.TTLBOS, asm -> asm.tlbi(TlbiOp.VAE1, X1));
    }

    @Test
    void physicalTimerTrapsUnlessAllowed() {
        traps(0, asm -> asm.mrs(X0, SysReg.CNTPCT_EL0), Esr.sys64(3, 3, 14, 0, 1, 0, true));
        traps(0, asm -> asm.msr(SysReg.CNTP_CTL_EL0, X1), Esr.sys64(3, 3, 14, 2, 1, 1, false));
        doesNotTrap(0, asm -> asm.mrs(X0, SysReg.CNTVCT_EL0));
    }

    /// Stage-2 data aborts of single-register accesses: ISV, SAS, SSE, SRT, SF, AR by instruction form (spec of ISS
    /// encoding for a Data Abort). Base X0 is an IPA without mapping; the level is 1.
    @ParameterizedTest
    @CsvSource({
        // LDR X5, [X0]: SAS 3, SF
        "0xf9400005, 0x93c58005",
        // LDR W5, [X0, #4]
        "0xb9400405, 0x93850005",
        // LDRB W5, [X0]
        "0x39400005, 0x93050005",
        // LDRSB W5, [X0]; LDRSB X5, [X0]
        "0x39c00005, 0x93250005",
        "0x39800005, 0x93258005",
        // LDRSH X5, [X0]
        "0x79800005, 0x93658005",
        // LDRSW X5, [X0]
        "0xb9800005, 0x93a58005",
        // LDUR X5, [X0, #8]
        "0xf8408005, 0x93c58005",
        // LDR X5, [X0, X1]; LDR X5, [X0, W1, SXTW #3]
        "0xf8616805, 0x93c58005",
        "0xf861d805, 0x93c58005",
        // STR X5, [X0]; STRH W5, [X0]; STR XZR, [X0]
        "0xf9000005, 0x93c58045",
        "0x79000005, 0x93450045",
        "0xf900001f, 0x93df8045",
        // LDR XZR, [X0]
        "0xf940001f, 0x93df8005",
        // LDAR X5, [X0]; STLRB W5, [X0]; LDAPR X5, [X0]: AR
        "0xc8dffc05, 0x93c5c005",
        "0x089ffc05, 0x93054045",
        "0xf8bfc005, 0x93c5c005",
        // Without syndrome: post-index, pre-index, LDP, STP, LDXR, LDADD, CAS, SWP, DC ZVA
        "0xf8408405, 0x92000005",
        "0xf8008c05, 0x92000045",
        "0xa9400405, 0x92000005",
        "0xa9000405, 0x92000045",
        "0xc85f7c05, 0x92000005",
        "0xf8210005, 0x92000005",
        "0xc8a17c05, 0x92000005",
        "0xf8218005, 0x92000005",
        "0xd50b7420, 0x92000045",
        // DC CIVAC, X0; DC IVAC, X0; IC IVAU, X0: CM and WnR
        "0xd50b7e20, 0x92000145",
        "0xd5087620, 0x92000145",
        "0xd50b7520, 0x92000145",
    })
    void stage2DataAbortDescribesTheAccess(String insn, String esr) {
        try (Rig rig = new Rig()) {
            rig.stage1(0).stage2();
            rig.ctx.setX(0, Rig.UNMAPPED);
            rig.ctx.setX(1, 0);

            Exit exit = rig.run(asm -> asm.word(Integer.parseUnsignedInt(insn.substring(2), 16)));

            assertThat(exit).isEqualTo(Exit.TRAP);
            assertThat("0x%x".formatted(rig.pe.esrEl2())).isEqualTo(esr);
            assertThat(rig.ctx.pc()).isEqualTo(Rig.CODE);
            assertThat(rig.pe.hpfarEl2()).isEqualTo(Rig.UNMAPPED >>> 8);
            assertThat(rig.pe.farEl2() & ~0xfffL).isEqualTo(Rig.UNMAPPED);
            assertThat(rig.ctx.x(0)).isEqualTo(Rig.UNMAPPED);
        }
    }

    @Test
    void unprivilegedLoadHasASyndromeToo() {
        try (Rig rig = new Rig()) {
            rig.stage2();
            rig.ctx.setX(0, Rig.UNMAPPED);

            // LDTR X5, [X0], stage 1 off
            rig.run(asm -> asm.word(0xf840_0805));

            assertThat("0x%x".formatted(rig.pe.esrEl2())).isEqualTo("0x93c58005");
        }
    }

    @Test
    void stage2InstructionAbortHasNoSyndromeOfAnAccess() {
        try (Rig rig = new Rig()) {
            rig.stage1(0).stage2();
            rig.ctx.setX(0, Rig.UNMAPPED + 0x40);

            Exit exit = rig.run(asm -> asm.br(X0));

            assertThat(exit).isEqualTo(Exit.TRAP);
            assertThat(rig.pe.esrEl2()).isEqualTo(0x8200_0005L);
            assertThat(rig.pe.farEl2()).isEqualTo(Rig.UNMAPPED + 0x40);
            assertThat(rig.pe.hpfarEl2()).isEqualTo(Rig.UNMAPPED >>> 8);
            assertThat(rig.ctx.pc()).isEqualTo(Rig.UNMAPPED + 0x40);
        }
    }

    @Test
    void stage2FaultOfAStage1WalkIsMarked() {
        try (Rig rig = new Rig()) {
            rig.stage1(0).stage2();
            rig.ctx.set(SysReg.TTBR1_EL1, Rig.UNMAPPED);
            // The upper half: 39 bits, 4 KiB granule, walks enabled.
            long upper = 25L << 16 | 2L << 30;
            rig.ctx.set(SysReg.TCR_EL1, rig.ctx.get(SysReg.TCR_EL1) & ~(0xffL << 16) | upper);
            long va = 0xffff_ff80_4000_0000L;
            rig.ctx.setX(0, va);

            Exit exit = rig.run(asm -> asm.str(X1, X0, 0));

            assertThat(exit).isEqualTo(Exit.TRAP);
            // EC 0x24, IL, S1PTW, read of a descriptor, translation fault level 1, no access syndrome.
            assertThat("0x%x".formatted(rig.pe.esrEl2())).isEqualTo("0x92000085");
            assertThat(rig.pe.farEl2()).isEqualTo(va);
            assertThat(rig.pe.hpfarEl2()).isEqualTo(Rig.UNMAPPED >>> 8);
        }
    }

    @Test
    void resumingAfterTheHypervisorEmulatedALoadGoesOn() {
        try (Rig rig = new Rig()) {
            rig.stage1(0).stage2();
            rig.ctx.setX(0, Rig.UNMAPPED);
            rig.run(asm -> asm.ldr(X1, X0, 0).add(X1, X1, 1).hvc(0));

            rig.ctx.setX(1, 41);
            rig.ctx.setPc(rig.ctx.pc() + 4);
            rig.pe.run(rig.ctx, 100);

            assertThat(rig.pe.esrEl2()).isEqualTo(Esr.hvc(0));
            assertThat(rig.ctx.x(1)).isEqualTo(42);
        }
    }
}

package dev.ipanema.machine.cpu;

import static dev.ipanema.arm.a64.Reg.W1;
import static dev.ipanema.arm.a64.Reg.X0;
import static dev.ipanema.arm.a64.Reg.X1;
import static dev.ipanema.arm.a64.Reg.X2;
import static dev.ipanema.arm.a64.Reg.X3;
import static dev.ipanema.arm.a64.Reg.X4;
import static dev.ipanema.arm.a64.Reg.X5;
import static dev.ipanema.arm.a64.Reg.X6;
import static dev.ipanema.arm.a64.Reg.X7;
import static dev.ipanema.arm.a64.Reg.XZR;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Label;
import dev.ipanema.arm.a64.Reg;
import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.register.CacheOp;
import dev.ipanema.arm.register.Ctr;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.machine.cache.CacheModel;
import dev.ipanema.machine.cache.CacheOptions;
import dev.ipanema.machine.cache.CachePolicy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// One processing element writes a function, maintains caches as CTR_EL0 asks for, and hands it over to another, which
/// runs it; again and again at the same address.
class CodeHandOverTest {
    private static final int ISH = 0xb;
    private static final int WRONG = 1;
    private static final int DONE = 2;
    private static final long FUNCTION = Rig.CODE + 0x1000;
    private static final long READER = Rig.CODE + 0x3000;
    private static final long TURN = Rig.DATA;
    private static final long ANSWER = Rig.DATA + 0x100;

    /// MOVZ X0, #0, and what its immediate is counted in.
    private static final long MOV_X0_0 = 0xd280_0000L;

    private static final long MOV_STEP = 0x20;
    private static final int ROUNDS = Boolean.getBoolean("ipanema.long") ? 30_000 : 200;

    private Rig rig(String cpu, CacheModel caches) {
        Rig rig = new Rig(cpu, 2, caches);
        rig.stage1(0);
        rig.load(FUNCTION, asm -> asm.movImm(X0, 0).ret());
        return rig;
    }

    private static CacheModel caches(String cpu, CachePolicy policy) {
        return new CacheModel(
                CacheOptions.DEFAULT.withPolicy(policy, 3), CpuModel.parse(cpu).effectiveCtrEl0());
    }

    /// X2 is the function, X3 and X4 the two flags, X6 and X7 the mover's encoding, X5 the round.
    private static void writer(Assembler asm, boolean cleans, boolean invalidates) {
        asm.movImm(X5, 1);
        Label round = asm.here();
        asm.madd(X1, X5, X7, X6).str(W1, X2, 0);
        if (cleans) {
            asm.cache(CacheOp.DC_CVAU, X2);
        }
        asm.dsb(ISH);
        if (invalidates) {
            asm.cache(CacheOp.IC_IVAU, X2).dsb(ISH);
        }
        asm.stlr(X5, X3).dsb(ISH).emit("SEV");
        awaitRound(asm, X4);
        asm.add(X5, X5, 1).movImm(X1, ROUNDS).cmp(X5, X1).b("ls", round).hvc(DONE);
    }

    private static void reader(Assembler asm) {
        Label wrong = asm.label();
        asm.movImm(X5, 1);
        Label round = asm.here();
        awaitRound(asm, X3);
        asm.isb().blr(X2).cmp(X0, X5).b("ne", wrong);
        asm.stlr(X5, X4).dsb(ISH).emit("SEV");
        asm.add(X5, X5, 1).movImm(X1, ROUNDS).cmp(X5, X1).b("ls", round).hvc(DONE);
        asm.bind(wrong).stlr(XZR, X4).hvc(WRONG);
    }

    /// Waits until a flag holds the round.
    private static void awaitRound(Assembler asm, Reg flag) {
        Label wait = asm.label();
        Label come = asm.label();
        asm.bind(wait).ldar(X1, flag).cmp(X1, X5).b("eq", come).wfe().b(wait).bind(come);
    }

    private static void addresses(CpuContext ctx) {
        ctx.setX(2, FUNCTION);
        ctx.setX(3, TURN);
        ctx.setX(4, ANSWER);
        ctx.setX(6, MOV_X0_0);
        ctx.setX(7, MOV_STEP);
    }

    private static CpuContext second(Rig rig) {
        CpuContext other = new CpuContext(rig.model);
        for (SysReg reg : new SysReg[] {
            SysReg.HCR_EL2, SysReg.VBAR_EL1, SysReg.MAIR_EL1, SysReg.TCR_EL1, SysReg.TTBR0_EL1, SysReg.SCTLR_EL1
        }) {
            other.set(reg, rig.ctx.get(reg));
        }
        other.setPc(READER);
        addresses(other);
        return other;
    }

    @ParameterizedTest
    @CsvSource({
        "max, LAZY",
        "max-dic, LAZY",
        "max-fwb-idc, LAZY",
        "max-fwb-idc-dic, LAZY",
        "max-fwb-idc-dic, EAGER",
        "max-fwb-idc-dic, RANDOM",
        "max-fwb-idc-dic, ADVERSARIAL",
        "max-fwb-idc, ADVERSARIAL"
    })
    void functionIsRunAsItWasHandedOver(String cpu, CachePolicy policy) throws InterruptedException {
        CacheModel caches = caches(cpu, policy);
        try (Rig rig = rig(cpu, caches)) {
            long ctr = rig.model.effectiveCtrEl0();
            rig.load(Rig.CODE, asm -> writer(asm, (ctr & Ctr.IDC) == 0, (ctr & Ctr.DIC) == 0));
            rig.load(READER, CodeHandOverTest::reader);
            addresses(rig.ctx);
            rig.ctx.setPc(Rig.CODE);
            CpuContext other = second(rig);
            ProcessingElement reading = rig.machine.processingElement(1);
            Thread thread = Thread.ofPlatform().start(() -> reading.run(other, Long.MAX_VALUE));

            rig.pe.run(rig.ctx, 50_000_000);
            reading.kick();
            thread.join();

            assertThat(rig.pe.esrEl2()).as("the writer's end").isEqualTo(Esr.hvc(DONE));
            assertThat(reading.esrEl2()).as("the reader's end").isEqualTo(Esr.hvc(DONE));
            assertThat(caches.monitor().findings()).isEmpty();
        }
    }

    /// The same without maintenance is found, with the reader's instruction.
    @Test
    void functionThatIsNotMaintainedIsFound() throws InterruptedException {
        CacheModel caches = caches("max-dic", CachePolicy.LAZY);
        try (Rig rig = rig("max-dic", caches)) {
            rig.load(Rig.CODE, asm -> writer(asm, false, false));
            rig.load(READER, CodeHandOverTest::reader);
            addresses(rig.ctx);
            rig.ctx.setPc(Rig.CODE);
            CpuContext other = second(rig);
            rig.ctx.setX(0, 0);
            ProcessingElement reading = rig.machine.processingElement(1);
            Thread thread = Thread.ofPlatform().start(() -> reading.run(other, Long.MAX_VALUE));

            rig.pe.run(rig.ctx, 1_000_000);
            reading.kick();
            thread.join();

            assertThat(reading.esrEl2()).isEqualTo(Esr.hvc(WRONG));
            assertThat(caches.monitor().findings()).singleElement().satisfies(found -> {
                assertThat(found.finding().kind().text()).isEqualTo("stale-fetch");
                assertThat(found.finding().pe()).isEqualTo(1);
                assertThat(found.finding().pc()).isEqualTo(FUNCTION);
                assertThat(found.count()).isEqualTo(1);
            });
        }
    }
}

package dev.ipanema.machine.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Reg;
import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.memory.Mair;
import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.pgtable.Stage1Descriptor;
import dev.ipanema.arm.register.CacheOp;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.MairEl1;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.arm.register.TcrEl1;
import dev.ipanema.machine.cpu.CpuContext;
import dev.ipanema.machine.cpu.Exit;
import dev.ipanema.machine.cpu.Machine;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.CacheOperation;
import dev.ipanema.machine.memory.Origin;
import dev.ipanema.machine.memory.PhysicalMemory;
import dev.ipanema.machine.mmu.ExclusivePolicy;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// A guest whose stage 1 maps all of RAM twice, write-back at its own address and Non-cacheable a GiB above.
class AliasFindingsTest {
    private static final long RAM = 0x4000_0000L;
    private static final long TABLE = RAM + 0x8000;
    private static final long DATA = RAM + 0x1_0000;
    private static final long GIB = 1L << 30;
    private static final int LINE = 64;
    private static final Reg CACHED = Reg.X1;
    private static final Reg UNCACHED = Reg.X2;

    private final CpuModel model = CpuModel.parse("max-fwb");
    private final CacheModel caches = new CacheModel(CacheOptions.DEFAULT, model.effectiveCtrEl0());
    private final PhysicalMemory memory = PhysicalMemory.builder()
            .caches(caches, mapMemory -> true)
            .ram("ram", RAM, 0x2_0000, true)
            .build();
    private final Machine machine = new Machine(memory, model, 1, ExclusivePolicy.WORK, () -> 0);

    @AfterEach
    void close() {
        machine.close();
    }

    private List<Finding> run(Consumer<Assembler> body) {
        map(1, 0);
        map(2, 1);
        Assembler asm = new Assembler(RAM);
        body.accept(asm);
        byte[] code = asm.hvc(0).bytes();
        memory.write(Agent.LOADER, MemoryAttributes.NORMAL_WB, RAM, code, 0, code.length);
        memory.maintenance().done(CacheOperation.DC_CLEAN_INVAL_POC, Origin.of(Agent.LOADER), RAM, 0x2_0000);
        CpuContext ctx = new CpuContext(model);
        ctx.set(SysReg.HCR_EL2, HcrEl2.RW);
        ctx.set(SysReg.MAIR_EL1, MairEl1.with(MairEl1.with(0, 0, Mair.NORMAL_WB), 1, Mair.NORMAL_NC));
        ctx.set(SysReg.TCR_EL1, TcrEl1.lowerHalf(25, Granule.K4, 40));
        ctx.set(SysReg.TTBR0_EL1, TABLE);
        ctx.set(SysReg.SCTLR_EL1, SctlrEl1.RES1 | SctlrEl1.SPAN | SctlrEl1.M | SctlrEl1.C | SctlrEl1.I);
        ctx.setPc(RAM);
        ctx.setX(1, DATA);
        ctx.setX(2, DATA + GIB);
        assertThat(machine.processingElement(0).run(ctx, 1000)).isEqualTo(Exit.TRAP);
        return caches.monitor().findings().stream()
                .map(CoherenceMonitor.Counted::finding)
                .toList();
    }

    private void map(int index, int type) {
        long leaf = Stage1Descriptor.AF | Stage1Descriptor.SH_INNER | Stage1Descriptor.attrIndxBits(type);
        long descriptor = Stage1Descriptor.leaf(RAM, 1, leaf, Granule.K4, false);
        memory.store(Agent.LOADER, MemoryAttributes.NORMAL_WB, TABLE + 8L * index, 8, descriptor);
    }

    @Test
    void pairOfAliasesIsFoundWhenItComesToBe() {
        List<Finding> findings =
                run(asm -> asm.ldr(Reg.X3, CACHED).ldr(Reg.X4, UNCACHED).ldr(Reg.X4, UNCACHED));

        assertThat(findings).singleElement().satisfies(finding -> {
            assertThat(finding.kind()).isEqualTo(FindingKind.MISMATCHED_ALIAS);
            assertThat(finding.pc()).isEqualTo(RAM + 4);
            assertThat(finding.va()).isEqualTo(DATA + GIB);
            assertThat(finding.pa()).isEqualTo(DATA);
            assertThat(finding.here().type()).isEqualTo(MemoryAttributes.NORMAL_NC);
            assertThat(finding.there().va()).isEqualTo(DATA);
            assertThat(finding.there().type()).isEqualTo(MemoryAttributes.NORMAL_WB);
            assertThat(finding.missing()).isEqualTo(Missing.ONE_TYPE);
        });
    }

    @Test
    void cleanAndInvalidateOfThePageBetweenThemMakesThePairRight() {
        List<Finding> findings = run(asm -> {
            asm.str(Reg.X3, CACHED);
            for (int line = 0; line < 4096 / LINE; line++) {
                asm.add(Reg.X5, CACHED, line * LINE).cache(CacheOp.DC_CIVAC, Reg.X5);
            }
            asm.dsb(15).ldr(Reg.X4, UNCACHED);
        });

        assertThat(findings).isEmpty();
    }

    @Test
    void exclusivePairThatIsSplitOverBothViewsIsFound() {
        List<Finding> findings = run(asm -> asm.ldxr(Reg.X3, UNCACHED).stxr(Reg.W4, Reg.X3, CACHED));

        assertThat(findings)
                .filteredOn(finding -> finding.kind() == FindingKind.EXCLUSIVE_ON_NC)
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.pc()).isEqualTo(RAM + 4);
                    assertThat(finding.pa()).isEqualTo(DATA);
                });
    }

    @Test
    void exclusiveStorePastTheCachesToWhatIsInThemIsFound() {
        List<Finding> findings =
                run(asm -> asm.ldr(Reg.X3, CACHED).ldxr(Reg.X3, UNCACHED).stxr(Reg.W4, Reg.X3, UNCACHED));

        assertThat(findings)
                .filteredOn(finding -> finding.kind() == FindingKind.EXCLUSIVE_ON_NC)
                .singleElement()
                .satisfies(finding -> assertThat(finding.pc()).isEqualTo(RAM + 8));
    }

    @Test
    void exclusivesToMemoryThatOnlyTheyUseAreFine() {
        List<Finding> findings = run(asm -> asm.ldxr(Reg.X3, UNCACHED).stxr(Reg.W4, Reg.X3, UNCACHED));

        assertThat(findings).isEmpty();
    }
}

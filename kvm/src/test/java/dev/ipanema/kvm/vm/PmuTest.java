package dev.ipanema.kvm.vm;

import static dev.ipanema.arm.a64.Reg.W1;
import static dev.ipanema.arm.a64.Reg.W2;
import static dev.ipanema.arm.a64.Reg.X0;
import static dev.ipanema.arm.a64.Reg.X1;
import static dev.ipanema.arm.a64.Reg.X2;
import static dev.ipanema.arm.a64.Reg.X3;
import static dev.ipanema.arm.a64.Reg.X4;
import static dev.ipanema.arm.a64.Reg.XZR;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Label;
import dev.ipanema.arm.gic.Gicc;
import dev.ipanema.arm.gic.Gicd;
import dev.ipanema.arm.gic.Gicr;
import dev.ipanema.arm.register.PmcrEl0;
import dev.ipanema.arm.register.PmevtyperEl0;
import dev.ipanema.arm.register.PmuEvent;
import dev.ipanema.arm.register.PmuserenrEl0;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.kvm.pmu.HostPmu;
import dev.ipanema.kvm.uapi.KvmCap;
import dev.ipanema.kvm.uapi.KvmDevice;
import dev.ipanema.kvm.uapi.KvmDeviceUapi;
import dev.ipanema.kvm.uapi.KvmExit;
import dev.ipanema.kvm.uapi.KvmPmuEventFilter;
import dev.ipanema.kvm.uapi.KvmReg;
import dev.ipanema.kvm.uapi.KvmRun;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A guest that counts events, and what its VMM says about that.
@Timeout(60)
class PmuTest {
    private static final int PPI = 23;
    private static final long GICD = 0x0800_0000L;
    private static final long GICC = 0x0801_0000L;

    /// The redistributor of vCPU 1, which is the one with performance monitors.
    private static final long GICR = 0x080a_0000L;

    private static final long GICR_OF_VCPU = GICR + 0x2_0000L;
    private static final int GROUP = KvmDeviceUapi.KVM_ARM_VCPU_PMU_V3_CTRL;
    private static final int IRQ = KvmDeviceUapi.KVM_ARM_VCPU_PMU_V3_IRQ;
    private static final int INIT = KvmDeviceUapi.KVM_ARM_VCPU_PMU_V3_INIT;
    private static final int FILTER = KvmDeviceUapi.KVM_ARM_VCPU_PMU_V3_FILTER;
    private static final int SET_PMU = KvmDeviceUapi.KVM_ARM_VCPU_PMU_V3_SET_PMU;
    private static final int SET_NR_COUNTERS = KvmDeviceUapi.KVM_ARM_VCPU_PMU_V3_SET_NR_COUNTERS;
    private static final long CYCLES = 1L << 31;
    private static final long FEATURES = Vcpu.KVM_ARM_VCPU_PSCI_0_2 | VcpuFeatures.KVM_ARM_VCPU_PMU_V3;

    private TestVm test = new TestVm("max", "linux-7.3");
    private Vcpu vcpu = newVcpu();

    @AfterEach
    void close() {
        test.close();
    }

    private Vcpu newVcpu() {
        Vcpu created = test.vm.createVcpu(1);
        assertThat(created.init((int) FEATURES)).isZero();
        test.enableStage1(created);
        return created;
    }

    private void on(String cpu) {
        test.close();
        test = new TestVm(cpu, "linux-7.3");
        vcpu = newVcpu();
    }

    private int set(int attr, long value) {
        return vcpu.setDeviceAttr(GROUP, attr, value);
    }

    private void withoutVgic() {
        assertThat(set(INIT, 0)).isZero();
    }

    private void withVgic() {
        KvmDevice gic = test.vm.createDevice(KvmDeviceUapi.KVM_DEV_TYPE_ARM_VGIC_V3);
        int address = KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_ADDR;
        assertThat(gic.setAttr(address, KvmDeviceUapi.KVM_VGIC_V3_ADDR_TYPE_DIST, GICD))
                .isZero();
        assertThat(gic.setAttr(address, KvmDeviceUapi.KVM_VGIC_V3_ADDR_TYPE_REDIST, GICR))
                .isZero();
        initialise(gic);
    }

    private void initialise(KvmDevice gic) {
        assertThat(set(INIT, 0)).as("before the vGIC").isEqualTo(Errno.ENODEV.negated());
        assertThat(gic.setAttr(KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_CTRL, KvmDeviceUapi.KVM_DEV_ARM_VGIC_CTRL_INIT, 0))
                .isZero();
        assertThat(set(INIT, 0)).as("before the interrupt").isEqualTo(Errno.ENXIO.negated());
        assertThat(set(IRQ, PPI)).isZero();
        assertThat(set(INIT, 0)).isZero();
    }

    private long run(Consumer<Assembler> body) {
        assertThat(test.run(vcpu, body)).isZero();
        assertThat(vcpu.kvmRun().mmio.physAddr).isEqualTo(TestVm.END);
        return vcpu.kvmRun().mmio.value();
    }

    private boolean isUndefined(Consumer<Assembler> body) {
        assertThat(test.run(vcpu, body)).isZero();
        return vcpu.kvmRun().mmio.physAddr == TestVm.EXCEPTION;
    }

    private long get(SysReg reg) {
        return TestVm.get(vcpu, reg);
    }

    private void put(SysReg reg, long value) {
        TestVm.set(vcpu, reg, value);
    }

    private static Assembler write(Assembler code, SysReg reg, long value) {
        return code.movImm(X1, value).msr(reg, X1);
    }

    /// Lets some counters count events from 0 on.
    private static void start(Assembler code, long... types) {
        for (int n = 0; n < types.length; n++) {
            write(code, SysReg.pmuEventType(n), types[n]);
        }
        write(code, SysReg.PMCCFILTR_EL0, 0);
        write(code, SysReg.PMCNTENCLR_EL0, 0xffff_ffffL);
        write(code, SysReg.PMINTENCLR_EL1, 0xffff_ffffL);
        write(code, SysReg.PMOVSCLR_EL0, 0xffff_ffffL);
        write(code, SysReg.PMCNTENSET_EL0, ((1L << types.length) - 1) | CYCLES);
        write(code, SysReg.PMCR_EL0, PmcrEl0.E | PmcrEl0.P | PmcrEl0.C);
    }

    /// `2 * rounds + 1` instructions.
    private static void loop(Assembler code, int rounds) {
        code.movImm(X2, rounds);
        Label again = code.here();
        code.sub(X2, X2, 1).cbnz(X2, again);
    }

    // ---- what there is ---------------------------------------------------------------------------------------------

    @Test
    void aVcpuWithTheFeatureShowsThem() {
        withoutVgic();

        assertThat(test.vm.checkExtension(KvmCap.KVM_CAP_ARM_PMU_V3)).isEqualTo(1);
        assertThat(run(code -> code.mrs(X0, SysReg.ID_AA64DFR0_EL1)) >>> 8 & 0xf)
                .isEqualTo(6);
        assertThat(run(code -> code.mrs(X0, SysReg.PMCR_EL0))).isEqualTo(6 << 11 | PmcrEl0.LC);
        // SW_INCR, INST_RETIRED, EXC_TAKEN, EXC_RETURN, CPU_CYCLES, CHAIN.
        assertThat(run(code -> code.mrs(X0, SysReg.PMCEID0_EL0))).isEqualTo(0x4002_0701);
        assertThat(run(code -> code.mrs(X0, SysReg.PMCEID1_EL0))).isZero();
        assertThat(run(code -> code.mrs(X0, SysReg.PMMIR_EL1))).isZero();
    }

    @Test
    void aVcpuWithoutTheFeatureHasNone() {
        assertThat(TestVm.get(test.vcpu, SysReg.ID_AA64DFR0_EL1) >>> 8 & 0xf).isZero();
        assertThatThrownBy(() -> TestVm.get(test.vcpu, SysReg.PMCR_EL0)).isInstanceOf(KvmError.class);
        test.run(code -> code.mrs(X0, SysReg.PMCCNTR_EL0));
        assertThat(test.tookException()).isTrue();
        test.run(code -> code.msr(SysReg.PMCR_EL0, XZR));
        assertThat(test.tookException()).isTrue();
    }

    @Test
    void aHostWithoutThemRefuses() {
        try (TestVm bare = new TestVm("max-pmu", "linux-7.3")) {
            assertThat(bare.vm.checkExtension(KvmCap.KVM_CAP_ARM_PMU_V3)).isZero();
            assertThat(bare.vm.createVcpu(1).init((int) FEATURES)).isEqualTo(Errno.EINVAL.negated());
        }
    }

    @Test
    void countersBeyondTheLastAreUndefined() {
        withoutVgic();

        assertThat(isUndefined(code -> code.mrs(X0, SysReg.PMEVCNTR5_EL0))).isFalse();
        assertThat(isUndefined(code -> code.mrs(X0, SysReg.PMEVCNTR6_EL0))).isTrue();
        assertThat(isUndefined(code -> code.msr(SysReg.PMEVTYPER30_EL0, X0))).isTrue();
        assertThat(isUndefined(code -> write(code, SysReg.PMSELR_EL0, 6).mrs(X0, SysReg.PMXEVCNTR_EL0)))
                .isTrue();
    }

    // ---- counting --------------------------------------------------------------------------------------------------

    @Test
    void instructionsAndCyclesAreCountedExactly() {
        withoutVgic();

        long both = run(code -> {
            start(code, PmuEvent.INST_RETIRED);
            loop(code, 500);
            code.mrs(X0, SysReg.PMEVCNTR0_EL0).mrs(X1, SysReg.PMCCNTR_EL0).lsl(X1, X1, 32);
            code.orr(X0, X0, X1);
        });

        assertThat(both & 0xffff_ffffL).isEqualTo(1001);
        assertThat(both >>> 32).as("an instruction is a cycle").isEqualTo(1001);
    }

    @Test
    void aCounterStandsStillWhileItIsOff() {
        withoutVgic();

        assertThat(run(code -> {
                    start(code, PmuEvent.INST_RETIRED);
                    loop(code, 10);
                    code.msr(SysReg.PMCR_EL0, XZR);
                    loop(code, 10);
                    write(code, SysReg.PMCNTENCLR_EL0, 1);
                    write(code, SysReg.PMCR_EL0, PmcrEl0.E);
                    loop(code, 10);
                    code.mrs(X0, SysReg.PMEVCNTR0_EL0);
                }))
                .isEqualTo(21);
    }

    @Test
    void filtersSplitTheExceptionLevels() {
        withoutVgic();
        long user = test.place(code -> code.nop().nop().nop().nop().nop().svc(0));

        boolean ended = isUndefined(code -> {
            start(
                    code,
                    PmuEvent.INST_RETIRED | PmevtyperEl0.P,
                    PmuEvent.INST_RETIRED | PmevtyperEl0.U,
                    PmuEvent.INST_RETIRED,
                    PmuEvent.EXC_TAKEN,
                    PmuEvent.EXC_RETURN);
            write(code, SysReg.ELR_EL1, user).msr(SysReg.SPSR_EL1, XZR).eret();
        });

        assertThat(ended).as("SVC reached the vectors").isTrue();
        assertThat(get(SysReg.PMEVCNTR0_EL0)).isEqualTo(5);
        assertThat(get(SysReg.PMEVCNTR1_EL0)).isGreaterThan(3);
        assertThat(get(SysReg.PMEVCNTR2_EL0)).isEqualTo(5 + get(SysReg.PMEVCNTR1_EL0));
        assertThat(get(SysReg.PMEVCNTR3_EL0)).isEqualTo(1);
        assertThat(get(SysReg.PMEVCNTR4_EL0)).isEqualTo(1);
        assertThat(get(SysReg.PMCCNTR_EL0)).isEqualTo(get(SysReg.PMEVCNTR2_EL0) + 1);
    }

    @Test
    void softwareIncrementsReachTheCountersThatCountThem() {
        withoutVgic();

        assertThat(run(code -> {
                    start(code, PmuEvent.SW_INCR, PmuEvent.INST_RETIRED, PmuEvent.SW_INCR);
                    write(code, SysReg.PMSWINC_EL0, 0b111);
                    write(code, SysReg.PMSWINC_EL0, 0b100);
                    write(code, SysReg.PMSELR_EL0, 2).mrs(X0, SysReg.PMXEVCNTR_EL0);
                    code.mrs(X1, SysReg.PMEVCNTR0_EL0).lsl(X1, X1, 8).orr(X0, X0, X1);
                }))
                .isEqualTo(1 << 8 | 2);
    }

    @Test
    void anEventThatIsNotCountedStaysZero() {
        withoutVgic();
        int l1dCacheRefill = 0x03;

        assertThat(run(code -> {
                    start(code, l1dCacheRefill);
                    loop(code, 100);
                    code.mrs(X0, SysReg.PMEVCNTR0_EL0);
                }))
                .isZero();
    }

    @Test
    void anOverflowIsTheNextCountersEvent() {
        withoutVgic();

        long values = run(code -> {
            start(code, PmuEvent.INST_RETIRED, PmuEvent.CHAIN);
            write(code, SysReg.PMEVCNTR0_EL0, 0xffff_ff00L);
            loop(code, 500);
            code.mrs(X0, SysReg.PMEVCNTR1_EL0).mrs(X1, SysReg.PMOVSSET_EL0).lsl(X1, X1, 8);
            code.orr(X0, X0, X1);
        });

        assertThat(values).isEqualTo(1 << 8 | 1);
    }

    @Test
    void countersAreLongWithPmuv3p5AndShortBefore() {
        withoutVgic();
        Consumer<Assembler> count = code -> {
            start(code, PmuEvent.INST_RETIRED);
            write(code, SysReg.PMCR_EL0, PmcrEl0.E | PmcrEl0.LP);
            write(code, SysReg.PMEVCNTR0_EL0, 0xffff_ffffL);
            code.nop()
                    .mrs(X0, SysReg.PMEVCNTR0_EL0)
                    .mrs(X1, SysReg.PMOVSCLR_EL0)
                    .lsl(X1, X1, 56);
            code.orr(X0, X0, X1);
        };

        assertThat(run(count)).isEqualTo(1L << 32);

        on("neoverse-v1");
        withoutVgic();
        assertThat(run(count)).isEqualTo(1L << 56);
    }

    @Test
    void el0NeedsPermission() {
        withoutVgic();
        long user = test.place(code -> code.mrs(X0, SysReg.PMCCNTR_EL0).svc(0));
        Consumer<Assembler> go = code ->
                write(code, SysReg.ELR_EL1, user).msr(SysReg.SPSR_EL1, XZR).eret();

        assertThat(isUndefined(go)).isTrue();
        assertThat(get(SysReg.ESR_EL1) >>> 26).as("KVM injects UNDEFINED").isZero();

        put(SysReg.PMUSERENR_EL0, PmuserenrEl0.CR);
        assertThat(isUndefined(go)).isTrue();
        assertThat(get(SysReg.ESR_EL1) >>> 26).as("SVC").isEqualTo(0x15);
    }

    // ---- interrupt -------------------------------------------------------------------------------------------------

    /// {@return where vectors stand whose IRQ from the current EL acknowledges the interrupt, silences it
    /// and ends}
    private long vectors() {
        return test.place(code -> {
            code.zero(0x280).mrs(X0, SysReg.ICC_IAR1_EL1);
            write(code, SysReg.PMOVSCLR_EL0, 1).msr(SysReg.ICC_EOIR1_EL1, X0);
        });
    }

    private static void store(Assembler code, long ipa, long value) {
        code.movImm(X1, value).movImm(X2, ipa).str(W1, X2);
    }

    /// Turns the interrupt on at the GIC and unmasks it.
    private static void listen(Assembler code, long vbar) {
        store(code, GICD + Gicd.CTLR, Gicd.CTLR_ENABLE_SS_G1);
        store(code, GICR_OF_VCPU + Gicr.SGI_BASE + Gicd.ISENABLER, 1L << PPI);
        write(code, SysReg.ICC_PMR_EL1, 0xff);
        write(code, SysReg.ICC_IGRPEN1_EL1, 1);
        write(code, SysReg.VBAR_EL1, vbar).daifClr(0xf);
    }

    @Test
    void anOverflowInterruptsAtTheInstructionThatOverflows() {
        withVgic();
        long vbar = vectors();

        long intid = run(code -> {
            listen(code, vbar);
            start(code, PmuEvent.INST_RETIRED);
            write(code, SysReg.PMINTENSET_EL1, 1).movImm(X4, 0);
            // Each round is two instructions, and the move before the loop one.
            write(code, SysReg.PMEVCNTR0_EL0, 0xffff_ffffL - 200_000);
            code.movImm(X3, 0);
            Label forever = code.here();
            code.add(X3, X3, 1).b(forever);
        });

        assertThat(intid).isEqualTo(PPI);
        assertThat(vcpu.getOneReg(KvmReg.x(3))).isEqualTo(100_000);
        assertThat(get(SysReg.PMOVSSET_EL0)).isZero();
        // Silenced and ended: nothing is pending any more.
        assertThat(run(code -> code.mrs(X0, SysReg.ICC_IAR1_EL1))).isEqualTo(1023);
    }

    @Test
    void anInterruptStaysUntilItsCauseIsGone() {
        withVgic();

        assertThat(run(code -> {
                    listen(code, TestVm.CODE);
                    code.daifSet(0xf);
                    start(code, PmuEvent.SW_INCR);
                    write(code, SysReg.PMINTENSET_EL1, 1);
                    write(code, SysReg.PMOVSSET_EL0, 1);
                    code.emit("WFI").mrs(X0, SysReg.ICC_IAR1_EL1).msr(SysReg.ICC_EOIR1_EL1, X0);
                    code.emit("WFI").mrs(X3, SysReg.ICC_IAR1_EL1);
                    write(code, SysReg.PMOVSCLR_EL0, 1).msr(SysReg.ICC_EOIR1_EL1, X3);
                    code.mrs(X4, SysReg.ICC_IAR1_EL1).lsl(X3, X3, 16).lsl(X4, X4, 32);
                    code.orr(X0, X0, X3).orr(X0, X0, X4);
                }))
                .isEqualTo(1023L << 32 | (long) PPI << 16 | PPI);
    }

    @Test
    void aCounterOfEl0OverflowsSoonAfterItsTime() {
        withVgic();
        long vbar = test.place(code -> {
            code.zero(0x480).mrs(X0, SysReg.ICC_IAR1_EL1);
            write(code, SysReg.PMCR_EL0, 0);
        });
        long user = test.place(code -> {
            Label forever = code.here();
            code.add(X3, X3, 1).b(forever);
        });

        long intid = run(code -> {
            listen(code, vbar);
            start(code, PmuEvent.INST_RETIRED | PmevtyperEl0.P);
            write(code, SysReg.PMINTENSET_EL1, 1);
            write(code, SysReg.PMEVCNTR0_EL0, 0xffff_ffffL - 20_000);
            write(code, SysReg.ELR_EL1, user)
                    .msr(SysReg.SPSR_EL1, XZR)
                    .movImm(X3, 0)
                    .eret();
        });

        assertThat(intid).isEqualTo(PPI);
        assertThat(vcpu.getOneReg(KvmReg.x(3))).isBetween(10_000L, 11_000L);
    }

    @Test
    void theInterruptReachesAGicv2() {
        KvmDevice gic = test.vm.createDevice(KvmDeviceUapi.KVM_DEV_TYPE_ARM_VGIC_V2);
        int address = KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_ADDR;
        assertThat(gic.setAttr(address, KvmDeviceUapi.KVM_VGIC_V2_ADDR_TYPE_DIST, GICD))
                .isZero();
        assertThat(gic.setAttr(address, KvmDeviceUapi.KVM_VGIC_V2_ADDR_TYPE_CPU, GICC))
                .isZero();
        initialise(gic);

        assertThat(run(code -> {
                    store(code, GICD + Gicd.ISENABLER, 1L << PPI);
                    store(code, GICD + Gicd.CTLR, Gicd.CTLR_ENABLE);
                    store(code, GICC + Gicc.PMR, 0xf0);
                    store(code, GICC + Gicc.CTLR, Gicc.CTLR_ENABLE_GRP0);
                    start(code, PmuEvent.CPU_CYCLES);
                    write(code, SysReg.PMINTENSET_EL1, 1);
                    write(code, SysReg.PMEVCNTR0_EL0, 0xffff_f000L);
                    Label poll = code.here();
                    code.movImm(X2, GICC + Gicc.IAR).ldr(W2, X2).cmp(X2, 1023).b("eq", poll);
                    code.mov(X0, X2);
                }))
                .isEqualTo(PPI);
    }

    @Test
    void aVmmWithItsOwnInterruptControllerIsTold() {
        withoutVgic();

        test.start(vcpu, code -> {
            start(code, PmuEvent.CPU_CYCLES);
            write(code, SysReg.PMINTENSET_EL1, CYCLES);
            write(code, SysReg.PMCCNTR_EL0, -50_000);
            Label forever = code.here();
            code.b(forever);
        });

        assertThat(vcpu.run()).isEqualTo(Errno.EINTR.negated());
        assertThat(vcpu.kvmRun().exitReason).isEqualTo(KvmExit.KVM_EXIT_INTR);
        assertThat(vcpu.kvmRun().deviceIrqLevel).isEqualTo(KvmRun.KVM_ARM_DEV_PMU);
    }

    // ---- the VMM's side --------------------------------------------------------------------------------------------

    @Test
    void attributesFailAsTheKernels() {
        int einval = Errno.EINVAL.negated();
        assertThat(test.vcpu.setDeviceAttr(GROUP, IRQ, PPI)).isEqualTo(Errno.ENODEV.negated());
        assertThat(test.vcpu.hasDeviceAttr(GROUP, IRQ)).isFalse();
        for (int attr : new int[] {IRQ, INIT, FILTER, SET_PMU, SET_NR_COUNTERS}) {
            assertThat(vcpu.hasDeviceAttr(GROUP, attr)).isTrue();
        }
        assertThat(vcpu.hasDeviceAttr(GROUP, 5)).isFalse();
        assertThat(set(5, 0)).isEqualTo(Errno.ENXIO.negated());
        assertThat(set(IRQ, PPI)).as("no vGIC").isEqualTo(einval);
        assertThat(vcpu.run()).as("not initialised").isEqualTo(einval);
        assertThat(set(SET_PMU, HostPmu.TYPE + 1)).isEqualTo(Errno.ENXIO.negated());
        assertThat(set(SET_PMU, HostPmu.TYPE)).isZero();
        assertThat(set(SET_NR_COUNTERS, 7)).isEqualTo(einval);

        test.vm.createDevice(KvmDeviceUapi.KVM_DEV_TYPE_ARM_VGIC_V3);
        long[] value = new long[1];
        assertThat(vcpu.getDeviceAttr(GROUP, IRQ, value)).isEqualTo(Errno.ENXIO.negated());
        for (long irq : new long[] {-1, 15, 1020, 8192, 1L << 31}) {
            assertThat(set(IRQ, irq)).as("interrupt " + irq).isEqualTo(einval);
        }
        assertThat(set(IRQ, PPI)).isZero();
        assertThat(set(IRQ, PPI)).isEqualTo(Errno.EBUSY.negated());
        assertThat(vcpu.getDeviceAttr(GROUP, IRQ, value)).isZero();
        assertThat(value[0]).isEqualTo(PPI);
        Vcpu other = test.vm.createVcpu(2);
        other.init((int) FEATURES);
        assertThat(other.setDeviceAttr(GROUP, IRQ, PPI + 1)).as("another PPI").isEqualTo(einval);
        assertThat(other.setDeviceAttr(GROUP, IRQ, 40)).as("an SPI").isZero();
    }

    @Test
    void onceInitialisedNothingChanges() {
        withVgic();

        for (int attr : new int[] {IRQ, INIT, FILTER, SET_PMU, SET_NR_COUNTERS, 99}) {
            assertThat(set(attr, 0)).isEqualTo(Errno.EBUSY.negated());
        }
        assertThat(test.vm.irqLine(
                        KvmDeviceUapi.KVM_ARM_IRQ_TYPE_PPI << KvmDeviceUapi.KVM_ARM_IRQ_TYPE_SHIFT
                                | 1 << KvmDeviceUapi.KVM_ARM_IRQ_VCPU_SHIFT
                                | PPI,
                        true))
                .as("the line is KVM's own")
                .isZero();
        assertThat(run(code -> {
                    listen(code, TestVm.CODE);
                    code.mrs(X0, SysReg.ICC_IAR1_EL1);
                }))
                .isEqualTo(1023);
    }

    @Test
    void theTimersInterruptIsNoneForThePmu() {
        KvmDevice gic = test.vm.createDevice(KvmDeviceUapi.KVM_DEV_TYPE_ARM_VGIC_V3);
        int address = KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_ADDR;
        gic.setAttr(address, KvmDeviceUapi.KVM_VGIC_V3_ADDR_TYPE_DIST, GICD);
        gic.setAttr(address, KvmDeviceUapi.KVM_VGIC_V3_ADDR_TYPE_REDIST, GICR);
        gic.setAttr(KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_CTRL, KvmDeviceUapi.KVM_DEV_ARM_VGIC_CTRL_INIT, 0);
        assertThat(set(IRQ, 27)).isZero();
        assertThat(set(INIT, 0)).isZero();

        assertThat(vcpu.run()).isEqualTo(Errno.EINVAL.negated());
    }

    @Test
    void aDeniedEventIsNeitherPromisedNorCounted() {
        int einval = Errno.EINVAL.negated();
        int deny = KvmPmuEventFilter.KVM_PMU_EVENT_DENY;
        assertThat(set(FILTER, new KvmPmuEventFilter(0xffff, 2, deny).bytes())).isEqualTo(einval);
        assertThat(set(FILTER, new KvmPmuEventFilter(0, 1, 2).bytes())).isEqualTo(einval);
        assertThat(set(FILTER, new KvmPmuEventFilter(PmuEvent.INST_RETIRED, 2, deny).bytes()))
                .isZero();
        withoutVgic();

        assertThat(run(code -> code.mrs(X0, SysReg.PMCEID0_EL0))).isEqualTo(0x4002_0401);
        assertThat(run(code -> {
                    start(code, PmuEvent.INST_RETIRED);
                    loop(code, 100);
                    code.mrs(X0, SysReg.PMEVCNTR0_EL0);
                }))
                .isZero();
        assertThat(run(code -> code.mrs(X0, SysReg.PMCCNTR_EL0))).isGreaterThan(200);
    }

    @Test
    void allowingSomeEventsDeniesTheOthers() {
        int allow = KvmPmuEventFilter.KVM_PMU_EVENT_ALLOW;
        assertThat(set(FILTER, new KvmPmuEventFilter(PmuEvent.CPU_CYCLES, 1, allow).bytes()))
                .isZero();
        withoutVgic();

        assertThat(run(code -> code.mrs(X0, SysReg.PMCEID0_EL0))).isEqualTo(1 << PmuEvent.CPU_CYCLES);
    }

    @Test
    void theVmmSeesTheRegistersWithKvmsMasks() {
        withoutVgic();
        long all = 0x8000_003fL;

        put(SysReg.PMCNTENSET_EL0, -1);
        put(SysReg.PMINTENCLR_EL1, -1);
        put(SysReg.PMOVSCLR_EL0, -1);
        assertThat(get(SysReg.PMCNTENCLR_EL0)).isEqualTo(all);
        assertThat(get(SysReg.PMINTENSET_EL1)).isEqualTo(all);
        assertThat(get(SysReg.PMOVSSET_EL0)).isEqualTo(all);
        put(SysReg.PMCR_EL0, PmcrEl0.withN(0x3f, 3));
        assertThat(get(SysReg.PMCR_EL0)).isEqualTo(PmcrEl0.withN((0x3f & ~6) | PmcrEl0.LC, 3));
        put(SysReg.PMCR_EL0, PmcrEl0.withN(0, 31));
        assertThat(get(SysReg.PMCR_EL0)).isEqualTo(PmcrEl0.withN(PmcrEl0.LC, 3));
        put(SysReg.PMCCNTR_EL0, -2);
        put(SysReg.PMEVCNTR2_EL0, 0x1234);
        put(SysReg.PMSWINC_EL0, -1);
        assertThat(get(SysReg.PMCCNTR_EL0)).isEqualTo(-2);
        assertThat(get(SysReg.PMEVCNTR2_EL0)).isEqualTo(0x1234);
        assertThat(get(SysReg.PMSWINC_EL0)).isZero();
        for (SysReg reg : new SysReg[] {SysReg.PMCEID0_EL0, SysReg.PMXEVCNTR_EL0, SysReg.PMMIR_EL1}) {
            assertThatThrownBy(() -> get(reg)).as(reg.name()).isInstanceOf(KvmError.class);
        }

        assertThat(run(code -> code.mrs(X0, SysReg.PMCNTENSET_EL0)))
                .as("only three counters are left")
                .isEqualTo(0x8000_0007L);
        put(SysReg.PMCR_EL0, PmcrEl0.withN(0, 6));
        assertThat(get(SysReg.PMCR_EL0)).as("too late").isEqualTo(PmcrEl0.withN(PmcrEl0.LC, 3));
    }

    @Test
    void aResetStopsTheCounters() {
        withoutVgic();
        run(code -> start(code, PmuEvent.INST_RETIRED));

        assertThat(vcpu.init((int) FEATURES)).isZero();
        test.enableStage1(vcpu);

        assertThat(get(SysReg.PMCR_EL0)).isEqualTo(PmcrEl0.withN(PmcrEl0.LC, 6));
        long before = get(SysReg.PMEVCNTR0_EL0);
        run(Assembler::nop);
        assertThat(get(SysReg.PMEVCNTR0_EL0)).isEqualTo(before);
    }

    @Test
    void randomWritesNeverBreakIt() {
        withVgic();
        SplittableRandom random = new SplittableRandom(Long.getLong("ipanema.seed", 23));
        SysReg[] registers = Arrays.stream(SysReg.values())
                .filter(reg -> reg.isPmu() && reg.access() != SysReg.Access.EL1_READ)
                .toArray(SysReg[]::new);
        for (int round = 0; round < 20; round++) {
            assertThat(test.run(vcpu, code -> {
                        for (int i = 0; i < 40; i++) {
                            SysReg reg = registers[random.nextInt(registers.length)];
                            if (reg.pmuIndex() < 6 || reg.pmuIndex() == 31) {
                                write(code, reg, random.nextLong() | random.nextLong());
                            }
                        }
                        loop(code, 1000);
                    }))
                    .isZero();
        }
        assertThat(get(SysReg.PMCNTENSET_EL0) & ~0x8000_003fL).isZero();
    }
}

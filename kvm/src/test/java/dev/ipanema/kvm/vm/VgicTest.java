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
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Label;
import dev.ipanema.arm.gic.Gicd;
import dev.ipanema.arm.gic.Gicr;
import dev.ipanema.arm.register.CntCtl;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.kvm.uapi.KvmDevice;
import dev.ipanema.kvm.uapi.KvmDeviceUapi;
import dev.ipanema.kvm.uapi.KvmIrqRoute;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A guest with a GICv3: its registers, and interrupts of timers, of other vCPUs and of the VMM.
@Timeout(60)
class VgicTest {
    private static final long GICD = 0x0800_0000L;
    private static final long GICR = 0x080a_0000L;
    private static final int SPURIOUS = 1023;
    private static final int SPI = 40;

    private final TestVm test = new TestVm("max", "linux-7.3");
    private final KvmDevice gic = test.vm.createDevice(KvmDeviceUapi.KVM_DEV_TYPE_ARM_VGIC_V3);

    @AfterEach
    void close() {
        test.close();
    }

    private void initialise() {
        assertThat(gic.setAttr(KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0, 96))
                .isZero();
        assertThat(address(KvmDeviceUapi.KVM_VGIC_V3_ADDR_TYPE_DIST, GICD)).isZero();
        assertThat(address(KvmDeviceUapi.KVM_VGIC_V3_ADDR_TYPE_REDIST, GICR)).isZero();
        assertThat(gic.setAttr(KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_CTRL, KvmDeviceUapi.KVM_DEV_ARM_VGIC_CTRL_INIT, 0))
                .isZero();
    }

    private int address(int type, long ipa) {
        return gic.setAttr(KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_ADDR, type, ipa);
    }

    private static int spi(int intid) {
        return KvmDeviceUapi.KVM_ARM_IRQ_TYPE_SPI << KvmDeviceUapi.KVM_ARM_IRQ_TYPE_SHIFT | intid;
    }

    /// Turns distributor and CPU interface on, and a private interrupt.
    private static Assembler on(Assembler code, int ppi) {
        store(code, GICD + Gicd.CTLR, Gicd.CTLR_ENABLE_SS_G1);
        store(code, GICR + Gicr.SGI_BASE + Gicd.ISENABLER, 1L << ppi);
        return code.movImm(X1, 0xff).msr(SysReg.ICC_PMR_EL1, X1).movImm(X1, 1).msr(SysReg.ICC_IGRPEN1_EL1, X1);
    }

    private static void store(Assembler code, long ipa, long value) {
        code.movImm(X1, value).movImm(X2, ipa).str(W1, X2);
    }

    private static void load(Assembler code, long ipa) {
        code.movImm(X2, ipa).ldr(W2, X2);
    }

    private long run(Consumer<Assembler> body) {
        assertThat(test.run(body)).isZero();
        assertThat(test.ended()).as(test.vcpu.kvmRun().describe()).isTrue();
        return test.result();
    }

    private long register(long ipa) {
        return run(code -> {
            load(code, ipa);
            code.mov(X0, X2);
        });
    }

    // ---- registers -------------------------------------------------------------------------------------------------

    @Test
    void framesTellWhatTheyAre() {
        initialise();

        assertThat(register(GICD + Gicd.PIDR2)).isEqualTo(0x3b);
        assertThat(register(GICR + Gicd.PIDR2)).isEqualTo(0x3b);
        assertThat(register(GICD + Gicd.CTLR)).isEqualTo(Gicd.CTLR_ARE_NS | Gicd.CTLR_DS);
        // 96 interrupts, numbers of 10 bits.
        assertThat(register(GICD + Gicd.TYPER)).isEqualTo(9 << 19 | 2);
        assertThat(register(GICD + Gicd.IIDR)).isEqualTo(0x4b00_343bL);
        assertThat(register(GICR + Gicr.TYPER)).isEqualTo(Gicr.TYPER_LAST);
        assertThat(register(GICR + Gicr.WAKER)).isZero();
    }

    @Test
    void theGuestSeesSystemRegistersOfTheGic() {
        initialise();

        assertThat(run(code -> code.mrs(X0, SysReg.ID_AA64PFR0_EL1).lsr(X0, X0, 24)) & 0xf)
                .isEqualTo(1);
        assertThat(run(code -> code.mrs(X0, SysReg.ICC_SRE_EL1))).isEqualTo(7);
    }

    @Test
    void priorityHasFiveBitsAndSpisAreConfigurable() {
        initialise();

        assertThat(run(code -> {
                    store(code, GICD + Gicd.IPRIORITYR + SPI, 0xffff_ffffL);
                    load(code, GICD + Gicd.IPRIORITYR + SPI);
                    code.mov(X0, X2);
                }))
                .isEqualTo(0xf8f8_f8f8L);
        assertThat(run(code -> {
                    store(code, GICD + Gicd.ICFGR + 8, 0xffff_ffffL);
                    load(code, GICD + Gicd.ICFGR + 8);
                    code.mov(X0, X2);
                }))
                .isEqualTo(0xaaaa_aaaaL);
    }

    @Test
    void registersBeyondTheLastInterruptReadAsZero() {
        initialise();

        assertThat(run(code -> {
                    store(code, GICD + Gicd.ISENABLER + 12, -1 & 0xffff_ffffL);
                    load(code, GICD + Gicd.ISENABLER + 12);
                    code.mov(X0, X2);
                }))
                .isZero();
    }

    @Test
    void withoutAVgicTheRegistersAreUndefined() {
        try (TestVm bare = new TestVm("max", "linux-7.3")) {
            bare.run(code -> code.mrs(X0, SysReg.ICC_IAR1_EL1));
            assertThat(bare.tookException()).isTrue();
            bare.run(code -> code.mrs(X0, SysReg.ICC_SRE_EL1));
            assertThat(bare.tookException()).isTrue();
        }
    }

    // ---- interrupts ------------------------------------------------------------------------------------------------

    @Test
    void aTimerWakesTheVcpuFromWfi() {
        initialise();

        assertThat(run(code -> on(code, 27)
                        .movImm(X1, 2_000_000)
                        .msr(SysReg.CNTV_TVAL_EL0, X1)
                        .movImm(X1, CntCtl.ENABLE)
                        .msr(SysReg.CNTV_CTL_EL0, X1)
                        .emit("WFI")
                        .mrs(X0, SysReg.ICC_IAR1_EL1)))
                .isEqualTo(27);
    }

    @Test
    void thePhysicalTimerRaisesItsOwnInterrupt() {
        initialise();

        assertThat(run(code -> on(code, 30)
                        .msr(SysReg.CNTP_TVAL_EL0, XZR)
                        .movImm(X1, CntCtl.ENABLE)
                        .msr(SysReg.CNTP_CTL_EL0, X1)
                        .emit("WFI")
                        .mrs(X0, SysReg.ICC_IAR1_EL1)))
                .isEqualTo(30);
    }

    @Test
    void aTimerInterruptsAgainUntilItIsSilenced() {
        initialise();

        // Acknowledge and end twice with the line still high, then silence the timer: nothing is pending any more.
        assertThat(run(code -> {
                    on(code, 27)
                            .msr(SysReg.CNTV_CVAL_EL0, XZR)
                            .movImm(X1, CntCtl.ENABLE)
                            .msr(SysReg.CNTV_CTL_EL0, X1)
                            .emit("WFI")
                            .mrs(X3, SysReg.ICC_IAR1_EL1)
                            .msr(SysReg.ICC_EOIR1_EL1, X3)
                            .emit("WFI")
                            .mrs(X4, SysReg.ICC_IAR1_EL1)
                            .msr(SysReg.CNTV_CTL_EL0, XZR)
                            .msr(SysReg.ICC_EOIR1_EL1, X4);
                    load(code, GICD + Gicd.CTLR);
                    code.mrs(X1, SysReg.ICC_IAR1_EL1)
                            .lsl(X3, X3, 40)
                            .lsl(X4, X4, 20)
                            .add(X0, X3, X4)
                            .add(X0, X0, X1);
                }))
                .isEqualTo(27L << 40 | 27L << 20 | SPURIOUS);
    }

    @Test
    void anSgiToItselfIsPendingAtOnce() {
        initialise();

        // SGI 5 to affinity level 0 number 0 of this cluster.
        assertThat(run(code -> on(code, 5)
                        .movImm(X1, 5L << 24 | 1)
                        .msr(SysReg.ICC_SGI1R_EL1, X1)
                        .mrs(X0, SysReg.ICC_IAR1_EL1)))
                .isEqualTo(5);
    }

    @Test
    void anSpiRaisedByTheVmmWakesTheVcpu() {
        initialise();
        CompletableFuture<Long> running = CompletableFuture.supplyAsync(() -> run(code -> {
            store(code, GICD + Gicd.ISENABLER + 4, 1L << (SPI - 32));
            on(code, 0).emit("WFI").mrs(X0, SysReg.ICC_IAR1_EL1);
        }));

        assertThat(test.vm.irqLine(spi(SPI), true)).isZero();

        assertThat(running.join()).isEqualTo(SPI);
    }

    @Test
    void aLevelInterruptEndsWhenItsLineFalls() {
        initialise();
        assertThat(test.vm.irqLine(spi(SPI), true)).isZero();
        assertThat(run(code -> {
                    store(code, GICD + Gicd.ISENABLER + 4, 1L << (SPI - 32));
                    on(code, 0).mrs(X0, SysReg.ICC_IAR1_EL1).msr(SysReg.ICC_EOIR1_EL1, X0);
                }))
                .isEqualTo(SPI);
        // Still high: it is pending again.
        assertThat(run(code -> code.mrs(X0, SysReg.ICC_IAR1_EL1).msr(SysReg.ICC_EOIR1_EL1, X0)))
                .isEqualTo(SPI);

        assertThat(test.vm.irqLine(spi(SPI), false)).isZero();

        assertThat(run(code -> code.mrs(X0, SysReg.ICC_IAR1_EL1))).isEqualTo(SPURIOUS);
    }

    @Test
    void moreInterruptsThanListRegistersAllArrive() {
        initialise();
        // Nine edge-triggered SPIs, all of one priority, made pending by the guest.
        long sum = run(code -> {
            store(code, GICD + Gicd.ICFGR + 8, 0xffff_ffffL);
            store(code, GICD + Gicd.ISENABLER + 4, 0x1ff);
            store(code, GICD + Gicd.ISPENDR + 4, 0x1ff);
            on(code, 0).mov(X0, XZR);
            for (int i = 0; i < 9; i++) {
                code.mrs(X3, SysReg.ICC_IAR1_EL1).add(X0, X0, X3).msr(SysReg.ICC_EOIR1_EL1, X3);
            }
        });

        assertThat(sum).isEqualTo(32 + 33 + 34 + 35 + 36 + 37 + 38 + 39 + 40);
    }

    @Test
    void activeInterruptsBeyondTheListRegistersAreDeactivated() {
        initialise();
        // Six nested interrupts of rising priority; ends come in reverse order.
        assertThat(run(code -> {
                    store(code, GICD + Gicd.ICFGR + 8, 0xffff_ffffL);
                    store(code, GICD + Gicd.ISENABLER + 4, 0x3f);
                    on(code, 0);
                    for (int i = 0; i < 6; i++) {
                        code.movImm(X1, 0xa0 - 0x10 * i)
                                .movImm(X2, GICD + Gicd.IPRIORITYR + 32 + i)
                                .strb(W1, X2, 0);
                        store(code, GICD + Gicd.ISPENDR + 4, 1L << i);
                        code.mrs(X3, SysReg.ICC_IAR1_EL1);
                    }
                    for (int i = 5; i >= 0; i--) {
                        code.movImm(X3, 32 + i).msr(SysReg.ICC_EOIR1_EL1, X3);
                    }
                    load(code, GICD + Gicd.ISACTIVER + 4);
                    code.mrs(X3, SysReg.ICC_RPR_EL1).lsl(X3, X3, 32).add(X0, X2, X3);
                }))
                .isEqualTo(0xffL << 32);
    }

    @Test
    void wfitEndsAtItsTimeWithoutAnInterrupt() {
        initialise();

        assertThat(run(code -> on(code, 27)
                        .mrs(X1, SysReg.CNTVCT_EL0)
                        .movImm(X2, 3_000_000)
                        .add(X1, X1, X2)
                        .emit("WFIT", X1)
                        .mrs(X0, SysReg.CNTVCT_EL0)
                        .sub(X0, X0, X1)
                        .lsr(X0, X0, 63)))
                .isZero();
    }

    @Test
    void irqfdsRaiseWhatTheirNumberLeadsTo() {
        initialise();
        assertThat(test.vm.irqfd(SPI - 32, true)).isZero();
        assertThat(run(code -> {
                    store(code, GICD + Gicd.ISENABLER + 4, 0xffff_ffffL);
                    on(code, 0).mrs(X0, SysReg.ICC_IAR1_EL1).msr(SysReg.ICC_EOIR1_EL1, X0);
                }))
                .isEqualTo(SPI);
        assertThat(test.vm.irqfd(SPI - 32, false)).isZero();

        assertThat(test.vm.setGsiRouting(List.of(new KvmIrqRoute.Irqchip(7, 1), new KvmIrqRoute.Msi(8, 0, 0, 0))))
                .isZero();

        assertThat(test.vm.irqfd(9, true)).isEqualTo(Errno.EINVAL.negated());
        assertThat(test.vm.irqfd(8, true)).as("no ITS").isEqualTo(Errno.ENODEV.negated());
        assertThat(test.vm.irqfd(7, true)).isZero();
        assertThat(run(code -> code.mrs(X0, SysReg.ICC_IAR1_EL1))).isEqualTo(33);
        assertThat(test.vm.setGsiRouting(List.of(new KvmIrqRoute.Irqchip(7, 1000))))
                .isEqualTo(Errno.EINVAL.negated());
    }

    @Test
    void timerInterruptsCanBeChosenBeforeTheFirstRun() {
        int group = KvmDeviceUapi.KVM_ARM_VCPU_TIMER_CTRL;
        assertThat(test.vcpu.setDeviceAttr(group, 0, 20)).isZero();
        assertThat(test.vcpu.setDeviceAttr(group, 0, 32)).isEqualTo(Errno.EINVAL.negated());
        assertThat(test.vcpu.setDeviceAttr(9, 0, 20)).isEqualTo(Errno.ENXIO.negated());
        initialise();

        assertThat(run(code -> on(code, 20)
                        .msr(SysReg.CNTV_CVAL_EL0, XZR)
                        .movImm(X1, CntCtl.ENABLE)
                        .msr(SysReg.CNTV_CTL_EL0, X1)
                        .emit("WFI")
                        .mrs(X0, SysReg.ICC_IAR1_EL1)))
                .isEqualTo(20);
        assertThat(test.vcpu.setDeviceAttr(group, 0, 21)).isEqualTo(Errno.EBUSY.negated());
    }

    @Test
    void theVmmReadsAndWritesEveryRegister() {
        initialise();
        long[] value = new long[1];
        int dist = KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_DIST_REGS;
        assertThat(gic.setAttr(dist, Gicd.ISPENDR + 4, 0x100)).isZero();
        assertThat(gic.getAttr(dist, Gicd.ISPENDR + 4, value)).isZero();
        assertThat(value[0]).isEqualTo(0x100);
        assertThat(gic.setAttr(dist, Gicd.IIDR, 0x1234)).isEqualTo(Errno.EINVAL.negated());
        assertThat(gic.getAttr(dist, 0x7f00, value)).isEqualTo(Errno.ENXIO.negated());
        assertThat(gic.getAttr(dist, Gicd.CTLR + 2, value)).isEqualTo(Errno.EINVAL.negated());
        assertThat(gic.getAttr(dist, 5L << 32 | Gicd.CTLR, value)).isEqualTo(Errno.EINVAL.negated());

        int sysregs = KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS;
        assertThat(gic.setAttr(sysregs, SysReg.ICC_PMR_EL1.encoding(), 0xf8)).isZero();
        assertThat(run(code -> code.mrs(X0, SysReg.ICC_PMR_EL1))).isEqualTo(0xf8);
        assertThat(gic.getAttr(sysregs, SysReg.ICC_SRE_EL1.encoding(), value)).isZero();
        assertThat(value[0]).isEqualTo(7);
        assertThat(gic.hasAttr(sysregs, SysReg.ICC_IAR1_EL1.encoding())).isFalse();

        int level = KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO;
        test.vm.irqLine(spi(SPI), true);
        assertThat(gic.getAttr(level, 32, value)).isZero();
        assertThat(value[0]).isEqualTo(1L << (SPI - 32));
    }

    /// One of two vCPUs that send each other an SGI and sleep until the answer: a wake-up that is lost is a hang.
    private static void pingPong(Assembler code, int number, int rounds) {
        store(code, GICD + Gicd.CTLR, Gicd.CTLR_ENABLE_SS_G1);
        code.movImm(X1, 0xff).msr(SysReg.ICC_PMR_EL1, X1).movImm(X1, 1).msr(SysReg.ICC_IGRPEN1_EL1, X1);
        code.movImm(X4, rounds).movImm(X1, 1L << 24 | 2 >> number);
        Label again = code.here();
        if (number == 0) {
            code.msr(SysReg.ICC_SGI1R_EL1, X1);
        }
        Label sleep = code.here();
        code.emit("WFI").mrs(X3, SysReg.ICC_IAR1_EL1).cmp(X3, SPURIOUS).b("eq", sleep);
        code.msr(SysReg.ICC_EOIR1_EL1, X3);
        if (number == 1) {
            code.msr(SysReg.ICC_SGI1R_EL1, X1);
        }
        code.sub(X4, X4, 1).cbnz(X4, again).mov(X0, X3);
    }

    @Test
    void noWakeUpOfASleepingVcpuIsLost() {
        int rounds = Boolean.getBoolean("ipanema.long") ? 200_000 : 3_000;
        Vcpu second = test.vm.createVcpu(1);
        second.init();
        test.enableStage1(second);
        initialise();
        test.start(second, code -> pingPong(code, 1, rounds));
        Thread other = Thread.ofPlatform().start(second::run);

        assertThat(run(code -> pingPong(code, 0, rounds))).isEqualTo(1);

        assertThatCode(() -> other.join(10_000)).doesNotThrowAnyException();
        assertThat(second.kvmRun().mmio.physAddr).isEqualTo(TestVm.END);
        assertThat(test.vcpu.exits()).as("each round sleeps or sees the answer").isGreaterThan(rounds);
    }

    // ---- errors ----------------------------------------------------------------------------------------------------

    @Test
    void ioctlsFailAsTheKernels() {
        assertThat(test.vm.irqLine(spi(SPI), true)).isEqualTo(Errno.EBUSY.negated());
        assertThat(address(KvmDeviceUapi.KVM_VGIC_V3_ADDR_TYPE_DIST, GICD + 0x1000))
                .isEqualTo(Errno.EINVAL.negated());
        assertThat(address(KvmDeviceUapi.KVM_VGIC_V3_ADDR_TYPE_DIST, 1L << 40)).isEqualTo(Errno.E2BIG.negated());
        assertThat(address(KvmDeviceUapi.KVM_VGIC_V2_ADDR_TYPE_DIST, GICD)).isEqualTo(Errno.ENODEV.negated());
        assertThat(gic.setAttr(KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0, 33))
                .isEqualTo(Errno.EINVAL.negated());
        assertThat(test.vcpu.run()).isEqualTo(Errno.ENXIO.negated());
        initialise();
        assertThat(address(KvmDeviceUapi.KVM_VGIC_V3_ADDR_TYPE_DIST, GICD)).isEqualTo(Errno.EEXIST.negated());
        assertThat(gic.setAttr(KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0, 96))
                .isEqualTo(Errno.EBUSY.negated());
        assertThat(test.vm.irqLine(spi(96), true)).isEqualTo(Errno.EINVAL.negated());
        assertThat(test.vm.irqLine(spi(31), true)).isEqualTo(Errno.EINVAL.negated());
    }
}

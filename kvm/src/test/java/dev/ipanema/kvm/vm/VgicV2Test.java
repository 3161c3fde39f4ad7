package dev.ipanema.kvm.vm;

import static dev.ipanema.arm.a64.Reg.W1;
import static dev.ipanema.arm.a64.Reg.W2;
import static dev.ipanema.arm.a64.Reg.X0;
import static dev.ipanema.arm.a64.Reg.X1;
import static dev.ipanema.arm.a64.Reg.X2;
import static dev.ipanema.arm.a64.Reg.XZR;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.gic.Gicc;
import dev.ipanema.arm.gic.Gicd;
import dev.ipanema.arm.register.CntCtl;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.host.platform.Host;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.kvm.uapi.KvmDevice;
import dev.ipanema.kvm.uapi.KvmDeviceUapi;
import dev.ipanema.kvm.version.KernelVersion;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A guest with a GICv2, whose CPU interface is the hardware's, mapped at stage 2.
@Timeout(60)
class VgicV2Test {
    private static final long GICD = 0x0800_0000L;
    private static final long GICC = 0x0801_0000L;

    private final TestVm test = new TestVm("max", "linux-7.3");

    @AfterEach
    void close() {
        test.close();
    }

    private void initialise() {
        KvmDevice gic = test.vm.createDevice(KvmDeviceUapi.KVM_DEV_TYPE_ARM_VGIC_V2);
        int address = KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_ADDR;
        assertThat(gic.setAttr(address, KvmDeviceUapi.KVM_VGIC_V2_ADDR_TYPE_DIST, GICD))
                .isZero();
        assertThat(gic.setAttr(address, KvmDeviceUapi.KVM_VGIC_V2_ADDR_TYPE_CPU, GICC))
                .isZero();
        assertThat(gic.setAttr(KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_CTRL, KvmDeviceUapi.KVM_DEV_ARM_VGIC_CTRL_INIT, 0))
                .isZero();
    }

    private static void store(Assembler code, long ipa, long value) {
        code.movImm(X1, value).movImm(X2, ipa).str(W1, X2);
    }

    private static void load(Assembler code, long ipa) {
        code.movImm(X2, ipa).ldr(W2, X2);
    }

    private static void on(Assembler code) {
        store(code, GICD + Gicd.CTLR, Gicd.CTLR_ENABLE);
        store(code, GICC + Gicc.PMR, 0xf0);
        store(code, GICC + Gicc.CTLR, Gicc.CTLR_ENABLE_GRP0);
    }

    private long run(Consumer<Assembler> body) {
        assertThat(test.run(body)).isZero();
        assertThat(test.ended()).as(test.vcpu.kvmRun().describe()).isTrue();
        return test.result();
    }

    @Test
    void theCpuInterfaceIsReachedWithoutAnExit() {
        initialise();
        run(code -> load(code, GICC + Gicc.PMR));
        long before = test.vcpu.exits();

        long iidr = run(code -> {
            for (int i = 0; i < 20; i++) {
                load(code, GICC + Gicc.IIDR);
            }
            code.mov(X0, X2);
        });

        assertThat(iidr).isEqualTo(Gicc.IIDR_VALUE);
        assertThat(test.vcpu.exits() - before).as("20 reads").isLessThan(5);
    }

    @Test
    void aTimerInterruptIsAcknowledgedAndEnded() {
        initialise();

        long intid = run(code -> {
            store(code, GICD + Gicd.ISENABLER, 1L << 27);
            on(code);
            code.msr(SysReg.CNTV_CVAL_EL0, XZR)
                    .movImm(X1, CntCtl.ENABLE)
                    .msr(SysReg.CNTV_CTL_EL0, X1)
                    .emit("WFI");
            load(code, GICC + Gicc.IAR);
            code.mov(X0, X2)
                    .msr(SysReg.CNTV_CTL_EL0, XZR)
                    .movImm(X1, GICC + Gicc.EOIR)
                    .str(W2, X1);
        });

        assertThat(intid).isEqualTo(27);
        assertThat(run(code -> {
                    load(code, GICC + Gicc.IAR);
                    code.mov(X0, X2);
                }))
                .isEqualTo(1023);
    }

    @Test
    void anSgiTellsWhoSentIt() {
        initialise();

        assertThat(run(code -> {
                    on(code);
                    // To the sender itself.
                    store(code, GICD + Gicd.SGIR, 2L << 24 | 9);
                    load(code, GICC + Gicc.IAR);
                    code.mov(X0, X2);
                }))
                .isEqualTo(9);
    }

    @Test
    void theDistributorTellsItsSize() {
        initialise();

        assertThat(run(code -> {
                    load(code, GICD + Gicd.TYPER);
                    code.mov(X0, X2);
                }))
                .isEqualTo(7);
    }

    @Test
    void systemRegistersOfTheGicAreUndefined() {
        initialise();

        test.run(code -> code.mrs(X0, SysReg.ICC_IAR1_EL1));

        assertThat(test.tookException()).isTrue();
    }

    @Test
    void hostsWithoutCompatibilityRefuse() {
        try (Host altra = Host.builder(HostProfile.parse("altra")).build();
                Vm vm = new Kvm(altra, KernelVersion.parse("linux-7.3")).createVm(altra.newAddressSpace(), 0)) {
            assertThatThrownBy(() -> vm.createDevice(KvmDeviceUapi.KVM_DEV_TYPE_ARM_VGIC_V2))
                    .isInstanceOfSatisfying(
                            KvmError.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENODEV.negated()));
        }
    }
}

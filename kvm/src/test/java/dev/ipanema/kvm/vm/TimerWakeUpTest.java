package dev.ipanema.kvm.vm;

import static dev.ipanema.arm.a64.Reg.W1;
import static dev.ipanema.arm.a64.Reg.X0;
import static dev.ipanema.arm.a64.Reg.X1;
import static dev.ipanema.arm.a64.Reg.X2;
import static dev.ipanema.arm.a64.Reg.X3;
import static dev.ipanema.arm.a64.Reg.X4;
import static dev.ipanema.arm.a64.Reg.XZR;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Label;
import dev.ipanema.arm.gic.Gicd;
import dev.ipanema.arm.gic.Gicr;
import dev.ipanema.arm.register.CntCtl;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.kvm.uapi.KvmDevice;
import dev.ipanema.kvm.uapi.KvmDeviceUapi;
import dev.ipanema.machine.mmu.ExclusivePolicy;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A timer that fires at any moment of a vCPU's way into WFI ends it. Time passes by one count whenever somebody looks
/// at it, so that each moment comes at every run.
@Timeout(20)
class TimerWakeUpTest {
    private static final long GICD = 0x0800_0000L;
    private static final long GICR = 0x080a_0000L;
    private static final int VIRTUAL_TIMER = 27;
    private static final int PHYSICAL_TIMER = 30;

    /// More looks at the clock than there are from the timer's setting to sleep.
    private static final int MOMENTS = 200;

    private static void place(KvmDevice gic, int type, long ipa) {
        assertThat(gic.setAttr(KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_ADDR, type, ipa))
                .isZero();
    }

    private static void store(Assembler code, long ipa, long value) {
        code.movImm(X1, value).movImm(X2, ipa).str(W1, X2);
    }

    /// Sleeps until the timer's interrupt, for every distance from [#MOMENTS] down to 1.
    private static void sleep(Assembler code, SysReg value, SysReg control, int intid) {
        store(code, GICD + Gicd.CTLR, Gicd.CTLR_ENABLE_SS_G1);
        store(code, GICR + Gicr.SGI_BASE + Gicd.ISENABLER, 1L << intid);
        code.movImm(X1, 0xff).msr(SysReg.ICC_PMR_EL1, X1).movImm(X1, 1).msr(SysReg.ICC_IGRPEN1_EL1, X1);
        code.movImm(X4, MOMENTS).movImm(X2, CntCtl.ENABLE);
        Label again = code.here();
        code.msr(value, X4).msr(control, X2);
        Label wait = code.here();
        code.emit("WFI").mrs(X3, SysReg.ICC_IAR1_EL1).cmp(X3, intid).b("ne", wait);
        code.msr(control, XZR).msr(SysReg.ICC_EOIR1_EL1, X3);
        code.sub(X4, X4, 1).cbnz(X4, again).mov(X0, X3);
    }

    private static long run(SysReg value, SysReg control, int intid) {
        AtomicLong looks = new AtomicLong();
        try (TestVm test = new TestVm("max", "linux-7.3", ExclusivePolicy.WORK, _ -> {}, looks::incrementAndGet)) {
            KvmDevice gic = test.vm.createDevice(KvmDeviceUapi.KVM_DEV_TYPE_ARM_VGIC_V3);
            place(gic, KvmDeviceUapi.KVM_VGIC_V3_ADDR_TYPE_DIST, GICD);
            place(gic, KvmDeviceUapi.KVM_VGIC_V3_ADDR_TYPE_REDIST, GICR);
            gic.setAttr(KvmDeviceUapi.KVM_DEV_ARM_VGIC_GRP_CTRL, KvmDeviceUapi.KVM_DEV_ARM_VGIC_CTRL_INIT, 0);
            assertThat(test.run(code -> sleep(code, value, control, intid))).isZero();
            assertThat(test.ended()).as(test.vcpu.kvmRun().describe()).isTrue();
            return test.result();
        }
    }

    @Test
    void theVirtualTimerWakesAVcpuWheneverItFires() {
        assertThat(run(SysReg.CNTV_TVAL_EL0, SysReg.CNTV_CTL_EL0, VIRTUAL_TIMER))
                .isEqualTo(VIRTUAL_TIMER);
    }

    @Test
    void thePhysicalTimerWakesAVcpuWheneverItFires() {
        assertThat(run(SysReg.CNTP_TVAL_EL0, SysReg.CNTP_CTL_EL0, PHYSICAL_TIMER))
                .isEqualTo(PHYSICAL_TIMER);
    }
}

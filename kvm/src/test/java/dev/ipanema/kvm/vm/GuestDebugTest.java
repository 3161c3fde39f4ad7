package dev.ipanema.kvm.vm;

import static dev.ipanema.arm.a64.Reg.X0;
import static dev.ipanema.arm.a64.Reg.X1;
import static dev.ipanema.arm.a64.Reg.X2;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.exception.ExceptionClass;
import dev.ipanema.arm.register.DebugControl;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.kvm.uapi.KvmExit;
import dev.ipanema.kvm.uapi.KvmGuestDebug;
import dev.ipanema.kvm.uapi.KvmReg;
import java.util.List;
import org.junit.jupiter.api.Test;

class GuestDebugTest {
    private static void debug(TestVm test, int control) {
        assertThat(test.vcpu.setGuestDebug(KvmGuestDebug.of(KvmGuestDebug.KVM_GUESTDBG_ENABLE | control)))
                .isZero();
    }

    private static int exceptionClass(TestVm test) {
        assertThat(test.vcpu.kvmRun().exitReason).isEqualTo(KvmExit.KVM_EXIT_DEBUG);
        return Esr.ec(test.vcpu.kvmRun().debug.hsr);
    }

    private static long pc(TestVm test) {
        return test.vcpu.getOneReg(KvmReg.CORE_PC);
    }

    @Test
    void singleStepEndsEachRunAfterOneInstruction() {
        try (TestVm test = new TestVm("max", "linux-7.3")) {
            debug(test, KvmGuestDebug.KVM_GUESTDBG_SINGLESTEP);
            long start =
                    test.start(test.vcpu, code -> code.add(X0, X0, 1).hvc(0).add(X0, X0, 1));

            for (int i = 1; i <= 3; i++) {
                assertThat(test.vcpu.run()).isZero();
                assertThat(exceptionClass(test)).isEqualTo(ExceptionClass.SOFTWARE_STEP_LOWER);
                assertThat(pc(test)).isEqualTo(start + 4L * i);
            }
        }
    }

    @Test
    void stepOverAnMmioStoreStopsBehindIt() {
        try (TestVm test = new TestVm("max", "linux-7.3")) {
            long start =
                    test.start(test.vcpu, code -> code.movImm(X1, 0x900_0000L).str(X0, X1));
            debug(test, KvmGuestDebug.KVM_GUESTDBG_SINGLESTEP);
            test.vcpu.run();

            assertThat(test.vcpu.run()).isZero();
            assertThat(test.vcpu.kvmRun().exitReason).isEqualTo(KvmExit.KVM_EXIT_MMIO);
            assertThat(test.vcpu.run()).isZero();

            assertThat(exceptionClass(test)).isEqualTo(ExceptionClass.SOFTWARE_STEP_LOWER);
            assertThat(pc(test)).isEqualTo(start + 8);
        }
    }

    @Test
    void softwareBreakpointLeavesPcAtTheBrk() {
        try (TestVm test = new TestVm("max", "linux-7.3")) {
            debug(test, KvmGuestDebug.KVM_GUESTDBG_USE_SW_BP);

            assertThat(test.run(code -> code.nop().brk(7))).isZero();

            assertThat(test.vcpu.kvmRun().debug.hsr).isEqualTo(Esr.brk(7));
        }
    }

    @Test
    void hardwareBreakpointAndWatchpointAreTheVmms() {
        try (TestVm test = new TestVm("max", "linux-7.3")) {
            long start = test.start(test.vcpu, code -> {
                code.nop().nop();
                code.movImm(X1, TestVm.CODE + 0x800).str(X0, X1);
            });
            KvmGuestDebug.Pair breakpoint = new KvmGuestDebug.Pair(DebugControl.of(0, 0xf, 0), start + 4);
            KvmGuestDebug.Pair watchpoint =
                    new KvmGuestDebug.Pair(DebugControl.of(DebugControl.LSC_STORE, 0xff, 0), TestVm.CODE + 0x800);
            int control = KvmGuestDebug.KVM_GUESTDBG_ENABLE | KvmGuestDebug.KVM_GUESTDBG_USE_HW;
            test.vcpu.setGuestDebug(new KvmGuestDebug(control, List.of(breakpoint), List.of(watchpoint)));

            assertThat(test.vcpu.run()).isZero();
            assertThat(exceptionClass(test)).isEqualTo(ExceptionClass.BREAKPOINT_LOWER);
            assertThat(pc(test)).isEqualTo(start + 4);

            test.vcpu.setGuestDebug(new KvmGuestDebug(control, List.of(), List.of(watchpoint)));
            assertThat(test.vcpu.run()).isZero();
            assertThat(exceptionClass(test)).isEqualTo(ExceptionClass.WATCHPOINT_LOWER);
            assertThat(test.vcpu.kvmRun().debug.far).isEqualTo(TestVm.CODE + 0x800);
        }
    }

    @Test
    void guestKeepsItsOwnDebugRegisters() {
        try (TestVm test = new TestVm("max", "linux-7.3")) {
            debug(test, KvmGuestDebug.KVM_GUESTDBG_USE_SW_BP);

            int result = test.run(code -> {
                code.movImm(X1, 0x1234_5678L).msr(SysReg.DBGBVR1_EL1, X1);
                code.mrs(X2, SysReg.DBGBVR1_EL1).mov(X0, X2);
            });

            assertThat(result).isZero();
            assertThat(test.result()).isEqualTo(0x1234_5678L);
        }
    }

    @Test
    void unknownControlIsInvalid() {
        try (TestVm test = new TestVm("max", "linux-7.3")) {
            assertThat(test.vcpu.setGuestDebug(KvmGuestDebug.of(1 << 20))).isEqualTo(Errno.EINVAL.negated());
        }
    }
}

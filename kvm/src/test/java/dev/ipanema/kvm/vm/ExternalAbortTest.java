package dev.ipanema.kvm.vm;

import static dev.ipanema.arm.a64.Reg.X0;
import static dev.ipanema.arm.a64.Reg.X1;
import static dev.ipanema.kvm.vm.TestVm.MEMORY;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.exception.ExceptionClass;
import dev.ipanema.arm.exception.FaultStatus;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.host.mm.PteAttrIndex;
import dev.ipanema.host.mm.VmFlags;
import dev.ipanema.kvm.uapi.KvmCap;
import dev.ipanema.kvm.uapi.KvmExit;
import dev.ipanema.kvm.uapi.VcpuEvents;
import dev.ipanema.machine.mmu.ExclusivePolicy;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/// Exclusives to memory that does not support them, and SErrors: what of it reaches the guest and what the VMM.
class ExternalAbortTest {
    private static TestVm vm(String version, ExclusivePolicy policy, Consumer<Vm> setUp) {
        TestVm test = new TestVm("max", version, policy, setUp);
        test.slot(0, test.pfnmap(PteAttrIndex.MT_NORMAL_NC, VmFlags.VM_ALLOW_ANY_UNCACHED));
        test.run(code -> code.movImm(X1, MEMORY).ldr(X0, X1));
        return test;
    }

    private static int exclusive(TestVm test) {
        return test.run(code -> code.movImm(X1, MEMORY).ldxr(X0, X1));
    }

    @Test
    void unsupportedExclusiveGoesBackToTheGuestSince73() {
        try (TestVm test = vm("linux-7.3", ExclusivePolicy.FAULT_0X35, vm -> {})) {
            assertThat(exclusive(test)).isZero();
            assertThat(test.tookException()).isTrue();
            long esr = TestVm.get(test.vcpu, SysReg.ESR_EL1);
            assertThat(Esr.ec(esr)).isEqualTo(ExceptionClass.DATA_ABORT_SAME);
            assertThat(Esr.fsc(esr)).isEqualTo(FaultStatus.UNSUPPORTED_EXCLUSIVE_ATOMIC);
            assertThat(TestVm.get(test.vcpu, SysReg.FAR_EL1)).isEqualTo(MEMORY);
        }
    }

    @Test
    void unsupportedExclusiveWasEfaultBefore() {
        try (TestVm test = vm("linux-6.18", ExclusivePolicy.FAULT_0X35, vm -> {})) {
            assertThat(exclusive(test)).isEqualTo(Errno.EFAULT.negated());
            assertThat(test.vcpu.lastTrail().toString()).contains("unsupported FSC");
        }
    }

    @Test
    void externalAbortGoesToAVmmThatAskedForIt() {
        try (TestVm test = vm(
                "linux-7.3", ExclusivePolicy.EXTERNAL_ABORT, vm -> vm.enableCap(KvmCap.KVM_CAP_ARM_SEA_TO_USER, 0))) {
            assertThat(exclusive(test)).isZero();
            assertThat(test.vcpu.kvmRun().exitReason).isEqualTo(KvmExit.KVM_EXIT_ARM_SEA);
            assertThat(Esr.fsc(test.vcpu.kvmRun().armSea.esr)).isEqualTo(FaultStatus.SYNC_EXTERNAL_ABORT);
            assertThat(test.vcpu.kvmRun().armSea.gva).isEqualTo(MEMORY);
            assertThat(test.vcpu.kvmRun().armSea.gpa).isEqualTo(MEMORY);
        }
    }

    @Test
    void externalAbortIsAnSErrorForTheGuestOtherwise() {
        try (TestVm test = vm("linux-7.3", ExclusivePolicy.EXTERNAL_ABORT, vm -> {})) {
            int result = test.run(code -> code.daifClr(4).movImm(X1, MEMORY).ldxr(X0, X1));
            assertThat(result).isZero();
            assertThat(test.tookException()).isTrue();
            long esr = TestVm.get(test.vcpu, SysReg.ESR_EL1);
            assertThat(Esr.ec(esr)).isEqualTo(ExceptionClass.SERROR);
            assertThat(Esr.serrorIds(esr)).isTrue();
        }
    }

    @Test
    void vmmCanInjectAnSErrorWithSyndrome() {
        try (TestVm test = new TestVm("max", "linux-7.3")) {
            test.start(test.vcpu, code -> code.daifClr(4).nop());
            assertThat(test.vcpu.setVcpuEvents(new VcpuEvents(true, true, false, 0x11)))
                    .isZero();
            assertThat(test.vcpu.vcpuEvents().serrorPending()).isTrue();
            assertThat(test.vcpu.run()).isZero();
            assertThat(test.tookException()).isTrue();
            assertThat(Esr.iss(TestVm.get(test.vcpu, SysReg.ESR_EL1))).isEqualTo(0x11);
            assertThat(test.vcpu.setVcpuEvents(new VcpuEvents(true, true, false, 1L << 40)))
                    .isEqualTo(Errno.EINVAL.negated());
        }
    }
}

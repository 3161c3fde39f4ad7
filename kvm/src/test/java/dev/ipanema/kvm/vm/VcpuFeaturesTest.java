package dev.ipanema.kvm.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.arm.a64.Reg;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.kvm.uapi.KvmCap;
import dev.ipanema.kvm.uapi.KvmReg;
import org.junit.jupiter.api.Test;

/// Pointer authentication as a feature of a vCPU.
class VcpuFeaturesTest {
    private static final int BOTH =
            VcpuFeatures.KVM_ARM_VCPU_PTRAUTH_ADDRESS | VcpuFeatures.KVM_ARM_VCPU_PTRAUTH_GENERIC;
    private static final long ISAR1 = KvmReg.sysreg(3, 0, 0, 6, 1);
    private static final long KEY = KvmReg.sysreg(3, 0, 2, 1, 0);

    @Test
    void bothKindsComeTogetherOrNotAtAll() {
        try (TestVm test = new TestVm("max-pauth+pauth", "linux-7.3")) {
            Vcpu vcpu = test.vm.createVcpu(1);

            assertThat(vcpu.init(VcpuFeatures.KVM_ARM_VCPU_PTRAUTH_ADDRESS)).isEqualTo(Errno.EINVAL.negated());
            assertThat(vcpu.init(VcpuFeatures.KVM_ARM_VCPU_PTRAUTH_GENERIC)).isEqualTo(Errno.EINVAL.negated());
            assertThat(vcpu.init(Vcpu.KVM_ARM_VCPU_PSCI_0_2 | BOTH)).isZero();
        }
    }

    @Test
    void aHostWithoutItRefuses() {
        try (TestVm test = new TestVm("cortex-a76", "linux-7.3")) {
            assertThat(test.vm.createVcpu(1).init(BOTH)).isEqualTo(Errno.EINVAL.negated());
            assertThat(test.vm.checkExtension(KvmCap.KVM_CAP_ARM_PTRAUTH_ADDRESS))
                    .isZero();
        }
    }

    @Test
    void aVcpuWithoutItHidesItAndItsInstructionsAreUndefined() {
        try (TestVm test = new TestVm("max-pauth+pauth", "linux-7.3")) {
            assertThat(test.vm.checkExtension(KvmCap.KVM_CAP_ARM_PTRAUTH_GENERIC))
                    .isEqualTo(1);
            assertThat(test.vcpu.getOneReg(ISAR1) & 0xf0L).isZero();
            assertThatThrownBy(() -> test.vcpu.getOneReg(KEY)).isInstanceOf(KvmError.class);

            test.run(code -> code.mrs(Reg.X0, SysReg.ID_AA64ISAR1_EL1));
            assertThat(test.result() & 0xff0L).isZero();

            test.run(code -> code.emit("PACGA", Reg.X0, Reg.X1, Reg.X2));
            assertThat(test.tookException()).isTrue();
        }
    }

    @Test
    void aVcpuWithItSignsPointers() {
        try (TestVm test = new TestVm("max-pauth+pauth", "linux-7.3")) {
            Vcpu vcpu = test.vm.createVcpu(1);
            vcpu.init(Vcpu.KVM_ARM_VCPU_PSCI_0_2 | BOTH);
            test.enableStage1(vcpu);
            assertThat(vcpu.getOneReg(ISAR1) & 0xf0L).isEqualTo(0x10L);
            assertThat(vcpu.setOneReg(KEY, 0x1234)).isZero();

            test.run(
                    vcpu,
                    code -> code.mrs(Reg.X1, SysReg.SCTLR_EL1)
                            .orr(Reg.X1, Reg.X1, SctlrEl1.ENIA)
                            .msr(SysReg.SCTLR_EL1, Reg.X1)
                            .isb()
                            .movImm(Reg.X0, 0x1000)
                            .emit("PACIZA", Reg.X0));

            long signed = vcpu.kvmRun().mmio.value();
            assertThat(vcpu.kvmRun().mmio.physAddr).isEqualTo(TestVm.END);
            assertThat(signed & 0xffffL).isEqualTo(0x1000);
            assertThat(signed).isNotEqualTo(0x1000);
        }
    }
}

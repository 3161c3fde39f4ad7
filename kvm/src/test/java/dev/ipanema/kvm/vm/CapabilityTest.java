package dev.ipanema.kvm.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.host.platform.Host;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.kvm.uapi.KvmCap;
import dev.ipanema.kvm.uapi.KvmReg;
import dev.ipanema.kvm.version.KernelVersion;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CapabilityTest {
    private static final int CACHEABLE = KvmCap.KVM_CAP_ARM_CACHEABLE_PFNMAP_SUPPORTED;
    private static final int EINVAL = Errno.EINVAL.negated();

    @ParameterizedTest
    @CsvSource({
        "linux-7.3, max, 1, -22",
        "linux-7.3, cortex-a710, 0, -22",
        "linux-7.3, cortex-a76+dic, 0, -22",
        "series-v7/5, max, 1, -22",
        "series-v7/4, max, 0, 0",
        "linux-6.16, max, 0, 0"
    })
    void capability243AsksForAVm(String version, String cpu, int vmAnswer, int systemAnswer) {
        try (TestVm test = new TestVm(cpu, version.equals("linux-7.3") ? version : "linux-6.16")) {
            Kvm kvm = new Kvm(test.host, KernelVersion.parse(version));
            try (Vm vm = kvm.createVm(test.mm, 0)) {
                assertThat(CACHEABLE).isEqualTo(243);
                assertThat(vm.checkExtension(CACHEABLE)).isEqualTo(vmAnswer);
                assertThat(kvm.checkExtension(CACHEABLE)).isEqualTo(systemAnswer);
                assertThat(vm.enableCap(CACHEABLE, 0)).isEqualTo(EINVAL);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "3, 1",
        "10, 32767",
        "16, 1",
        "21, 1",
        "81, 1",
        "118, 0",
        "158, 1",
        "165, 52",
        "168, 3",
        "177, 1",
        "178, 1",
        "192, 0",
        "205, 1",
        "223, 1048576",
        "225, 1",
        "228, 0",
        "229, 1075843072",
        "231, 1",
        "232, 0",
        "234, 1",
        "236, 0",
        "244, 3",
        "245, 1",
        "9999, 0"
    })
    void answersOfAVmOnAHostWithEverything(int cap, int answer) {
        try (TestVm test = new TestVm("max", "linux-7.3")) {
            assertThat(test.vm.checkExtension(cap)).isEqualTo(answer);
        }
    }

    @Test
    void supportedBlockSizesAreThoseOf4KPages() {
        assertThat(Extensions.supportedBlockSizes()).isEqualTo(0x4020_1000L);
    }

    @Test
    void ipaSizeMustLieBetween32AndTheLimit() {
        try (Host host = Host.builder(HostProfile.recording(CpuModel.parse("cortex-a710")))
                .build()) {
            Kvm kvm = new Kvm(host, KernelVersion.newest());
            assertThat(kvm.checkExtension(KvmCap.KVM_CAP_ARM_VM_IPA_SIZE)).isEqualTo(40);
            kvm.createVm(host.newAddressSpace(), 32).close();
            kvm.createVm(host.newAddressSpace(), 40).close();
            for (long type : new long[] {31, 41, 48, 1L << 31, 1L << 8}) {
                assertThatThrownBy(() -> kvm.createVm(host.newAddressSpace(), type))
                        .isInstanceOfSatisfying(
                                KvmError.class, e -> assertThat(e.errno()).isEqualTo(EINVAL));
            }
            assertThat(kvm.tableBytes()).isZero();
        }
    }

    @Test
    void mteNeedsTheHostAndNoVcpu() {
        try (TestVm test = new TestVm("max", "linux-7.3")) {
            assertThat(test.vm.enableCap(KvmCap.KVM_CAP_ARM_MTE, 0)).isEqualTo(EINVAL);
        }
        try (TestVm test = new TestVm(
                "max-mte",
                "linux-7.3",
                vm -> assertThat(vm.enableCap(KvmCap.KVM_CAP_ARM_MTE, 0)).isEqualTo(EINVAL))) {
            assertThat(test.vm.memory().hasMte()).isFalse();
        }
    }

    @Test
    void dirtyRingIsLimitedAndSetOnce() {
        int ring = KvmCap.KVM_CAP_DIRTY_LOG_RING_ACQ_REL;
        try (TestVm test = new TestVm("max", "linux-7.3", vm -> {
            assertThat(vm.enableCap(KvmCap.KVM_CAP_DIRTY_LOG_RING, 0, 4096)).isEqualTo(EINVAL);
            assertThat(vm.enableCap(KvmCap.KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP, 0))
                    .isEqualTo(EINVAL);
            assertThat(vm.enableCap(ring, 0, 5000)).isEqualTo(EINVAL);
            assertThat(vm.enableCap(ring, 0, 2048)).isEqualTo(EINVAL);
            assertThat(vm.enableCap(ring, 0, 1L << 21)).isEqualTo(Errno.E2BIG.negated());
            assertThat(vm.enableCap(ring, 0, 1L << 20)).isZero();
            assertThat(vm.enableCap(ring, 0, 4096)).isEqualTo(EINVAL);
        })) {
            assertThat(test.vm.enableCap(ring, 0, 4096)).isEqualTo(EINVAL);
        }
    }

    @Test
    void oneRegReachesCoreAndSystemRegisters() {
        try (TestVm test = new TestVm("max", "linux-7.3")) {
            for (int n = 0; n <= 30; n++) {
                test.vcpu.setOneReg(KvmReg.x(n), 1000 + n);
            }
            assertThat(test.vcpu.getOneReg(KvmReg.x(0))).isEqualTo(1000);
            assertThat(test.vcpu.getOneReg(KvmReg.x(30))).isEqualTo(1030);
            test.vcpu.setOneReg(KvmReg.v(31), 1, 2);
            assertThat(test.vcpu.getOneReg(KvmReg.v(31), 1)).isEqualTo(2);
            test.vcpu.setOneReg(KvmReg.CORE_SP, 7);
            assertThat(test.vcpu.cpu().get(SysReg.SP_EL0)).isEqualTo(7);
            assertThat(test.vcpu.setOneReg(KvmReg.CORE_PSTATE, 0x9)).isEqualTo(EINVAL);
            assertThat(test.vcpu.setOneReg(KvmReg.sysreg(3, 4, 1, 1, 0), 0)).isEqualTo(Errno.ENOENT.negated());
            assertThat(test.vcpu.setOneReg(1, 0)).isEqualTo(Errno.ENOENT.negated());
        }
    }

    @Test
    void registersStartAsTheKernelLeavesThem() {
        try (TestVm test = new TestVm("max", "linux-7.3")) {
            Vcpu vcpu = test.vm.createVcpu(17);
            assertThat(vcpu.setOneReg(KvmReg.x(0), 1)).isEqualTo(Errno.ENOEXEC.negated());
            assertThat(vcpu.run()).isEqualTo(Errno.ENOEXEC.negated());
            vcpu.init();
            assertThat(TestVm.get(vcpu, SysReg.FAR_EL1)).isEqualTo(0x1de7_ec7e_dbad_c0deL);
            assertThat(TestVm.get(vcpu, SysReg.MPIDR_EL1)).isEqualTo(0x8000_0101L);
            assertThat(vcpu.getOneReg(KvmReg.CORE_PSTATE)).isEqualTo(0x3c5);
        }
    }

    @Test
    void vcpuIdsAreUniqueAndBounded() {
        try (TestVm test = new TestVm("max", "linux-7.3")) {
            assertThatThrownBy(() -> test.vm.createVcpu(0))
                    .isInstanceOfSatisfying(
                            KvmError.class, e -> assertThat(e.errno()).isEqualTo(Errno.EEXIST.negated()));
            assertThatThrownBy(() -> test.vm.createVcpu(512))
                    .isInstanceOfSatisfying(
                            KvmError.class, e -> assertThat(e.errno()).isEqualTo(EINVAL));
        }
    }
}

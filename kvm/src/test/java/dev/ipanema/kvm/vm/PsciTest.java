package dev.ipanema.kvm.vm;

import static dev.ipanema.arm.a64.Reg.X0;
import static dev.ipanema.arm.a64.Reg.X1;
import static dev.ipanema.arm.a64.Reg.X2;
import static dev.ipanema.arm.a64.Reg.X3;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.register.SysReg;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.kvm.uapi.KvmDeviceUapi;
import dev.ipanema.kvm.uapi.KvmExit;
import dev.ipanema.kvm.uapi.KvmReg;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Calls of the guest to its firmware, and power.
@Timeout(60)
class PsciTest {
    private final TestVm test = new TestVm("max", "linux-7.3");

    @AfterEach
    void close() {
        test.close();
    }

    private long call(int function, long x1, long x2, long x3) {
        assertThat(test.run(code -> code.movImm(X0, function & 0xffff_ffffL)
                        .movImm(X1, x1)
                        .movImm(X2, x2)
                        .movImm(X3, x3)
                        .hvc(0)))
                .isZero();
        assertThat(test.ended()).isTrue();
        return test.result();
    }

    @Test
    void versionsAreReported() {
        assertThat(call(SmcccFunction.PSCI_VERSION, 0, 0, 0)).isEqualTo(0x1_0003);
        assertThat(call(SmcccFunction.SMCCC_VERSION, 0, 0, 0)).isEqualTo(0x1_0001);
        assertThat(test.vcpu.getOneReg(KvmReg.PSCI_VERSION)).isEqualTo(0x1_0003);
    }

    @Test
    void featuresKnowWhatIsThere() {
        assertThat(call(SmcccFunction.PSCI_FEATURES, 0xffff_ffffL & SmcccFunction.PSCI_CPU_ON_64, 0, 0))
                .isZero();
        assertThat(call(SmcccFunction.PSCI_FEATURES, 0x8400_000EL, 0, 0)).isEqualTo(-1);
        assertThat(call(SmcccFunction.PSCI_FEATURES, 0xffff_ffffL & SmcccFunction.PSCI_SYSTEM_OFF2, 0, 0))
                .isEqualTo(1);
    }

    @Test
    void theVmmChoosesTheVersion() {
        assertThat(test.vcpu.setOneReg(KvmReg.PSCI_VERSION, 0x1_0000)).isZero();
        assertThat(call(SmcccFunction.PSCI_VERSION, 0, 0, 0)).isEqualTo(0x1_0000);
        assertThat(call(SmcccFunction.PSCI_FEATURES, 0xffff_ffffL & SmcccFunction.PSCI_SYSTEM_RESET2_64, 0, 0))
                .isEqualTo(-1);
        assertThat(call(SmcccFunction.PSCI_SYSTEM_RESET2_64, 0, 0, 0)).isEqualTo(-1);
        assertThat(test.vcpu.setOneReg(KvmReg.PSCI_VERSION, 0x1_0001)).isEqualTo(Errno.EBUSY.negated());
        assertThat(test.vcpu.setOneReg(KvmReg.PSCI_VERSION, 0x2_0000)).isEqualTo(Errno.EINVAL.negated());
    }

    @Test
    void hypervisorTellsThatItIsKvm() {
        assertThat(call(SmcccFunction.VENDOR_HYP_CALL_UID, 0, 0, 0)).isEqualTo(0xb66f_b428L);
        assertThat(call(SmcccFunction.VENDOR_HYP_KVM_FEATURES, 0, 0, 0)).isEqualTo(3);
    }

    @Test
    void servicesCanBeTakenFromTheGuest() {
        assertThat(test.vcpu.setOneReg(KvmReg.KVM_REG_ARM_STD_BMAP, 0)).isZero();
        assertThat(test.vcpu.setOneReg(KvmReg.KVM_REG_ARM_STD_BMAP, 2)).isEqualTo(Errno.EINVAL.negated());
        assertThat(call(SmcccFunction.TRNG_VERSION, 0, 0, 0)).isEqualTo(-1);
    }

    @Test
    void randomNumbersFillTheLastRegisterFirst() {
        test.run(code -> code.movImm(X0, SmcccFunction.TRNG_RND64 & 0xffff_ffffL)
                .movImm(X1, 68)
                .hvc(0)
                .lsr(X0, X2, 4)
                .add(X0, X0, X1));
        assertThat(test.result()).as("X1 and the upper bits of X2").isZero();
        assertThat(test.vcpu.cpu().x(3)).isNotZero();
        assertThat(call(SmcccFunction.TRNG_RND64, 193, 0, 0)).isEqualTo(-2);
    }

    @Test
    void preciseTimeComesWithTheCounter() {
        test.vm.setRealTime(() -> 0x1234_5678_9abc_def0L);
        test.run(code -> code.movImm(X0, SmcccFunction.VENDOR_HYP_KVM_PTP & 0xffff_ffffL)
                .movImm(X1, 0)
                .hvc(0)
                .lsl(X0, X0, 32)
                .add(X0, X0, X1));
        assertThat(test.result()).isEqualTo(0x1234_5678_9abc_def0L);
        assertThat(call(SmcccFunction.VENDOR_HYP_KVM_PTP, 2, 0, 0)).isEqualTo(-1);
    }

    @Test
    void stolenTimeIsToldWhereTheVmmSaid() {
        long at = TestVm.CODE + 0x2000;
        assertThat(call(SmcccFunction.PV_TIME_FEATURES, 0xffff_ffffL & SmcccFunction.PV_TIME_ST, 0, 0))
                .isEqualTo(-1);
        int group = KvmDeviceUapi.KVM_ARM_VCPU_PVTIME_CTRL;
        assertThat(test.vcpu.setDeviceAttr(group, 0, at + 8)).isEqualTo(Errno.EINVAL.negated());
        assertThat(test.vcpu.setDeviceAttr(group, 0, 0x1000)).isEqualTo(Errno.EINVAL.negated());
        assertThat(test.vcpu.setDeviceAttr(group, 0, at)).isZero();
        assertThat(test.vcpu.setDeviceAttr(group, 0, at)).isEqualTo(Errno.EEXIST.negated());
        assertThat(call(SmcccFunction.PV_TIME_FEATURES, 0xffff_ffffL & SmcccFunction.PV_TIME_ST, 0, 0))
                .isZero();

        assertThat(call(SmcccFunction.PV_TIME_ST, 0, 0, 0)).isEqualTo(at);

        test.run(code -> code.movImm(X1, at).ldr(X0, X1, 8).lsr(X0, X0, 40));
        assertThat(test.result()).as("less than 1100 s").isZero();
    }

    @Test
    void powerCanBeReadAndSet() {
        assertThat(test.vcpu.mpState()).isEqualTo(Vcpu.KVM_MP_STATE_RUNNABLE);
        assertThat(test.vcpu.setMpState(Vcpu.KVM_MP_STATE_STOPPED)).isZero();
        assertThat(test.vcpu.mpState()).isEqualTo(Vcpu.KVM_MP_STATE_STOPPED);
        assertThat(test.vcpu.setMpState(3)).isEqualTo(Errno.EINVAL.negated());
    }

    @Test
    void unknownFunctionIsNotSupported() {
        assertThat(call(0x8400_00ff, 0, 0, 0)).isEqualTo(-1);
    }

    @Test
    void smcServesTheSameCalls() {
        test.run(code -> code.movImm(X0, 0x8400_0000L).smc(0));
        assertThat(test.result()).isEqualTo(0x1_0003);
        test.run(code -> code.movImm(X0, 0x8400_0000L).smc(1));
        assertThat(test.result()).isEqualTo(-1);
    }

    @Test
    void systemOffAndResetAreEventsForTheVmm() {
        test.run(code ->
                code.movImm(X0, 0xffff_ffffL & SmcccFunction.PSCI_SYSTEM_OFF).hvc(0));
        assertThat(test.vcpu.kvmRun().exitReason).isEqualTo(KvmExit.KVM_EXIT_SYSTEM_EVENT);
        assertThat(test.vcpu.kvmRun().systemEvent.type).isEqualTo(KvmExit.KVM_SYSTEM_EVENT_SHUTDOWN);
        assertThat(test.vcpu.isStopped()).isTrue();
        test.vcpu.init();
        test.run(code ->
                code.movImm(X0, 0xffff_ffffL & SmcccFunction.PSCI_SYSTEM_RESET).hvc(0));
    }

    @Test
    void cpuOnRefusesWhatIsNotThereOrOnAlready() {
        assertThat(call(SmcccFunction.PSCI_CPU_ON_64, 5, 0, 0)).isEqualTo(-2);
        assertThat(call(SmcccFunction.PSCI_CPU_ON_64, 0, 0, 0)).isEqualTo(-4);
    }

    @Test
    void affinityInfoTellsOnFromOff() {
        Vcpu second = test.vm.createVcpu(1);
        second.init(Vcpu.KVM_ARM_VCPU_POWER_OFF | Vcpu.KVM_ARM_VCPU_PSCI_0_2);
        assertThat(call(SmcccFunction.PSCI_AFFINITY_INFO_64, 0, 0, 0)).isZero();
        assertThat(call(SmcccFunction.PSCI_AFFINITY_INFO_64, 1, 0, 0)).isEqualTo(1);
        assertThat(call(SmcccFunction.PSCI_AFFINITY_INFO_64, 1, 1, 0)).isZero();
        assertThat(call(SmcccFunction.PSCI_AFFINITY_INFO_64, 9, 0, 0)).isEqualTo(-2);
    }

    @Test
    void cpuOnStartsAnotherVcpuInResetState() {
        Vcpu second = test.vm.createVcpu(1);
        second.init(Vcpu.KVM_ARM_VCPU_POWER_OFF | Vcpu.KVM_ARM_VCPU_PSCI_0_2);
        // With stage 1 off an address is an IPA: the second vCPU stores its argument where nothing is.
        long entry = test.place(code -> code.mrs(X1, SysReg.MPIDR_EL1).add(X0, X0, X1));
        CompletableFuture<Integer> running = CompletableFuture.supplyAsync(second::run);

        assertThat(call(SmcccFunction.PSCI_CPU_ON_64, 1, entry, 0x1000)).isZero();

        assertThat(running.join()).isZero();
        assertThat(second.kvmRun().exitReason).isEqualTo(KvmExit.KVM_EXIT_MMIO);
        assertThat(second.kvmRun().mmio.value()).isEqualTo(0x8000_0001L + 0x1000);
    }

    @Test
    void stoppedVcpuWaitsUntilItIsKicked() {
        Vcpu second = test.vm.createVcpu(1);
        second.init(Vcpu.KVM_ARM_VCPU_POWER_OFF | Vcpu.KVM_ARM_VCPU_PSCI_0_2);
        CompletableFuture<Integer> running = CompletableFuture.supplyAsync(second::run);
        second.kick();
        assertThat(running.join()).isEqualTo(Errno.EINTR.negated());
    }

    @Test
    void waitingForAnInterruptEndsWithAKick() {
        CompletableFuture<Integer> running = CompletableFuture.supplyAsync(
                () -> test.run(code -> code.emit("WFI").movImm(X0, 1)));
        test.vcpu.kick();
        assertThat(running.join()).isEqualTo(Errno.EINTR.negated());
    }

    @Test
    void loopingGuestIsEndedByAKick() {
        CompletableFuture<Integer> running = CompletableFuture.supplyAsync(() -> test.run(code -> {
            code.b(code.here());
        }));
        test.vcpu.kick();
        assertThat(running.join()).isEqualTo(Errno.EINTR.negated());
        assertThat(test.vcpu.kvmRun().exitReason).isEqualTo(KvmExit.KVM_EXIT_INTR);
    }
}

package dev.ipanema.kvm.vm;

import static dev.ipanema.arm.a64.Reg.W0;
import static dev.ipanema.arm.a64.Reg.X0;
import static dev.ipanema.arm.a64.Reg.X1;
import static dev.ipanema.arm.a64.Reg.X2;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.exception.ExceptionClass;
import dev.ipanema.arm.exception.FaultStatus;
import dev.ipanema.arm.register.CacheOp;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.host.mm.PteAttrIndex;
import dev.ipanema.kvm.uapi.KvmCap;
import dev.ipanema.kvm.uapi.KvmExit;
import dev.ipanema.kvm.uapi.KvmMem;
import dev.ipanema.kvm.uapi.VcpuEvents;
import dev.ipanema.machine.memory.MmioRegion;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Data accesses to no memory: exits, their completion, devices inside KVM, accesses without syndrome, and what the
/// guest gets where there is no MMIO.
class MmioTest {
    private static final long DEVICE = 0x0900_0000L;
    private static final String CPU = "max";

    private final TestVm test = new TestVm(CPU, "linux-7.3");

    @AfterEach
    void close() {
        test.close();
    }

    @Test
    void readIsCompletedWithWhatTheVmmAnswered() {
        assertThat(test.run(code -> code.movImm(X1, DEVICE + 0x18).ldr(X0, X1))).isZero();
        assertThat(test.vcpu.kvmRun().exitReason).isEqualTo(KvmExit.KVM_EXIT_MMIO);
        assertThat(test.vcpu.kvmRun().mmio.physAddr).isEqualTo(DEVICE + 0x18);
        assertThat(test.vcpu.kvmRun().mmio.len).isEqualTo(8);
        assertThat(test.vcpu.kvmRun().mmio.isWrite).isFalse();

        test.vcpu.kvmRun().mmio.setValue(0x1122_3344_5566_7788L);

        assertThat(test.vcpu.run()).isZero();
        assertThat(test.ended()).isTrue();
        assertThat(test.result()).isEqualTo(0x1122_3344_5566_7788L);
    }

    @Test
    void signedLoadIntoA32BitRegisterIsExtendedAndCut() {
        test.run(code -> code.movImm(X1, DEVICE).movImm(X0, -1).emit("LDRSB_W_IMM", W0, X1, 0));
        assertThat(test.vcpu.kvmRun().mmio.len).isEqualTo(1);
        test.vcpu.kvmRun().mmio.setValue(0x80);
        test.vcpu.run();
        assertThat(test.result()).isEqualTo(0xffff_ff80L);
    }

    @Test
    void writeCarriesTheLowBytesOfItsRegister() {
        test.run(code -> code.movImm(X1, DEVICE + 2).movImm(X0, 0x1234_5678L).strh(W0, X1, 0));
        assertThat(test.vcpu.kvmRun().mmio.isWrite).isTrue();
        assertThat(test.vcpu.kvmRun().mmio.len).isEqualTo(2);
        assertThat(test.vcpu.kvmRun().mmio.value()).isEqualTo(0x5678);
    }

    @Test
    void deviceInsideKvmServesWithoutExit() {
        long[] register = new long[1];
        test.vm.registerMmio(DEVICE, 0x1000, new MmioRegion() {
            @Override
            public long read(long offset, int bytes) {
                return register[0] + offset;
            }

            @Override
            public void write(long offset, int bytes, long value) {
                register[0] = value;
            }
        });
        assertThat(test.run(code ->
                        code.movImm(X1, DEVICE + 8).movImm(X0, 42).str(X0, X1).ldr(X0, X1)))
                .isZero();
        assertThat(test.ended()).isTrue();
        assertThat(test.result()).isEqualTo(50);
    }

    @Test
    void accessWithoutSyndromeIsEnosysUntilTheVmmAsksForIt() {
        assertThat(test.run(code -> code.movImm(X1, DEVICE).ldp(X0, X2, X1, 0))).isEqualTo(Errno.ENOSYS.negated());
        test.vm.enableCap(KvmCap.KVM_CAP_ARM_NISV_TO_USER, 0);
        assertThat(test.vcpu.run()).isZero();
        assertThat(test.vcpu.kvmRun().exitReason).isEqualTo(KvmExit.KVM_EXIT_ARM_NISV);
        assertThat(test.vcpu.kvmRun().armNisv.faultIpa).isEqualTo(DEVICE);
    }

    @Test
    void injectedAbortDropsTheWaitingAccess() {
        test.run(code -> code.movImm(X1, DEVICE).ldr(X0, X1));
        test.vcpu.setVcpuEvents(VcpuEvents.extDabt());
        assertThat(test.vcpu.run()).isZero();
        assertThat(test.tookException()).isTrue();
        long esr = TestVm.get(test.vcpu, SysReg.ESR_EL1);
        assertThat(Esr.ec(esr)).isEqualTo(ExceptionClass.DATA_ABORT_SAME);
        assertThat(Esr.fsc(esr)).isEqualTo(FaultStatus.SYNC_EXTERNAL_ABORT);
        assertThat(TestVm.get(test.vcpu, SysReg.FAR_EL1)).isEqualTo(DEVICE);
    }

    @Test
    void writeToAReadOnlySlotIsMmioAndReadIsMemory() {
        long hva = test.anonymous(TestVm.SIZE);
        test.mm.userMemory().store(hva, 8, 99);
        assertThat(test.slot(KvmMem.KVM_MEM_READONLY, hva)).isZero();
        test.run(code -> code.movImm(X1, TestVm.MEMORY).ldr(X0, X1).str(X0, X1, 8));
        assertThat(test.vcpu.kvmRun().mmio.physAddr).isEqualTo(TestVm.MEMORY + 8);
        assertThat(test.result()).isEqualTo(99);
    }

    @Test
    void maintenanceOfNoMemoryIsSkipped() {
        assertThat(test.run(code ->
                        code.movImm(X1, DEVICE).cache(CacheOp.DC_IVAC, X1).movImm(X0, 3)))
                .isZero();
        assertThat(test.ended()).isTrue();
        assertThat(test.result()).isEqualTo(3);
    }

    @Test
    void fetchFromNoMemoryIsAnExternalAbort() {
        test.run(code -> code.movImm(X1, 0x7000_0000L).br(X1));
        assertThat(test.tookException()).isTrue();
        long esr = TestVm.get(test.vcpu, SysReg.ESR_EL1);
        assertThat(Esr.ec(esr)).isEqualTo(ExceptionClass.INSTRUCTION_ABORT_SAME);
        assertThat(Esr.fsc(esr)).isEqualTo(FaultStatus.SYNC_EXTERNAL_ABORT);
    }

    @Test
    void tableWalkThroughNoMemoryReportsTheLevel() {
        test.mapTable(3, 0x7000_0000L);
        test.run(code -> code.movImm(X1, 3L << 30).ldr(X0, X1));
        assertThat(test.tookException()).isTrue();
        long esr = TestVm.get(test.vcpu, SysReg.ESR_EL1);
        assertThat(Esr.fsc(esr)).isEqualTo(FaultStatus.of(FaultStatus.SYNC_EXTERNAL_ABORT_TTW, 2));
    }

    @Test
    void accessBeyondTheIpaSizeIsAnExternalAbort() {
        // The block for VA 511 GiB is moved to an output address behind 2^40.
        test.mapBlock(511, 1L << 41);
        test.run(code -> code.movImm(X1, 511L << 30).ldr(X0, X1));
        assertThat(test.tookException()).isTrue();
        assertThat(TestVm.get(test.vcpu, SysReg.FAR_EL1)).isEqualTo(1L << 41);
        assertThat(Esr.fsc(TestVm.get(test.vcpu, SysReg.ESR_EL1))).isEqualTo(FaultStatus.SYNC_EXTERNAL_ABORT);
    }

    @Test
    void unalignedAccessToStage2DeviceIsEfault() {
        test.slot(0, test.pfnmap(PteAttrIndex.MT_DEVICE_nGnRnE, 0));
        test.run(code -> code.movImm(X1, TestVm.MEMORY).ldr(X0, X1));
        assertThat(test.run(code -> code.movImm(X1, TestVm.MEMORY + 1).ldr(X0, X1)))
                .isEqualTo(Errno.EFAULT.negated());
        assertThat(test.vcpu.lastTrail().toString()).contains("alignment fault");
    }
}

package dev.ipanema.kvm.vm;

import static dev.ipanema.arm.a64.Reg.X0;
import static dev.ipanema.arm.a64.Reg.X1;
import static dev.ipanema.kvm.vm.TestVm.MEMORY;
import static dev.ipanema.kvm.vm.TestVm.SIZE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.register.CacheOp;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.host.mm.PteAttrIndex;
import dev.ipanema.kvm.trace.KvmTrace;
import dev.ipanema.kvm.uapi.KvmReg;
import dev.ipanema.kvm.uapi.UserspaceMemoryRegion;
import dev.ipanema.machine.memory.CacheOperation;
import org.junit.jupiter.api.Test;

/// Hosts without FWB: KVM sees the guest switch its caches and use set/way maintenance, and cleans its memory.
class CacheTest {
    private static final String NO_FWB = "neoverse-n1";
    private static final String FWB = "cortex-a710";

    private static boolean trapsVmRegisters(TestVm test) {
        return (test.vcpu.cpu().get(SysReg.HCR_EL2) & HcrEl2.TVM) != 0;
    }

    private static long cleans(TestVm test) {
        return test.host.machine().physicalMemory().maintenance().calls(CacheOperation.DC_CLEAN_INVAL_POC);
    }

    private static void toggleCaches(TestVm test) {
        test.run(code -> code.mrs(X0, SysReg.SCTLR_EL1)
                .and(X1, X0, ~SctlrEl1.C)
                .msr(SysReg.SCTLR_EL1, X1)
                .isb()
                .msr(SysReg.SCTLR_EL1, X0)
                .isb());
        assertThat(test.ended()).isTrue();
    }

    @Test
    void guestThatSwitchesItsCachesOnIsCleanedAndNoLongerTrapped() {
        try (TestVm test = new TestVm(NO_FWB, "linux-7.3")) {
            assertThat(trapsVmRegisters(test)).isTrue();
            test.slot(0, test.anonymous(SIZE));
            test.run(code -> code.movImm(X1, MEMORY).str(X1, X1));
            long before = cleans(test);
            toggleCaches(test);
            assertThat(cleans(test)).isGreaterThan(before);
            assertThat(trapsVmRegisters(test)).isFalse();
        }
    }

    @Test
    void setWayFlushesOnceAndTrapsAgain() {
        try (TestVm test = new TestVm(NO_FWB, "linux-7.3")) {
            toggleCaches(test);
            long before = cleans(test);
            test.run(code -> code.movImm(X0, 0).cache(CacheOp.DC_CISW, X0));
            long once = cleans(test);
            assertThat(once).isGreaterThan(before);
            assertThat(trapsVmRegisters(test)).isTrue();
            test.run(code -> code.movImm(X0, 0).cache(CacheOp.DC_CISW, X0));
            assertThat(cleans(test) - once).isLessThanOrEqualTo(1);
        }
    }

    @Test
    void hostWithFwbIgnoresAllOfIt() {
        try (TestVm test = new TestVm(FWB, "linux-7.3")) {
            assertThat(trapsVmRegisters(test)).isFalse();
            test.run(code -> code.movImm(X0, 0).cache(CacheOp.DC_CISW, X0));
            assertThat(test.ended()).isTrue();
            assertThat(cleans(test)).isZero();
        }
    }

    @Test
    void initAgainUnmapsRamButNotPfnmaps() {
        try (TestVm test = new TestVm(NO_FWB, "linux-7.3")) {
            test.slot(0, test.anonymous(SIZE));
            test.slot(2, 0, MEMORY + SIZE, SIZE, test.pfnmap(PteAttrIndex.MT_NORMAL_NC, 0));
            test.run(code -> code.movImm(X1, MEMORY)
                    .str(X1, X1)
                    .movImm(X1, MEMORY + SIZE)
                    .str(X1, X1));
            test.vcpu.init();
            assertThat(test.type(MEMORY)).isEqualTo("none");
            assertThat(test.type(MEMORY + SIZE)).isEqualTo("DEVICE_nGnRE");
        }
    }

    @Test
    void initAgainWithFwbInvalidatesInstructionsOnly() {
        try (TestVm test = new TestVm(FWB, "linux-7.3")) {
            test.slot(0, test.anonymous(SIZE));
            test.run(code -> code.movImm(X1, MEMORY).str(X1, X1));
            test.vcpu.init();
            assertThat(test.type(MEMORY)).isEqualTo("NORMAL_WB");
            assertThat(test.host.machine().physicalMemory().maintenance().calls(CacheOperation.IC_INVAL_ALL_POU_IS))
                    .isEqualTo(1);
        }
    }

    @Test
    void maintenanceIsTracedAsTheKernelDoes() {
        try (TestVm test = new TestVm(NO_FWB, "linux-7.3")) {
            StringBuilder events = new StringBuilder();
            test.kvm.trace(new KvmTrace() {
                @Override
                public void stage2Map(long ipa, long size, long pa, int prot) {
                    events.append("map ");
                }

                @Override
                public void dcacheCleanInvalPoc(long pa, long size, boolean performed) {
                    events.append("dcache:").append(performed).append(' ');
                }

                @Override
                public void icacheInvalPou(long pa, long size, boolean performed) {
                    events.append("icache:").append(performed).append(' ');
                }
            });
            try (Vm traced = test.kvm.createVm(test.mm, 0)) {
                Vcpu vcpu = traced.createVcpu(0);
                vcpu.init();
                traced.setUserMemoryRegion(
                        new UserspaceMemoryRegion(0, 0, TestVm.CODE, TestVm.CODE_SIZE, test.codeHva));
                vcpu.setOneReg(KvmReg.CORE_PC, test.place(code -> code.nop()));
                assertThat(vcpu.run()).isZero();
            }
            assertThat(events.toString()).startsWith("map dcache:true icache:true");
        }
    }

    @Test
    void identificationRegistersAreAnsweredSanitised() {
        try (TestVm test = new TestVm("neoverse-v2", "linux-7.3")) {
            test.run(code -> code.mrs(X0, SysReg.ID_AA64PFR0_EL1));
            assertThat(test.result()).isEqualTo(test.host.cpu().guestId(SysReg.ID_AA64PFR0_EL1));
            test.run(code -> code.mrs(X0, SysReg.CTR_EL0));
            assertThat(test.result()).isEqualTo(test.host.cpu().ctrEl0());
        }
    }
}

package dev.ipanema.kvm.vm;

import static dev.ipanema.arm.a64.Reg.W2;
import static dev.ipanema.arm.a64.Reg.X0;
import static dev.ipanema.arm.a64.Reg.X1;
import static dev.ipanema.arm.a64.Reg.X2;
import static dev.ipanema.kvm.vm.TestVm.MEMORY;
import static dev.ipanema.kvm.vm.TestVm.SIZE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Label;
import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.exception.ExceptionClass;
import dev.ipanema.arm.exception.FaultStatus;
import dev.ipanema.arm.memory.Stage2MemAttr;
import dev.ipanema.arm.pgtable.Stage2Descriptor;
import dev.ipanema.arm.register.CacheOp;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.host.mm.Mman;
import dev.ipanema.host.mm.PteAttrIndex;
import dev.ipanema.host.mm.VmFlags;
import dev.ipanema.kvm.uapi.KvmCap;
import dev.ipanema.kvm.uapi.KvmMem;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What the series promises, under a guest that runs: the acceptance list of the series and the regressions that
/// its review asked about.
class SeriesAcceptanceTest {
    /// FWB and DIC.
    private static final String FWB_DIC = "max";

    private static final String FWB_ONLY = "cortex-a710";
    private static final String DIC_ONLY = "cortex-a76+dic";
    private static final String NEITHER = "neoverse-n1";

    private static void writeAndReadBack(Assembler code, long offset) {
        code.movImm(X1, MEMORY + offset).movImm(X0, 0x5a5a_1234L).str(X0, X1).ldr(X0, X1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"linux-6.17", "linux-6.18", "linux-7.3", "series-v7/5"})
    void cacheableDeviceMemoryIsWriteBackAndExecutable(String version) {
        try (TestVm test = new TestVm(FWB_DIC, version)) {
            assertThat(test.slot(0, test.pfnmap(PteAttrIndex.MT_NORMAL, 0))).isZero();

            assertThat(test.run(code -> writeAndReadBack(code, 0x101))).isZero();

            assertThat(test.ended()).isTrue();
            assertThat(test.result()).isEqualTo(0x5a5a_1234L);
            long leaf = test.leaf(MEMORY).descriptor();
            assertThat(Stage2Descriptor.memAttr(leaf)).isEqualTo(Stage2MemAttr.FWB_NORMAL_WB);
            assertThat(Stage2Descriptor.xn(leaf)).isZero();
            assertThat(Stage2Descriptor.s2ap(leaf)).isEqualTo(3);
        }
    }

    @Test
    void cacheableDeviceMemoryServesExclusivesAtomicsZeroingAndFetch() {
        try (TestVm test = new TestVm(FWB_DIC, "linux-7.3")) {
            test.slot(0, test.pfnmap(PteAttrIndex.MT_NORMAL, 0));

            int result = test.run(code -> {
                Label retry = code.label();
                code.movImm(X1, MEMORY + 0x400);
                code.cache(CacheOp.DC_ZVA, X1);
                code.bind(retry).ldxr(X0, X1).add(X0, X0, 5);
                code.stxr(W2, X0, X1).cbnz(X2, retry);
                code.movImm(X2, 7).emit("LDADDAL_X", X2, X0, X1);
                code.movImm(X0, 0xd65f03c0L).str(X0, X1, 0x100);
                code.dsb(15).isb().add(X2, X1, 0x100).blr(X2);
                code.ldr(X0, X1);
            });

            assertThat(result).isZero();
            assertThat(test.ended()).isTrue();
            assertThat(test.result()).isEqualTo(12);
        }
    }

    @Test
    void normalNcMemoryIsNotExecutable() {
        try (TestVm test = new TestVm(FWB_DIC, "linux-7.3")) {
            test.slot(0, test.pfnmap(PteAttrIndex.MT_NORMAL_NC, VmFlags.VM_ALLOW_ANY_UNCACHED));
            test.run(code -> writeAndReadBack(code, 0));
            assertThat(test.type(MEMORY)).isEqualTo("NORMAL_NC");
            assertThat(Stage2Descriptor.xn(test.leaf(MEMORY).descriptor())).isEqualTo(2);

            assertThat(test.run(code -> code.movImm(X1, MEMORY).blr(X1))).isZero();

            assertThat(test.tookException()).isTrue();
            long esr = TestVm.get(test.vcpu, SysReg.ESR_EL1);
            assertThat(Esr.ec(esr)).isEqualTo(ExceptionClass.INSTRUCTION_ABORT_SAME);
            assertThat(Esr.fsc(esr)).isEqualTo(FaultStatus.SYNC_EXTERNAL_ABORT);
            assertThat(TestVm.get(test.vcpu, SysReg.FAR_EL1)).isEqualTo(MEMORY);
        }
    }

    @Test
    void deviceVmaIsDeviceUnlessAnyUncachedIsAllowed() {
        try (TestVm test = new TestVm(FWB_DIC, "linux-7.3")) {
            test.slot(0, test.pfnmap(PteAttrIndex.MT_DEVICE_nGnRnE, 0));
            test.slot(
                    2,
                    0,
                    MEMORY + SIZE,
                    SIZE,
                    test.pfnmap(PteAttrIndex.MT_DEVICE_nGnRnE, VmFlags.VM_ALLOW_ANY_UNCACHED));

            test.run(code -> {
                writeAndReadBack(code, 0);
                writeAndReadBack(code, SIZE);
            });

            assertThat(test.type(MEMORY)).isEqualTo("DEVICE_nGnRE");
            assertThat(test.type(MEMORY + SIZE)).isEqualTo("NORMAL_NC");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {FWB_ONLY, DIC_ONLY, NEITHER})
    void withoutFwbAndDicOnlyTheCacheableSlotIsRefused(String cpu) {
        try (TestVm test = new TestVm(cpu, "linux-7.3")) {
            assertThat(test.vm.checkExtension(KvmCap.KVM_CAP_ARM_CACHEABLE_PFNMAP_SUPPORTED))
                    .isZero();
            assertThat(test.slot(0, test.pfnmap(PteAttrIndex.MT_NORMAL, 0))).isEqualTo(Errno.EINVAL.negated());
            assertThat(test.vm.lastTrail().toString()).contains("cacheable");
            assertThat(test.slot(1, 0, MEMORY, SIZE, test.pfnmap(PteAttrIndex.MT_NORMAL_NC, 0)))
                    .isZero();
            assertThat(test.slot(2, 0, MEMORY + SIZE, SIZE, test.anonymous(SIZE)))
                    .isZero();
            assertThat(test.run(code -> writeAndReadBack(code, SIZE + 0x101))).isZero();
            assertThat(test.ended()).isTrue();
            assertThat(test.type(MEMORY + SIZE)).isEqualTo("NORMAL_WB");
        }
    }

    @Test
    void seriesAsPostedRefusesOrdinaryRamWithoutFwb() {
        try (TestVm test = new TestVm(NEITHER, "series-v7/5")) {
            assertThat(test.run(code -> code.nop())).isEqualTo(Errno.EINVAL.negated());
            assertThat(test.vcpu.lastTrail().toString()).contains("whatever the PFN is");
        }
    }

    @Test
    void vmaSwappedUnderASlotIsCaughtAtTheFaultAndCanBeRepaired() {
        try (TestVm test = new TestVm(NEITHER, "linux-7.3")) {
            long hva = test.anonymous(SIZE);
            test.slot(0, hva);
            int rw = Mman.PROT_READ | Mman.PROT_WRITE;
            int shared = Mman.MAP_SHARED | Mman.MAP_FIXED;
            test.mm.mmap(
                    hva, SIZE, rw, shared, TestVm.driver(TestVm.NOMAP, VmFlags.REMAP_FLAGS, PteAttrIndex.MT_NORMAL), 0);

            assertThat(test.run(code -> writeAndReadBack(code, 0))).isEqualTo(Errno.EFAULT.negated());
            assertThat(test.vcpu.run()).isEqualTo(Errno.EFAULT.negated());
            assertThat(test.type(MEMORY)).isEqualTo("none");

            test.mm.mmap(hva, SIZE, rw, Mman.MAP_PRIVATE | Mman.MAP_ANONYMOUS | Mman.MAP_FIXED);
            assertThat(test.vcpu.run()).isZero();
            assertThat(test.ended()).isTrue();
            assertThat(test.host.kernel().audit()).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({"linux-6.16, DEVICE_nGnRE", "linux-6.17, NORMAL_WB"})
    void cacheableSpecialPfnWasDeviceBeforeTheSeries(String version, String type) {
        try (TestVm test = new TestVm(FWB_DIC, version)) {
            test.slot(0, test.pfnmap(PteAttrIndex.MT_NORMAL, 0));
            test.run(code -> writeAndReadBack(code, 0));
            assertThat(test.type(MEMORY)).isEqualTo(type);
        }
    }

    @Test
    void dirtyLoggingOfAPfnmapIsRefused() {
        try (TestVm test = new TestVm(FWB_DIC, "linux-7.3")) {
            assertThat(test.slot(KvmMem.KVM_MEM_LOG_DIRTY_PAGES, test.pfnmap(PteAttrIndex.MT_NORMAL, 0)))
                    .isEqualTo(Errno.EINVAL.negated());
        }
    }

    @Test
    void mteVmCannotHaveDeviceMemory() {
        try (TestVm test = new TestVm("max+mte", "linux-7.3", vm -> vm.enableCap(KvmCap.KVM_CAP_ARM_MTE, 0))) {
            assertThat(test.slot(0, test.pfnmap(PteAttrIndex.MT_NORMAL, 0))).isEqualTo(Errno.EINVAL.negated());
            assertThat(test.slot(0, test.anonymous(SIZE))).isZero();
            assertThat(test.run(code -> writeAndReadBack(code, 0))).isZero();
        }
    }

    @Test
    void mixedMapHoldsBothKinds() {
        try (TestVm test = new TestVm(NEITHER, "linux-7.3")) {
            long flags = VmFlags.VM_MIXEDMAP | VmFlags.VM_IO;
            long ram = test.mapped(TestVm.driver(TestVm.RESERVED_RAM, flags, PteAttrIndex.MT_NORMAL_NC), SIZE);
            long special = test.mapped(TestVm.driver(TestVm.NOMAP, flags, PteAttrIndex.MT_NORMAL_NC), SIZE);
            long cacheable = test.mapped(TestVm.driver(TestVm.NOMAP, flags, PteAttrIndex.MT_NORMAL), SIZE);
            assertThat(List.of(
                            test.slot(0, ram),
                            test.slot(2, 0, MEMORY + SIZE, SIZE, special),
                            test.slot(3, 0, MEMORY + 2 * SIZE, SIZE, cacheable)))
                    .containsOnly(0);

            test.run(code -> {
                writeAndReadBack(code, 0);
                writeAndReadBack(code, SIZE);
            });

            assertThat(test.type(MEMORY)).isEqualTo("NORMAL_WB");
            assertThat(test.type(MEMORY + SIZE)).isEqualTo("DEVICE_nGnRE");
            assertThat(test.run(code -> writeAndReadBack(code, 2 * SIZE))).isEqualTo(Errno.EFAULT.negated());
        }
    }

    @Test
    void leakedMmapLockEndsTheRunAndIsNamed() {
        try (TestVm test = new TestVm(FWB_DIC, "series-v7/5")) {
            long hva = test.mm.unmappedArea(SIZE, 0x20_0000);
            test.mm.mmap(
                    hva,
                    SIZE,
                    Mman.PROT_READ | Mman.PROT_WRITE,
                    Mman.MAP_PRIVATE | Mman.MAP_FIXED,
                    TestVm.driver(TestVm.NOMAP, VmFlags.REMAP_FLAGS, PteAttrIndex.MT_NORMAL),
                    0);
            test.slot(0, hva);

            assertThat(test.run(code -> code.movImm(X1, MEMORY).ldr(X0, X1))).isEqualTo(Errno.EINVAL.negated());

            assertThat(test.vm.kernelDefect())
                    .hasValueSatisfying(
                            text -> assertThat(text).contains("series-v7/5").contains("mmap_lock"));
            assertThatThrownBy(test.vcpu::run).isInstanceOf(KvmError.class).hasMessageContaining("mmap_lock");
        }
    }
}

package dev.ipanema.kvm.vm;

import static dev.ipanema.arm.a64.Reg.X0;
import static dev.ipanema.arm.a64.Reg.X1;
import static dev.ipanema.kvm.vm.TestVm.MEMORY;
import static dev.ipanema.kvm.vm.TestVm.SIZE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.a64.Label;
import dev.ipanema.arm.pgtable.Stage2Descriptor;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.host.mm.Mman;
import dev.ipanema.kvm.memslot.DirtyRing;
import dev.ipanema.kvm.uapi.KvmCap;
import dev.ipanema.kvm.uapi.KvmExit;
import dev.ipanema.kvm.uapi.KvmMem;
import java.util.Objects;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/// Dirty logging by bitmap and by ring, with a guest that writes.
class DirtyLogTest {
    private static final int LOG = KvmMem.KVM_MEM_LOG_DIRTY_PAGES;
    private static final int PAGES = (int) (SIZE >>> 12);

    private static TestVm vm(Consumer<Vm> setUp) {
        return new TestVm("max", "linux-7.3", setUp);
    }

    private static void write(TestVm test, int page) {
        assertThat(test.run(
                        code -> code.movImm(X1, MEMORY + ((long) page << 12)).str(X1, X1)))
                .isZero();
        assertThat(test.ended()).isTrue();
    }

    private static boolean isWritable(TestVm test, int page) {
        return Stage2Descriptor.isWritable(
                test.leaf(MEMORY + ((long) page << 12)).descriptor());
    }

    /// {@return the mapping of 2 MiB pages}
    private static long huge(TestVm test) {
        long hva = test.anonymous(SIZE, 0x20_0000);
        test.mm.madvise(hva, SIZE, Mman.MADV_HUGEPAGE);
        return hva;
    }

    @Test
    void eachCycleShowsWhatWasWrittenInIt() {
        try (TestVm test = vm(vm -> {})) {
            test.slot(LOG, test.anonymous(SIZE));
            long[] bitmap = new long[PAGES / 64];
            write(test, 3);
            write(test, 64);
            assertThat(test.vm.getDirtyLog(1, bitmap)).isZero();
            assertThat(bitmap[0]).isEqualTo(1L << 3);
            assertThat(bitmap[1]).isEqualTo(1L);
            assertThat(isWritable(test, 3)).isFalse();

            write(test, 3);
            test.vm.getDirtyLog(1, bitmap);
            assertThat(bitmap[0]).isEqualTo(1L << 3);
            assertThat(bitmap[1]).isZero();
        }
    }

    @Test
    void readUnderLoggingMapsReadOnlyAndTheWriteRelaxes() {
        try (TestVm test = vm(vm -> {})) {
            test.slot(LOG, test.anonymous(SIZE));
            test.run(code -> code.movImm(X1, MEMORY).ldr(X0, X1));
            assertThat(isWritable(test, 0)).isFalse();
            write(test, 0);
            assertThat(isWritable(test, 0)).isTrue();
        }
    }

    @Test
    void loggingStartsByProtectingBlocksAndWritesSplitThem() {
        try (TestVm test = vm(vm -> {})) {
            long hva = huge(test);
            test.slot(0, hva);
            write(test, 0);
            assertThat(test.leaf(MEMORY).level()).isEqualTo(2);

            test.slot(LOG, hva);
            assertThat(isWritable(test, 0)).isFalse();
            write(test, 1);

            assertThat(test.leaf(MEMORY + 0x1000).level()).isEqualTo(3);
            assertThat(isWritable(test, 1)).isTrue();
            long[] bitmap = new long[PAGES / 64];
            test.vm.getDirtyLog(1, bitmap);
            assertThat(bitmap[0]).isEqualTo(2L);
        }
    }

    @Test
    void eagerSplittingKeepsThePagesMapped() {
        try (TestVm test = vm(vm -> assertThat(vm.enableCap(KvmCap.KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE, 0, 0x20_0000))
                .isZero())) {
            long hva = huge(test);
            test.slot(0, hva);
            write(test, 0);
            assertThat(test.vm.checkExtension(KvmCap.KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE))
                    .isEqualTo(0x20_0000);

            test.slot(LOG, hva);

            assertThat(test.leaf(MEMORY).level()).isEqualTo(3);
            assertThat(test.leaf(MEMORY + 0x5000).isMapped()).isTrue();
            assertThat(isWritable(test, 5)).isFalse();
        }
    }

    @Test
    void manualProtectLeavesProtectionToClear() {
        try (TestVm test = vm(vm -> vm.enableCap(KvmCap.KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, 0, 1))) {
            test.slot(LOG, test.anonymous(SIZE));
            write(test, 7);
            long[] bitmap = new long[PAGES / 64];
            test.vm.getDirtyLog(1, bitmap);
            assertThat(bitmap[0]).isEqualTo(1L << 7);
            assertThat(isWritable(test, 7)).isTrue();

            assertThat(test.vm.clearDirtyLog(1, 0, 64, new long[] {1L << 7})).isZero();

            assertThat(isWritable(test, 7)).isFalse();
            test.vm.getDirtyLog(1, bitmap);
            assertThat(bitmap[0]).isZero();
        }
    }

    @Test
    void initiallyAllSetProtectsNothingAtFirst() {
        try (TestVm test = vm(vm -> vm.enableCap(KvmCap.KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, 0, 3))) {
            long hva = test.anonymous(SIZE);
            test.slot(0, hva);
            write(test, 0);
            test.slot(LOG, hva);
            assertThat(isWritable(test, 0)).isTrue();
            long[] bitmap = new long[PAGES / 64];
            test.vm.getDirtyLog(1, bitmap);
            assertThat(bitmap).containsOnly(-1L);
            test.vm.clearDirtyLog(1, 0, PAGES, bitmap);
            assertThat(isWritable(test, 0)).isFalse();
        }
    }

    @Test
    void manualProtectTakesOnlyItsThreeValues() {
        try (TestVm test = vm(vm -> {})) {
            int cap = KvmCap.KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2;
            assertThat(test.vm.enableCap(cap, 0, 2)).isEqualTo(Errno.EINVAL.negated());
            assertThat(test.vm.enableCap(cap, 0, 4)).isEqualTo(Errno.EINVAL.negated());
            assertThat(test.vm.enableCap(cap, 1, 1)).isEqualTo(Errno.EINVAL.negated());
            assertThat(test.vm.enableCap(cap, 0, 0)).isZero();
        }
    }

    @Test
    void ioctlsRefuseWhatTheyCannotServe() {
        try (TestVm test = vm(vm -> {})) {
            long[] bitmap = new long[PAGES / 64];
            assertThat(test.vm.getDirtyLog(1, bitmap)).isEqualTo(Errno.ENOENT.negated());
            assertThat(test.vm.getDirtyLog(40_000, bitmap)).isEqualTo(Errno.EINVAL.negated());
            test.slot(LOG, test.anonymous(SIZE));
            assertThat(test.vm.getDirtyLog(1, new long[1])).isEqualTo(Errno.EFAULT.negated());
            assertThat(test.vm.clearDirtyLog(1, 1, 64, bitmap)).isEqualTo(Errno.EINVAL.negated());
            assertThat(test.vm.clearDirtyLog(1, 0, 65, bitmap)).isEqualTo(Errno.EINVAL.negated());
            assertThat(test.vm.clearDirtyLog(1, PAGES - 64, 128, bitmap)).isEqualTo(Errno.EINVAL.negated());
            assertThat(test.vm.clearDirtyLog(1, PAGES - 64, 64, bitmap)).isZero();
        }
    }

    @Test
    void switchingLoggingOffLeavesPagesSmallUntilTheyFault() {
        try (TestVm test = vm(vm -> {})) {
            long hva = huge(test);
            test.slot(0, hva);
            write(test, 0);
            test.slot(LOG, hva);
            write(test, 0);
            test.slot(0, hva);
            assertThat(test.leaf(MEMORY).level()).isEqualTo(3);
            write(test, 1);
            assertThat(test.leaf(MEMORY).level()).isEqualTo(2);
        }
    }

    @Test
    void ringRecordsPagesAndMakesTheVcpuLeaveWhenItIsFull() {
        try (TestVm test = vm(vm -> {
            assertThat(vm.enableCap(KvmCap.KVM_CAP_DIRTY_LOG_RING_ACQ_REL, 0, 4096))
                    .isZero();
            assertThat(vm.enableCap(KvmCap.KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP, 0))
                    .isZero();
        })) {
            test.slot(LOG, test.anonymous(SIZE));
            DirtyRing ring = Objects.requireNonNull(test.vcpu.dirtyRing());
            int entries = 4096 / KvmCap.KVM_DIRTY_GFN_SIZE;
            int softLimit = entries - DirtyRing.KVM_DIRTY_RING_RSVD_ENTRIES;

            int result = test.run(code -> {
                code.movImm(X1, MEMORY).movImm(X0, softLimit + 8L);
                Label loop = code.here();
                code.str(X0, X1).add(X1, X1, 0x1000).sub(X0, X0, 1).cbnz(X0, loop);
            });

            assertThat(result).isZero();
            assertThat(test.vcpu.kvmRun().exitReason).isEqualTo(KvmExit.KVM_EXIT_DIRTY_RING_FULL);
            assertThat(ring.offset(0)).isZero();
            assertThat(ring.offset(softLimit - 1)).isEqualTo(softLimit - 1L);
            for (int i = 0; i < softLimit; i++) {
                ring.harvest(i);
            }
            assertThat(test.vm.resetDirtyRings()).isEqualTo(softLimit);
            assertThat(isWritable(test, 0)).isFalse();
            assertThat(test.vcpu.run()).isZero();
            assertThat(test.ended()).isTrue();
        }
    }

    @Test
    void ringAloneHasNoBitmap() {
        try (TestVm test = vm(vm -> vm.enableCap(KvmCap.KVM_CAP_DIRTY_LOG_RING_ACQ_REL, 0, 4096))) {
            assertThat(test.vm.getDirtyLog(1, new long[16])).isEqualTo(Errno.ENXIO.negated());
        }
    }
}

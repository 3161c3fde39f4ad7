package dev.ipanema.kvm.vm;

import static dev.ipanema.arm.a64.Reg.X0;
import static dev.ipanema.arm.a64.Reg.X1;
import static dev.ipanema.kvm.vm.TestVm.MEMORY;
import static dev.ipanema.kvm.vm.TestVm.SIZE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.pgtable.Stage2Descriptor;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.MappableFile;
import dev.ipanema.host.mm.MemoryFile;
import dev.ipanema.host.mm.Mman;
import dev.ipanema.host.mm.PteAttrIndex;
import dev.ipanema.host.mm.VmFault;
import dev.ipanema.host.mm.VmFlags;
import dev.ipanema.host.mm.VmOperations;
import dev.ipanema.host.mm.Vma;
import dev.ipanema.kvm.abort.GuestAborts;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Stage 2 follows the host's page table: whatever the host takes away is gone from stage 2 before it is gone from
/// the host, and a fault that raced with it is tried again.
class NotifierTest {
    private final TestVm test = new TestVm("max", "linux-7.3");

    @AfterEach
    void close() {
        test.close();
    }

    private void touch() {
        assertThat(test.run(code -> code.movImm(X1, MEMORY).ldr(X0, X1))).isZero();
        assertThat(test.ended()).isTrue();
    }

    @Test
    void munmapRemovesTheLeaf() {
        long hva = test.anonymous(SIZE);
        test.slot(0, hva);
        touch();
        assertThat(test.leaf(MEMORY).isMapped()).isTrue();
        test.mm.munmap(hva, SIZE);
        assertThat(test.leaf(MEMORY).isMapped()).isFalse();
        assertThat(test.run(code -> code.movImm(X1, MEMORY).ldr(X0, X1))).isEqualTo(Errno.EFAULT.negated());
    }

    @Test
    void zappingADriversEntriesRemovesTheLeaves() {
        var driver = TestVm.driver(TestVm.NOMAP, VmFlags.VM_MIXEDMAP | VmFlags.VM_IO, PteAttrIndex.MT_NORMAL);
        test.slot(0, test.mapped(driver, SIZE));
        touch();
        assertThat(test.leaf(MEMORY).isMapped()).isTrue();
        test.host.kernel().unmapMappingRange(driver, TestVm.NOMAP, SIZE);
        assertThat(test.leaf(MEMORY).isMapped()).isFalse();
        touch();
        assertThat(test.leaf(MEMORY).isMapped()).isTrue();
    }

    @Test
    void mprotectToReadOnlyMakesAGuestWriteFail() {
        long hva = test.anonymous(SIZE);
        test.slot(0, hva);
        test.run(code -> code.movImm(X1, MEMORY).str(X1, X1));
        test.mm.mprotect(hva, SIZE, Mman.PROT_READ);
        assertThat(test.run(code -> code.movImm(X1, MEMORY).str(X1, X1))).isEqualTo(Errno.EFAULT.negated());
        touch();
        assertThat(Stage2Descriptor.isWritable(test.leaf(MEMORY).descriptor())).isFalse();
        test.mm.mprotect(hva, SIZE, Mman.PROT_READ | Mman.PROT_WRITE);
        assertThat(test.run(code -> code.movImm(X1, MEMORY).str(X1, X1))).isZero();
    }

    @Test
    void migratedPageIsFollowed() {
        long hva = test.anonymous(SIZE);
        test.mm.userMemory().store(hva, 8, 77);
        test.slot(0, hva);
        touch();
        long before = test.leaf(MEMORY).pa();
        assertThat(test.host.kernel().migratePage(before >>> 12)).isZero();
        assertThat(test.leaf(MEMORY).isMapped()).isFalse();
        touch();
        assertThat(test.result()).isEqualTo(77);
        assertThat(test.leaf(MEMORY).pa()).isNotEqualTo(before);
    }

    @Test
    void shuffledPagesAreMappedOneByOne() {
        MemoryFile file = MemoryFile.memfd(test.host.kernel(), "shuffled", SIZE);
        long hva = test.mapped(file, SIZE);
        for (long page = 511; page >= 0; page -= 3) {
            test.mm.userMemory().store(hva + (page << 12), 8, page);
        }
        test.slot(0, hva);
        for (long page = 511; page >= 0; page -= 60) {
            long at = MEMORY + (page << 12);
            test.run(code -> code.movImm(X1, at).ldr(X0, X1));
            assertThat(test.result()).isEqualTo(page % 3 == 1 ? page : 0);
        }
    }

    @Test
    void ageingClearsTheAccessFlagAndTheNextAccessSetsIt() {
        long hva = test.anonymous(SIZE);
        test.slot(0, hva);
        touch();
        assertThat(test.mm.testYoung(hva)).isTrue();
        assertThat(test.mm.clearFlushYoung(hva, hva + 0x1000)).isTrue();
        assertThat(Stage2Descriptor.af(test.leaf(MEMORY).descriptor())).isFalse();
        touch();
        assertThat(Stage2Descriptor.af(test.leaf(MEMORY).descriptor())).isTrue();
    }

    @Test
    void faultThatRacedWithAnInvalidationIsTriedAgain() {
        // The driver's fault handler makes the host invalidate another part of the slot: the sequence count moves
        // between
        // the VMA snapshot and the lock, so the first attempt must not map.
        long other = test.anonymous(SIZE);
        test.slot(2, 0, MEMORY + SIZE, SIZE, other);
        AtomicInteger faults = new AtomicInteger();
        RacingFile file = new RacingFile(test.host.kernel().allocKernelPages(0) >>> 12, () -> {
            if (faults.getAndIncrement() == 0) {
                test.mm.clearYoung(other, other + 0x1000);
                test.mm.madvise(other, 0x1000, Mman.MADV_DONTNEED);
            }
        });
        test.mm.userMemory().store(other, 8, 1);
        test.slot(0, test.mapped(file, SIZE));

        touch();

        assertThat(test.vcpu.lastTrail().toString()).contains("-EAGAIN");
        assertThat(test.leaf(MEMORY).isMapped()).isTrue();
    }

    /// A file whose fault handler does something on the side.
    private static final class RacingFile implements MappableFile, VmOperations {
        private final long pfn;
        private final Runnable race;

        RacingFile(long pfn, Runnable race) {
            this.pfn = pfn;
            this.race = race;
        }

        @Override
        public String name() {
            return "/dev/racing";
        }

        @Override
        public int mmap(AddressSpace mm, Vma vma) {
            vma.setOps(this);
            return 0;
        }

        @Override
        public int fault(VmFault fault) {
            race.run();
            fault.mm().kernel().getPage(pfn);
            fault.setPage(pfn);
            return VmFault.VM_FAULT_LOCKED;
        }
    }

    @Test
    void poisonedPageIsASignalAndTheGuestGoesOnWhenItIsReplaced() {
        long hva = test.anonymous(SIZE);
        test.slot(0, hva);
        test.run(code -> code.movImm(X1, MEMORY).str(X1, X1));
        assertThat(test.mm.madvise(hva, 0x1000, Mman.MADV_HWPOISON)).isZero();

        assertThat(test.run(code -> code.movImm(X1, MEMORY).ldr(X0, X1))).isEqualTo(Errno.EINTR.negated());

        assertThat(test.vcpu.takeSignal()).isEqualTo(Optional.of(new GuestAborts.HwpoisonSignal(hva, 12)));
        int flags = Mman.MAP_PRIVATE | Mman.MAP_ANONYMOUS | Mman.MAP_FIXED;
        test.mm.mmap(hva, 0x1000, Mman.PROT_READ | Mman.PROT_WRITE, flags);
        assertThat(test.vcpu.run()).isZero();
        assertThat(test.ended()).isTrue();
    }

    @Test
    void addressSpaceThatEndsTakesTheTablesWithIt() {
        test.slot(0, test.anonymous(SIZE));
        touch();
        test.mm.close();
        assertThat(test.vcpu.run()).isEqualTo(Errno.EIO.negated());
        assertThat(test.kvm.tableBytes()).isLessThanOrEqualTo(40 * 4096);
    }
}

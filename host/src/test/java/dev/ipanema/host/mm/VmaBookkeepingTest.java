package dev.ipanema.host.mm;

import static dev.ipanema.host.mm.MmFixture.HVA;
import static dev.ipanema.host.mm.MmFixture.MIB2;
import static dev.ipanema.host.mm.MmFixture.PAGE;
import static dev.ipanema.host.mm.MmFixture.PRIVATE;
import static dev.ipanema.host.mm.MmFixture.RW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.base.errno.Errno;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class VmaBookkeepingTest {
    private final MmFixture fixture = new MmFixture();
    private final AddressSpace mm = fixture.mm;

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void mprotectInTheMiddleCutsTheVmaInThree() {
        fixture.anonymous(16 * PAGE, RW);

        mm.mprotect(HVA + 4 * PAGE, 4 * PAGE, Mman.PROT_READ);

        assertThat(mm.vmas()).extracting(Vma::start).containsExactly(HVA, HVA + 4 * PAGE, HVA + 8 * PAGE);
        assertThat(fixture.vma(8 * PAGE).pgoff()).isEqualTo((HVA + 8 * PAGE) >>> 12);
    }

    @Test
    void mprotectBackJoinsTheVmasAgain() {
        fixture.anonymous(16 * PAGE, RW);
        mm.mprotect(HVA + 4 * PAGE, 4 * PAGE, Mman.PROT_READ);

        mm.mprotect(HVA + 4 * PAGE, 4 * PAGE, RW);

        assertThat(mm.vmas()).hasSize(1);
        assertThat(fixture.vma(0).size()).isEqualTo(16 * PAGE);
    }

    @Test
    void adjacentAnonymousMappingsBecomeOneVma() {
        fixture.anonymous(4 * PAGE, RW);

        mm.mmap(HVA + 4 * PAGE, 4 * PAGE, RW, PRIVATE);

        assertThat(mm.vmas()).hasSize(1);
    }

    @Test
    void adjacentMappingsOfOneFileBecomeOneVmaOnlyWhenTheOffsetContinues() {
        MemoryFile file = MemoryFile.memfd(fixture.kernel, "test", 16 * PAGE);
        mm.mmap(HVA, 4 * PAGE, RW, MmFixture.SHARED, file, 0);

        mm.mmap(HVA + 4 * PAGE, 4 * PAGE, RW, MmFixture.SHARED, file, 4 * PAGE);
        mm.mmap(HVA + 8 * PAGE, 4 * PAGE, RW, MmFixture.SHARED, file, 0);
        file.close();

        assertThat(mm.vmas()).extracting(Vma::size).containsExactly(8 * PAGE, 4 * PAGE);
    }

    @Test
    void munmapOfAHoleInTheMiddleLeavesBothEnds() {
        fixture.anonymous(16 * PAGE, RW);

        mm.munmap(HVA + 4 * PAGE, 4 * PAGE);

        assertThat(mm.vmas()).extracting(Vma::end).containsExactly(HVA + 4 * PAGE, HVA + 16 * PAGE);
        assertThat(mm.findVma(HVA + 5 * PAGE)).isSameAs(fixture.vma(8 * PAGE));
        assertThat(mm.vmaLookup(HVA + 5 * PAGE)).isNull();
        assertThat(mm.findVmaIntersection(HVA + 4 * PAGE, HVA + 8 * PAGE)).isNull();
        assertThat(mm.findVmaIntersection(HVA + 4 * PAGE, HVA + 9 * PAGE)).isSameAs(fixture.vma(8 * PAGE));
    }

    @Test
    void munmapOfNothingSucceeds() {
        assertThat(mm.munmap(HVA, MIB2)).isZero();
        assertThat(fixture.events).isEmpty();
    }

    @Test
    void mprotectOfAHoleIsEnomemAfterChangingWhatComesBefore() {
        fixture.anonymous(4 * PAGE, RW);

        int result = mm.mprotect(HVA, 8 * PAGE, Mman.PROT_READ);

        assertThat(result).isEqualTo(Errno.ENOMEM.negated());
        assertThat(fixture.vma(0).has(VmFlags.VM_WRITE)).isFalse();
    }

    @Test
    void mprotectBeyondWhatTheFilePermitsIsEacces() {
        mm.mmap(HVA, PAGE, Mman.PROT_READ, MmFixture.SHARED, new ReadOnlyFile(), 0);

        assertThat(mm.mprotect(HVA, PAGE, RW)).isEqualTo(Errno.EACCES.negated());
        assertThat(mm.mmap(HVA, PAGE, RW, MmFixture.SHARED, new ReadOnlyFile(), 0))
                .isEqualTo(Errno.EACCES.negated());
    }

    @Test
    void protMteOnMemoryThatCannotHaveTagsIsEinval() {
        mm.mmap(HVA, PAGE, RW, PRIVATE, new ReadOnlyFile(), 0);

        assertThat(mm.mprotect(HVA, PAGE, RW | Mman.PROT_MTE)).isEqualTo(Errno.EINVAL.negated());
    }

    @Test
    void mmapRefusesWhatTheKernelRefuses() {
        assertThat(mm.mmap(HVA, 0, RW, PRIVATE)).isEqualTo(Errno.EINVAL.negated());
        assertThat(mm.mmap(HVA + 1, PAGE, RW, PRIVATE)).isEqualTo(Errno.EINVAL.negated());
        assertThat(mm.mmap(HVA, PAGE, RW, Mman.MAP_FIXED)).isEqualTo(Errno.EINVAL.negated());
        assertThat(mm.mmap(AddressSpace.TASK_SIZE - PAGE, 2 * PAGE, RW, PRIVATE))
                .isEqualTo(Errno.ENOMEM.negated());
        assertThat(mm.mmap(-PAGE, PAGE, RW, PRIVATE)).isEqualTo(Errno.ENOMEM.negated());
    }

    @Test
    void fixedNoreplaceOverAMappingIsEexist() {
        fixture.anonymous(4 * PAGE, RW);

        long result = mm.mmap(HVA + PAGE, PAGE, RW, PRIVATE | Mman.MAP_FIXED_NOREPLACE);

        assertThat(result).isEqualTo(Errno.EEXIST.negated());
    }

    @Test
    void mappingsWithoutAnAddressDoNotOverlapAndBigOnesAreAlignedForHugePages() {
        long first = mm.mmap(0, 3 * MIB2, RW, Mman.MAP_PRIVATE);
        long second = mm.mmap(0, PAGE, RW, Mman.MAP_PRIVATE);
        long third = mm.mmap(0, MIB2, RW, Mman.MAP_PRIVATE);

        assertThat(first % MIB2).isZero();
        assertThat(third % MIB2).isZero();
        assertThat(mm.vmas().stream().mapToLong(Vma::size).sum()).isEqualTo(4 * MIB2 + PAGE);
        assertThat(mm.vmaLookup(second)).isNotNull();
    }

    @Test
    void unmappedAreaHonoursTheAlignmentAndLeavesMappingsAlone() {
        fixture.anonymous(MIB2, RW);

        long area = mm.unmappedArea(1L << 30, 1L << 30);

        assertThat(area % (1L << 30)).isZero();
        assertThat(mm.findVmaIntersection(area, area + (1L << 30))).isNull();
        assertThat(mm.unmappedArea(1L << 48, PAGE)).isEqualTo(Errno.ENOMEM.negated());
    }

    @Test
    void unknownAdviceIsEinval() {
        fixture.anonymous(PAGE, RW);

        assertThat(mm.madvise(HVA, PAGE, 12345)).isEqualTo(Errno.EINVAL.negated());
    }

    @Test
    void adviceAcrossAHoleIsEnomemAndStillGiven() {
        fixture.anonymous(PAGE, RW);
        mm.mmap(HVA + 2 * PAGE, PAGE, RW, PRIVATE);

        int result = mm.madvise(HVA, 3 * PAGE, Mman.MADV_NOHUGEPAGE);

        assertThat(result).isEqualTo(Errno.ENOMEM.negated());
        assertThat(fixture.vma(2 * PAGE).has(VmFlags.VM_NOHUGEPAGE)).isTrue();
    }

    private static final class ReadOnlyFile implements MappableFile {
        @Override
        public String name() {
            return "/read-only";
        }

        @Override
        public int mmap(AddressSpace mm, Vma vma) {
            vma.setOps(VmOperations.NO_FAULT);
            return 0;
        }

        @Override
        public boolean isWritable() {
            return false;
        }
    }
}

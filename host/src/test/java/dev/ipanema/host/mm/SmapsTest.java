package dev.ipanema.host.mm;

import static dev.ipanema.host.mm.MmFixture.HVA;
import static dev.ipanema.host.mm.MmFixture.MIB2;
import static dev.ipanema.host.mm.MmFixture.PAGE;
import static dev.ipanema.host.mm.MmFixture.RW;
import static dev.ipanema.host.mm.MmFixture.SHARED;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SmapsTest {
    private final MmFixture fixture = new MmFixture(false, false);

    @AfterEach
    void close() {
        fixture.close();
    }

    private static final class Gpu implements MappableFile {
        @Override
        public String name() {
            return "/dev/vfio/devices/vfio0";
        }

        @Override
        public int mmap(AddressSpace mm, Vma vma) {
            vma.setOps(VmOperations.NO_FAULT);
            vma.setFlags(VmFlags.VM_ALLOW_ANY_UNCACHED);
            return PfnInsertion.remapPfnRange(
                    mm, vma, vma.start(), MmFixture.NOMAP >>> 12, vma.size(), vma.vmPageProt());
        }
    }

    @Test
    void anonymousMemoryPrintsAsTheKernelPrintsIt() {
        fixture.anonymous(4 * MIB2, RW);
        fixture.mm.madvise(HVA, 4 * MIB2, Mman.MADV_HUGEPAGE);
        fixture.store(0, 1);
        fixture.load(MIB2);

        assertThat(fixture.mm.smaps()).isEqualTo("""
            700000000000-700000800000 rw-p 00000000 00:00 0\s
            Size:               8192 kB
            KernelPageSize:        4 kB
            MMUPageSize:           4 kB
            Rss:                2048 kB
            Pss:                2048 kB
            Pss_Dirty:          2048 kB
            Shared_Clean:          0 kB
            Shared_Dirty:          0 kB
            Private_Clean:         0 kB
            Private_Dirty:      2048 kB
            Referenced:         2048 kB
            Anonymous:          2048 kB
            KSM:                   0 kB
            LazyFree:              0 kB
            AnonHugePages:      2048 kB
            ShmemPmdMapped:        0 kB
            FilePmdMapped:         0 kB
            Shared_Hugetlb:        0 kB
            Private_Hugetlb:       0 kB
            Swap:                  0 kB
            SwapPss:               0 kB
            Locked:                0 kB
            THPeligible:           1
            VmFlags: rd wr mr mw me ac hg\s
            """);
    }

    @Test
    void deviceMemoryHasItsFlagsAndNothingResident() {
        fixture.shared(new Gpu(), MIB2);

        String smaps = fixture.mm.smaps();

        assertThat(smaps)
                .startsWith("700000000000-700000200000 rw-s 00000000 00:00 0 ")
                .contains(" /dev/vfio/devices/vfio0\n")
                .contains("Rss:                   0 kB\n")
                .contains("VmFlags: rd wr sh mr mw me ms pf io de dd ?? \n");
    }

    @Test
    void hugetlbIsCountedApartFromResidentMemory() {
        fixture.mm.mmap(HVA, MIB2, RW, MmFixture.PRIVATE | Mman.MAP_HUGETLB | Mman.MAP_HUGE_2MB);
        fixture.store(0, 1);

        assertThat(fixture.mm.smaps())
                .contains("KernelPageSize:     2048 kB\n")
                .contains("Rss:                   0 kB\n")
                .contains("Private_Hugetlb:    2048 kB\n")
                .contains(" de ht ");
    }

    @Test
    void pageMappedTwiceIsSharedAndCountsHalf() {
        MemoryFile file = MemoryFile.memfd(fixture.kernel, "twice", PAGE);
        fixture.shared(file, PAGE);
        fixture.mm.mmap(HVA + MIB2, PAGE, RW, SHARED, file, 0);
        fixture.store(0, 1);
        fixture.load(MIB2);
        file.close();

        assertThat(fixture.mm.smaps())
                .contains("/memfd:twice (deleted)")
                .contains("Pss:                   2 kB\n")
                .contains("Shared_Dirty:          4 kB\n");
    }
}

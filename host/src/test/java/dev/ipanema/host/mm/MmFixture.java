package dev.ipanema.host.mm;

import dev.ipanema.base.text.Sizes;
import dev.ipanema.machine.memory.PhysicalMemory;
import java.util.ArrayList;
import java.util.List;

/// A small kernel: 256 MiB of RAM, memory that is not map memory with and without struct pages, and one
/// process whose notifier calls are written down.
final class MmFixture implements AutoCloseable {
    static final long PAGE = AddressSpace.PAGE_SIZE;
    static final long MIB2 = 2 * Sizes.MIB;
    static final long RAM = 0x4000_0000L;
    static final long RAM_SIZE = 256 * Sizes.MIB;
    /// The last 4 MiB of RAM are a driver's.
    static final long DRIVER_RAM = RAM + RAM_SIZE - 4 * Sizes.MIB;

    static final long NOMAP_VALID = 0x6C00_0000L;
    static final long NOMAP = 0xC000_0000L;
    static final long NOMAP_SIZE = 2 * Sizes.GIB;
    static final int RW = Mman.PROT_READ | Mman.PROT_WRITE;
    static final int PRIVATE = Mman.MAP_PRIVATE | Mman.MAP_FIXED;
    static final int SHARED = Mman.MAP_SHARED | Mman.MAP_FIXED;
    /// A 1 GiB aligned address at which tests map.
    static final long HVA = 0x7000_0000_0000L;

    final PhysicalMemory memory = PhysicalMemory.builder()
            .ram("ram", RAM, RAM_SIZE)
            .ram("nomapvalid", NOMAP_VALID, 4 * Sizes.MIB)
            .ram("nomap", NOMAP, NOMAP_SIZE)
            .build();
    final KernelMemory kernel;
    final AddressSpace mm;
    final List<String> events = new ArrayList<>();

    MmFixture() {
        this(true, false);
    }

    MmFixture(boolean mte, boolean thpAlways) {
        PfnDatabase pfns = new PfnDatabase(List.of(
                new PfnDatabase.PfnRange("ram", RAM, RAM_SIZE, true, true),
                new PfnDatabase.PfnRange("nomapvalid", NOMAP_VALID, 4 * Sizes.MIB, false, true),
                new PfnDatabase.PfnRange("nomap", NOMAP, NOMAP_SIZE, false, false)));
        PfnDatabase.PfnRange reserved = new PfnDatabase.PfnRange("drivers", DRIVER_RAM, 4 * Sizes.MIB, true, true);
        kernel = new KernelMemory(memory, pfns, List.of(reserved), mte, thpAlways);
        mm = kernel.newAddressSpace();
        mm.register(new MmuNotifier() {
            @Override
            public void invalidateRangeStart(long start, long end) {
                record("start", start, end);
            }

            @Override
            public void invalidateRangeEnd(long start, long end) {
                record("end", start, end);
            }

            @Override
            public boolean clearFlushYoung(long start, long end) {
                record("flush-young", start, end);
                return true;
            }

            @Override
            public boolean clearYoung(long start, long end) {
                record("young", start, end);
                return false;
            }

            @Override
            public boolean testYoung(long hva) {
                return true;
            }

            @Override
            public void release() {
                events.add("release");
            }
        });
    }

    private void record(String what, long start, long end) {
        events.add(what + " " + offset(start) + "-" + offset(end));
    }

    private static String offset(long hva) {
        return Sizes.format(hva - HVA);
    }

    /// Maps private anonymous memory at [#HVA].
    void anonymous(long size, int prot) {
        map(mm.mmap(HVA, size, prot, PRIVATE));
    }

    /// Maps a file shared at [#HVA].
    void shared(MappableFile file, long size) {
        map(mm.mmap(HVA, size, RW, SHARED, file, 0));
    }

    private static void map(long result) {
        if (result != HVA) {
            throw new AssertionError("mmap gave " + result);
        }
    }

    void store(long offset, long value) {
        mm.userMemory().store(HVA + offset, 8, value);
    }

    long load(long offset) {
        return mm.userMemory().load(HVA + offset, 8);
    }

    /// {@return the entry at an offset from [#HVA]}
    long leaf(long offset) {
        return mm.lookupLeaf(HVA + offset);
    }

    /// {@return the VMA at an offset from [#HVA]}
    Vma vma(long offset) {
        Vma vma = mm.vmaLookup(HVA + offset);
        if (vma == null) {
            throw new AssertionError("No VMA at offset " + offset);
        }
        return vma;
    }

    @Override
    public void close() {
        mm.close();
        memory.close();
    }
}

package dev.ipanema.vmm.bench;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.pgtable.Stage2Prot;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.kvm.stage2.Stage2Config;
import dev.ipanema.kvm.stage2.Stage2PageTable;
import dev.ipanema.kvm.stage2.TablePageCache;
import dev.ipanema.kvm.stage2.TablePagePool;
import dev.ipanema.kvm.stage2.WalkFlags;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.PhysicalMemory;
import dev.ipanema.machine.memory.PhysicalWindow;

/// A stage-2 table of 4 KiB granule and 48-bit IPAs on a host with FEAT_S2FWB and FEAT_TLBIRANGE, and the
/// operations that are measured on it. TLB invalidations and cache maintenance are counted, no more.
///
/// Table memory is reused from one operation to the next, as a kernel's page allocator does; taking and
/// zeroing it is part of what is measured. Not thread-safe except where said.
public final class Stage2Workload implements AutoCloseable {
    /// Size of a page in bytes.
    public static final long PAGE = 4 * Sizes.KIB;
    /// Size of a level-2 block in bytes.
    public static final long PMD = 2 * Sizes.MIB;

    private static final long TABLES = 0x8000_0000L;
    private static final long TABLES_SIZE = Sizes.GIB;
    private static final long STREAM = TABLES + TABLES_SIZE;
    /// As large as the last level of tables that map 1 GiB with pages.
    private static final int STREAM_STORES = 1 << 18;
    private static final int IPA_BITS = 48;
    private static final int LEVELS_BELOW_ROOT = 3;

    /// Multiplier that visits all of 2^n pages once in a scattered order.
    private static final long SCATTER = 0x9e37_79b1L;

    private final PhysicalMemory memory;
    private final PhysicalWindow stream;
    private final TablePagePool pool;
    private final CountingOps ops = new CountingOps();
    private Stage2PageTable table;
    private long scattered;

    /// Reserves memory and makes an empty table.
    public Stage2Workload() {
        memory = PhysicalMemory.builder()
                .ram("tables", TABLES, TABLES_SIZE)
                .ram("stream", STREAM, (long) STREAM_STORES * Long.BYTES)
                .build();
        stream = memory.window(Agent.KVM, MemoryAttributes.NORMAL_WB, STREAM, (long) STREAM_STORES * Long.BYTES);
        pool = new TablePagePool(memory, TABLES, TABLES_SIZE);
        table = newTable();
    }

    private Stage2PageTable newTable() {
        return new Stage2PageTable(memory, pool, Stage2Config.of(Granule.K4, IPA_BITS), ops);
    }

    /// Replaces the table by an empty one.
    public void clear() {
        table.destroy();
        table = newTable();
    }

    /// {@return bytes of tables, the start level included}
    public long tableBytes() {
        return pool.allocatedBytes();
    }

    /// {@return calls of TLB and cache maintenance so far}
    public long maintenanceCalls() {
        return ops.calls();
    }

    /// Stores 8-byte values one after the other.
    ///
    /// @return how many
    public long storeStream() {
        stream.setLongs(0, 1, 1, STREAM_STORES);
        return STREAM_STORES;
    }

    /// Maps `[0, size)` with pages in one call.
    ///
    /// @return how many
    public long mapPages(long size) {
        // An odd page keeps larger blocks from fitting.
        mapRange(size, PAGE, size / PMD + size / Sizes.GIB + LEVELS_BELOW_ROOT);
        return size / PAGE;
    }

    /// Maps `[0, size)` with 2 MiB blocks in one call.
    ///
    /// @return how many
    public long mapPmdBlocks(long size) {
        mapRange(size, PMD, size / Sizes.GIB + LEVELS_BELOW_ROOT);
        return size / PMD;
    }

    /// Maps `[0, size)` with 1 GiB blocks in one call.
    ///
    /// @return how many
    public long mapPudBlocks(long size) {
        mapRange(size, 0, LEVELS_BELOW_ROOT);
        return size / Sizes.GIB;
    }

    private void mapRange(long size, long pa, long tables) {
        try (TablePageCache cache = new TablePageCache(pool, PAGE, (int) tables)) {
            check(cache.topup((int) tables));
            check(table.map(0, size, pa, Stage2Prot.RWX, cache, 0));
        }
    }

    /// Maps `[base, base+size)` page by page, as faults do: with the flags of a fault and a vCPU's cache.
    /// Several threads may do so at once on different ranges.
    ///
    /// @return how many
    public long faultPages(long base, long size) {
        Stage2PageTable faulted = table;
        try (TablePageCache cache = new TablePageCache(pool, PAGE)) {
            for (long ipa = base; ipa < base + size; ipa += PAGE) {
                check(cache.topup(LEVELS_BELOW_ROOT));
                check(faulted.map(ipa, PAGE, ipa + PAGE, Stage2Prot.RWX, cache, WalkFlags.SHARED));
            }
        }
        return size / PAGE;
    }

    /// Looks leaves of pages of `[0, size)` up, in a scattered order that goes on from call to call.
    ///
    /// @param size a power of two
    /// @param count lookups
    /// @return how many were mapped
    public long lookUpScattered(long size, long count) {
        long mask = size / PAGE - 1;
        long first = scattered;
        scattered += count;
        long mapped = 0;
        for (long i = first; i < first + count; i++) {
            if (table.leaf((i * SCATTER & mask) * PAGE).isMapped()) {
                mapped++;
            }
        }
        return mapped;
    }

    /// Gives pages of `[0, size)` write permission, in a scattered order that goes on from call to call.
    ///
    /// @param size a power of two
    /// @param count how many
    /// @return how many
    public long relaxScattered(long size, long count) {
        long mask = size / PAGE - 1;
        long first = scattered;
        scattered += count;
        for (long i = first; i < first + count; i++) {
            check(table.relaxPerms((i * SCATTER & mask) * PAGE, Stage2Prot.RW, WalkFlags.SHARED));
        }
        return count;
    }

    /// Takes write permission from the pages of `[0, size)`.
    ///
    /// @return how many
    public long wrprotect(long size) {
        check(table.wrprotect(0, size));
        return size / PAGE;
    }

    /// Tests and clears the access flag of the pages of `[0, size)`.
    ///
    /// @return how many
    public long age(long size) {
        if (!table.testClearYoung(0, size, true)) {
            throw new IllegalStateException("Nothing was young");
        }
        return size / PAGE;
    }

    /// Unmaps the pages of `[0, size)`.
    ///
    /// @return how many
    public long unmap(long size) {
        check(table.unmap(0, size));
        return size / PAGE;
    }

    /// Splits the 2 MiB blocks of `[0, size)` into pages.
    ///
    /// @return how many
    public long split(long size) {
        int blocks = (int) (size / PMD);
        try (TablePageCache cache = new TablePageCache(pool, PAGE, blocks)) {
            check(cache.topup(blocks));
            check(table.split(0, size, cache));
        }
        return blocks;
    }

    private static void check(int result) {
        if (result != 0) {
            throw new IllegalStateException("Stage-2 operation failed: " + result);
        }
    }

    /// Frees everything.
    @Override
    public void close() {
        table.destroy();
        memory.close();
    }
}

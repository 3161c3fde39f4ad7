package dev.ipanema.kvm.stage2;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.arm.pgtable.Stage2Descriptor;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.PhysicalMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// A stage-2 table in a small physical memory, with what it asked of hardware written down.
final class Stage2Fixture implements AutoCloseable {
    /// Where table pages lie.
    static final long TABLES = 0x8000_0000L;

    final Stage2Config config;
    final PhysicalMemory memory;
    final TablePagePool pool;
    final List<String> calls = new ArrayList<>();
    final Stage2PageTable table;
    final TablePageCache cache;

    /// Runs in every callback, to look at the table at that moment.
    Runnable inCallback = () -> {};

    Stage2Fixture(Stage2Config config) {
        this(config, true);
    }

    Stage2Fixture(Stage2Config config, boolean specialised) {
        this.config = config;
        this.memory = PhysicalMemory.builder()
                .ram("tables", TABLES, 64 * Sizes.MIB)
                .maxResident(Sizes.GIB)
                .build();
        this.pool = new TablePagePool(memory, TABLES, 64 * Sizes.MIB);
        this.table = new Stage2PageTable(memory, pool, config, new Recorder(), specialised);
        this.cache = new TablePageCache(pool, config.granule().bytes());
    }

    private final class Recorder implements Stage2Ops {
        private void add(String call) {
            calls.add(call);
            inCallback.run();
        }

        @Override
        public void tlbiIpa(long ipa, int level) {
            add("tlbi " + Sizes.hex(ipa) + levelText(level));
        }

        @Override
        public void tlbiIpaLocal(long ipa, int level) {
            add("tlbi-local " + Sizes.hex(ipa) + levelText(level));
        }

        @Override
        public void tlbiRange(long ipa, long size) {
            add("tlbi-range " + Sizes.hex(ipa) + " " + Sizes.format(size));
        }

        @Override
        public void tlbiVmid() {
            add("tlbi-vmid");
        }

        @Override
        public void dcacheCleanInvalPoc(long pa, long size, Cause cause) {
            add("dcache " + Sizes.hex(pa) + " " + Sizes.format(size));
        }

        @Override
        public void icacheInvalPou(long pa, long size) {
            add("icache " + Sizes.hex(pa) + " " + Sizes.format(size));
        }
    }

    private static String levelText(int level) {
        return level == Stage2Ops.LEVEL_UNKNOWN ? " L?" : " L" + level;
    }

    /// Maps with a full cache, exclusively.
    int map(long ipa, long size, long pa, int prot) {
        cache.topup(TablePageCache.VCPU_CAPACITY);
        return table.map(ipa, size, pa, prot, cache, 0);
    }

    /// Maps with a full cache, as a fault does.
    int faultMap(long ipa, long size, long pa, int prot) {
        cache.topup(TablePageCache.VCPU_CAPACITY);
        return table.map(ipa, size, pa, prot, cache, WalkFlags.SHARED);
    }

    /// {@return the calls so far, which are forgotten}
    List<String> takeCalls() {
        List<String> taken = List.copyOf(calls);
        calls.clear();
        return taken;
    }

    /// {@return bytes of tables, without what the cache holds}
    long tableBytes() {
        return pool.allocatedBytes()
                - (long) cache.available() * config.granule().bytes();
    }

    long entry(long entryPa) {
        return memory.load(Agent.TABLE_WALK, MemoryAttributes.NORMAL_WB, entryPa, 8);
    }

    /// {@return every table page that can be reached, by address, with its references and entries that are
    /// not zero}
    Map<Long, String> tables() {
        Map<Long, String> found = new TreeMap<>();
        long pages = config.geometry().concatenatedTables();
        for (long i = 0; i < pages; i++) {
            collect(
                    table.rootPa() + i * config.granule().bytes(),
                    config.geometry().startLevel(),
                    found);
        }
        return found;
    }

    private void collect(long pa, int level, Map<Long, String> found) {
        StringBuilder text = new StringBuilder("refs " + table.references(pa));
        int used = 0;
        for (int i = 0; i < config.granule().entries(); i++) {
            long entry = entry(pa + 8L * i);
            if (entry != 0) {
                used++;
                text.append(' ').append(i).append(':').append(Long.toHexString(entry));
                if (Stage2Descriptor.isTable(entry, level)) {
                    collect(Stage2Descriptor.tableAddress(entry, config.granule(), config.oa52()), level + 1, found);
                }
            }
        }
        if (table.references(pa) != used + 1) {
            throw new AssertionError("Table " + Sizes.hex(pa) + " has " + used + " entries, " + text);
        }
        if (found.put(pa, text.toString()) != null) {
            throw new AssertionError("Table " + Sizes.hex(pa) + " is linked twice");
        }
    }

    /// Checks invariant `counted` over the whole table, and that no table page has been lost.
    void assertSound() {
        long reachable = tables().size() * (long) config.granule().bytes();
        if (reachable != tableBytes()) {
            throw new AssertionError("Reachable tables " + reachable + ", allocated " + tableBytes());
        }
    }

    @Override
    public void close() {
        table.destroy();
        cache.close();
        long left = pool.allocatedBytes();
        memory.close();
        if (left != 0) {
            throw new AssertionError("Table memory lost: " + left + " bytes");
        }
    }
}

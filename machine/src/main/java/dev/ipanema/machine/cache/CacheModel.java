package dev.ipanema.machine.cache;

import static dev.ipanema.machine.memory.RawMemory.RAW;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.machine.memory.CacheOperation;
import dev.ipanema.machine.memory.CacheSystem;
import dev.ipanema.machine.memory.CachedTranslations;
import dev.ipanema.machine.memory.Origin;
import dev.ipanema.machine.memory.RamViews;

/// Skeleton.
public final class CacheModel implements CacheSystem {
    private final CacheOptions options;
    private final CoherenceMonitor monitor = new CoherenceMonitor();

    /// @param ctr `CTR_EL0` of the machine, for DIC and IDC
    public CacheModel(CacheOptions options, long ctr) {
        this.options = options;
    }

    /// {@return what it found}
    public CoherenceMonitor monitor() {
        return monitor;
    }

    /// {@return how caches are modelled}
    public CacheOptions options() {
        return options;
    }

    @Override
    public void attach(CachedTranslations newTranslations) {}

    @Override
    public int admit(Origin origin, MemoryAttributes type, RamViews ram, long offset, boolean write) {
        return 0;
    }

    @Override
    public long fetch(Origin origin, MemoryAttributes type, RamViews ram, long offset) {
        return RAW.getInt(ram.coherent(offset)) & 0xffff_ffffL;
    }

    @Override
    public void executedStale(Origin origin, MemoryAttributes type, RamViews ram, long offset, int word) {}

    @Override
    public long load(Origin origin, MemoryAttributes type, RamViews ram, long offset, int bytes) {
        return 0;
    }

    @Override
    public void store(Origin origin, MemoryAttributes type, RamViews ram, long offset, int bytes, long value) {}

    @Override
    public long compareAndExchange(
            Origin origin, MemoryAttributes type, RamViews ram, long offset, int bytes, long expected, long value) {
        return 0;
    }

    @Override
    public void read(Origin origin, MemoryAttributes type, RamViews ram, long offset, byte[] to, int at, int length) {}

    @Override
    public void write(
            Origin origin, MemoryAttributes type, RamViews ram, long offset, byte[] from, int at, int length) {}

    @Override
    public void zero(Origin origin, MemoryAttributes type, RamViews ram, long offset, long length) {}

    @Override
    public void maintain(CacheOperation operation, Origin origin, RamViews ram, long offset, long length) {}
}

package dev.ipanema.machine.cpu;

import static dev.ipanema.machine.memory.RawMemory.RAW;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.CacheOperation;
import dev.ipanema.machine.memory.CacheSystem;
import dev.ipanema.machine.memory.CachedTranslations;
import dev.ipanema.machine.memory.Origin;
import dev.ipanema.machine.memory.RamViews;
import dev.ipanema.machine.memory.SetAndWay;
import java.util.ArrayList;
import java.util.List;

/// Data caches that are coherent for everybody, before a point of unification that sees stores at once (`idc`) or when
/// they are cleaned; what a loader writes is cleaned. For tests of instruction caches alone.
final class FakeCaches implements CacheSystem {
    record Stale(int pe, long pc, long va, long ipa, int word) {}

    final List<Stale> found = new ArrayList<>();
    boolean keeps = true;

    /// Fetches to refuse.
    int refusals;

    private final boolean idc;
    private final byte[] unified = new byte[(int) Rig.RAM_SIZE];

    FakeCaches(boolean idc) {
        this.idc = idc;
    }

    @Override
    public void attach(CachedTranslations translations) {}

    @Override
    public int admit(Origin origin, MemoryAttributes type, RamViews ram, long offset, boolean write) {
        return FAST_READ | FAST_WRITE;
    }

    @Override
    public long fetch(Origin origin, MemoryAttributes type, RamViews ram, long offset) {
        origin.again = refusals > 0;
        if (refusals > 0) {
            refusals--;
            return -1;
        }
        int data = RAW.getInt(ram.coherent(offset));
        int seen = data;
        if (!idc) {
            seen = 0;
            for (int i = 3; i >= 0; i--) {
                seen = seen << 8 | (unified[(int) offset + i] & 0xff);
            }
        }
        return (seen & 0xffff_ffffL) | (seen == data ? 0 : STALE);
    }

    @Override
    public boolean keepsInstruction() {
        return keeps;
    }

    @Override
    public void executedStale(
            Origin origin, MemoryAttributes type, RamViews ram, long offset, int word, boolean patched) {
        assert origin.pcKnown;
        found.add(new Stale(origin.pe, origin.pc, origin.va, origin.ipa, word));
    }

    @Override
    public long load(Origin origin, MemoryAttributes type, RamViews ram, long offset, int bytes) {
        long value = 0;
        for (int i = bytes - 1; i >= 0; i--) {
            value = value << 8 | (RAW.getByte(ram.coherent(offset + i)) & 0xff);
        }
        return value;
    }

    @Override
    public void store(Origin origin, MemoryAttributes type, RamViews ram, long offset, int bytes, long value) {
        boolean watched = ram.touch(offset, bytes);
        for (int i = 0; i < bytes; i++) {
            RAW.putByte(ram.coherent(offset + i), (byte) (value >>> 8 * i));
        }
        if (watched) {
            ram.report(offset, bytes);
        }
    }

    @Override
    public long compareAndExchange(
            Origin origin, MemoryAttributes type, RamViews ram, long offset, int bytes, long expected, long value) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void read(Origin origin, MemoryAttributes type, RamViews ram, long offset, byte[] to, int at, int length) {
        RAW.copyOut(ram.coherent(offset), to, at, length);
    }

    @Override
    public void storedThrough(RamViews ram, long offset, long bytes) {}

    @Override
    public void observe(RamViews ram, long offset, byte[] to, int at, int length) {
        RAW.copyOut(ram.coherent(offset), to, at, length);
    }

    @Override
    public void write(
            Origin origin, MemoryAttributes type, RamViews ram, long offset, byte[] from, int at, int length) {
        boolean watched = ram.touch(offset, length);
        RAW.copyIn(from, at, ram.coherent(offset), length);
        if (origin.agent == Agent.LOADER) {
            System.arraycopy(from, at, unified, (int) offset, length);
        }
        if (watched) {
            ram.report(offset, length);
        }
    }

    @Override
    public void zero(Origin origin, MemoryAttributes type, RamViews ram, long offset, long length) {
        write(origin, type, ram, offset, new byte[(int) length], 0, (int) length);
    }

    @Override
    public void maintain(CacheOperation operation, Origin origin, RamViews ram, long offset, long length) {
        RAW.copyOut(ram.coherent(offset), unified, (int) offset, (int) length);
    }

    @Override
    public void add(RamViews ram) {}

    @Override
    public void maintain(CacheOperation operation, Origin origin, SetAndWay where) {}

    @Override
    public void losePower() {}

    @Override
    public void exclusiveSplit(Origin origin, RamViews ram, long offset, int bytes) {}

    public void invalidatedInstructions(Origin origin, long pa, long length) {}
}

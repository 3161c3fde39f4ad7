package dev.ipanema.kvm.mmu;

import dev.ipanema.kvm.memslot.DirtyRing;
import dev.ipanema.kvm.stage2.TablePageCache;
import dev.ipanema.kvm.uapi.KvmCap;
import org.jspecify.annotations.Nullable;

/// How a VM logs dirty pages: what the VMM enabled by `KVM_ENABLE_CAP` before it made slots or vCPUs.
public final class DirtyLogging implements AutoCloseable {
    private volatile int manualProtect;
    private volatile int ringEntries;
    private volatile boolean ringWithBitmap;
    private volatile long eagerSplitChunk;
    private @Nullable TablePageCache splitCache;

    /// {@return whether bitmaps are used at all (`kvm_use_dirty_bitmap`): not beside a ring, unless both were asked
    /// for}
    public boolean usesBitmap() {
        return ringEntries == 0 || ringWithBitmap;
    }

    /// {@return whether `KVM_GET_DIRTY_LOG` leaves protecting to `KVM_CLEAR_DIRTY_LOG`}
    public boolean manualProtect() {
        return manualProtect != 0;
    }

    /// {@return whether a new bitmap starts with every bit set, so that nothing is protected when logging starts}
    public boolean initiallyAllSet() {
        int both = KvmCap.KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE | KvmCap.KVM_DIRTY_LOG_INITIALLY_SET;
        return manualProtect == both;
    }

    /// Sets the options of `KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2`.
    public void setManualProtect(int options) {
        manualProtect = options;
    }

    /// {@return entries of a vCPU's ring, 0 when there are no rings}
    public int ringEntries() {
        return ringEntries;
    }

    /// Gives vCPUs that are made from now on a ring.
    public void setRingEntries(int entries) {
        ringEntries = entries;
    }

    /// Uses bitmaps beside the rings, for writes that no vCPU makes.
    public void enableRingWithBitmap() {
        ringWithBitmap = true;
    }

    /// {@return a new ring, null when the VM has none}
    public @Nullable DirtyRing newRing() {
        return ringEntries == 0 ? null : new DirtyRing(ringEntries);
    }

    /// {@return bytes that eager splitting takes at a time, 0 when it is off}
    public long eagerSplitChunk() {
        return eagerSplitChunk;
    }

    /// Sets the chunk of eager splitting.
    public void setEagerSplitChunk(long bytes) {
        eagerSplitChunk = bytes;
    }

    /// {@return the cache of table pages for eager splitting, used under `slots_lock`}
    TablePageCache splitCache(S2Mmu mmu, int capacity) {
        TablePageCache cache = splitCache;
        if (cache == null) {
            cache = mmu.newCache(capacity);
            splitCache = cache;
        }
        return cache;
    }

    /// Gives the pages of that cache back.
    void freeSplitCache() {
        TablePageCache cache = splitCache;
        if (cache != null) {
            cache.close();
            splitCache = null;
        }
    }

    @Override
    public void close() {
        freeSplitCache();
    }
}

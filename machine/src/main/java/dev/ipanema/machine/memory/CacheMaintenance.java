package dev.ipanema.machine.memory;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// Entry points of cache maintenance by physical address. Each call is counted and told to the listener, if
/// any. Memory is coherent for every agent as long as caches are not modelled: no call changes its
/// contents.
public final class CacheMaintenance {
    private record Count(LongAdder calls, LongAdder bytes) {}

    private final Map<CacheOperation, Count> counts = new EnumMap<>(CacheOperation.class);
    private volatile @Nullable CacheMaintenanceListener listener;

    CacheMaintenance() {
        for (CacheOperation operation : CacheOperation.values()) {
            counts.put(operation, new Count(new LongAdder(), new LongAdder()));
        }
    }

    /// Invalidates data to the point of coherency (DC IVAC).
    public void dcInvalPoc(Agent agent, long pa, long length) {
        done(CacheOperation.DC_INVAL_POC, agent, pa, length);
    }

    /// Cleans data to the point of coherency (DC CVAC).
    public void dcCleanPoc(Agent agent, long pa, long length) {
        done(CacheOperation.DC_CLEAN_POC, agent, pa, length);
    }

    /// Cleans and invalidates data to the point of coherency (DC CIVAC).
    public void dcCleanInvalPoc(Agent agent, long pa, long length) {
        done(CacheOperation.DC_CLEAN_INVAL_POC, agent, pa, length);
    }

    /// Cleans data to the point of unification (DC CVAU).
    public void dcCleanPou(Agent agent, long pa, long length) {
        done(CacheOperation.DC_CLEAN_POU, agent, pa, length);
    }

    /// Invalidates instructions to the point of unification (IC IVAU).
    public void icInvalPou(Agent agent, long pa, long length) {
        done(CacheOperation.IC_INVAL_POU, agent, pa, length);
    }

    /// Invalidates all instructions of the calling processing element (IC IALLU).
    public void icInvalAll(Agent agent) {
        done(CacheOperation.IC_INVAL_ALL_POU, agent, 0, 0);
    }

    /// Invalidates all instructions of the Inner Shareable domain (IC IALLUIS).
    public void icInvalAllInnerShareable(Agent agent) {
        done(CacheOperation.IC_INVAL_ALL_POU_IS, agent, 0, 0);
    }

    /// {@return how often an operation was asked for}
    public long calls(CacheOperation operation) {
        return count(operation).calls().sum();
    }

    /// {@return the lengths of all calls of an operation added up, in bytes}
    public long bytes(CacheOperation operation) {
        return count(operation).bytes().sum();
    }

    /// Tells a listener from now on; null ends that.
    public void listen(@Nullable CacheMaintenanceListener newListener) {
        listener = newListener;
    }

    private Count count(CacheOperation operation) {
        return Objects.requireNonNull(counts.get(operation));
    }

    private void done(CacheOperation operation, Agent agent, long pa, long length) {
        Count count = count(operation);
        count.calls().increment();
        count.bytes().add(length);
        CacheMaintenanceListener told = listener;
        if (told != null) {
            told.maintained(operation, agent, pa, length);
        }
    }
}

package dev.ipanema.machine.memory;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// Entry points of cache maintenance by physical address. Each call is counted, done where caches are
/// modelled ([CacheSystem] for data, [InstructionCaches] for instructions), and told to the listener, if
/// any. Where they are not, memory is coherent for every agent, and no call changes anything.
public final class CacheMaintenance {
    private record Count(LongAdder calls, LongAdder bytes) {}

    private final Map<CacheOperation, Count> counts = new EnumMap<>(CacheOperation.class);
    private final PhysicalMemory memory;
    private volatile @Nullable CacheMaintenanceListener listener;
    private InstructionCaches instructionCaches = InstructionCaches.NONE;

    CacheMaintenance(PhysicalMemory memory) {
        this.memory = memory;
        for (CacheOperation operation : CacheOperation.values()) {
            counts.put(operation, new Count(new LongAdder(), new LongAdder()));
        }
    }

    /// Invalidates data to the point of coherency (DC IVAC).
    public void dcInvalPoc(Agent agent, long pa, long length) {
        done(CacheOperation.DC_INVAL_POC, Origin.of(agent), pa, length);
    }

    /// Cleans data to the point of coherency (DC CVAC).
    public void dcCleanPoc(Agent agent, long pa, long length) {
        done(CacheOperation.DC_CLEAN_POC, Origin.of(agent), pa, length);
    }

    /// Cleans and invalidates data to the point of coherency (DC CIVAC).
    public void dcCleanInvalPoc(Agent agent, long pa, long length) {
        done(CacheOperation.DC_CLEAN_INVAL_POC, Origin.of(agent), pa, length);
    }

    /// Cleans data to the point of unification (DC CVAU).
    public void dcCleanPou(Agent agent, long pa, long length) {
        done(CacheOperation.DC_CLEAN_POU, Origin.of(agent), pa, length);
    }

    /// Invalidates instructions to the point of unification (IC IVAU).
    public void icInvalPou(Agent agent, long pa, long length) {
        done(CacheOperation.IC_INVAL_POU, Origin.of(agent), pa, length);
    }

    /// Invalidates all instructions of the calling processing element (IC IALLU); of every one, as nothing says
    /// which.
    public void icInvalAll(Agent agent) {
        done(CacheOperation.IC_INVAL_ALL_POU, Origin.of(agent), 0, 0);
    }

    /// Invalidates all instructions of a processing element, from the thread that holds it (IC IALLU).
    ///
    /// @param pe its number
    public void icInvalAll(Agent agent, int pe) {
        done(CacheOperation.IC_INVAL_ALL_POU, new Origin(agent, pe, false), 0, 0);
    }

    /// Invalidates all instructions of the Inner Shareable domain (IC IALLUIS).
    public void icInvalAllInnerShareable(Agent agent) {
        done(CacheOperation.IC_INVAL_ALL_POU_IS, Origin.of(agent), 0, 0);
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

    /// Sets what holds instructions of its own; before anything runs.
    public void setInstructionCaches(InstructionCaches caches) {
        instructionCaches = caches;
    }

    private Count count(CacheOperation operation) {
        return Objects.requireNonNull(counts.get(operation));
    }

    /// Does an operation. It may have to be made anew: see [Origin#again].
    ///
    /// @param pa first physical address, 0 for an operation on all of a cache
    /// @param length bytes of a range inside one region; 0 for an operation on all of a cache
    public void done(CacheOperation operation, Origin origin, long pa, long length) {
        if (operation.isData()) {
            maintainData(operation, origin, pa, length);
        } else {
            invalidateInstructions(operation, origin, pa, length);
        }
        tell(operation, origin, pa, length);
    }

    /// Counts an operation and tells the listener, unless it has to be made anew.
    private void tell(CacheOperation operation, Origin origin, long pa, long length) {
        if (origin.again) {
            return;
        }
        Count count = count(operation);
        count.calls().increment();
        count.bytes().add(length);
        CacheMaintenanceListener told = listener;
        if (told != null) {
            told.maintained(operation, origin.agent, pa, length);
        }
    }

    private void invalidateInstructions(CacheOperation operation, Origin origin, long pa, long length) {
        CacheSystem caches = memory.caches();
        if (caches != null) {
            caches.invalidatedInstructions(origin, pa, length);
        }
        if (length > 0) {
            instructionCaches.invalidate(origin, pa, length);
        } else {
            instructionCaches.invalidateAll(origin, operation == CacheOperation.IC_INVAL_ALL_POU_IS);
        }
    }

    /// Does an operation by set and way on a processing element's own caches (DC ISW, CSW, CISW). It is counted with a
    /// length of 0.
    ///
    /// @param operation one of data, to the point of coherency
    public void bySetAndWay(CacheOperation operation, Origin origin, SetAndWay where) {
        CacheSystem caches = memory.caches();
        if (caches != null) {
            caches.maintain(operation, origin, where);
        }
        tell(operation, origin, 0, 0);
    }

    private void maintainData(CacheOperation operation, Origin origin, long pa, long length) {
        CacheSystem caches = memory.caches();
        PhysicalRegion region = caches == null ? null : memory.region(pa);
        RamViews views = region == null ? null : region.views();
        if (caches != null && region != null && views != null) {
            caches.maintain(operation, origin, views, pa - region.base(), Math.min(length, region.end() - pa));
            instructionCaches.cleaned(origin, pa, length);
        }
    }
}

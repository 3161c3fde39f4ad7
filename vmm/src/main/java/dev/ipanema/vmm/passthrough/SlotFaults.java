package dev.ipanema.vmm.passthrough;

import dev.ipanema.base.time.Ticker;
import dev.ipanema.kvm.trace.KvmTrace;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Counts the aborts of a guest in each of a few ranges of its addresses, and how long KVM took for them: from the
/// fault
/// until the vCPU enters the guest again.
final class SlotFaults implements KvmTrace {
    private final Ticker ticker;
    private final Map<MemorySlots.Wanted, Count> counts = new ConcurrentHashMap<>();
    private volatile Count[] ranges = new Count[0];
    private final ThreadLocal<Pending> pending = ThreadLocal.withInitial(Pending::new);

    /// What is counted of one range.
    static final class Count {
        private final MemorySlots.Wanted range;
        private final AtomicLong faults = new AtomicLong();
        private final AtomicLong nanos = new AtomicLong();

        private Count(MemorySlots.Wanted range) {
            this.range = range;
        }

        long faults() {
            return faults.get();
        }

        long nanos() {
            return nanos.get();
        }
    }

    /// The fault that a vCPU's thread is at.
    private static final class Pending {
        private long since;
        private @Nullable Count at;
    }

    SlotFaults(Ticker ticker) {
        this.ticker = ticker;
    }

    /// Counts in these ranges from now on, and in no others; what was counted of one that was there before stays.
    void watch(List<MemorySlots.Wanted> now) {
        counts.keySet().retainAll(now);
        now.forEach(range -> counts.computeIfAbsent(range, Count::new));
        ranges = counts.values().toArray(new Count[0]);
    }

    /// {@return the count of a range that is watched}
    Count of(MemorySlots.Wanted range) {
        return counts.computeIfAbsent(range, Count::new);
    }

    @Override
    public void kvmGuestFault(long pc, long hsr, long hxfar, long ipa) {
        for (Count count : ranges) {
            if (ipa >= count.range.ipa() && ipa - count.range.ipa() < count.range.size()) {
                count.faults.incrementAndGet();
                Pending fault = pending.get();
                fault.at = count;
                fault.since = ticker.nanos();
                return;
            }
        }
    }

    @Override
    public void kvmEntry(long pc) {
        if (ranges.length == 0) {
            return;
        }
        Pending fault = pending.get();
        Count at = fault.at;
        if (at != null) {
            fault.at = null;
            at.nanos.addAndGet(ticker.nanos() - fault.since);
        }
    }
}

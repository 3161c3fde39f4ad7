package dev.ipanema.kvm.mmu;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;

/// What SRCU gives KVM (`kvm->srcu`): readers never wait, and [#synchronize] returns once every reader that was
/// inside when it was called has left. Readers are numbered; each number is used by one thread at a time.
public final class SleepableRcu {
    private static final long OUTSIDE = 0;
    private static final long PARK_NANOS = 20_000;

    private final AtomicLongArray epochs;
    private volatile long epoch = 1;

    /// @param readers how many readers there can be
    public SleepableRcu(int readers) {
        epochs = new AtomicLongArray(readers);
    }

    /// Enters a read side (`srcu_read_lock`). Does not nest.
    public void readLock(int reader) {
        epochs.set(reader, epoch);
    }

    /// Leaves it (`srcu_read_unlock`).
    public void readUnlock(int reader) {
        epochs.setRelease(reader, OUTSIDE);
    }

    /// Waits for the readers that are inside (`synchronize_srcu`). One caller at a time.
    public void synchronize() {
        long next = epoch + 1;
        epoch = next;
        for (int reader = 0; reader < epochs.length(); reader++) {
            long seen = epochs.get(reader);
            while (seen != OUTSIDE && seen < next) {
                LockSupport.parkNanos(PARK_NANOS);
                seen = epochs.get(reader);
            }
        }
    }
}

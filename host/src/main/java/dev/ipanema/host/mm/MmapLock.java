package dev.ipanema.host.mm;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// `mmap_lock` of an address space: many readers or one writer, with owners, so that a read lock that
/// nobody gives back is found and reported instead of hanging the process for ever.
///
/// A lock counts as leaked when its owner said so ([#declareLeak(String)]), asks for it in a way that can
/// only deadlock, or has ended. Whoever would then wait for ever gets a [MmapLockLeak].
public final class MmapLock {
    private static final long OWNER_CHECK_MILLIS = 50;

    private final Map<Thread, Integer> readers = new HashMap<>();
    private @Nullable Thread writer;
    private int writeDepth;
    private @Nullable String leak;

    /// The lock was taken and will never be given back: the sentence names where.
    public static final class MmapLockLeak extends RuntimeException {
        private static final long serialVersionUID = 1L;

        MmapLockLeak(String message) {
            super(message);
        }
    }

    /// `mmap_read_lock`. May be taken again by a thread that holds it for reading.
    ///
    /// @throws MmapLockLeak when it could only wait for ever
    public synchronized void readLock() {
        Thread me = Thread.currentThread();
        if (writer == me) {
            throw new MmapLockLeak("mmap_lock is taken for reading by the thread that holds it for writing");
        }
        boolean interrupted = false;
        while (writer != null) {
            interrupted |= await();
        }
        keepInterrupt(interrupted);
        readers.merge(me, 1, Integer::sum);
    }

    /// `mmap_read_unlock`.
    public synchronized void readUnlock() {
        Thread me = Thread.currentThread();
        Integer held = readers.get(me);
        if (held == null) {
            throw new IllegalStateException("mmap_lock is not held for reading by this thread");
        }
        if (held == 1) {
            readers.remove(me);
            notifyAll();
        } else {
            readers.put(me, held - 1);
        }
    }

    /// `mmap_write_lock`. May be taken again by its writer.
    ///
    /// @throws MmapLockLeak when it could only wait for ever
    public synchronized void writeLock() {
        Thread me = Thread.currentThread();
        if (writer == me) {
            writeDepth++;
            return;
        }
        if (readers.containsKey(me)) {
            throw new MmapLockLeak(
                    "mmap_lock is still held for reading by this thread" + (leak == null ? "" : ": " + leak));
        }
        boolean interrupted = false;
        while (writer != null || !readers.isEmpty()) {
            interrupted |= await();
        }
        keepInterrupt(interrupted);
        writer = me;
        writeDepth = 1;
    }

    /// `mmap_write_unlock`.
    public synchronized void writeUnlock() {
        if (writer != Thread.currentThread()) {
            throw new IllegalStateException("mmap_lock is not held for writing by this thread");
        }
        writeDepth--;
        if (writeDepth == 0) {
            writer = null;
            notifyAll();
        }
    }

    /// {@return how often the calling thread holds the lock for reading}
    public synchronized int readHoldCount() {
        return readers.getOrDefault(Thread.currentThread(), 0);
    }

    /// {@return whether the calling thread holds the lock, either way}
    public synchronized boolean isHeld() {
        return writer == Thread.currentThread() || readers.containsKey(Thread.currentThread());
    }

    /// {@return how many read locks are held by all threads}
    public synchronized int readers() {
        return readers.values().stream().mapToInt(Integer::intValue).sum();
    }

    /// States that the calling thread holds the lock and has lost the way to give it back.
    ///
    /// @param where the path that lost it, for the report
    public synchronized void declareLeak(String where) {
        leak = where;
        notifyAll();
    }

    /// {@return where the lock was leaked, or null}
    public synchronized @Nullable String leak() {
        return leak;
    }

    @SuppressWarnings("WaitNotInLoop") // Both callers loop, and look at their condition after each return.
    private boolean await() {
        if (leak != null) {
            throw new MmapLockLeak("mmap_lock was leaked: " + leak);
        }
        for (Thread owner : readers.keySet()) {
            if (!owner.isAlive()) {
                throw new MmapLockLeak(
                        "mmap_lock is held for reading by thread " + owner.getName() + ", which has ended");
            }
        }
        Thread owner = writer;
        if (owner != null && !owner.isAlive()) {
            throw new MmapLockLeak("mmap_lock is held for writing by thread " + owner.getName() + ", which has ended");
        }
        try {
            wait(OWNER_CHECK_MILLIS);
            return false;
        } catch (InterruptedException e) {
            // The wait is not killable: the interrupt is kept for later.
            return true;
        }
    }

    private static void keepInterrupt(boolean interrupted) {
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}

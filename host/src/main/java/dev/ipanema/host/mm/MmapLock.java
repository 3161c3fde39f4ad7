package dev.ipanema.host.mm;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// `mmap_lock` of an address space: many readers or one writer, with owners, so that a read lock that
/// nobody gives back is found and reported instead of hanging the process for ever.
///
/// A lock counts as leaked when its owner said so ([#declareLeak(String)]), asks for it in a way that can
/// only deadlock, or has ended. Whoever would then wait for ever gets a [MmapLockLeak].
public final class MmapLock {
    private static final long OWNER_CHECK_MILLIS = 50;

    /// Who holds the lock for reading, in no order, and how often each. Few at a time, and every fault of a guest takes
    /// the lock some times: a search from the front, and nothing to allocate.
    private @Nullable Thread[] readers = new Thread[4];

    private int[] readDepths = new int[4];
    private int readerThreads;
    private int waiting;
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
        int at = reader(me);
        if (at == readerThreads) {
            addReader(me);
        }
        readDepths[at]++;
    }

    /// {@return where a thread stands among the readers, [#readerThreads] when it is none}
    private int reader(Thread thread) {
        int at = 0;
        while (at < readerThreads && readers[at] != thread) {
            at++;
        }
        return at;
    }

    private void addReader(Thread thread) {
        if (readerThreads == readers.length) {
            readers = Arrays.copyOf(readers, 2 * readerThreads);
            readDepths = Arrays.copyOf(readDepths, 2 * readerThreads);
        }
        readers[readerThreads] = thread;
        readDepths[readerThreads++] = 0;
    }

    private void removeReader(int at) {
        readerThreads--;
        readers[at] = readers[readerThreads];
        readDepths[at] = readDepths[readerThreads];
        readers[readerThreads] = null;
    }

    private boolean isReader(Thread thread) {
        return reader(thread) < readerThreads;
    }

    /// `mmap_read_unlock`.
    public synchronized void readUnlock() {
        int at = reader(Thread.currentThread());
        if (at == readerThreads) {
            throw new IllegalStateException("mmap_lock is not held for reading by this thread");
        }
        readDepths[at]--;
        if (readDepths[at] == 0) {
            removeReader(at);
            wake();
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
        if (isReader(me)) {
            throw new MmapLockLeak(
                    "mmap_lock is still held for reading by this thread" + (leak == null ? "" : ": " + leak));
        }
        boolean interrupted = false;
        while (writer != null || readerThreads > 0) {
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
            wake();
        }
    }

    /// {@return how often the calling thread holds the lock for reading}
    public synchronized int readHoldCount() {
        int at = reader(Thread.currentThread());
        return at < readerThreads ? readDepths[at] : 0;
    }

    /// {@return whether the calling thread holds the lock, either way}
    public synchronized boolean isHeld() {
        return writer == Thread.currentThread() || isReader(Thread.currentThread());
    }

    /// {@return how many read locks are held by all threads}
    public synchronized int readers() {
        return Arrays.stream(readDepths, 0, readerThreads).sum();
    }

    /// States that the calling thread holds the lock and has lost the way to give it back.
    ///
    /// @param where the path that lost it, for the report
    public synchronized void declareLeak(String where) {
        leak = where;
        wake();
    }

    private void wake() {
        if (waiting > 0) {
            notifyAll();
        }
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
        for (int at = 0; at < readerThreads; at++) {
            Thread owner = Objects.requireNonNull(readers[at]);
            if (!owner.isAlive()) {
                throw new MmapLockLeak(
                        "mmap_lock is held for reading by thread " + owner.getName() + ", which has ended");
            }
        }
        Thread owner = writer;
        if (owner != null && !owner.isAlive()) {
            throw new MmapLockLeak("mmap_lock is held for writing by thread " + owner.getName() + ", which has ended");
        }
        waiting++;
        try {
            wait(OWNER_CHECK_MILLIS);
            return false;
        } catch (InterruptedException e) {
            // The wait is not killable: the interrupt is kept for later.
            return true;
        } finally {
            waiting--;
        }
    }

    private static void keepInterrupt(boolean interrupted) {
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}

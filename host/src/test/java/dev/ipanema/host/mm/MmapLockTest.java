package dev.ipanema.host.mm;

import static dev.ipanema.host.mm.MmFixture.HVA;
import static dev.ipanema.host.mm.MmFixture.PAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 20, unit = TimeUnit.SECONDS)
class MmapLockTest {
    private final MmapLock lock = new MmapLock();

    private static <T> FutureTask<T> inThread(java.util.concurrent.Callable<T> body) {
        FutureTask<T> task = new FutureTask<>(body);
        Thread.ofPlatform().name("other").start(task);
        return task;
    }

    @Test
    void readersCountPerThread() throws Exception {
        lock.readLock();
        lock.readLock();

        int ofOther = inThread(lock::readHoldCount).get();

        assertThat(lock.readHoldCount()).isEqualTo(2);
        assertThat(ofOther).isZero();
        assertThat(lock.readers()).isEqualTo(2);
        lock.readUnlock();
        lock.readUnlock();
        assertThat(lock.isHeld()).isFalse();
    }

    @Test
    void writerWaitsForTheLastReader() throws Exception {
        lock.readLock();
        FutureTask<Boolean> writer = inThread(() -> {
            lock.writeLock();
            lock.writeUnlock();
            return true;
        });

        assertThat(writer.isDone()).isFalse();
        lock.readUnlock();

        assertThat(writer.get()).isTrue();
    }

    @Test
    void writerThatStillHoldsItForReadingIsToldInsteadOfHanging() {
        lock.readLock();

        assertThatThrownBy(lock::writeLock)
                .isInstanceOf(MmapLock.MmapLockLeak.class)
                .hasMessageContaining("still held for reading");
    }

    @Test
    void waitingWriterIsToldWhenAReaderDeclaresTheLeak() throws Exception {
        lock.readLock();
        CountDownLatch started = new CountDownLatch(1);
        FutureTask<String> writer = inThread(() -> {
            started.countDown();
            try {
                lock.writeLock();
                return "locked";
            } catch (MmapLock.MmapLockLeak e) {
                return e.getMessage();
            }
        });
        started.await();

        lock.declareLeak("user_mem_abort of series-v7/4");

        assertThat(writer.get()).contains("user_mem_abort of series-v7/4");
        assertThat(lock.leak()).contains("series-v7/4");
    }

    @Test
    void writerIsToldWhenTheReaderHasEnded() throws Exception {
        inThread(() -> {
                    lock.readLock();
                    return true;
                })
                .get();

        assertThatThrownBy(() -> {
                    // The thread may take a moment to end after its task.
                    lock.writeLock();
                })
                .isInstanceOf(MmapLock.MmapLockLeak.class)
                .hasMessageContaining("other");
    }

    @Test
    void mmapOfAProcessWithALeakedLockFailsInsteadOfHanging() {
        try (MmFixture fixture = new MmFixture()) {
            fixture.mm.mmapLock().readLock();
            fixture.mm.mmapLock().declareLeak("KVM_RUN");

            assertThatThrownBy(() -> fixture.mm.mmap(HVA, PAGE, MmFixture.RW, MmFixture.PRIVATE))
                    .isInstanceOf(MmapLock.MmapLockLeak.class)
                    .hasMessageContaining("KVM_RUN");
        }
    }

    @Test
    void unlockWithoutLockIsAnError() {
        assertThatThrownBy(lock::readUnlock).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(lock::writeUnlock).isInstanceOf(IllegalStateException.class);
    }
}

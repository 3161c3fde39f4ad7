package dev.ipanema.kvm.mmu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class SleepableRcuTest {
    @Test
    void synchronizeWaitsForAReaderThatIsInside() throws InterruptedException {
        SleepableRcu rcu = new SleepableRcu(2);
        AtomicBoolean done = new AtomicBoolean();
        rcu.readLock(0);
        Thread updater = Thread.ofPlatform().start(() -> {
            rcu.synchronize();
            done.set(true);
        });
        updater.join(50);
        assertThat(done).isFalse();

        rcu.readUnlock(0);

        updater.join();
        assertThat(done).isTrue();
    }
}

package dev.ipanema.kvm.vm;

import static dev.ipanema.concurrency.Interleavings.explore;
import static dev.ipanema.concurrency.Interleavings.together;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;

/// A vCPU that sleeps in WFI or is powered off, against those who wake it: every interleaving that Lincheck explores
/// ends. A wake-up that is lost would leave the sleeper asleep, which Lincheck reports with the interleaving.
class LostWakeUpTest {
    /// What the threads of a scenario share.
    private abstract static class Shared extends Thread {
        final VcpuRequests requests;
        final Line line;

        Shared(VcpuRequests requests, Line line) {
            this.requests = requests;
            this.line = line;
        }
    }

    /// An interrupt line, whose change is followed by a kick.
    private static final class Line {
        private volatile boolean high;
    }

    private static final class Raiser extends Shared {
        Raiser(VcpuRequests requests, Line line) {
            super(requests, line);
        }

        @Override
        public void run() {
            line.high = true;
            requests.kickForInterrupt();
        }
    }

    /// `VcpuInterrupts.sleep`.
    private static final class Sleeper extends Shared {
        Sleeper(VcpuRequests requests, Line line) {
            super(requests, line);
        }

        @Override
        public void run() {
            requests.clearInterrupt();
            while (!line.high) {
                requests.sleep(Long.MAX_VALUE);
                requests.clearInterrupt();
            }
        }
    }

    @Test
    void anInterruptThatComesWhileTheVcpuGoesToSleepWakesIt() {
        explore(() -> {
            VcpuRequests requests = new VcpuRequests();
            Line line = new Line();
            together(new Raiser(requests, line), new Sleeper(requests, line));
        });
    }

    private static final class Signaller extends Shared {
        Signaller(VcpuRequests requests) {
            super(requests, new Line());
        }

        @Override
        public void run() {
            requests.kick();
        }
    }

    private static final class UntilSignalled extends Shared {
        UntilSignalled(VcpuRequests requests) {
            super(requests, new Line());
        }

        @Override
        public void run() {
            while (!requests.takeKick()) {
                requests.clearInterrupt();
                requests.sleep(Long.MAX_VALUE);
            }
        }
    }

    @Test
    void aSignalThatComesWhileTheVcpuGoesToSleepWakesIt() {
        explore(() -> {
            VcpuRequests requests = new VcpuRequests();
            together(new Signaller(requests), new UntilSignalled(requests));
        });
    }

    private static final class PowersOn extends Shared {
        PowersOn(VcpuRequests requests) {
            super(requests, new Line());
        }

        @Override
        public void run() {
            requests.powerOn(0x4000, 7);
        }
    }

    private static final class Starter extends Shared {
        private final long[] start = new long[2];

        Starter(VcpuRequests requests) {
            super(requests, new Line());
        }

        @Override
        public void run() {
            do {
                requests.awaitRunnable();
            } while (!requests.takeReset(start));
        }

        void check() {
            if (start[0] != 0x4000 || start[1] != 7) {
                throw new IllegalStateException("Started at 0x" + Long.toHexString(start[0]));
            }
        }
    }

    @Test
    void powerOnStartsAVcpuThatIsAboutToWait() {
        explore(() -> {
            VcpuRequests requests = new VcpuRequests();
            requests.power(true);
            Starter starter = new Starter(requests);
            together(new PowersOn(requests), starter);
            starter.check();
        });
    }

    private static final class Halter extends Shared {
        Halter(VcpuRequests requests) {
            super(requests, new Line());
        }

        @Override
        public void run() {
            requests.halt();
            requests.awaitOutside();
            requests.resume();
        }
    }

    private static final class UntilRunnable extends Shared {
        UntilRunnable(VcpuRequests requests) {
            super(requests, new Line());
        }

        @Override
        public void run() {
            while (!requests.isRunnable()) {
                requests.awaitRunnable();
            }
        }
    }

    @Test
    void resumeLetsAHaltedVcpuGoOn() {
        explore(() -> {
            VcpuRequests requests = new VcpuRequests();
            together(new Halter(requests), new UntilRunnable(requests));
        });
    }

    /// What [VcpuRequests] would be without the flag that keeps a wake-up: between looking and sleeping it is lost.
    private static final class Forgetful {
        private final ReentrantLock lock = new ReentrantLock();
        private final Condition changed = lock.newCondition();

        void kickForInterrupt() {
            lock.lock();
            try {
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }

        void sleep() {
            lock.lock();
            try {
                changed.awaitUninterruptibly();
            } finally {
                lock.unlock();
            }
        }
    }

    private static final class ForgetfulThread extends Thread {
        private final Forgetful requests;
        private final Line line;
        private final boolean raises;

        ForgetfulThread(Forgetful requests, Line line, boolean raises) {
            this.requests = requests;
            this.line = line;
            this.raises = raises;
        }

        @Override
        public void run() {
            if (raises) {
                line.high = true;
                requests.kickForInterrupt();
                return;
            }
            while (!line.high) {
                requests.sleep();
            }
        }
    }

    @Test
    void aLostWakeUpWouldBeFound() {
        Runnable planted = () -> {
            Forgetful requests = new Forgetful();
            Line line = new Line();
            together(new ForgetfulThread(requests, line, true), new ForgetfulThread(requests, line, false));
        };

        assertThatThrownBy(() -> explore(planted)).hasMessageContaining("has hung");
    }
}

package dev.ipanema.vmm.boot;

import dev.ipanema.base.time.Ticker;
import dev.ipanema.kvm.vm.Vcpu;
import dev.ipanema.machine.cpu.ProcessingElement;
import java.util.concurrent.locks.LockSupport;

/// Looks at a running guest from time to time, and kicks it out of `KVM_RUN` when its time is over or when it takes
/// exceptions without executing anything. Its thread ends with [#close].
final class RunMonitor implements AutoCloseable {
    private static final long PERIOD_NANOS = 20_000_000;

    private final ProcessingElement processingElement;
    private final Vcpu vcpu;
    private final Ticker ticker;
    private final long deadline;
    private final Thread thread;
    private volatile boolean closed;
    private volatile boolean timedOut;
    private volatile boolean stuck;

    /// @param deadline in the ticker's nanoseconds, `Long.MAX_VALUE` for none
    RunMonitor(ProcessingElement processingElement, Vcpu vcpu, Ticker ticker, long deadline) {
        this.processingElement = processingElement;
        this.vcpu = vcpu;
        this.ticker = ticker;
        this.deadline = deadline;
        thread = Thread.ofPlatform().name("run-monitor").daemon(true).start(this::watch);
    }

    boolean isTimedOut() {
        return timedOut;
    }

    boolean isStuck() {
        return stuck;
    }

    private void watch() {
        while (!closed) {
            LockSupport.parkNanos(this, PERIOD_NANOS);
            if (closed) {
                return;
            }
            // RACE: the count is the vCPU thread's; a value that is read late is noticed one period later.
            if (processingElement.exceptionsWithoutProgress() >= VirtMachine.STUCK_EXCEPTIONS) {
                stuck = true;
                vcpu.kick();
            } else if (ticker.nanos() - deadline > 0) {
                timedOut = true;
                vcpu.kick();
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}

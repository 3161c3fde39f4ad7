package dev.ipanema.kvm.vm;

import dev.ipanema.machine.cpu.ProcessingElement;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// What other threads want of a vCPU (`vcpu->requests`, `mp_state`, `pause`), and how it sleeps meanwhile.
///
/// The lock is innermost: nothing else is taken under it. A wake-up is a flag that stays until the vCPU's thread has
/// taken it, so that none is lost between looking and sleeping.
final class VcpuRequests {
    /// Why a sleep ended.
    enum Woken {
        /// Something about its interrupts has changed.
        INTERRUPT,
        /// Power, reset or a signal: [#isRunnable()] and its companions say what.
        REQUEST,
        /// The time is over.
        TIME
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private boolean stopped;
    private boolean resetPending;
    private long resetPc;
    private long resetX0;
    private boolean kicked;
    private boolean interrupt;
    private int halts;
    private @Nullable ProcessingElement running;

    // ---- for all threads -------------------------------------------------------------------------------------------

    /// Wants `KVM_RUN` to return -EINTR, as a signal does.
    void kick() {
        ProcessingElement on;
        lock.lock();
        try {
            kicked = true;
            changed.signalAll();
            on = running;
        } finally {
            lock.unlock();
        }
        kick(on);
    }

    private static void kick(@Nullable ProcessingElement on) {
        if (on != null) {
            on.kick();
        }
    }

    /// Wants the vCPU to look at its interrupts (`KVM_REQ_IRQ_PENDING`, `kvm_vcpu_kick`).
    void kickForInterrupt() {
        ProcessingElement on;
        lock.lock();
        try {
            interrupt = true;
            changed.signalAll();
            on = running;
        } finally {
            lock.unlock();
        }
        kick(on);
    }

    /// Stops the vCPU (`kvm_arm_vcpu_power_off`).
    void powerOff() {
        ProcessingElement on;
        lock.lock();
        try {
            stopped = true;
            changed.signalAll();
            on = running;
        } finally {
            lock.unlock();
        }
        kick(on);
    }

    /// Turns a stopped vCPU on, to start in reset state.
    ///
    /// @return false when it was on already
    boolean powerOn(long pc, long x0) {
        lock.lock();
        try {
            if (!stopped) {
                return false;
            }
            resetPc = pc;
            resetX0 = x0;
            resetPending = true;
            stopped = false;
            changed.signalAll();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /// Sets the power after `KVM_ARM_VCPU_INIT` or `KVM_SET_MP_STATE`; nothing is pending any more.
    void power(boolean off) {
        lock.lock();
        try {
            stopped = off;
            resetPending = false;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// {@return whether it is powered off}
    boolean isStopped() {
        lock.lock();
        try {
            return stopped;
        } finally {
            lock.unlock();
        }
    }

    /// Keeps the vCPU out of the guest until [#resume()]; may be asked for by several at once.
    void halt() {
        ProcessingElement on;
        lock.lock();
        try {
            halts++;
            on = running;
        } finally {
            lock.unlock();
        }
        kick(on);
    }

    /// Waits until the vCPU is outside the guest; after [#halt()].
    void awaitOutside() {
        lock.lock();
        try {
            while (running != null) {
                changed.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
    }

    /// Takes a [#halt()] back.
    void resume() {
        lock.lock();
        try {
            halts--;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    // ---- for the vCPU's thread -------------------------------------------------------------------------------------

    /// Enters the guest, unless somebody wants something.
    ///
    /// @return whether it is entered; then [#leave()] has to follow
    boolean enter(ProcessingElement on) {
        lock.lock();
        try {
            if (!runnable()) {
                return false;
            }
            interrupt = false;
            running = on;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /// Leaves the guest.
    void leave() {
        lock.lock();
        try {
            running = null;
            if (halts > 0) {
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    private boolean runnable() {
        return !stopped && !resetPending && !kicked && halts == 0;
    }

    /// {@return whether nobody wants anything}
    boolean isRunnable() {
        lock.lock();
        try {
            return runnable();
        } finally {
            lock.unlock();
        }
    }

    /// {@return whether a signal is pending}
    boolean isKicked() {
        lock.lock();
        try {
            return kicked;
        } finally {
            lock.unlock();
        }
    }

    /// {@return whether it is powered on, or about to start}
    boolean wantsToRun() {
        lock.lock();
        try {
            return !stopped || resetPending;
        } finally {
            lock.unlock();
        }
    }

    /// Takes the signal that is pending, if one is.
    boolean takeKick() {
        lock.lock();
        try {
            boolean was = kicked;
            kicked = false;
            return was;
        } finally {
            lock.unlock();
        }
    }

    /// Takes the reset that is pending, if one is.
    ///
    /// @param start takes PC and X0
    /// @return whether one was
    boolean takeReset(long[] start) {
        lock.lock();
        try {
            boolean was = resetPending;
            resetPending = false;
            start[0] = resetPc;
            start[1] = resetX0;
            return was;
        } finally {
            lock.unlock();
        }
    }

    /// Waits while the vCPU is stopped or halted.
    void awaitRunnable() {
        lock.lock();
        try {
            while ((stopped || halts > 0) && !kicked && !resetPending) {
                changed.await();
            }
        } catch (InterruptedException e) {
            interrupted();
        } finally {
            lock.unlock();
        }
    }

    /// Forgets what [#kickForInterrupt()] asked for, before the vCPU's interrupts are looked at.
    void clearInterrupt() {
        lock.lock();
        try {
            interrupt = false;
        } finally {
            lock.unlock();
        }
    }

    /// Sleeps until [#kickForInterrupt()], another request, or the end of a time; at once when something came since
    /// [#clearInterrupt()].
    ///
    /// @param nanos `Long.MAX_VALUE` for no limit
    Woken sleep(long nanos) {
        lock.lock();
        try {
            long left = nanos;
            while (!interrupt && !kicked && !stopped && !resetPending && left > 0) {
                if (nanos == Long.MAX_VALUE) {
                    changed.await();
                } else {
                    left = changed.awaitNanos(left);
                }
            }
        } catch (InterruptedException e) {
            interrupted();
        } finally {
            lock.unlock();
        }
        return woken();
    }

    private Woken woken() {
        lock.lock();
        try {
            if (kicked || stopped || resetPending) {
                return Woken.REQUEST;
            }
            return interrupt ? Woken.INTERRUPT : Woken.TIME;
        } finally {
            lock.unlock();
        }
    }

    /// An interrupted thread has a signal pending, for good.
    private void interrupted() {
        Thread.currentThread().interrupt();
        kick();
    }
}

package dev.ipanema.vmm.boot;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.kvm.vm.KvmError;
import dev.ipanema.kvm.vm.Vcpu;
import java.util.List;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/// The threads of a guest: one platform thread for each vCPU, which calls `KVM_RUN` and serves its exits until
/// somebody ends them all. They can be held between two calls of `KVM_RUN`, for a debugger or a dump.
final class VcpuThreads {
    /// Serves what `KVM_RUN` returned, on the vCPU's thread.
    @FunctionalInterface
    interface ExitHandler {
        /// {@return how the guest ended, null when it goes on}
        ///
        /// @param result 0, or a negated errno other than -EINTR
        @Nullable
        GuestEnd serve(Vcpu vcpu, int result);
    }

    private final ExitHandler handler;

    // Guarded by this.
    private List<Vcpu> vcpus = List.of();
    private @Nullable GuestEnd end;
    private @Nullable Throwable failure;
    private IntPredicate allowed = _ -> true;
    private int holds;
    private int held;
    private int alive;
    private boolean interrupted;
    private boolean woken;

    VcpuThreads(ExitHandler handler) {
        this.handler = handler;
    }

    /// Starts a thread for each vCPU. After a reset they run on; after any other end, however early it came, they end
    /// at once.
    synchronized void start(List<Vcpu> starting) {
        if (isReset(end)) {
            end = null;
        }
        vcpus = starting;
        alive = vcpus.size();
        for (Vcpu vcpu : vcpus) {
            Thread.ofPlatform().name("vcpu-" + vcpu.id()).daemon(true).start(() -> runThread(vcpu));
        }
    }

    private static boolean isReset(@Nullable GuestEnd end) {
        return end != null && end.reason() == GuestEnd.Reason.SYSTEM_RESET;
    }

    private void runThread(Vcpu vcpu) {
        try {
            loop(vcpu);
        } catch (KvmError e) {
            end(new GuestEnd(GuestEnd.Reason.KERNEL_DEFECT, String.valueOf(e.getMessage()), ""));
        } catch (Throwable e) {
            fail(e);
        } finally {
            synchronized (this) {
                alive--;
                notifyAll();
            }
        }
    }

    private void loop(Vcpu vcpu) {
        while (mayRun(vcpu)) {
            int result = vcpu.run();
            if (result != Errno.EINTR.negated()) {
                GuestEnd ended = handler.serve(vcpu, result);
                if (ended != null) {
                    end(ended);
                }
            }
        }
    }

    /// Waits while the threads are held.
    ///
    /// @return false when the guest has ended
    private synchronized boolean mayRun(Vcpu vcpu) {
        while ((holds > 0 || !allowed.test(vcpu.id())) && end == null) {
            held++;
            notifyAll();
            waitForChange();
            held--;
        }
        return end == null;
    }

    private synchronized void fail(Throwable e) {
        if (failure == null) {
            failure = e;
        }
        end(new GuestEnd(GuestEnd.Reason.EXIT, "A vCPU's thread failed", ""));
    }

    /// Ends the guest; the first reason counts, unless it was a reset. Any thread may call it.
    synchronized void end(GuestEnd reason) {
        if (end == null || isReset(end)) {
            end = reason;
            notifyAll();
            kickAll();
        }
    }

    private void kickAll() {
        for (Vcpu vcpu : vcpus) {
            vcpu.kick();
        }
    }

    /// Ends the current or next [#await] before its time. Any thread may call it.
    synchronized void wake() {
        woken = true;
        notifyAll();
    }

    /// Waits until all threads have ended, some time is over, or [#wake()].
    ///
    /// @param millis above 0
    /// @return how the guest ended, null when it still runs
    @SuppressWarnings("WaitNotInLoop") // The caller asks again.
    synchronized @Nullable GuestEnd await(long millis) {
        if (alive > 0 && !woken) {
            try {
                wait(millis);
            } catch (InterruptedException e) {
                interrupted = true;
                end(new GuestEnd(GuestEnd.Reason.INTERRUPTED, "The run was interrupted", ""));
            }
        }
        woken = false;
        if (alive > 0) {
            return null;
        }
        if (interrupted) {
            interrupted = false;
            Thread.currentThread().interrupt();
        }
        if (failure instanceof RuntimeException e) {
            throw e;
        }
        if (failure instanceof Error e) {
            throw e;
        }
        return end;
    }

    /// Holds every vCPU outside `KVM_RUN`, and returns when none runs any more. May be nested.
    synchronized void pauseAll() {
        hold();
        awaitHeld();
    }

    /// Holds every vCPU outside `KVM_RUN` from its next return on. A vCPU's own thread may call it.
    synchronized void hold() {
        holds++;
        kickAll();
    }

    /// Waits until no vCPU runs, after [#hold()].
    synchronized void awaitHeld() {
        while (held < alive && end == null) {
            waitForChange();
        }
    }

    /// Lets the vCPUs run on when every [#pauseAll()] and [#hold()] has been taken back.
    synchronized void resumeAll() {
        holds--;
        notifyAll();
    }

    /// The same, and from now on only vCPUs of some numbers run.
    synchronized void resume(IntPredicate which) {
        allowed = which;
        resumeAll();
    }

    /// Waits for a change. Nobody interrupts a vCPU's thread, and who holds the threads is not to be interrupted
    /// between taking and giving back.
    @SuppressWarnings("WaitNotInLoop") // It is called in loops.
    private void waitForChange() {
        try {
            wait();
        } catch (InterruptedException e) {
            interrupted = true;
        }
    }
}

package dev.ipanema.kvm.vm;

import dev.ipanema.machine.cpu.El1Timer;
import dev.ipanema.machine.cpu.InstructionClock;
import java.util.List;

/// Turns of a VM whose run has to repeat exactly: one vCPU at a time, in the order in which they were made, each for a
/// quantum of instructions or until it waits. A vCPU keeps its turn while it is with the VMM, so that devices too are
/// used in one order. When all wait, time jumps to the next timer.
///
/// The monitor guards the turn; the locks of the vGIC and those of [VcpuRequests] are taken under it, not the other way
/// round, but for [#wake()], whose callers hold no lock of an ap_list or an interrupt.
final class Lockstep {
    /// Instructions of a turn.
    static final long QUANTUM = 10_000;

    private static final int NOBODY = -1;

    private final Vm vm;
    private final InstructionClock clock;
    private int turn;
    private int last;
    private long left = QUANTUM;

    /// Looking at a vCPU's timers may raise their interrupts, which asks for [#wake()].
    private boolean choosing;

    Lockstep(Vm vm, InstructionClock clock) {
        this.vm = vm;
        this.clock = clock;
    }

    /// Waits for the turn of a vCPU.
    ///
    /// @return false when a signal for the vCPU came first
    synchronized boolean await(Vcpu vcpu) {
        boolean interrupted = false;
        while (!isTurnOf(vcpu) && !vcpu.requests().isKicked()) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
                vcpu.requests().kick();
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return isTurnOf(vcpu);
    }

    private boolean isTurnOf(Vcpu vcpu) {
        return turn != NOBODY && vm.vcpus().get(turn).id() == vcpu.id();
    }

    /// {@return how many instructions the present turn has left, at least 1}
    synchronized long left() {
        return Math.max(left, 1);
    }

    /// Notes what the vCPU whose turn it is has executed.
    ///
    /// @return whether its turn is over
    synchronized boolean ran(long instructions) {
        left -= instructions;
        return left <= 0;
    }

    /// Ends the turn of a vCPU, and waits for its next one.
    ///
    /// @return false when a signal for the vCPU came first
    boolean pass(Vcpu vcpu) {
        synchronized (this) {
            if (isTurnOf(vcpu)) {
                choose(turn);
            }
        }
        return await(vcpu);
    }

    /// Looks again whether a vCPU is ready when none was, or whether one has a signal. Any thread may call it.
    synchronized void wake() {
        if (turn == NOBODY && !choosing) {
            choose(last);
        }
        notifyAll();
    }

    private void choose(int from) {
        choosing = true;
        try {
            chooseFrom(from);
        } finally {
            choosing = false;
        }
    }

    private void chooseFrom(int from) {
        List<Vcpu> vcpus = vm.vcpus();
        last = from;
        left = QUANTUM;
        while (true) {
            for (int i = 1; i <= vcpus.size(); i++) {
                int candidate = (from + i) % vcpus.size();
                if (isReady(vcpus.get(candidate))) {
                    turn = candidate;
                    notifyAll();
                    return;
                }
            }
            long delay = nanosToNextTimer(vcpus);
            if (delay == El1Timer.NEVER) {
                turn = NOBODY;
                return;
            }
            clock.jump(Math.max(delay, 1));
        }
    }

    private static boolean isReady(Vcpu vcpu) {
        return vcpu.requests().wantsToRun() && vcpu.interrupts().isAwake();
    }

    private static long nanosToNextTimer(List<Vcpu> vcpus) {
        long earliest = El1Timer.NEVER;
        for (Vcpu vcpu : vcpus) {
            if (vcpu.requests().wantsToRun()) {
                earliest = Math.min(earliest, vcpu.interrupts().nanosToWake());
            }
        }
        return earliest;
    }
}

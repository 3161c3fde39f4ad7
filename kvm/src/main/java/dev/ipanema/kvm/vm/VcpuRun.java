package dev.ipanema.kvm.vm;

import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.exception.ExceptionClass;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.arm.register.TlbiOp;
import dev.ipanema.arm.register.VttbrEl2;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.kvm.abort.GuestAborts;
import dev.ipanema.kvm.memslot.DirtyRing;
import dev.ipanema.kvm.mmu.ThisCpu;
import dev.ipanema.kvm.pmu.VcpuPmu;
import dev.ipanema.kvm.trace.KvmTrace;
import dev.ipanema.kvm.uapi.KvmExit;
import dev.ipanema.kvm.uapi.KvmRun;
import dev.ipanema.machine.cpu.CpuContext;
import dev.ipanema.machine.cpu.Exit;
import dev.ipanema.machine.cpu.ProcessingElement;
import dev.ipanema.machine.memory.Agent;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// The run loop of a vCPU (`kvm_arch_vcpu_ioctl_run`): onto a processing element, into the guest, and out again for
/// what
/// the guest or another thread wants.
///
/// Everything happens on the thread that is inside `KVM_RUN`, which holds the vCPU's mutex.
final class VcpuRun {
    private static final int RESUME = 1;
    private static final int EXIT = 0;
    private static final int INSTRUCTION_BYTES = 4;
    private static final int EINTR = Errno.EINTR.negated();

    /// Instructions after which the run loop looks around, as a host's timer interrupt makes it do.
    private static final long TICK = 1L << 22;

    private static final int TRAIL_STEPS = 4096;
    private static final int ARM_EXCEPTION_IRQ = 0;
    private static final int ARM_EXCEPTION_TRAP = 2;
    private static final int ZERO_REGISTER = 31;

    private final Vcpu vcpu;
    private final Vm vm;
    private final int id;
    private final CpuContext cpu;
    private final KvmRun run;
    private final @Nullable DirtyRing dirtyRing;
    private final GuestAborts aborts;
    private final SysRegTraps sysRegs;
    private final GuestDebug guestDebug;
    private final VcpuPmu pmu;
    private final VcpuRequests requests;
    private final VcpuInterrupts interrupts;
    private final PvTime pvTime;
    private final KvmTrace trace;
    private final long[] resetStart = new long[2];
    private final DecisionTrail trail;
    private boolean hasRunOnce;
    private long exits;
    private @Nullable ProcessingElement pe;

    /// Of a [Lockstep]: another vCPU is next.
    private boolean turnOver;

    VcpuRun(
            Vcpu vcpu,
            GuestAborts aborts,
            SysRegTraps sysRegs,
            GuestDebug guestDebug,
            VcpuPmu pmu,
            VcpuInterrupts interrupts,
            PvTime pvTime) {
        this.vcpu = vcpu;
        this.vm = vcpu.vm();
        this.id = vcpu.id();
        this.cpu = vcpu.cpu();
        this.run = vcpu.kvmRun();
        this.dirtyRing = vcpu.dirtyRing();
        this.aborts = aborts;
        this.sysRegs = sysRegs;
        this.guestDebug = guestDebug;
        this.pmu = pmu;
        this.requests = vcpu.requests();
        this.interrupts = interrupts;
        this.pvTime = pvTime;
        this.trace = vm.memory().trace();
        this.trail = vm.kvm().newTrail();
    }

    /// {@return how often the guest was left}
    long exits() {
        return exits;
    }

    /// {@return whether the guest has ever been entered}
    boolean hasRunOnce() {
        return hasRunOnce;
    }

    /// {@return why the aborts of the last run ended as they did}
    DecisionTrail lastTrail() {
        return trail;
    }

    int run() {
        if (aborts.isBugged() || vm.memory().mmu().isDestroyed()) {
            return Errno.EIO.negated();
        }
        trail.clear();
        if (run.exitReason == KvmExit.KVM_EXIT_MMIO) {
            aborts.mmio().complete();
            guestDebug.instructionSkipped();
        }
        if (run.immediateExit) {
            return EINTR;
        }
        run.exitReason = KvmExit.KVM_EXIT_UNKNOWN;
        int ready = interrupts.enable();
        if (ready < 0) {
            return ready;
        }
        Lockstep turns = vm.lockstep();
        if (turns != null && !turns.await(vcpu)) {
            requests.takeKick();
            run.exitReason = KvmExit.KVM_EXIT_INTR;
            return EINTR;
        }
        hasRunOnce = true;
        load();
        try {
            int result = RESUME;
            while (result > 0) {
                result = checkRequests();
                if (result > 0) {
                    result = enterGuest();
                }
            }
            return result;
        } finally {
            put();
        }
    }

    /// Puts the vCPU on a processing element (`kvm_arch_vcpu_load`).
    private void load() {
        ProcessingElement acquired = vm.kvm().cpus().acquire(id);
        pe = acquired;
        ThisCpu.set(acquired.mmu());
        updateVmid(acquired);
        if (vm.runsOn(acquired.index(), id)) {
            int vmid = vm.kvm().cpus().vmids().index(vm.vmid());
            acquired.mmu().tlbiLocal(TlbiOp.VMALLE1, vmid, 0);
            vm.memory().mm().kernel().memory().maintenance().icInvalAll(Agent.KVM, acquired.index());
        }
        interrupts.load();
        pvTime.load();
    }

    /// Takes it off again (`kvm_arch_vcpu_put`).
    private void put() {
        pvTime.put();
        interrupts.put();
        interrupts.tellLines();
        ProcessingElement held = pe;
        pe = null;
        ThisCpu.clear();
        if (held != null) {
            vm.kvm().cpus().release(held);
        }
    }

    private void updateVmid(ProcessingElement on) {
        vm.kvm().cpus().vmids().load(vm.vmid(), on.index());
        int vmid = vm.kvm().cpus().vmids().index(vm.vmid());
        long vttbr = VttbrEl2.of(Math.max(vm.stage2().rootPa(), 0), vmid);
        if (cpu.get(SysReg.VTTBR_EL2) != vttbr) {
            vm.memory().mmu().setVmid(vmid);
            cpu.set(SysReg.VTTBR_EL2, vttbr);
        }
    }

    private int checkRequests() {
        if (dirtyRing != null && dirtyRing.softFull()) {
            run.exitReason = KvmExit.KVM_EXIT_DIRTY_RING_FULL;
            return EXIT;
        }
        Lockstep turns = vm.lockstep();
        if (turns != null && (turnOver || requests.isStopped())) {
            turnOver = false;
            put();
            turns.pass(vcpu);
            load();
        }
        if (requests.takeReset(resetStart)) {
            // A reset leaves the CPU interface as it is.
            interrupts.put();
            vcpu.reset();
            interrupts.load();
            cpu.setPc(resetStart[0]);
            cpu.setX(0, resetStart[1]);
        }
        if (requests.takeKick() || aborts.isSignalPending() || interrupts.isLineNews()) {
            run.exitReason = KvmExit.KVM_EXIT_INTR;
            return EINTR;
        }
        if (!requests.isRunnable()) {
            put();
            requests.awaitRunnable();
            load();
        }
        pvTime.update();
        return RESUME;
    }

    private int enterGuest() {
        ProcessingElement on = pe;
        if (on == null) {
            throw new IllegalStateException("vCPU " + id + " is not loaded");
        }
        updateVmid(on);
        trace.kvmEntry(cpu.pc());
        pmu.flush();
        if (!requests.enter(on)) {
            return RESUME;
        }
        Exit exit;
        try {
            interrupts.flush();
            exit = runTurn(on);
            pmu.sync();
            interrupts.sync();
        } finally {
            requests.leave();
        }
        exits++;
        if (exit != Exit.TRAP) {
            trace.kvmExit(ARM_EXCEPTION_IRQ, 0, cpu.pc());
            switch (exit) {
                case WAIT -> waitForInterrupt();
                case TIMER -> interrupts.timerInterrupt();
                default -> {
                    // What a kick or a maintenance interrupt asks for is done on the way back.
                }
            }
            return RESUME;
        }
        int ec = Esr.ec(on.esrEl2());
        trace.kvmExit(ARM_EXCEPTION_TRAP, ec, cpu.pc());
        if (!aborts.fault().populate(on)) {
            return RESUME;
        }
        return handleExit(ec, on.esrEl2());
    }

    private Exit runTurn(ProcessingElement on) {
        Lockstep turns = vm.lockstep();
        if (turns == null) {
            return runOn(on, pmu.budget(TICK));
        }
        long before = on.instructions();
        Exit exit = runOn(on, pmu.budget(turns.left()));
        // A kick in lockstep is a YIELD.
        turnOver |= turns.ran(on.instructions() - before) || exit == Exit.KICK;
        return exit;
    }

    private Exit runOn(ProcessingElement on, long instructions) {
        if (!guestDebug.isOn()) {
            return on.run(cpu, instructions);
        }
        guestDebug.load();
        try {
            return on.run(cpu, instructions);
        } finally {
            guestDebug.put();
        }
    }

    /// `handle_trap_exceptions`.
    private int handleExit(int ec, long esr) {
        return switch (ec) {
            case ExceptionClass.INSTRUCTION_ABORT_LOWER, ExceptionClass.DATA_ABORT_LOWER -> {
                if (trail.enabled() && trail.size() > TRAIL_STEPS) {
                    trail.clear();
                }
                yield aborts.handle(vm.bus(), trail);
            }
            case ExceptionClass.SYS64 -> {
                if (sysRegs.handle(esr)) {
                    skipInstruction();
                } else {
                    aborts.injector().injectUndefined();
                }
                yield RESUME;
            }
            case ExceptionClass.SOFTWARE_STEP_LOWER,
                    ExceptionClass.BREAKPOINT_LOWER,
                    ExceptionClass.WATCHPOINT_LOWER,
                    ExceptionClass.BRK64 -> {
                guestDebug.exit(run, esr, aborts.fault().far());
                yield EXIT;
            }
            case ExceptionClass.HVC64 -> vm.psci().call(vcpu);
            case ExceptionClass.SMC64 -> {
                skipInstruction();
                if (Esr.imm16(esr) != 0) {
                    cpu.setX(0, -1);
                    yield RESUME;
                }
                yield vm.psci().call(vcpu);
            }
            case ExceptionClass.WFX -> {
                skipInstruction();
                switch (Esr.wfxTi(esr)) {
                    case Esr.WFX_WFI -> waitForInterrupt();
                    case Esr.WFX_WFIT -> waitWithTimeOut(Esr.wfxRegister(esr));
                    default -> {
                        turnOver = true;
                        Thread.onSpinWait();
                    }
                }
                yield RESUME;
            }
            default -> {
                aborts.injector().injectUndefined();
                yield RESUME;
            }
        };
    }

    private void skipInstruction() {
        cpu.setPc(cpu.pc() + INSTRUCTION_BYTES);
        guestDebug.instructionSkipped();
    }

    /// WFI: sleeps, off its processing element, until an interrupt is pending or somebody wants the vCPU
    /// (`kvm_vcpu_wfi`).
    void waitForInterrupt() {
        sleep(() -> Long.MAX_VALUE);
    }

    /// WFIT: as WFI, at most until the virtual count reaches the value of a register.
    ///
    /// @param n 0 to 31, or -1 when the syndrome does not say: then it is WFI
    private void waitWithTimeOut(int n) {
        if (n < 0) {
            waitForInterrupt();
        } else {
            long until = n == ZERO_REGISTER ? 0 : cpu.x(n);
            sleep(() -> interrupts.nanosUntil(until));
        }
    }

    private void sleep(LongSupplier limit) {
        if (vcpu.hasSerror()) {
            return;
        }
        put();
        Lockstep turns = vm.lockstep();
        if (turns == null) {
            interrupts.sleep(limit);
        } else {
            interrupts.beginSleep(limit);
            turns.pass(vcpu);
            interrupts.endSleep();
        }
        load();
    }
}

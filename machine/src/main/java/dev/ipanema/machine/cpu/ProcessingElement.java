package dev.ipanema.machine.cpu;

import dev.ipanema.arm.a64.A64Feature;
import dev.ipanema.arm.a64.Decoder;
import dev.ipanema.arm.cpu.CpuFeature;
import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.register.Pstate;
import dev.ipanema.arm.register.TcrEl1;
import dev.ipanema.machine.mmu.Mmu;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// One processing element: it runs the virtual processor that a hypervisor gives it, at EL1 and EL0,
/// until something has to be done at EL2 or the hypervisor wants it back. What EL2 is and does lies
/// outside: exceptions to it are answers of [#run], with the syndrome registers as hardware would set
/// them.
///
/// <h2>Threads</h2> One thread at a time runs it; [#kick()] and the event register are for all threads.
///
/// <h2>Latency</h2> A kick, a request of another element or a virtual interrupt is noticed within 1000
/// instructions.
public final class ProcessingElement {
    /// Instructions run without a look at what is pending.
    private static final int SLICE = 1_000;

    /// Instructions run without a look at the timers, at most one [#SLICE] more.
    private static final int TIMER_INTERVAL = 4_000;

    /// How long WFE waits at most when it is not trapped; it may end early at any time.
    private static final long WFE_NANOS = 50_000;

    /// A bit of [#pending]: the hypervisor wants the processing element back.
    private static final int KICK = 1;

    /// A bit of [#pending]: the MMU or the decoded code has requests of others to serve.
    private static final int REQUEST = 2;

    private static final VarHandle PENDING;
    private static final VarHandle EVENT;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            PENDING = lookup.findVarHandle(ProcessingElement.class, "pending", int.class);
            EVENT = lookup.findVarHandle(ProcessingElement.class, "event", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final int index;
    private final CpuModel model;
    private final Mmu mmu;
    private final Exceptions exceptions;
    private final GuestCode code;
    private final Interpreter interpreter;
    private final RareInstructions rare;
    private final boolean branchTargets;
    private final DebugUnit debug;
    private final GenericTimer timer;

    @SuppressWarnings("UnusedVariable") // accessed by PENDING
    private int pending;

    @SuppressWarnings("UnusedVariable") // accessed by EVENT
    private boolean event;

    private boolean debugging;

    /// The next instruction runs alone, with its address known to the MMU.
    private boolean alone;
    private long instructions;
    private long exceptionsWithoutProgress;
    private volatile @Nullable Thread waiting;
    private @Nullable Thread runner;
    private @Nullable CpuContext running;

    ProcessingElement(int index, Mmu mmu, CodeRegistry registry, Machine machine) {
        this.index = index;
        this.model = machine.cpuModel();
        this.mmu = mmu;
        this.exceptions = new Exceptions(mmu, model);
        this.debug = new DebugUnit(exceptions, mmu, model);
        this.timer = new GenericTimer(machine.counter());
        SystemRegisters registers = new SystemRegisters(exceptions, timer, machine.random(), model);
        this.rare = new RareInstructions(
                this,
                machine,
                exceptions,
                registers,
                new SystemInstructions(mmu, machine.physicalMemory(), exceptions, model),
                new MemoryInstructions(mmu),
                new PointerInstructions(mmu, exceptions, model),
                timer);
        this.branchTargets = model.guestHas(CpuFeature.BTI);
        this.code = new GuestCode(
                mmu,
                Decoder.with(A64Feature.of(model)),
                new InstructionFactory(rare, branchTargets),
                registry,
                () -> signal(REQUEST));
        this.interpreter = new Interpreter(code, mmu, branchTargets);
        mmu.onRequest(() -> signal(REQUEST));
    }

    /// {@return its number in the machine, from 0}
    public int index() {
        return index;
    }

    /// {@return its model}
    public CpuModel model() {
        return model;
    }

    /// {@return its memory management unit}
    public Mmu mmu() {
        return mmu;
    }

    /// {@return instructions completed since it was made}
    public long instructions() {
        return instructions;
    }

    /// {@return how many exceptions the guest took to EL1, injected ones included, since an instruction
    /// completed last: a guest whose vectors cannot be executed drives this up without end}
    public long exceptionsWithoutProgress() {
        return exceptionsWithoutProgress;
    }

    /// {@return ESR_EL2 as the last [Exit#TRAP] left it}
    public long esrEl2() {
        return exceptions.esrEl2;
    }

    /// {@return FAR_EL2: the virtual address of the last abort taken to EL2}
    public long farEl2() {
        return exceptions.farEl2;
    }

    /// {@return HPFAR_EL2: the page of the IPA of the last abort for which hardware reports one}
    public long hpfarEl2() {
        return exceptions.hpfarEl2;
    }

    /// Makes [#run] return [Exit#KICK], now or, when nothing runs, the next time. Callable on any thread.
    public void kick() {
        signal(KICK);
    }

    private void signal(int bit) {
        PENDING.getAndBitwiseOr(this, bit);
        Thread thread = waiting;
        if (thread != null) {
            LockSupport.unpark(thread);
        }
    }

    /// {@return whether somebody wants something}
    boolean isPending() {
        return (int) PENDING.getOpaque(this) != 0;
    }

    /// Runs a guest.
    ///
    /// `ctx` is loaded as a hypervisor's exception return does: the exclusive monitor is cleared and the
    /// event register set. Afterwards `ctx` holds the guest's state; PC is the preferred return address.
    ///
    /// @param maxInstructions after how many completed instructions to return [Exit#BUDGET]; an exception
    ///     to EL1 counts as one
    public Exit run(CpuContext ctx, long maxInstructions) {
        mmu.setContext(ctx.translation());
        setEvent();
        runner = Thread.currentThread();
        running = ctx;
        mmu.enterGuest();
        try {
            return runInside(ctx, maxInstructions);
        } finally {
            mmu.exitGuest();
            running = null;
            runner = null;
        }
    }

    /// {@return what runs here on a thread, null when it runs nothing here}
    @Nullable
    CpuContext runningOn(Thread thread) {
        // RACE: another thread may read any value of these, but its own identity only where it runs itself.
        return runner == thread ? running : null;
    }

    private Exit runInside(CpuContext ctx, long maxInstructions) {
        long left = maxInstructions;
        long lookAtTimers = maxInstructions;
        exceptionsWithoutProgress += ctx.takeInjected();
        while (true) {
            if (isPending() && servePending()) {
                return Exit.KICK;
            }
            if (left <= 0) {
                return Exit.BUDGET;
            }
            if ((ctx.gic().signals() & VirtualCpuInterface.MAINTENANCE) != 0) {
                return Exit.MAINTENANCE;
            }
            if (left <= lookAtTimers) {
                lookAtTimers = left - TIMER_INTERVAL;
                if (timer.interrupts(ctx)) {
                    return Exit.TIMER;
                }
            }
            if (exceptions.virtualInterrupt(ctx)) {
                continue;
            }
            long taken = exceptions.taken;
            int el = ctx.el();
            int reason = alone ? runAlone(ctx) : runNext(ctx, left);
            long retired = interpreter.executed();
            if (reason == Interpreter.RESUME && exceptions.taken == taken) {
                retired++;
            }
            instructions += retired;
            ctx.events().retired(el, retired);
            exceptionsWithoutProgress = exceptions.taken - taken + (retired > 0 ? 0 : exceptionsWithoutProgress);
            left -= retired + exceptions.taken - taken;
            if (reason == Interpreter.TRAPPED) {
                return Exit.TRAP;
            }
            if (reason == Interpreter.WAITING) {
                instructions++;
                ctx.events().retired(el, 1);
                return Exit.WAIT;
            }
        }
    }

    /// Serves what is pending.
    ///
    /// @return whether it was a kick
    private boolean servePending() {
        int bits = (int) PENDING.getAndSet(this, 0);
        if ((bits & REQUEST) != 0) {
            mmu.serviceRequests();
            code.applyChanges();
        }
        return (bits & KICK) != 0;
    }

    private int runNext(CpuContext ctx, long left) {
        return DebugUnit.isArmed(ctx) || debugging ? runDebugged(ctx, left) : runFrom(ctx, left);
    }

    /// Runs with debug exceptions: one instruction at a time while they are enabled.
    private int runDebugged(CpuContext ctx, long left) {
        interpreter.nothingExecuted();
        debugging = DebugUnit.isArmed(ctx);
        if (!debugging) {
            debug.forgetWatchpoints();
            return runFrom(ctx, left);
        }
        if (!debug.isEnabled(ctx)) {
            debug.armWatchpoints(ctx, false);
            return runFrom(ctx, left);
        }
        int reason = debug.before(ctx);
        if (reason != Interpreter.NEXT) {
            return reason;
        }
        long taken = exceptions.taken;
        reason = runFrom(ctx, 1);
        debug.disarm();
        if (exceptions.taken == taken && (interpreter.executed() > 0 || reason == Interpreter.RESUME)) {
            debug.completed(ctx);
        }
        return reason;
    }

    /// Fetches at PC and runs.
    private int runFrom(CpuContext ctx, long left) {
        interpreter.nothingExecuted();
        ctx.pc = canonical(ctx, ctx.pc);
        long pc = ctx.pc;
        if ((pc & 3) != 0) {
            return exceptions.pcAlignment(ctx);
        }
        int el = ctx.el();
        DecodedPage page = code.cached(pc, el);
        if (page == null) {
            page = code.fetch(pc, el);
            if (page == null) {
                return fetchAbort(ctx);
            }
        }
        if ((ctx.pstate & Pstate.IL) != 0) {
            return exceptions.synchronous(ctx, Esr.illegalState());
        }
        if (branchTargets) {
            DecodedInstruction target = page.code[(int) pc >> 2 & (DecodedPage.INSTRUCTIONS - 1)];
            if (!BranchTargets.land(ctx, code.isGuarded(pc), target)) {
                return target == PageMark.NOT_DECODED
                        ? decode(ctx, el)
                        : exceptions.synchronous(ctx, Esr.bti(BranchTargets.btype(ctx)));
            }
        }
        ctx.pageVa = pc & -DecodedPage.PAGE_BYTES;
        int reason = interpreter.run(ctx, page, el, (int) Math.min(left, SLICE));
        return switch (reason) {
            case Interpreter.DECODE -> decode(ctx, el);
            case Interpreter.STALE -> stale(ctx, el);
            case Interpreter.SP_ALIGNMENT -> spAlignment(ctx);
            case Interpreter.FP_TRAP -> exceptions.fpAccess(ctx);
            default -> afterAccess(ctx, reason, interpreter.last().word);
        };
    }

    private int fetchAbort(CpuContext ctx) {
        if (mmu.fault().isRetry()) {
            return retry();
        }
        int reason = exceptions.instructionAbort(ctx, mmu.fault());
        mmu.clearFault();
        return reason;
    }

    private int decode(CpuContext ctx, int el) {
        DecodedPage page = code.cached(ctx.pc, el);
        if (page != null) {
            code.decode(page, ctx.pc);
            if (mmu.faulted()) {
                return fetchAbort(ctx);
            }
        }
        return Interpreter.STOP;
    }

    /// Lets [GuestCode] report an instruction that may be stale; it is executed the next time.
    private int stale(CpuContext ctx, int el) {
        DecodedPage page = code.cached(ctx.pc, el);
        if (page != null) {
            code.executeStale(page, ctx.pc);
            if (mmu.faulted()) {
                return fetchAbort(ctx);
            }
        }
        return Interpreter.STOP;
    }

    /// A branch target with a tag byte loses it where TCR_EL1 ignores the byte for instruction addresses
    /// (`AArch64.BranchAddr`).
    private static long canonical(CpuContext ctx, long pc) {
        long top = pc >> 55;
        if (top == 0 || top == -1) {
            return pc;
        }
        long tcr = ctx.translation().tcrEl1;
        int half = (int) (pc >>> 55) & 1;
        return TcrEl1.tbi(tcr, half) ? pc << 8 >> 8 : pc;
    }

    /// An access at a misaligned SP: an exception where SCTLR_EL1.SA or SA0 says so, else executed as it
    /// is.
    private int spAlignment(CpuContext ctx) {
        if (ctx.checksSpAlignment()) {
            return exceptions.synchronous(ctx, Esr.spAlignment());
        }
        if (!code.preDecode(ctx.pc, ctx.el())) {
            return mmu.faulted() ? fetchAbort(ctx) : Interpreter.STOP;
        }
        long word = code.word();
        int reason = rare.execute(ctx, word, code.imm());
        if (reason == Interpreter.NEXT) {
            ctx.pc += DecodedPage.INSTRUCTION_BYTES;
            return Interpreter.RESUME;
        }
        return afterAccess(ctx, reason, word);
    }

    private int afterAccess(CpuContext ctx, int reason, long word) {
        if (reason != Interpreter.FAULT) {
            return reason;
        }
        if (mmu.fault().isRetry()) {
            return retry();
        }
        int after = exceptions.dataAbort(ctx, word, mmu.fault());
        mmu.clearFault();
        return after;
    }

    /// An access is to be made anew: requests of others first, which may be what it has to wait for.
    private int retry() {
        mmu.clearFault();
        alone = mmu.takeWantsPc();
        mmu.serviceRequests();
        return Interpreter.STOP;
    }

    /// Runs one instruction whose address is wanted.
    private int runAlone(CpuContext ctx) {
        alone = false;
        mmu.knowPc(ctx.pc);
        try {
            return runNext(ctx, 1);
        } finally {
            mmu.forgetPc();
        }
    }

    // ---- events ---------------------------------------------------------------------------------------------------

    /// Sets the event register, on any thread: SEV of some processing element, or an exception return.
    void setEvent() {
        EVENT.setVolatile(this, true);
        Thread thread = waiting;
        if (thread != null) {
            LockSupport.unpark(thread);
        }
    }

    /// Clears the event register.
    ///
    /// @return whether it was set
    boolean takeEvent() {
        return (boolean) EVENT.getAndSet(this, false);
    }

    /// Waits as WFE does: until an event, something pending, or a short time is over.
    void waitForEvent() {
        waiting = Thread.currentThread();
        try {
            if (!(boolean) EVENT.getVolatile(this) && !isPending()) {
                LockSupport.parkNanos(WFE_NANOS);
            }
        } finally {
            waiting = null;
        }
        EVENT.setVolatile(this, false);
    }
}

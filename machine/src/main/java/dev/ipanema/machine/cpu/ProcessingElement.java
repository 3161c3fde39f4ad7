package dev.ipanema.machine.cpu;

import dev.ipanema.arm.a64.A64Feature;
import dev.ipanema.arm.a64.Decoder;
import dev.ipanema.arm.a64.PreDecoded;
import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.register.Pstate;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.TcrEl1;
import dev.ipanema.machine.mmu.Mmu;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// One processing element: it runs the virtual processor that a hypervisor gives it, at EL1 and EL0, until something
/// has to be done at EL2 or the hypervisor wants it back. What EL2 is and does lies outside: exceptions to it are
/// answers of [#run], with the syndrome registers as hardware would set them.
///
/// <h2>Threads</h2>
/// One thread at a time runs it; [#kick()] and the event register are for all threads.
///
/// <h2>Latency</h2>
/// A kick, a request of another element or a virtual interrupt is noticed at the next taken branch or page boundary,
/// that is, within 1024 instructions.
public final class ProcessingElement {
    /// Instructions run without leaving the hot loop: short enough for the compiled loop to be entered soon, long
    /// enough not to matter.
    private static final int SLICE = 10_000;

    private static final int PAGE_INSTRUCTIONS = DecodedPage.PAGE_BYTES / DecodedPage.INSTRUCTION_BYTES;

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
    private final long[] single = new long[2 * PreDecoded.LONGS];

    @SuppressWarnings("UnusedVariable") // accessed by PENDING
    private int pending;

    @SuppressWarnings("UnusedVariable") // accessed by EVENT
    private boolean event;

    private int el;
    private long instructions;
    private long exceptionsWithoutProgress;
    private volatile @Nullable Thread waiting;

    ProcessingElement(int index, Mmu mmu, CodeRegistry registry, Machine machine) {
        this.index = index;
        this.model = machine.cpuModel();
        this.mmu = mmu;
        this.exceptions = new Exceptions(mmu, model);
        this.code = new GuestCode(mmu, Decoder.with(A64Feature.of(model)), registry, () -> signal(REQUEST));
        SystemRegisters registers = new SystemRegisters(exceptions, new GenericTimer(machine.counter()), model);
        RareInstructions rare = new RareInstructions(
                this,
                machine,
                exceptions,
                registers,
                new SystemInstructions(mmu, machine.physicalMemory(), exceptions, code, model),
                new MemoryInstructions(mmu));
        this.interpreter = new Interpreter(this, rare, mmu);
        mmu.onRequest(() -> signal(REQUEST));
        single[PreDecoded.LONGS] = DecodedPage.PAGE_END;
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

    /// {@return how many exceptions the guest took to EL1 since an instruction completed last: a guest whose vectors
    /// cannot be executed drives this up without end}
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
    /// `ctx` is loaded as a hypervisor's exception return does: the exclusive monitor is cleared and the event
    /// register set. Afterwards `ctx` holds the guest's state; PC is the preferred return address.
    ///
    /// @param maxInstructions after how many completed instructions to return [Exit#BUDGET]; an exception to EL1
    ///     counts as one
    public Exit run(CpuContext ctx, long maxInstructions) {
        mmu.setContext(ctx.translation());
        setEvent();
        mmu.enterGuest();
        try {
            return runInside(ctx, maxInstructions);
        } finally {
            mmu.exitGuest();
        }
    }

    private Exit runInside(CpuContext ctx, long maxInstructions) {
        long left = maxInstructions;
        while (true) {
            if (isPending() && servePending()) {
                return Exit.KICK;
            }
            if (left <= 0) {
                return Exit.BUDGET;
            }
            if (exceptions.virtualInterrupt(ctx)) {
                continue;
            }
            long taken = exceptions.taken;
            int reason = runFrom(ctx, left);
            long retired = interpreter.executed();
            if (reason == Interpreter.RESUME && exceptions.taken == taken) {
                retired++;
            }
            instructions += retired;
            exceptionsWithoutProgress = exceptions.taken - taken + (retired > 0 ? 0 : exceptionsWithoutProgress);
            left -= retired + exceptions.taken - taken;
            if (reason == Interpreter.TRAPPED) {
                return Exit.TRAP;
            }
            if (reason == Interpreter.WAITING) {
                instructions++;
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
            code.applyForeignStores();
        }
        return (bits & KICK) != 0;
    }

    /// Fetches at PC and runs.
    private int runFrom(CpuContext ctx, long left) {
        interpreter.nothingExecuted();
        ctx.pc = canonical(ctx, ctx.pc);
        long pc = ctx.pc;
        if ((pc & 3) != 0) {
            return exceptions.pcAlignment(ctx);
        }
        el = ctx.el();
        DecodedPage page = decodedAt(pc);
        if (page == null) {
            page = code.fetch(pc, el);
            if (page == null) {
                int reason = exceptions.instructionAbort(ctx, mmu.fault());
                mmu.clearFault();
                return reason;
            }
        }
        if ((ctx.pstate & Pstate.IL) != 0) {
            return exceptions.synchronous(ctx, Esr.illegalState());
        }
        long budget = Math.min(left - PAGE_INSTRUCTIONS, SLICE);
        int reason = budget > 0
                ? interpreter.run(
                        ctx, page.code, pc & -DecodedPage.PAGE_BYTES, (int) pc >> 1 & (DecodedPage.LENGTH - 1), budget)
                : runSingle(ctx, page, false);
        return switch (reason) {
            case Interpreter.DECODE -> decode(ctx);
            case Interpreter.SP_ALIGNMENT -> spAlignment(ctx);
            default -> afterAccess(ctx, reason);
        };
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

    /// {@return the decoded page that a fetch at `va` reaches, if it is at hand}
    @Nullable
    DecodedPage decodedAt(long va) {
        return code.cached(va, el);
    }

    private int decode(CpuContext ctx) {
        DecodedPage page = decodedAt(ctx.pc);
        if (page != null) {
            code.decode(page, ctx.pc);
            if (mmu.faulted()) {
                int reason = exceptions.instructionAbort(ctx, mmu.fault());
                mmu.clearFault();
                return reason;
            }
        }
        return Interpreter.STOP;
    }

    /// Runs one instruction, through a copy that has the end of its page behind it.
    private int runSingle(CpuContext ctx, DecodedPage page, boolean anySp) {
        int at = (int) ctx.pc >> 1 & (DecodedPage.LENGTH - 1);
        long word = page.code[at];
        single[0] = anySp ? word & ~(0xfL << DecodedPage.SP_BASE_SHIFT) : word;
        single[1] = page.code[at + 1];
        return interpreter.run(ctx, single, ctx.pc, 0, 1);
    }

    /// An access at a misaligned SP: an exception where SCTLR_EL1.SA or SA0 says so, else executed as it is.
    private int spAlignment(CpuContext ctx) {
        long checked = ctx.el() == 0 ? SctlrEl1.SA0 : SctlrEl1.SA;
        if ((ctx.translation().sctlrEl1 & checked) != 0) {
            return exceptions.synchronous(ctx, Esr.spAlignment());
        }
        DecodedPage page = decodedAt(ctx.pc);
        if (page == null) {
            return Interpreter.FETCH;
        }
        long executed = interpreter.executed();
        int reason = afterAccess(ctx, runSingle(ctx, page, true));
        interpreter.alsoExecuted(executed);
        return reason;
    }

    private int afterAccess(CpuContext ctx, int reason) {
        if (reason != Interpreter.FAULT) {
            return reason;
        }
        int after = exceptions.dataAbort(ctx, interpreter.lastWord(), mmu.fault());
        mmu.clearFault();
        return after;
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

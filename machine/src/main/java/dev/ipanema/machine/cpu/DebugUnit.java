package dev.ipanema.machine.cpu;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.register.DebugControl;
import dev.ipanema.arm.register.MdcrEl2;
import dev.ipanema.arm.register.MdscrEl1;
import dev.ipanema.arm.register.Pstate;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.machine.mmu.Mmu;

/// Self-hosted debug of one processing element: software step, breakpoints and watchpoints, taken to EL1, or to EL2
/// where MDCR_EL2.TDE says so.
///
/// It costs nothing while MDSCR_EL1.SS and MDE are clear: [ProcessingElement] asks [#isArmed] once a slice. While it
/// is armed and debug exceptions are enabled, instructions run one at a time.
///
/// Source: Arm ARM DDI 0487, D2; `AArch64.GenerateDebugExceptionsFrom`, `AArch64.BreakpointMatch`,
/// `AArch64.CheckWatchpoint`, `SSAdvance`, `DebugExceptionReturnSS`.
final class DebugUnit {
    private static final SysReg[] BREAKPOINT_CONTROLS = DebugControl.registers("DBGBCR");
    private static final SysReg[] BREAKPOINT_VALUES = DebugControl.registers("DBGBVR");
    private static final SysReg[] WATCHPOINT_CONTROLS = DebugControl.registers("DBGWCR");
    private static final SysReg[] WATCHPOINT_VALUES = DebugControl.registers("DBGWVR");
    private static final long[] NONE = {};

    private final Exceptions exceptions;
    private final Mmu mmu;
    private final int breakpoints;
    private final int watchpoints;
    private boolean stepped;

    DebugUnit(Exceptions exceptions, Mmu mmu, CpuModel model) {
        this.exceptions = exceptions;
        this.mmu = mmu;
        this.breakpoints = Math.min(model.breakpoints(), BREAKPOINT_CONTROLS.length);
        this.watchpoints = Math.min(model.watchpoints(), WATCHPOINT_CONTROLS.length);
    }

    /// {@return whether software step, a breakpoint or a watchpoint may be on}
    static boolean isArmed(CpuContext ctx) {
        return (ctx.sys[SysReg.MDSCR_EL1.index()] & (MdscrEl1.SS | MdscrEl1.MDE)) != 0;
    }

    private static boolean routedToEl2(CpuContext ctx) {
        return (ctx.sys[SysReg.MDCR_EL2.index()] & MdcrEl2.TDE) != 0;
    }

    /// {@return whether debug exceptions other than BRK are enabled from an Exception level with a mask bit}
    private static boolean enabledFrom(CpuContext ctx, int el, boolean masked) {
        if (ctx.sys[SysReg.OSLAR_EL1.index()] != 0 || ctx.sys[SysReg.OSDLR_EL1.index()] != 0) {
            return false;
        }
        if (routedToEl2(ctx) || el == 0) {
            return true;
        }
        return (ctx.sys[SysReg.MDSCR_EL1.index()] & MdscrEl1.KDE) != 0 && !masked;
    }

    /// {@return whether debug exceptions are enabled now}
    boolean isEnabled(CpuContext ctx) {
        return enabledFrom(ctx, ctx.el(), (ctx.pstate & Pstate.D) != 0);
    }

    /// {@return PSTATE.SS after a return from EL1 to what SPSR_EL1 says}
    static long stepStateOnReturn(CpuContext ctx, long spsr) {
        if ((ctx.sys[SysReg.MDSCR_EL1.index()] & MdscrEl1.SS) == 0
                || enabledFrom(ctx, ctx.el(), (ctx.pstate & Pstate.D) != 0)
                || !enabledFrom(ctx, Pstate.el(spsr), (spsr & Pstate.D) != 0)) {
            return 0;
        }
        return spsr & Pstate.SS;
    }

    /// Takes the debug exception that is due before the instruction at PC, if one is.
    ///
    /// @return [Interpreter#NEXT] when none is
    int before(CpuContext ctx) {
        long mdscr = ctx.sys[SysReg.MDSCR_EL1.index()];
        if ((mdscr & MdscrEl1.SS) != 0 && (ctx.pstate & Pstate.SS) == 0) {
            boolean completed = stepped;
            stepped = false;
            return take(ctx, Esr.softwareStep(isLower(ctx), completed, false));
        }
        if ((mdscr & MdscrEl1.MDE) != 0 && breakpointAt(ctx)) {
            return take(ctx, Esr.breakpoint(isLower(ctx)));
        }
        armWatchpoints(ctx, true);
        return Interpreter.NEXT;
    }

    /// Notes that an instruction was completed without an exception.
    void completed(CpuContext ctx) {
        if ((ctx.pstate & Pstate.SS) != 0) {
            ctx.pstate &= ~Pstate.SS;
            stepped = true;
        }
    }

    /// Makes the MMU watch what the registers say, while `enabled`; without effect on accesses otherwise.
    void armWatchpoints(CpuContext ctx, boolean enabled) {
        mmu.watchpoints().enable(enabled);
        if ((ctx.sys[SysReg.MDSCR_EL1.index()] & MdscrEl1.MDE) == 0) {
            mmu.watchpoints().set(NONE, NONE);
            return;
        }
        int count = 0;
        for (int i = 0; i < watchpoints; i++) {
            count += isWatching(ctx, i) ? 1 : 0;
        }
        long[] controls = new long[count];
        long[] values = new long[count];
        int at = 0;
        for (int i = 0; i < watchpoints; i++) {
            if (isWatching(ctx, i)) {
                controls[at] = ctx.sys[WATCHPOINT_CONTROLS[i].index()];
                values[at++] = ctx.sys[WATCHPOINT_VALUES[i].index()];
            }
        }
        mmu.watchpoints().set(controls, values);
    }

    private boolean isWatching(CpuContext ctx, int number) {
        long control = ctx.sys[WATCHPOINT_CONTROLS[number].index()];
        return (control & DebugControl.E) != 0
                && (!DebugControl.isLinkedWatchpoint(control) || contextMatches(ctx, DebugControl.linked(control)));
    }

    /// Lets no access hit a watchpoint any more, for the time being.
    void disarm() {
        mmu.watchpoints().enable(false);
    }

    /// Forgets watchpoints: the next context may have none.
    void forgetWatchpoints() {
        mmu.watchpoints().enable(false);
        mmu.watchpoints().set(NONE, NONE);
    }

    private boolean breakpointAt(CpuContext ctx) {
        for (int i = 0; i < breakpoints; i++) {
            long control = ctx.sys[BREAKPOINT_CONTROLS[i].index()];
            if (!DebugControl.isOnAt(control, ctx.el())) {
                continue;
            }
            boolean matches = switch (DebugControl.breakpointType(control)) {
                case DebugControl.BT_ADDRESS -> addressMatches(ctx, i);
                case DebugControl.BT_ADDRESS_LINKED ->
                    addressMatches(ctx, i) && contextMatches(ctx, DebugControl.linked(control));
                case DebugControl.BT_CONTEXT -> contextIdMatches(ctx, i);
                default -> false;
            };
            if (matches) {
                return true;
            }
        }
        return false;
    }

    private static boolean addressMatches(CpuContext ctx, int number) {
        return DebugControl.namesAddress(ctx.sys[BREAKPOINT_VALUES[number].index()], ctx.pc);
    }

    private static boolean contextIdMatches(CpuContext ctx, int number) {
        return (int) ctx.sys[BREAKPOINT_VALUES[number].index()] == (int) ctx.sys[SysReg.CONTEXTIDR_EL1.index()];
    }

    private boolean contextMatches(CpuContext ctx, int number) {
        return number < breakpoints
                && DebugControl.breakpointType(ctx.sys[BREAKPOINT_CONTROLS[number].index()])
                        == DebugControl.BT_CONTEXT_LINKED
                && contextIdMatches(ctx, number);
    }

    private static boolean isLower(CpuContext ctx) {
        return routedToEl2(ctx) || ctx.el() == 0;
    }

    private int take(CpuContext ctx, long esr) {
        return routedToEl2(ctx) ? exceptions.trap(esr) : exceptions.synchronous(ctx, esr);
    }
}

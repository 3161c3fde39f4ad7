package dev.ipanema.kvm.vm;

import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.exception.ExceptionClass;
import dev.ipanema.arm.register.DebugControl;
import dev.ipanema.arm.register.MdcrEl2;
import dev.ipanema.arm.register.MdscrEl1;
import dev.ipanema.arm.register.Pstate;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.kvm.uapi.KvmExit;
import dev.ipanema.kvm.uapi.KvmGuestDebug;
import dev.ipanema.kvm.uapi.KvmRun;
import dev.ipanema.machine.cpu.CpuContext;
import java.util.List;

/// The VMM's debugging of a guest (`arch/arm64/kvm/debug.c`). While it is on, the debug registers are the VMM's around
/// each entry of the guest, the guest's own are set aside, and its accesses to them are trapped.
final class GuestDebug {
    private static final SysReg[] DBGBCR = DebugControl.registers("DBGBCR");
    private static final SysReg[] DBGBVR = DebugControl.registers("DBGBVR");
    private static final SysReg[] DBGWCR = DebugControl.registers("DBGWCR");
    private static final SysReg[] DBGWVR = DebugControl.registers("DBGWVR");

    private final CpuContext cpu;
    private KvmGuestDebug debug = KvmGuestDebug.of(0);
    private final long[] guestRegisters = new long[2 * (DBGBCR.length + DBGWCR.length)];
    private long guestMdscr;
    private long guestOsLock;
    private long guestStep;
    private boolean stepPending;

    GuestDebug(CpuContext cpu) {
        this.cpu = cpu;
    }

    /// `KVM_SET_GUEST_DEBUG`.
    ///
    /// @return 0, or -EINVAL for bits of `control` that are unknown or registers that the host does not have
    int set(KvmGuestDebug wanted) {
        boolean unknown = (wanted.control() & ~KvmGuestDebug.KVM_GUESTDBG_VALID_MASK) != 0;
        if (unknown
                || wanted.breakpoints().size() > cpu.model().breakpoints()
                || wanted.watchpoints().size() > cpu.model().watchpoints()) {
            return Errno.EINVAL.negated();
        }
        boolean on = (wanted.control() & KvmGuestDebug.KVM_GUESTDBG_ENABLE) != 0;
        debug = on ? wanted : KvmGuestDebug.of(0);
        stepPending = false;
        return 0;
    }

    /// {@return whether the VMM debugs}
    boolean isOn() {
        return debug.control() != 0;
    }

    private boolean steps() {
        return (debug.control() & KvmGuestDebug.KVM_GUESTDBG_SINGLESTEP) != 0;
    }

    /// Puts the VMM's debug state in place of the guest's (`kvm_arm_setup_debug`).
    void load() {
        guestMdscr = cpu.get(SysReg.MDSCR_EL1);
        guestOsLock = cpu.get(SysReg.OSLAR_EL1);
        guestStep = cpu.pstate() & Pstate.SS;
        exchange(true);
        boolean hardware = (debug.control() & KvmGuestDebug.KVM_GUESTDBG_USE_HW) != 0;
        cpu.set(SysReg.OSLAR_EL1, 0);
        cpu.set(SysReg.MDSCR_EL1, (steps() ? MdscrEl1.SS : 0) | (hardware ? MdscrEl1.MDE | MdscrEl1.KDE : 0));
        cpu.set(SysReg.MDCR_EL2, cpu.get(SysReg.MDCR_EL2) | MdcrEl2.TDE | MdcrEl2.TDA);
        long pstate = cpu.pstate() & ~Pstate.SS;
        // A step that is due is not begun anew: the guest would run one instruction more.
        cpu.setPstate(steps() && !stepPending ? pstate | Pstate.SS : pstate);
    }

    /// Gives the guest its own debug state back (`kvm_arm_clear_debug`).
    void put() {
        stepPending = steps() && (cpu.pstate() & Pstate.SS) == 0;
        cpu.setPstate((cpu.pstate() & ~Pstate.SS) | guestStep);
        cpu.set(SysReg.MDCR_EL2, cpu.get(SysReg.MDCR_EL2) & ~(MdcrEl2.TDE | MdcrEl2.TDA));
        exchange(false);
        cpu.set(SysReg.MDSCR_EL1, guestMdscr);
        cpu.set(SysReg.OSLAR_EL1, guestOsLock);
    }

    private void exchange(boolean toVmm) {
        int at = exchange(toVmm, 0, DBGBCR, DBGBVR, debug.breakpoints());
        exchange(toVmm, at, DBGWCR, DBGWVR, debug.watchpoints());
    }

    /// @return where the next registers are kept
    private int exchange(boolean toVmm, int from, SysReg[] controls, SysReg[] values, List<KvmGuestDebug.Pair> wanted) {
        boolean hardware = (debug.control() & KvmGuestDebug.KVM_GUESTDBG_USE_HW) != 0;
        for (int i = 0; i < controls.length; i++) {
            boolean used = hardware && i < wanted.size();
            exchange(toVmm, from + 2 * i, controls[i], used ? wanted.get(i).control() : 0);
            exchange(toVmm, from + 2 * i + 1, values[i], used ? wanted.get(i).value() : 0);
        }
        return from + 2 * controls.length;
    }

    private void exchange(boolean toVmm, int place, SysReg register, long wanted) {
        if (toVmm) {
            guestRegisters[place] = cpu.get(register);
            cpu.set(register, wanted);
        } else {
            cpu.set(register, guestRegisters[place]);
        }
    }

    /// An instruction was emulated: a step over it is complete (`kvm_skip_instr`).
    void instructionSkipped() {
        stepPending = steps();
    }

    /// Ends `KVM_RUN` for a debug exception (`kvm_handle_guest_debug`).
    ///
    /// @param far FAR_EL2
    void exit(KvmRun run, long esr, long far) {
        run.exitReason = KvmExit.KVM_EXIT_DEBUG;
        run.debug.hsr = esr;
        run.debug.far = 0;
        int ec = Esr.ec(esr);
        if (ec == ExceptionClass.SOFTWARE_STEP_LOWER) {
            stepPending = false;
        } else if (ec == ExceptionClass.WATCHPOINT_LOWER) {
            run.debug.far = far;
        }
    }
}

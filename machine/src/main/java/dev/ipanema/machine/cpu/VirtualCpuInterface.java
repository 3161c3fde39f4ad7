package dev.ipanema.machine.cpu;

import dev.ipanema.arm.register.IccCtlrEl1;
import dev.ipanema.arm.register.IchHcrEl2;
import dev.ipanema.arm.register.IchLrEl2;
import dev.ipanema.arm.register.IchMisrEl2;
import dev.ipanema.arm.register.IchVmcrEl2;
import dev.ipanema.arm.register.IchVtrEl2;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

/// The virtual GIC CPU interface of one virtual processor: list registers, the other `ICH_*_EL2` registers, and what
/// a guest's accesses do to them, which see the same state as `ICV_*_EL1` system registers or, with GICv2, as the
/// memory-mapped `GICV_*`.
///
/// A hypervisor writes the registers between runs and calls [#changed()]; then the processing element signals the
/// guest's IRQ and FIQ and its own maintenance interrupt from here. Deactivating an interrupt of a list register with
/// [IchLrEl2#HW] set deactivates the physical one, see [#forwarded()].
///
/// Source: Arm IHI 0069 (GICv3 and GICv4), 4.8 priority, 6 virtual interrupts, and the pseudocode of `ICV_*_EL1`.
public final class VirtualCpuInterface {
    /// No interrupt is pending, or none that may be acknowledged.
    public static final int SPURIOUS = 1023;

    /// The first LPI. LPIs are never active.
    private static final int FIRST_LPI = 8192;

    /// A bit of [#signals()]: virtual IRQ.
    static final int IRQ = 1;

    /// A bit of [#signals()]: virtual FIQ.
    static final int FIQ = 2;

    /// A bit of [#signals()]: the maintenance interrupt, a physical one.
    static final int MAINTENANCE = 4;

    /// The running priority when nothing is active.
    private static final int IDLE = 0xff;

    private static final int NONE = -1;
    private static final int FIRST_PPI = 16;
    private static final int FIRST_SPI = 32;
    private static final int PRIORITY_MASK = 0xff & (-1 << (8 - IchVtrEl2.PRIORITY_BITS));

    /// Smallest binary point of group 1; that of group 0 is one less.
    private static final int MIN_BPR1 = 8 - IchVtrEl2.PREEMPTION_BITS;

    private static final int LARGEST_BPR = 7;
    private static final long VMCR_ALWAYS = IchVmcrEl2.VFIQEN;

    private final long[] lr = new long[IchVtrEl2.LIST_REGISTERS];
    private long hcr;
    private long vmcr;
    private int ap0r;
    private int ap1r;
    private boolean systemRegisters;

    /// Changed by other processing elements' threads too.
    private final AtomicInteger forwarded = new AtomicInteger();

    private int signals;

    /// The interface in reset state: off, everything zero, reached by nobody.
    VirtualCpuInterface() {
        reset();
    }

    void reset() {
        Arrays.fill(lr, 0);
        hcr = 0;
        ap0r = 0;
        ap1r = 0;
        systemRegisters = false;
        forwarded.set(0);
        setVmcr(0);
        changed();
    }

    // ---- the hypervisor's side -------------------------------------------------------------------------------------

    /// {@return `ICH_LR<n>_EL2`}
    ///
    /// @param n 0 to [IchVtrEl2#LIST_REGISTERS] − 1
    public long lr(int n) {
        return lr[n];
    }

    /// Writes `ICH_LR<n>_EL2`; [#changed()] has to follow.
    public void setLr(int n, long value) {
        lr[n] = value;
    }

    /// {@return `ICH_HCR_EL2`}
    public long hcr() {
        return hcr;
    }

    /// Writes `ICH_HCR_EL2`; [#changed()] has to follow.
    public void setHcr(long value) {
        hcr = value;
    }

    /// {@return `ICH_VMCR_EL2`}
    public long vmcr() {
        return vmcr;
    }

    /// Writes `ICH_VMCR_EL2`, binary points not below the smallest; [#changed()] has to follow.
    public void setVmcr(long value) {
        long bounded = IchVmcrEl2.withBpr0(value, Math.max(IchVmcrEl2.bpr0(value), MIN_BPR1 - 1));
        bounded = IchVmcrEl2.withBpr1(bounded, Math.max(IchVmcrEl2.bpr1(value), MIN_BPR1));
        vmcr = IchVmcrEl2.withPmr(bounded, IchVmcrEl2.pmr(value) & PRIORITY_MASK);
        if (systemRegisters) {
            vmcr |= VMCR_ALWAYS;
        }
    }

    /// {@return `ICH_AP0R0_EL2`, the active priorities of group 0}
    public int ap0r() {
        return ap0r;
    }

    /// Writes `ICH_AP0R0_EL2`; [#changed()] has to follow.
    public void setAp0r(int value) {
        ap0r = value;
    }

    /// {@return `ICH_AP1R0_EL2`, the active priorities of group 1}
    public int ap1r() {
        return ap1r;
    }

    /// Writes `ICH_AP1R0_EL2`; [#changed()] has to follow.
    public void setAp1r(int value) {
        ap1r = value;
    }

    /// {@return ICC_SRE_EL1.SRE: EL1 reaches the interface by system registers}
    public boolean systemRegisters() {
        return systemRegisters;
    }

    /// Sets ICC_SRE_EL1.SRE.
    public void setSystemRegisters(boolean on) {
        systemRegisters = on;
    }

    /// {@return the physical PPIs that are active, by the bit of their number: taken by the hypervisor, forwarded to
    /// the guest, and not yet deactivated, so that they do not interrupt again}
    public int forwarded() {
        return forwarded.get();
    }

    /// Makes a physical PPI active or inactive. Any thread may call it.
    ///
    /// @param intid 16 to 31
    public void setForwarded(int intid, boolean active) {
        if (active) {
            forwarded.getAndUpdate(bits -> bits | 1 << intid);
        } else {
            forwarded.getAndUpdate(bits -> bits & ~(1 << intid));
        }
    }

    /// {@return `ICH_ELRSR_EL2`: the list registers that are free}
    public int elrsr() {
        int free = 0;
        for (int n = 0; n < lr.length; n++) {
            if ((lr[n] & IchLrEl2.STATE) == 0 && !IchLrEl2.isEnded(lr[n])) {
                free |= 1 << n;
            }
        }
        return free;
    }

    /// {@return `ICH_EISR_EL2`: the list registers whose interrupt has ended and asked to tell}
    public int eisr() {
        int ended = 0;
        for (int n = 0; n < lr.length; n++) {
            if (IchLrEl2.isEnded(lr[n])) {
                ended |= 1 << n;
            }
        }
        return ended;
    }

    /// {@return `ICH_MISR_EL2`: why the maintenance interrupt is asserted, 0 when it is not}
    public int misr() {
        if ((hcr & IchHcrEl2.EN) == 0) {
            return 0;
        }
        int valid = 0;
        boolean pending = false;
        for (long value : lr) {
            valid += (value & IchLrEl2.STATE) != 0 ? 1 : 0;
            pending |= (value & IchLrEl2.STATE) == IchLrEl2.PENDING;
        }
        int misr = eisr() != 0 ? IchMisrEl2.EOI : 0;
        misr |= when(IchHcrEl2.UIE, valid <= 1, IchMisrEl2.U);
        misr |= when(IchHcrEl2.LRENPIE, (hcr & IchHcrEl2.EOICOUNT) != 0, IchMisrEl2.LRENP);
        misr |= when(IchHcrEl2.NPIE, !pending, IchMisrEl2.NP);
        misr |= when(IchHcrEl2.VGRP0EIE, (vmcr & IchVmcrEl2.VENG0) != 0, IchMisrEl2.VGRP0E);
        misr |= when(IchHcrEl2.VGRP0DIE, (vmcr & IchVmcrEl2.VENG0) == 0, IchMisrEl2.VGRP0D);
        misr |= when(IchHcrEl2.VGRP1EIE, (vmcr & IchVmcrEl2.VENG1) != 0, IchMisrEl2.VGRP1E);
        misr |= when(IchHcrEl2.VGRP1DIE, (vmcr & IchVmcrEl2.VENG1) == 0, IchMisrEl2.VGRP1D);
        return misr;
    }

    private int when(long enable, boolean condition, int bit) {
        return condition && (hcr & enable) != 0 ? bit : 0;
    }

    /// Computes anew what is signalled; to be called after the hypervisor wrote registers.
    public void changed() {
        int now = 0;
        if ((hcr & IchHcrEl2.EN) != 0) {
            int n = highestPending();
            if (n != NONE && preempts(lr[n])) {
                boolean fiq = (lr[n] & IchLrEl2.GROUP) == 0 && (vmcr & IchVmcrEl2.VFIQEN) != 0;
                now = fiq ? FIQ : IRQ;
            }
            if (misr() != 0) {
                now |= MAINTENANCE;
            }
        }
        signals = now;
    }

    /// {@return [#IRQ], [#FIQ] and [#MAINTENANCE] as they are asserted now}
    int signals() {
        return signals;
    }

    // ---- priorities ------------------------------------------------------------------------------------------------

    /// {@return the list register with the pending interrupt of the highest priority in an enabled group, or -1}
    private int highestPending() {
        int best = NONE;
        int bestPriority = 0x100;
        for (int n = 0; n < lr.length; n++) {
            long value = lr[n];
            long enable = (value & IchLrEl2.GROUP) != 0 ? IchVmcrEl2.VENG1 : IchVmcrEl2.VENG0;
            if ((value & IchLrEl2.STATE) == IchLrEl2.PENDING
                    && (vmcr & enable) != 0
                    && IchLrEl2.priorityOf(value) < bestPriority) {
                best = n;
                bestPriority = IchLrEl2.priorityOf(value);
            }
        }
        return best;
    }

    /// {@return whether a pending interrupt passes the priority mask and the running priority}
    private boolean preempts(long value) {
        int priority = IchLrEl2.priorityOf(value) & PRIORITY_MASK;
        return priority < IchVmcrEl2.pmr(vmcr)
                && groupPriority(priority, (value & IchLrEl2.GROUP) != 0) < runningPriority();
    }

    /// {@return the part of a priority that takes part in preemption}
    private int groupPriority(int priority, boolean group1) {
        int point = group1 ? bpr1() : IchVmcrEl2.bpr0(vmcr) + 1;
        return priority & 0xff & -1 << point;
    }

    private int bpr1() {
        if ((vmcr & IchVmcrEl2.VCBPR) != 0) {
            return Math.min(IchVmcrEl2.bpr0(vmcr) + 1, LARGEST_BPR);
        }
        return IchVmcrEl2.bpr1(vmcr);
    }

    private int runningPriority() {
        int active = ap0r | ap1r;
        return active == 0 ? IDLE : Integer.numberOfTrailingZeros(active) << MIN_BPR1;
    }

    /// Drops the running priority.
    ///
    /// @return what it was
    private int dropPriority() {
        int priority = runningPriority();
        int lowest0 = ap0r & -ap0r;
        int lowest1 = ap1r & -ap1r;
        boolean group0 = lowest0 != 0 && (lowest1 == 0 || Integer.compareUnsigned(lowest0, lowest1) <= 0);
        if (group0) {
            ap0r ^= lowest0;
        } else {
            ap1r ^= lowest1;
        }
        return priority;
    }

    // ---- the guest's side ------------------------------------------------------------------------------------------

    /// {@return the interrupt that ICC_IAR0 or ICC_IAR1 acknowledges, or [#SPURIOUS]}
    public int acknowledge(boolean group1) {
        int n = highestPending();
        if (n == NONE || isGroup1(lr[n]) != group1 || !preempts(lr[n])) {
            return SPURIOUS;
        }
        long value = lr[n];
        int intid = IchLrEl2.virtualId(value);
        lr[n] = (value & ~IchLrEl2.PENDING) | (isLpi(intid) ? 0 : IchLrEl2.ACTIVE);
        int bit = 1 << (groupPriority(IchLrEl2.priorityOf(value) & PRIORITY_MASK, group1) >> MIN_BPR1);
        if (group1) {
            ap1r |= bit;
        } else {
            ap0r |= bit;
        }
        changed();
        return intid;
    }

    /// {@return the interrupt that ICC_HPPIR0 or ICC_HPPIR1 shows, or [#SPURIOUS]}
    public int highestPending(boolean group1) {
        int n = highestPending();
        return n == NONE || isGroup1(lr[n]) != group1 ? SPURIOUS : IchLrEl2.virtualId(lr[n]);
    }

    /// Ends an interrupt as ICC_EOIR0 and ICC_EOIR1 do: drops the running priority and, with EOImode 0, deactivates.
    public void endOfInterrupt(int intid, boolean group1) {
        if (isSpecial(intid)) {
            return;
        }
        int dropped = dropPriority();
        if ((vmcr & IchVmcrEl2.VEOIM) == 0 || isLpi(intid)) {
            int n = active(intid);
            if (n == NONE) {
                countUnlisted(intid);
            } else if (isGroup1(lr[n]) == group1
                    && groupPriority(IchLrEl2.priorityOf(lr[n]) & PRIORITY_MASK, group1) == dropped) {
                deactivate(n);
            }
        }
        changed();
    }

    /// Deactivates an interrupt as ICC_DIR does; without effect in EOImode 0.
    public void deactivateInterrupt(int intid) {
        if ((vmcr & IchVmcrEl2.VEOIM) == 0 || isSpecial(intid) || isLpi(intid)) {
            return;
        }
        int n = active(intid);
        if (n == NONE) {
            countUnlisted(intid);
        } else {
            deactivate(n);
        }
        changed();
    }

    private static boolean isSpecial(int intid) {
        return intid >= SPURIOUS - 3 && intid <= SPURIOUS;
    }

    private static boolean isLpi(int intid) {
        return intid >= FIRST_LPI;
    }

    private static boolean isGroup1(long value) {
        return (value & IchLrEl2.GROUP) != 0;
    }

    private int active(int intid) {
        for (int n = 0; n < lr.length; n++) {
            if ((lr[n] & IchLrEl2.ACTIVE) != 0 && IchLrEl2.virtualId(lr[n]) == intid) {
                return n;
            }
        }
        return NONE;
    }

    private void deactivate(int n) {
        lr[n] &= ~IchLrEl2.ACTIVE;
        if ((lr[n] & IchLrEl2.HW) != 0) {
            int physical = IchLrEl2.physicalIdOf(lr[n]);
            if (physical >= FIRST_PPI && physical < FIRST_SPI) {
                setForwarded(physical, false);
            }
        }
    }

    private void countUnlisted(int intid) {
        if (!isLpi(intid)) {
            hcr = (hcr & ~IchHcrEl2.EOICOUNT) | ((hcr + IchHcrEl2.EOICOUNT_ONE) & IchHcrEl2.EOICOUNT);
        }
    }

    /// {@return whether the active interrupt of the highest priority is of group 1}
    boolean isActiveGroup1() {
        return ap0r == 0 || (ap1r != 0 && Integer.compareUnsigned(ap1r & -ap1r, ap0r & -ap0r) < 0);
    }

    /// {@return the running priority, ICC_RPR}
    public int rpr() {
        return runningPriority();
    }

    /// {@return the priority mask, ICC_PMR}
    public int pmr() {
        return IchVmcrEl2.pmr(vmcr);
    }

    /// Sets the priority mask.
    public void setPmr(long value) {
        setVmcr(IchVmcrEl2.withPmr(vmcr, (int) value & 0xff));
        changed();
    }

    /// {@return a binary point as the guest reads it}
    public int bpr(boolean group1) {
        return group1 ? bpr1() : IchVmcrEl2.bpr0(vmcr);
    }

    /// Sets a binary point; that of group 1 is read-only while ICC_CTLR.CBPR is set.
    public void setBpr(boolean group1, long value) {
        int point = (int) value & LARGEST_BPR;
        if (!group1) {
            setVmcr(IchVmcrEl2.withBpr0(vmcr, point));
        } else if ((vmcr & IchVmcrEl2.VCBPR) == 0) {
            setVmcr(IchVmcrEl2.withBpr1(vmcr, point));
        }
        changed();
    }

    /// {@return whether a group is enabled, ICC_IGRPEN0 or ICC_IGRPEN1}
    public boolean isEnabled(boolean group1) {
        return (vmcr & (group1 ? IchVmcrEl2.VENG1 : IchVmcrEl2.VENG0)) != 0;
    }

    /// Enables or disables a group.
    public void setEnabled(boolean group1, boolean on) {
        long bit = group1 ? IchVmcrEl2.VENG1 : IchVmcrEl2.VENG0;
        vmcr = on ? vmcr | bit : vmcr & ~bit;
        changed();
    }

    /// {@return ICC_CTLR_EL1}
    public long ctlr() {
        return IccCtlrEl1.priBits(IchVtrEl2.PRIORITY_BITS)
                | IccCtlrEl1.idBits(IchVtrEl2.INTID_BITS == 16 ? 0 : 1)
                | IccCtlrEl1.A3V
                | ((vmcr & IchVmcrEl2.VEOIM) != 0 ? IccCtlrEl1.EOIMODE : 0)
                | ((vmcr & IchVmcrEl2.VCBPR) != 0 ? IccCtlrEl1.CBPR : 0);
    }

    /// Writes ICC_CTLR_EL1.
    public void setCtlr(long value) {
        vmcr &= ~(IchVmcrEl2.VEOIM | IchVmcrEl2.VCBPR);
        vmcr |= ((value & IccCtlrEl1.EOIMODE) != 0 ? IchVmcrEl2.VEOIM : 0)
                | ((value & IccCtlrEl1.CBPR) != 0 ? IchVmcrEl2.VCBPR : 0);
        changed();
    }
}

package dev.ipanema.kvm.timer;

import dev.ipanema.arm.gic.Intid;
import dev.ipanema.machine.cpu.El1Timer;

/// Which PPIs the timers of a VM raise, the same in each vCPU (`arch_timer_vm_data.ppi`). Guarded by itself.
public final class TimerIrqs {
    private int virtual = El1Timer.VIRTUAL.intid();
    private int physical = El1Timer.PHYSICAL.intid();
    private boolean immutable;

    /// The interrupts that KVM gives by default: 27 and 30.
    public TimerIrqs() {}

    /// {@return the PPI of a timer, 16 to 31}
    public synchronized int of(El1Timer timer) {
        return timer == El1Timer.VIRTUAL ? virtual : physical;
    }

    /// Sets the PPI of a timer (`kvm_arm_timer_set_attr`).
    ///
    /// @return false when a vCPU has run already
    public synchronized boolean set(El1Timer timer, int intid) {
        if (immutable) {
            return false;
        }
        if (timer == El1Timer.VIRTUAL) {
            virtual = intid;
        } else {
            physical = intid;
        }
        return true;
    }

    /// Fixes the interrupts when a vCPU runs for the first time (`timer_irqs_are_valid`).
    ///
    /// @return whether they are PPIs, and different ones
    public synchronized boolean fix() {
        boolean valid = isPpi(virtual) && isPpi(physical) && virtual != physical;
        immutable |= valid;
        return valid;
    }

    private static boolean isPpi(int intid) {
        return !Intid.isSgi(intid) && Intid.isPrivate(intid);
    }
}

package dev.ipanema.machine.mmu;

import dev.ipanema.arm.register.DebugControl;
import java.util.Arrays;

/// The watchpoints of one processing element, as its MMU meets them: while any is armed, no page enters the software
/// TLB, so that every access is looked at.
///
/// Source: Arm ARM DDI 0487, D2.9.
public final class Watchpoints {
    private final SoftTlbFlush flush;
    private long[] controls = new long[0];
    private long[] values = new long[0];
    private boolean armed;
    private boolean enabled;

    /// What has to be done when watchpoints come or go.
    @FunctionalInterface
    interface SoftTlbFlush {
        void flush();
    }

    Watchpoints(SoftTlbFlush flush) {
        this.flush = flush;
    }

    /// Sets what is watched: DBGWCR and DBGWVR of each watchpoint that is on.
    ///
    /// @param newControls copied; empty when there is none
    /// @param newValues as long as `newControls`
    public void set(long[] newControls, long[] newValues) {
        if (Arrays.equals(controls, newControls) && Arrays.equals(values, newValues)) {
            return;
        }
        controls = newControls.clone();
        values = newValues.clone();
        armed = controls.length != 0;
        flush.flush();
    }

    /// Says whether watchpoint exceptions can be taken now.
    public void enable(boolean on) {
        enabled = on;
    }

    /// {@return whether anything is watched}
    boolean armed() {
        return armed;
    }

    /// {@return whether an access hits one}
    ///
    /// @param el the level whose permissions the access has, 0 or 1
    boolean hit(long va, int bytes, boolean read, boolean write, int el) {
        if (!enabled) {
            return false;
        }
        int kinds = (read ? DebugControl.LSC_LOAD : 0) | (write ? DebugControl.LSC_STORE : 0);
        for (int i = 0; i < controls.length; i++) {
            if ((DebugControl.lsc(controls[i]) & kinds) != 0
                    && DebugControl.isOnAt(controls[i], el)
                    && DebugControl.watches(controls[i], values[i], va, bytes)) {
                return true;
            }
        }
        return false;
    }
}

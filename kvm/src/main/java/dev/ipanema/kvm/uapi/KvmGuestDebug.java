package dev.ipanema.kvm.uapi;

import java.util.List;

/// `struct kvm_guest_debug` of arm64: what `KVM_SET_GUEST_DEBUG` asks for.
///
/// @param control `KVM_GUESTDBG_…`
/// @param breakpoints values for DBGBCR and DBGBVR, as many as the host has or fewer; missing ones are off
/// @param watchpoints values for DBGWCR and DBGWVR, likewise
public record KvmGuestDebug(int control, List<Pair> breakpoints, List<Pair> watchpoints) {
    /// Debugging is on; without it all is turned off.
    public static final int KVM_GUESTDBG_ENABLE = 1;

    /// One instruction at a time.
    public static final int KVM_GUESTDBG_SINGLESTEP = 1 << 1;

    /// BRK ends `KVM_RUN`.
    public static final int KVM_GUESTDBG_USE_SW_BP = 1 << 16;

    /// The registers of this structure are in force.
    public static final int KVM_GUESTDBG_USE_HW = 1 << 17;

    /// Every bit there is (`KVM_GUESTDBG_VALID_MASK`).
    public static final int KVM_GUESTDBG_VALID_MASK =
            KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP | KVM_GUESTDBG_USE_SW_BP | KVM_GUESTDBG_USE_HW;

    public KvmGuestDebug {
        breakpoints = List.copyOf(breakpoints);
        watchpoints = List.copyOf(watchpoints);
    }

    /// One breakpoint or watchpoint.
    ///
    /// @param control its DBGBCR or DBGWCR, see [dev.ipanema.arm.register.DebugControl]
    /// @param value its DBGBVR or DBGWVR
    public record Pair(long control, long value) {}

    /// Without hardware breakpoints and watchpoints.
    public static KvmGuestDebug of(int control) {
        return new KvmGuestDebug(control, List.of(), List.of());
    }
}

package dev.ipanema.kvm.uapi;

/// `struct kvm_guest_debug` of arm64: what `KVM_SET_GUEST_DEBUG` asks for. The register arrays are as long as the
/// host has breakpoints and watchpoints, or shorter; missing ones are off.
///
/// @param control `KVM_GUESTDBG_…`
/// @param dbgBcr values for DBGBCR
/// @param dbgBvr values for DBGBVR
/// @param dbgWcr values for DBGWCR
/// @param dbgWvr values for DBGWVR
public record KvmGuestDebug(int control, long[] dbgBcr, long[] dbgBvr, long[] dbgWcr, long[] dbgWvr) {
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

    /// Without hardware breakpoints and watchpoints.
    public static KvmGuestDebug of(int control) {
        return new KvmGuestDebug(control, new long[0], new long[0], new long[0], new long[0]);
    }
}

package dev.ipanema.vmm.probe;

import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.exception.ExceptionClass;
import dev.ipanema.arm.exception.FaultStatus;
import dev.ipanema.base.errno.Errno;

/// How a probe ended, or should end.
///
/// @param kind what happened
/// @param errno negated errno of the slot or of `KVM_RUN`, 0 when there is none
/// @param esr ESR_EL1 of the exception that the guest took, 0 when it took none
public record ProbeOutcome(Kind kind, int errno, long esr) {
    /// The access worked and gave the value that the VMM sees.
    public static final ProbeOutcome OK = new ProbeOutcome(Kind.OK, 0, 0);

    /// What can happen to a probe.
    public enum Kind {
        /// The access worked.
        OK("ok"),
        /// The access worked and gave a value that the VMM does not see.
        WRONG_VALUE("wrong-value"),
        /// The guest took an exception.
        GUEST_EXCEPTION("guest-exception"),
        /// `KVM_RUN` returned an errno.
        KVM_ERRNO("kvm-errno"),
        /// KVM left the access to the VMM: there is no memory at this address.
        MMIO_EXIT("mmio-exit"),
        /// KVM refused the slot, so there was nothing to probe.
        SLOT_REFUSED("slot-refused"),
        /// The probe did not end.
        NO_END("no-end");

        private final String word;

        Kind(String word) {
            this.word = word;
        }

        /// {@return its name in reports}
        public String word() {
            return word;
        }
    }

    static ProbeOutcome slotRefused(int errno) {
        return new ProbeOutcome(Kind.SLOT_REFUSED, errno, 0);
    }

    static ProbeOutcome kvmErrno(int errno) {
        return new ProbeOutcome(Kind.KVM_ERRNO, errno, 0);
    }

    static ProbeOutcome guestException(long esr) {
        return new ProbeOutcome(Kind.GUEST_EXCEPTION, 0, esr);
    }

    /// {@return whether two outcomes are the same; of the syndrome, exception class and fault status are compared,
    /// since
    /// WnR is UNKNOWN for some faults}
    public boolean agrees(ProbeOutcome other) {
        return kind == other.kind
                && errno == other.errno
                && Esr.ec(esr) == Esr.ec(other.esr)
                && Esr.fsc(esr) == Esr.fsc(other.esr);
    }

    /// {@return the outcome in a few characters, for a matrix: `ok`, `-EFAULT`, `DABT 0x21`, `slot -EINVAL`}
    public String brief() {
        return switch (kind) {
            case OK -> "ok";
            case WRONG_VALUE -> "wrong value";
            case GUEST_EXCEPTION -> briefException();
            case KVM_ERRNO -> Errno.render(errno);
            case MMIO_EXIT -> "MMIO";
            case SLOT_REFUSED -> "slot " + Errno.render(errno);
            case NO_END -> "no end";
        };
    }

    private String briefException() {
        int ec = Esr.ec(esr);
        if (ec == ExceptionClass.UNKNOWN) {
            return "UNDEFINED";
        }
        String kind = ExceptionClass.isInstructionAbort(ec) ? "IABT" : ExceptionClass.isDataAbort(ec) ? "DABT" : null;
        return kind == null ? "EC 0x" + Integer.toHexString(ec) : kind + " 0x" + Integer.toHexString(Esr.fsc(esr));
    }

    @Override
    public String toString() {
        return switch (kind) {
            case GUEST_EXCEPTION ->
                "takes an exception in the guest: " + ExceptionClass.name(Esr.ec(esr))
                        + (ExceptionClass.isAbort(Esr.ec(esr)) ? ", " + FaultStatus.describe(Esr.fsc(esr)) : "");
            case KVM_ERRNO -> "KVM_RUN returns " + Errno.render(errno);
            case SLOT_REFUSED -> "KVM_SET_USER_MEMORY_REGION returns " + Errno.render(errno);
            case OK -> "works";
            case WRONG_VALUE -> "works with a wrong value";
            case MMIO_EXIT -> "exits to the VMM as MMIO";
            case NO_END -> "does not end";
        };
    }
}

package dev.ipanema.vmm.boot;

/// How a guest's run ended.
///
/// @param reason what ended it
/// @param message one sentence
/// @param details further lines: KVM's trail, a backtrace; may be empty
public record GuestEnd(Reason reason, String message, String details) {
    /// What can end a run.
    public enum Reason {
        /// PSCI SYSTEM_OFF: the guest ended well.
        SYSTEM_OFF("system-off", 0),
        /// PSCI SYSTEM_RESET, and the machine is not to start again.
        SYSTEM_RESET("system-reset", 1),
        /// Everything that was asked for has been seen.
        EXPECTED("expected", 0),
        /// The user has ended the guest from its console.
        QUIT("quit", 0),
        /// A signal has stopped the run.
        INTERRUPTED("interrupted", 130),
        /// `KVM_RUN` returned an errno.
        KVM_ERRNO("kvm-errno", 1),
        /// `KVM_RUN` ended with an exit that this VMM does not serve.
        EXIT("exit", 1),
        /// The guest takes exceptions and executes nothing.
        STUCK("guest-stuck", 1),
        /// KVM itself did wrong, as this kernel version does.
        KERNEL_DEFECT("kernel-defect", 1),
        /// The time given ran out.
        TIME_OUT("time-out", 124);

        private final String word;
        private final int exitCode;

        Reason(String word, int exitCode) {
            this.word = word;
            this.exitCode = exitCode;
        }

        /// {@return its name in reports}
        public String word() {
            return word;
        }

        /// {@return whether the reader wants to know what the guest was doing}
        boolean isFailure() {
            return switch (this) {
                case SYSTEM_OFF, SYSTEM_RESET, EXPECTED, QUIT -> false;
                case INTERRUPTED, KVM_ERRNO, EXIT, STUCK, KERNEL_DEFECT, TIME_OUT -> true;
            };
        }

        /// {@return the process exit code it asks for}
        public int exitCode() {
            return exitCode;
        }
    }
}

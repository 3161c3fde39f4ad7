package dev.ipanema.vmm.scenario;

import dev.ipanema.arm.exception.ExceptionClass;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.kvm.uapi.KvmExit;
import java.util.List;

/// What a run of the payload did.
///
/// @param end how it ended
/// @param mmio the first exits the VMM saw on the way, at most [#MAX_MMIO]
/// @param memory first word of the backing afterwards, 0 when there is none
/// @param leaf the leaf at the run's IPA afterwards
/// @param stage2Calls what KVM asked of its page-table code for the page
public record RunOutcome(End end, List<Mmio> mmio, long memory, LeafState leaf, List<String> stage2Calls) {
    /// How many MMIO exits are kept.
    public static final int MAX_MMIO = 5;

    public RunOutcome {
        mmio = List.copyOf(mmio);
        stage2Calls = List.copyOf(stage2Calls);
    }

    /// How a run ended.
    public sealed interface End {}

    /// The payload reported.
    public record Reported(long first, long second) implements End {
        @Override
        public String toString() {
            return "result 0x" + Long.toHexString(first) + ", 0x" + Long.toHexString(second);
        }
    }

    /// The guest took an exception at its own vector.
    public record GuestException(int ec, int fsc, long far) implements End {
        @Override
        public String toString() {
            return "guest exception EC 0x" + Integer.toHexString(ec) + " (" + ExceptionClass.name(ec) + ") FSC 0x"
                    + Integer.toHexString(fsc) + " FAR 0x" + Long.toHexString(far);
        }
    }

    /// `KVM_RUN` failed.
    ///
    /// @param errno positive
    public record RunFailed(int errno) implements End {
        @Override
        public String toString() {
            return "KVM_RUN " + Errno.render(-errno);
        }
    }

    /// `KVM_RUN` ended with an exit that is no MMIO.
    public record OtherExit(int exitReason) implements End {
        @Override
        public String toString() {
            return "exit " + KvmExit.name(exitReason);
        }
    }

    /// The guest did not come to an end within the bound of instructions or exits.
    public record Endless(String what) implements End {
        @Override
        public String toString() {
            return "no end: " + what;
        }
    }

    /// One MMIO exit.
    ///
    /// @param length bytes
    public record Mmio(long ipa, int length, boolean write) {
        @Override
        public String toString() {
            return (write ? "write" : "read") + " of " + length + " bytes at 0x" + Long.toHexString(ipa);
        }
    }
}

package dev.ipanema.vmm.scenario;

import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// What a scenario says about a run; a part that it does not mention is empty or null, and then not compared.
///
/// A run ends in one of three ways: the payload reports ([#result]), it takes an exception at its own vector
/// ([#guestException]), or `KVM_RUN` ends otherwise ([#kvmRun]). When one of them is expected, the other two must not
/// happen, and a missing [#mmio] means that the VMM saw no MMIO exit.
///
/// @param result two registers
/// @param memory first word of the backing afterwards
/// @param stage2Calls what KVM asks of its page-table code for the page
public record RunExpectation(
        @Nullable List<Long> result,
        @Nullable GuestException guestException,
        @Nullable KvmRun kvmRun,
        @Nullable List<Mmio> mmio,
        OptionalLong memory,
        @Nullable LeafExpectation leaf,
        @Nullable List<String> stage2Calls) {

    /// An exception at the payload's own vector.
    ///
    /// @param ec ESR_EL1.EC
    /// @param fsc the low six bits of the syndrome
    /// @param far FAR_EL1
    public record GuestException(OptionalInt ec, OptionalInt fsc, OptionalLong far) {}

    /// `KVM_RUN` that did not end with the payload's report: an errno or an exit.
    public record KvmRun(OptionalInt errno, OptionalInt exitReason) {}

    /// An MMIO exit.
    ///
    /// @param length bytes
    public record Mmio(OptionalLong ipa, OptionalInt length, OptionalInt write) {}

    /// {@return whether it says how the run ends}
    public boolean saysOutcome() {
        return result != null || guestException != null || kvmRun != null;
    }

    /// {@return the expected end of the run, for messages}
    String outcomeText() {
        if (result != null) {
            return "result 0x" + Long.toHexString(result.get(0)) + ", 0x" + Long.toHexString(result.get(1));
        }
        return guestException != null ? guestException.toString() : String.valueOf(kvmRun);
    }
}

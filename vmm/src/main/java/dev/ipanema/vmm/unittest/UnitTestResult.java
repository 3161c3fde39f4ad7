package dev.ipanema.vmm.unittest;

import dev.ipanema.vmm.coherence.CoherenceReport;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// How a test ended.
///
/// @param test which
/// @param verdict of the whole test
/// @param note behind its name, such as `2 tests, 1 unexpected failures`; may be empty
/// @param checks of the image, in their order
/// @param console its lines
/// @param details what KVM and the machine have to say about a failure; may be empty
/// @param coherence what the coherence monitor found; null when the test was not run or caches were not modelled
public record UnitTestResult(
        UnitTest test,
        Verdict verdict,
        String note,
        List<ConsoleReport.Check> checks,
        List<String> console,
        String details,
        @Nullable CoherenceReport coherence) {
    /// What a test can end with, in kvm-unit-tests' words.
    public enum Verdict {
        /// Every check was as it should be.
        PASS,
        /// A check was not, or the test did not come to its end.
        FAIL,
        /// It was not run, or found that it cannot be.
        SKIP
    }

    public UnitTestResult {
        checks = List.copyOf(checks);
        console = List.copyOf(console);
    }

    /// {@return the same as a failure}
    ///
    /// @param reason what is added to the note
    public UnitTestResult failed(String reason) {
        String why = note.isEmpty() ? reason : note + "; " + reason;
        return new UnitTestResult(test, Verdict.FAIL, why, checks, console, details, coherence);
    }

    static UnitTestResult skipped(UnitTest test, String reason) {
        return new UnitTestResult(test, Verdict.SKIP, reason, List.of(), List.of(), "", null);
    }
}

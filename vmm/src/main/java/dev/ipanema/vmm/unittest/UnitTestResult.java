package dev.ipanema.vmm.unittest;

import java.util.List;

/// How a test ended.
///
/// @param test which
/// @param verdict of the whole test
/// @param note behind its name, such as `2 tests, 1 unexpected failures`; may be empty
/// @param checks of the image, in their order
/// @param console its lines
/// @param details what KVM and the machine have to say about a failure; may be empty
public record UnitTestResult(
        UnitTest test,
        Verdict verdict,
        String note,
        List<ConsoleReport.Check> checks,
        List<String> console,
        String details) {
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

    static UnitTestResult skipped(UnitTest test, String reason) {
        return new UnitTestResult(test, Verdict.SKIP, reason, List.of(), List.of(), "");
    }
}

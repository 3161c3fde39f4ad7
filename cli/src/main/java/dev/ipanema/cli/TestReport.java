package dev.ipanema.cli;

import dev.ipanema.vmm.unittest.UnitTestResult;

/// Prints the results of tests as they come.
sealed interface TestReport permits TextReport, KtapReport {
    /// Takes the next result.
    void add(UnitTestResult result);

    /// Prints the totals.
    void finish();
}

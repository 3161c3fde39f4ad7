package dev.ipanema.vmm.scenario;

import dev.ipanema.kvm.stage2.Stage2Dump;
import dev.ipanema.kvm.version.KernelVersion;
import org.jspecify.annotations.Nullable;

/// What a scenario leaves behind, as text.
public enum Inspection {
    /// The virtual machine's stage-2 tables in the form of debugfs `stage2_page_tables`.
    STAGE2,
    /// The VMM's mappings in the form of `/proc/PID/smaps`.
    VMA;

    /// {@return the state after the last step of a scenario}
    ///
    /// @param policy the kernel version to follow; null: the scenario's own
    /// @throws dev.ipanema.base.text.BadInput for a scenario that is not supported
    public String of(Scenario scenario, @Nullable KernelVersion policy) {
        StringBuilder text = new StringBuilder();
        ScenarioRunner.inspect(scenario, policy, machine -> text.append(render(machine)));
        return text.toString();
    }

    private String render(ProbeMachine machine) {
        return switch (this) {
            case STAGE2 -> Stage2Dump.of(machine.vm().stage2());
            case VMA -> machine.mm().smaps();
        };
    }
}

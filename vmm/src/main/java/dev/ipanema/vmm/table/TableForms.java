package dev.ipanema.vmm.table;

import java.util.List;

/// The forms of tables that are known.
final class TableForms {
    private TableForms() {}

    /// {@return all forms}
    static List<TableForm> all() {
        return List.of(
                new PrepareMemoryRegionForm(),
                new FaultDecisionForm(),
                new FaultProtForm(),
                new FaultRoutingForm(),
                new CombineNoFwbForm(),
                new CombineFwbForm(),
                new ShareabilityForm(),
                new Stage2GeometryForm(),
                new Stage2LeafForm());
    }
}

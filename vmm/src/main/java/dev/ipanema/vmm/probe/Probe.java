package dev.ipanema.vmm.probe;

import dev.ipanema.guests.program.Operation;
import dev.ipanema.guests.program.Stage1;
import java.util.ArrayList;
import java.util.List;

/// One access of the default guest: what it does, to which memory, under which stage-1 attribute.
public record Probe(ProbeRegion region, Operation operation, Stage1 stage1) {
    /// The properties that the series' cover letter names (v7 0/5): aligned and unaligned access, pairs, exclusives,
    /// LSE atomics, DC ZVA and execution.
    private static final List<Operation> OPERATIONS = List.of(
            Operation.R,
            Operation.W,
            Operation.RU,
            Operation.WU,
            Operation.LDP,
            Operation.STP,
            Operation.LDXR_STXR,
            Operation.LDADD,
            Operation.DCZVA,
            Operation.X);

    private static final List<Stage1> ATTRIBUTES = List.of(Stage1.WB, Stage1.NC, Stage1.DEVICE_NGNRNE);

    /// {@return all probes of a region, in the order in which they run}
    public static List<Probe> of(ProbeRegion region) {
        List<Probe> probes = new ArrayList<>();
        for (Stage1 stage1 : ATTRIBUTES) {
            for (Operation operation : OPERATIONS) {
                probes.add(new Probe(region, operation, stage1));
            }
        }
        return List.copyOf(probes);
    }

    /// {@return the operations in the order of reports}
    public static List<Operation> operations() {
        return OPERATIONS;
    }

    /// {@return the stage-1 attributes in the order of reports}
    public static List<Stage1> attributes() {
        return ATTRIBUTES;
    }

    /// {@return the place of this probe among those of its region}
    int index() {
        return ATTRIBUTES.indexOf(stage1) * OPERATIONS.size() + OPERATIONS.indexOf(operation);
    }
}

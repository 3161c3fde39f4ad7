package dev.ipanema.cli;

import dev.ipanema.vmm.scenario.Inspection;
import picocli.CommandLine;

/// `ipanema stage2`: the stage-2 tables that scenarios end with.
@CommandLine.Command(
        name = "stage2",
        description = "Run scenarios and print the stage-2 tables they end with, in the form of the kernel's"
                + " stage2_page_tables with the memory attribute as one column more.")
final class Stage2Command extends InspectCommand {
    Stage2Command() {
        super(Inspection.STAGE2);
    }
}

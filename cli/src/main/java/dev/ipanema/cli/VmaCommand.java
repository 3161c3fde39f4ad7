package dev.ipanema.cli;

import dev.ipanema.vmm.scenario.Inspection;
import picocli.CommandLine;

/// `ipanema vma`: the VMM's mappings that scenarios end with.
@CommandLine.Command(
        name = "vma",
        description = "Run scenarios and print the VMM's mappings they end with, in the form of /proc/PID/smaps.")
final class VmaCommand extends InspectCommand {
    VmaCommand() {
        super(Inspection.VMA);
    }
}

package dev.ipanema.cli;

import picocli.CommandLine;

/// `ipanema smi`: a run, and at its end a table of what the host's GPUs look like from the guest and from KVM.
@CommandLine.Command(
        name = "smi",
        description = "Boot a guest with the host's GPUs, as `run` does and with its options, and print what became of"
                + " each GPU: memory, BARs, slots, bytes mapped at stage 2 by type and page size, faults, refusals with"
                + " reasons. Without an image the guest is gpu-driver, without --device it is given every GPU of the"
                + " host. The guest's console goes to the standard error stream.",
        sortOptions = false,
        footer = "Exit code as `run`.%n")
final class SmiCommand extends RunCommand {
    @Override
    boolean showsDevices() {
        return true;
    }
}

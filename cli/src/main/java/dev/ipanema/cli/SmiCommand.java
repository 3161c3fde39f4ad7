package dev.ipanema.cli;

import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.kvm.version.KernelVersion;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/// `ipanema smi`: a run, and at its end a table of what the host's GPUs look like from the guest and from KVM.
@CommandLine.Command(
        name = "smi",
        description = "Boot a guest with the host's GPUs, as `run` does and with its options, and print what became of"
                + " each GPU: memory, BARs, slots, bytes mapped at stage 2 by type and page size, faults, refusals with"
                + " reasons. Without an image the guest is gpu-driver, without --device it is given every GPU of the"
                + " host. The guest's console goes to the standard error stream.",
        sortOptions = false,
        footer = "Exit code as `run`; 1 when --migrate-to finds an obstacle.%n")
final class SmiCommand extends RunCommand {
    @Option(
            names = "--migrate-to",
            paramLabel = "HOST[,POLICY]",
            description = "Ask what keeps the guest from moving to this host (and kernel version); exit code 1 when"
                    + " something does.")
    private @Nullable String migrateTo;

    @Override
    boolean showsDevices() {
        return true;
    }

    @Override
    Optional<DeviceReport.Target> target(KernelVersion version) {
        if (migrateTo == null) {
            return Optional.empty();
        }
        int comma = migrateTo.indexOf(',');
        HostProfile host = HostProfile.parse(comma < 0 ? migrateTo : migrateTo.substring(0, comma));
        return Optional.of(new DeviceReport.Target(
                host, comma < 0 ? version : KernelVersion.parse(migrateTo.substring(comma + 1))));
    }
}

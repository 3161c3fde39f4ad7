package dev.ipanema.cli;

import dev.ipanema.kvm.mmu.Maintenance;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The option that takes cache maintenance from KVM.
final class SkipMaintenanceOption {
    @Option(
            names = "--skip-maintenance",
            paramLabel = "NAME[,NAME]",
            description =
                    "Let KVM leave out its cache maintenance of these kinds, to see what it is good for: map, exec,"
                            + " set-way, toggle, reinit, unmap, dirty-log.")
    private @Nullable String names;

    /// {@return what KVM does not do}
    ///
    /// @throws dev.ipanema.base.text.BadInput for a name that is none
    Set<Maintenance> leftOut() {
        return names == null ? Set.of() : Maintenance.parse(names);
    }

    /// {@return the option as it was given, empty when it was not}
    List<String> words() {
        return names == null ? List.of() : List.of("--skip-maintenance", names);
    }
}

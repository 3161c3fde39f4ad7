package dev.ipanema.vmm.scenario;

import java.util.List;

/// One case: a host, the kernel whose KVM runs on it, and the steps.
///
/// @param id a name, unique in its file by convention
/// @param kernel a kernel release such as `6.17.13`, or the name of a policy
/// @param steps in the order in which they are performed
/// @param unsupported what of the case this version does not know, each item named by its place; when it is not
///     empty, `steps` is incomplete and the case must not be run
/// @param source the file and line it was read from, for messages
public record Scenario(
        String id, String kernel, HostDescription host, List<Step> steps, List<String> unsupported, String source) {
    public Scenario {
        steps = List.copyOf(steps);
        unsupported = List.copyOf(unsupported);
    }
}

package dev.ipanema.kvm.version;

import dev.ipanema.base.text.BadInput;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// The table of versions and how their names are read.
final class KernelVersions {
    /// `uname -r`: version, patch level, and what a distribution adds.
    private static final Pattern RELEASE = Pattern.compile("(\\d+\\.\\d+)(\\.\\d+)*([-+~].*)?");

    static final List<KernelVersion> ALL = List.of(
            new Linux616(),
            new SeriesV7(1),
            new SeriesV7(2),
            new SeriesV7(3),
            new SeriesV7(4),
            new SeriesV7(5),
            new Linux617(),
            new Linux618(),
            new Linux73());

    private KernelVersions() {}

    static KernelVersion parse(String name) {
        String wanted = name.strip().toLowerCase(Locale.ROOT);
        for (KernelVersion version : ALL) {
            if (version.name().equals(wanted)) {
                return version;
            }
        }
        throw new BadInput("Policy '" + name + "' is unknown; the policies are "
                + ALL.stream().map(KernelVersion::name).collect(Collectors.joining(", ")));
    }

    static KernelVersion ofRelease(String release) {
        Matcher matcher = RELEASE.matcher(release.strip());
        if (matcher.matches()) {
            String name = "linux-" + matcher.group(1);
            for (KernelVersion version : ALL) {
                if (version.name().equals(name)) {
                    return version;
                }
            }
        }
        throw new BadInput("Kernel '" + release + "' is unknown; the kernels are "
                + ALL.stream()
                        .map(KernelVersion::name)
                        .filter(name -> name.startsWith("linux-"))
                        .map(name -> name.substring("linux-".length()))
                        .collect(Collectors.joining(", ")));
    }
}

package dev.ipanema.vmm.unittest;

import dev.ipanema.vmm.boot.Irqchip;
import java.nio.file.Path;
import java.util.Set;

/// One test: an image and how it is to be run.
///
/// @param name unique in its configuration
/// @param file the image
/// @param cpus vCPUs
/// @param memory bytes of RAM
/// @param arguments the image's command line
/// @param irqchip the interrupt controller
/// @param groups it belongs to
/// @param timeoutSeconds after which it has failed, 0 for no limit
/// @param skipReason why it cannot be run here, empty when it can
public record UnitTest(
        String name,
        Path file,
        int cpus,
        long memory,
        String arguments,
        Irqchip irqchip,
        Set<String> groups,
        long timeoutSeconds,
        String skipReason) {
    /// Tests of this group run only when they are asked for.
    public static final String NODEFAULT = "nodefault";

    public UnitTest {
        groups = Set.copyOf(groups);
    }

    /// {@return a test of an image without a configuration}
    public static UnitTest of(Path file, UnitTestConfig.Defaults defaults) {
        String name = String.valueOf(file.getFileName()).replaceFirst("\\.flat$", "");
        return new UnitTest(
                name,
                file,
                1,
                UnitTestConfig.DEFAULT_MEMORY,
                "",
                Irqchip.GICV3_ITS,
                Set.of(),
                defaults.timeoutSeconds(),
                "");
    }
}

package dev.ipanema.vmm.example;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Runs the examples of `docs/java-api.md`, and holds the page to what runs.
class ExampleTest {
    @Test
    void mapsGpuMemoryCacheableOnGraceUnderTheNewestKernel() {
        assertThat(AskWhy.tell("gb200", "linux-7.3"))
                .contains("NORMAL_WB", "CACHEABLE_DEVICE")
                .doesNotContain("DEVICE_nGnRE");
    }

    @Test
    void failsKvmRunForTheUnalignedLoadBeforeTheSeries() {
        assertThat(AskWhy.tell("gb200", "linux-6.16")).contains("DEVICE_nGnRE", "-EFAULT");
    }

    @Test
    void refusesTheSlotWithoutFwb() {
        assertThat(AskWhy.tell("altra", "linux-7.3")).startsWith("slot: -EINVAL");
    }

    @Test
    void storesWhatTheVmmAnswered() {
        StringBuilder log = new StringBuilder();

        long stored = OwnGuest.run(log);

        assertThat(stored).isEqualTo(42);
        assertThat(log).contains("KVM_EXIT_MMIO", "KVM_EXIT_SYSTEM_EVENT");
    }

    @ParameterizedTest
    @ValueSource(strings = {"AskWhy", "OwnGuest"})
    void standsInThePageAsItRuns(String example) throws IOException {
        Path root = Path.of("").toAbsolutePath();
        String source = Files.readString(root.resolve("src/test/java/dev/ipanema/vmm/example/" + example + ".java"));
        String page = Files.readString(root.resolveSibling("docs").resolve("java-api.md"));

        String body = source.substring(source.indexOf("\nimport") + 1);
        assertThat(page).contains(body);
    }
}

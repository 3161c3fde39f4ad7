package dev.ipanema.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The guest that writes code and runs it, as a user starts it.
@Timeout(120)
class CacheSelfTestCommandTest {
    private final GuestRunner runner = new GuestRunner();

    private int run(String guest, String cpu, int status) {
        List<String> args = new ArrayList<>(List.of("run", "--guest", guest, "--cpu", cpu, "--caches", "modelled"));
        args.addAll(List.of("--fail-on", "finding", "--expect", "EXIT: STATUS=" + status));
        return runner.run(args);
    }

    @ParameterizedTest
    @CsvSource({"cortex-a72", "cortex-a76+dic"})
    void passesWithWhatItsRegistersAskFor(String cpu) {
        assertThat(run("cache-self-test", cpu, 1)).as(runner.messages()).isZero();
        assertThat(runner.messages()).contains("no findings");
    }

    @ParameterizedTest
    @CsvSource({"cortex-a76, IC IVAU", "cortex-a76-idc+dic, DC CVAU"})
    void neglectIsFoundWhereMaintenanceIsNeeded(String cpu, String missing) {
        assertThat(run("caches-neglected", cpu, 3)).isEqualTo(1);
        assertThat(runner.messages()).contains("stale-fetch: pe 0", "missing: " + missing);
    }
}

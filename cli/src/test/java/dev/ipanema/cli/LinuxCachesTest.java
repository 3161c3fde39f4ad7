package dev.ipanema.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.images.catalog.BusyboxInitrd;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Debian's unmodified kernels with modelled caches: they maintain them, under KVM that does its part, so nothing is
/// found. What is not in the cache of guests is skipped, as in [LinuxBootTest].
@Timeout(900)
class LinuxCachesTest {
    private static final List<String> KERNELS = List.of("linux-6.12", "linux-7.3");
    private static final List<String> POLICIES = List.of("eager", "lazy", "random:1", "adversarial");

    /// Each of FEAT_S2FWB, CTR_EL0.DIC and CTR_EL0.IDC; without DIC = 1 and IDC = 0, which no core has.
    private static final List<String> FEATURES =
            List.of("+fwb+dic+idc", "+fwb-dic+idc", "+fwb-dic-idc", "-fwb+dic+idc", "-fwb-dic+idc", "-fwb-dic-idc");

    private final GuestRunner runner = new GuestRunner();

    private int boot(String kernel, String features, String caches, String... more) {
        List<String> args = new ArrayList<>(List.of(
                "run",
                "--timeout",
                "600",
                "--cpu",
                "neoverse-v2" + features,
                "-k",
                GuestRunner.guest(kernel),
                "-i",
                GuestRunner.guest("busybox"),
                "-m",
                "512M",
                "-p",
                "console=ttyAMA0",
                "--caches",
                caches,
                "--fail-on",
                "finding",
                "--expect",
                BusyboxInitrd.PROMPT));
        args.addAll(List.of(more));
        return runner.run(args);
    }

    private void findsNothing(String kernel, String features, String policy, String... more) {
        int code = boot(kernel, features, "modelled,policy=" + policy, more);

        assertThat(code).as("%s%n%s", runner.output(), runner.messages()).isZero();
        assertThat(runner.messages()).contains("policy " + policy + ": no findings");
    }

    @ParameterizedTest
    @CsvSource({"linux-6.12, -fwb-dic-idc, adversarial", "linux-7.3, +fwb-dic-idc, lazy"})
    void nothingIsFoundInABoot(String kernel, String features, String policy) {
        findsNothing(kernel, features, policy);
    }

    static List<Arguments> combinations() {
        List<Arguments> all = new ArrayList<>();
        for (String kernel : KERNELS) {
            for (String features : FEATURES) {
                for (String policy : POLICIES) {
                    all.add(Arguments.of(kernel, features, policy));
                }
            }
        }
        return all;
    }

    @Tag("long")
    @ParameterizedTest
    @MethodSource("combinations")
    void nothingIsFoundInAnyBoot(String kernel, String features, String policy) {
        findsNothing(kernel, features, policy, "-c", "2");
    }

    /// `series-v7/4` and `/5` refuse all RAM of such a host, as posted: see CAVEATS.
    @Tag("long")
    @ParameterizedTest
    @ValueSource(
            strings = {
                "linux-6.16",
                "series-v7/1",
                "series-v7/2",
                "series-v7/3",
                "linux-6.17",
                "linux-6.18",
                "linux-7.3"
            })
    void nothingIsFoundUnderAnyKernelVersionOfTheHost(String version) {
        findsNothing("linux-6.12", "-fwb-dic-idc", "adversarial", "--policy", version);
    }

    @Test
    void withoutMaintenanceAtTheFirstMapLinuxDoesNotStartAndTheFindingSaysWhy() {
        int code =
                boot("linux-6.12", "-fwb-dic-idc", "modelled", "--coherence", "precise", "--skip-maintenance", "map");

        assertThat(code).isEqualTo(1);
        assertThat(runner.output()).isEmpty();
        assertThat(runner.messages())
                .contains(
                        "stale-fetch: pe 0, PC 0x40000000",
                        "stored by vmm",
                        "missing: DC CVAC or CIVAC by the writer after its store",
                        "again: ./ipanema run --deterministic --seed 1 ");
    }

    @ParameterizedTest
    @CsvSource({"set-way, 0, no findings", "toggle, 1, mismatched-alias: pe 0"})
    void uBootNeedsTheFlushWhenItsCachesGoOn(String leftOut, int expected, String text) {
        int code = runner.run(List.of(
                "run",
                "--host",
                "altra",
                "--bios",
                GuestRunner.guest("u-boot"),
                "--timeout",
                "300",
                "--caches",
                "modelled",
                "--fail-on",
                "finding",
                "--skip-maintenance",
                leftOut,
                "--expect",
                "=>"));

        assertThat(code).as(runner.messages()).isEqualTo(expected);
        assertThat(runner.messages()).contains(text);
    }
}

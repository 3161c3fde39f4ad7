package dev.ipanema.vmm.unittest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.base.time.Ticker;
import dev.ipanema.guests.program.CacheSelfTest;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.machine.cache.CacheOptions;
import dev.ipanema.machine.cache.CachePolicy;
import dev.ipanema.machine.cache.FindingKind;
import dev.ipanema.machine.cache.Missing;
import dev.ipanema.vmm.boot.Irqchip;
import dev.ipanema.vmm.coherence.CoherenceReport;
import dev.ipanema.vmm.unittest.UnitTestResult.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// An honest guest that writes code and runs it passes on every processor, without a finding.
class CacheSelfTestTest {
    private static final int ROUNDS = Boolean.getBoolean("ipanema.long") ? CacheSelfTest.ROUNDS : 1000;
    private static final int SECONDS = 120;

    @TempDir
    Path directory;

    /// Without IDC, with it by CLIDR_EL1, with it by CTR_EL0; each with and without DIC; with forced write-back; with
    /// lines of 256 bytes.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "cortex-a72",
                "cortex-a76",
                "cortex-a76+dic",
                "cortex-a76-idc",
                "cortex-a76-idc+dic",
                "cortex-a76+idc",
                "cortex-a76+idc+dic",
                "a64fx-idc",
                "neoverse-v2",
                "neoverse-v2-dic",
                "neoverse-v2-fwb-idc-dic"
            })
    void passesOnEveryKindOfProcessor(String cpu) throws IOException {
        assertPassesWithoutFinding(run(cpu, CacheOptions.DEFAULT));
    }

    @ParameterizedTest
    @EnumSource(CachePolicy.class)
    void passesUnderEveryPolicy(CachePolicy policy) throws IOException {
        assertPassesWithoutFinding(run("cortex-a72", CacheOptions.DEFAULT.withPolicy(policy, 1)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"cortex-a72", "neoverse-v2"})
    void passesWhereCachesAreNotModelled(String cpu) throws IOException {
        assertThat(run(cpu, null).verdict()).isEqualTo(Verdict.PASS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"cortex-a76+dic", "neoverse-v2"})
    void passesWithoutMaintenanceWhereNoneIsNeeded(String cpu) throws IOException {
        assertPassesWithoutFinding(run(cpu, CacheOptions.DEFAULT, false));
    }

    @ParameterizedTest
    @CsvSource({
        "cortex-a76, INVALIDATE_INSTRUCTIONS",
        "cortex-a76-idc+dic, CLEAN_TO_POU",
        "cortex-a76-idc, CLEAN_TO_POU"
    })
    void neglectIsFoundWhereMaintenanceIsNeeded(String cpu, Missing missing) throws IOException {
        UnitTestResult result = run(cpu, CacheOptions.DEFAULT, false);

        CoherenceReport found = Objects.requireNonNull(result.coherence());
        assertThat(result.verdict()).isEqualTo(Verdict.FAIL);
        assertThat(found.findings()).isNotEmpty().allSatisfy(each -> {
            assertThat(each.finding().kind()).isEqualTo(FindingKind.STALE_FETCH);
            assertThat(each.finding().missing()).isEqualTo(missing);
            assertThat(each.finding().pc()).isEqualTo(each.finding().va()).isNotZero();
        });
    }

    private static void assertPassesWithoutFinding(UnitTestResult result) {
        CoherenceReport found = Objects.requireNonNull(result.coherence());
        assertThat(found.findings()).isEmpty();
        assertThat(result.verdict()).as(result.console().toString()).isEqualTo(Verdict.PASS);
        assertThat(result.checks()).extracting(ConsoleReport.Check::word).containsExactly("PASS", "PASS", "PASS");
    }

    private UnitTestResult run(String cpu, @Nullable CacheOptions caches) throws IOException {
        return run(cpu, caches, true);
    }

    private UnitTestResult run(String cpu, @Nullable CacheOptions caches, boolean maintains) throws IOException {
        Path image = directory.resolve("caches.flat");
        Files.write(image, CacheSelfTest.flat(ROUNDS, maintains));
        HostProfile profile = HostProfile.parse("gb200").withCpu(CpuModel.parse(cpu));
        UnitTest test = new UnitTest("caches", image, 1, 64 * Sizes.MIB, "", Irqchip.GICV3_ITS, Set.of(), SECONDS, "");
        return new UnitTestRunner(profile, KernelVersion.newest(), Ticker.system(), caches, Set.of())
                .run(test, value -> {});
    }
}

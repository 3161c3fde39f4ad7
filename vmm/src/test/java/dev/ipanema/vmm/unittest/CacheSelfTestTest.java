package dev.ipanema.vmm.unittest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.base.time.Ticker;
import dev.ipanema.guests.program.CacheSelfTest;
import dev.ipanema.host.platform.Host;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.images.format.GuestImage;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.machine.cache.CacheOptions;
import dev.ipanema.machine.cache.CachePolicy;
import dev.ipanema.machine.cache.CoherenceMonitor;
import dev.ipanema.vmm.boot.GuestEnd;
import dev.ipanema.vmm.boot.VirtConfig;
import dev.ipanema.vmm.boot.VirtMachine;
import dev.ipanema.vmm.boot.VirtMap;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// An honest guest that writes code and runs it passes on every processor, without a finding.
class CacheSelfTestTest {
    private static final int ROUNDS = Boolean.getBoolean("ipanema.long") ? CacheSelfTest.ROUNDS : 1000;
    private static final int SECONDS = 120;
    private static final long MEMORY = 64 * Sizes.MIB;

    private final ConsoleReport report = new ConsoleReport();

    /// Without IDC, with it by CLIDR_EL1, with it by CTR_EL0; each with and without DIC; with forced write-back.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "cortex-a76",
                "cortex-a76+dic",
                "cortex-a76-idc",
                "cortex-a76-idc+dic",
                "cortex-a76+idc",
                "cortex-a76+idc+dic",
                "cortex-a72",
                "a64fx",
                "neoverse-v2",
                "neoverse-v2-dic",
                "neoverse-v2-fwb-idc-dic",
                "neoverse-v2-fwb-idc"
            })
    void passesOnEveryKindOfProcessor(String cpu) {
        CoherenceMonitor monitor = run(cpu, CacheOptions.DEFAULT);

        assertPassed();
        assertThat(Objects.requireNonNull(monitor).findings()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(CachePolicy.class)
    void passesUnderEveryPolicy(CachePolicy policy) {
        CoherenceMonitor monitor = run("cortex-a72", CacheOptions.DEFAULT.withPolicy(policy, 1));

        assertPassed();
        assertThat(Objects.requireNonNull(monitor).findings()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"cortex-a72", "neoverse-v2"})
    void passesWithoutCaches(String cpu) {
        run(cpu, null);

        assertPassed();
    }

    private void assertPassed() {
        assertThat(report.lines()).as("console").contains("EXIT: STATUS=1");
        assertThat(report.checks()).extracting(ConsoleReport.Check::word).isEqualTo(List.of("PASS", "PASS", "PASS"));
    }

    private @Nullable CoherenceMonitor run(String cpu, @Nullable CacheOptions caches) {
        HostProfile profile = HostProfile.parse("gb200").withCpu(CpuModel.parse(cpu));
        GuestImage image = GuestImage.read("caches.flat", CacheSelfTest.flat(ROUNDS), true, VirtMap.RAM, MEMORY);
        VirtConfig config = VirtConfig.builder(image, MEMORY).reboot(false).build();
        try (Host host = Host.builder(profile).caches(caches).build();
                VirtMachine machine =
                        new VirtMachine(host, KernelVersion.newest(), config, report::accept, Ticker.system())) {
            machine.run(SECONDS, () -> {
                if (report.status().isPresent()) {
                    machine.stop(new GuestEnd(GuestEnd.Reason.EXPECTED, "The test has printed its exit status", ""));
                }
            });
            return host.caches() == null ? null : host.caches().monitor();
        }
    }
}

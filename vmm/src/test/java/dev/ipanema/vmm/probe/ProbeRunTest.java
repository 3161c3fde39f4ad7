package dev.ipanema.vmm.probe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.exception.ExceptionClass;
import dev.ipanema.arm.exception.FaultStatus;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.base.time.Ticker;
import dev.ipanema.guests.program.Operation;
import dev.ipanema.guests.program.Stage1;
import dev.ipanema.host.platform.Host;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.vmm.probe.ProbeOutcome.Kind;
import dev.ipanema.vmm.scenario.LeafState;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The story of the series, told by a guest that runs.
class ProbeRunTest {
    static Stream<Arguments> everyHostAndPolicy() {
        return HostProfile.names().stream()
                .flatMap(host -> KernelVersion.all().stream().map(version -> Arguments.of(host, version.name())));
    }

    @ParameterizedTest
    @MethodSource("everyHostAndPolicy")
    void everyProbeEndsAsPredicted(String host, String policy) {
        ProbeReport report = run(host, policy);

        assertThat(report.results()).hasSize(120);
        assertThat(report.surprises()).isEmpty();
        assertThat(report.defect()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"cortex-a53", "cortex-a57", "cortex-a72", "max-lse", "a64fx", "neoverse-n1"})
    void everyProbeEndsAsPredictedOnAnotherCpu(String cpu) {
        HostProfile profile = HostProfile.parse("max").withCpu(CpuModel.parse(cpu));

        assertThat(run(profile, "linux-7.3").surprises()).isEmpty();
        assertThat(run(profile, "linux-6.16").surprises()).isEmpty();
    }

    @Test
    void withoutLseAnAtomicIsUndefined() {
        ProbeReport report = run(HostProfile.parse("max").withCpu(CpuModel.parse("max-lse")), "linux-7.3");

        ProbeOutcome outcome =
                result(report, ProbeRegion.RAM, Operation.LDADD, Stage1.WB).actual();
        assertThat(outcome.kind()).isEqualTo(Kind.GUEST_EXCEPTION);
        assertThat(Esr.ec(outcome.esr())).isEqualTo(ExceptionClass.UNKNOWN);
    }

    @Test
    void withFwbAndDicGpuMemoryIsOrdinaryMemory() {
        ProbeReport report = run("gb200", "linux-7.3");

        for (Operation operation : Probe.operations()) {
            ProbeResult result = result(report, ProbeRegion.GPU_USEMEM, operation, Stage1.WB);
            assertThat(result.actual()).as(operation.word()).isEqualTo(ProbeOutcome.OK);
            assertThat(result.leaf()).isEqualTo(new LeafState(true, 2, "NORMAL_WB", "RW", 0));
        }
    }

    @Test
    void beforeTheSeriesGpuMemoryIsADevice() {
        ProbeReport report = run("gb200", "linux-6.16");

        assertThat(result(report, ProbeRegion.GPU_USEMEM, Operation.R, Stage1.WB)
                        .actual())
                .isEqualTo(ProbeOutcome.OK);
        assertThat(result(report, ProbeRegion.GPU_USEMEM, Operation.R, Stage1.WB)
                        .leaf()
                        .type())
                .isEqualTo("DEVICE_nGnRE");
        for (Operation operation : List.of(Operation.RU, Operation.WU, Operation.LDADD, Operation.DCZVA)) {
            ProbeOutcome outcome =
                    result(report, ProbeRegion.GPU_USEMEM, operation, Stage1.WB).actual();
            assertThat(outcome.kind()).as(operation.word()).isEqualTo(Kind.KVM_ERRNO);
            assertThat(outcome.errno()).as(operation.word()).isEqualTo(Errno.EFAULT.negated());
        }
        ProbeOutcome fetch =
                result(report, ProbeRegion.GPU_USEMEM, Operation.X, Stage1.WB).actual();
        assertThat(Esr.ec(fetch.esr())).isEqualTo(ExceptionClass.INSTRUCTION_ABORT_SAME);
        assertThat(Esr.fsc(fetch.esr())).isEqualTo(FaultStatus.SYNC_EXTERNAL_ABORT);
    }

    @Test
    void withoutFwbTheSlotIsRefusedAndOrdinaryMemoryWorks() {
        ProbeReport report = run("altra", "linux-7.3");

        ProbeOutcome gpu =
                result(report, ProbeRegion.GPU_USEMEM, Operation.R, Stage1.WB).actual();
        assertThat(gpu.kind()).isEqualTo(Kind.SLOT_REFUSED);
        assertThat(gpu.errno()).isEqualTo(Errno.EINVAL.negated());
        for (Operation operation : Probe.operations()) {
            assertThat(result(report, ProbeRegion.RAM, operation, Stage1.WB).actual())
                    .as(operation.word())
                    .isEqualTo(ProbeOutcome.OK);
        }
    }

    @Test
    void theSeriesAsPostedRefusesOrdinaryMemoryWithoutFwb() {
        ProbeReport report = run("altra", "series-v7/5");

        ProbeOutcome ram =
                result(report, ProbeRegion.RAM, Operation.R, Stage1.WB).actual();
        assertThat(ram.kind()).isEqualTo(Kind.KVM_ERRNO);
        assertThat(ram.errno()).isEqualTo(Errno.EINVAL.negated());
    }

    @Test
    void theFirstFaultOfARegionIsExplained() {
        ProbeReport report = run("gb200", "linux-7.3");

        assertThat(report.regions().get(ProbeRegion.GPU_USEMEM).faultReasons())
                .contains("IPA = 0x2000000000", "pfn_is_map_memory = false", "FEAT_S2FWB && CTR_EL0.DIC = true", "RWX");
    }

    @Test
    void aRunWhoseTimeIsOverSaysSo() {
        long[] now = {0};
        Ticker ticker = () -> now[0] += 1_000_000_000L;
        try (Host host = Host.builder(HostProfile.parse("gb200")).build()) {
            ProbeReport report =
                    new ProbeRun(host, KernelVersion.newest(), 256 * Sizes.MIB, 20, ticker).run(tables -> {});

            assertThat(report.timedOut()).isTrue();
            assertThat(report.results()).hasSizeLessThan(120);
        }
    }

    private static ProbeReport run(String host, String policy) {
        return run(HostProfile.parse(host), policy);
    }

    private static ProbeReport run(HostProfile profile, String policy) {
        try (Host machine = Host.builder(profile).build()) {
            return new ProbeRun(machine, KernelVersion.parse(policy), 256 * Sizes.MIB, 0, Ticker.system())
                    .run(tables -> {});
        }
    }

    private static ProbeResult result(ProbeReport report, ProbeRegion region, Operation operation, Stage1 stage1) {
        return report.results().stream()
                .filter(result -> result.probe().equals(new Probe(region, operation, stage1)))
                .findFirst()
                .orElseThrow();
    }
}

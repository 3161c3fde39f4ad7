package dev.ipanema.host.vfio;

import static dev.ipanema.host.vfio.VfioFixture.BAR0;
import static dev.ipanema.host.vfio.VfioFixture.BAR4;
import static dev.ipanema.host.vfio.VfioFixture.CONFIG;
import static dev.ipanema.host.vfio.VfioFixture.HVA;
import static dev.ipanema.host.vfio.VfioFixture.PAGE;
import static dev.ipanema.host.vfio.VfioFixture.PRIVATE;
import static dev.ipanema.host.vfio.VfioFixture.RW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.base.text.Sizes;
import dev.ipanema.devices.gpu.CopyEngine;
import dev.ipanema.devices.gpu.CopyStatus;
import dev.ipanema.host.mm.HostPte;
import dev.ipanema.host.mm.Mman;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.machine.cache.CacheModel;
import dev.ipanema.machine.cache.CacheOptions;
import dev.ipanema.machine.cache.CoherenceMonitor;
import dev.ipanema.machine.cache.Finding;
import dev.ipanema.machine.cache.FindingKind;
import dev.ipanema.machine.cache.Missing;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.CacheMaintenance;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/// DMA of the engine of a GPU that snoops the processors' caches and of one that does not, with caches that write back
/// only when they are told to.
class DmaCoherenceTest {
    private static final long IOVA = 0x4000_0000L;
    private static final long SIZE = 4 * Sizes.MIB;
    private static final long VALUE = 0x1122_3344_5566_7788L;
    private static final long IN_GPU = 8 * PAGE;

    /// Opens the GPU of a host and lets it reach the memory of a process at [#IOVA].
    private static VfioFixture host(boolean snoops, VfioContainer[] container) {
        HostProfile profile = HostProfile.parse("gb200");
        VfioFixture fixture = new VfioFixture(
                profile.withGpus(List.of(profile.gpus().getFirst().withSnooping(snoops))), false, CacheOptions.DEFAULT);
        container[0] = fixture.host.vfio().newContainer();
        assertThat(fixture.mm.mmap(HVA, SIZE, RW, PRIVATE | Mman.MAP_ANONYMOUS)).isEqualTo(HVA);
        assertThat(container[0].mapDma(fixture.mm, HVA, IOVA, SIZE)).isZero();
        fixture.write(CONFIG + 4, 2, 6);
        fixture.device().attach(container[0]);
        return fixture;
    }

    private static void copy(VfioFixture fixture, boolean toGpu) {
        long local = fixture.profile().memoryBase() + IN_GPU;
        long engine = BAR0 + CopyEngine.BASE;
        fixture.write(engine + CopyEngine.SOURCE, 8, toGpu ? IOVA : local);
        fixture.write(engine + CopyEngine.DESTINATION, 8, toGpu ? local : IOVA);
        fixture.write(engine + CopyEngine.LENGTH, 4, 8);
        fixture.write(engine + CopyEngine.FLAGS, 4, toGpu ? CopyEngine.DESTINATION_LOCAL : CopyEngine.SOURCE_LOCAL);
        fixture.write(engine + CopyEngine.LAUNCH, 4, 1);
        assertThat(fixture.read(engine + CopyEngine.RESULT, 4)).isEqualTo(CopyStatus.DONE.code());
    }

    private static List<Finding> findings(VfioFixture fixture) {
        CacheModel caches = Objects.requireNonNull(fixture.host.caches());
        return caches.monitor().findings().stream()
                .map(CoherenceMonitor.Counted::finding)
                .toList();
    }

    private static CacheMaintenance maintenance(VfioFixture fixture) {
        return fixture.host.machine().physicalMemory().maintenance();
    }

    private static long pa(VfioFixture fixture) {
        return HostPte.pfnAt(fixture.mm.lookupLeaf(HVA), HVA) << HostPte.PAGE_SHIFT;
    }

    @Test
    void deviceThatSnoopsSeesWhatTheProcessStoredAndIsSeen() {
        VfioContainer[] container = new VfioContainer[1];
        try (VfioFixture fixture = host(true, container);
                VfioContainer opened = container[0]) {
            fixture.mm.userMemory().store(HVA, 8, VALUE);
            copy(fixture, true);
            assertThat(fixture.read(BAR4 + IN_GPU, 8)).isEqualTo(VALUE);
            fixture.write(BAR4 + IN_GPU, 8, ~VALUE);
            copy(fixture, false);
            assertThat(fixture.mm.userMemory().load(HVA, 8)).isEqualTo(~VALUE);
            assertThat(findings(fixture)).isEmpty();
            assertThat(opened.unmapDma(IOVA, SIZE)).isZero();
        }
    }

    @Test
    void deviceThatDoesNotSnoopReadsMemoryUntilTheProcessCleans() {
        VfioContainer[] container = new VfioContainer[1];
        try (VfioFixture fixture = host(false, container);
                VfioContainer opened = container[0]) {
            fixture.mm.userMemory().store(HVA, 8, VALUE);
            copy(fixture, true);
            assertThat(fixture.read(BAR4 + IN_GPU, 8)).isZero();
            assertThat(findings(fixture)).singleElement().satisfies(finding -> {
                assertThat(finding.kind()).isEqualTo(FindingKind.DMA_STALE);
                assertThat(finding.missing()).isEqualTo(Missing.CLEAN_TO_POC);
            });

            maintenance(fixture).dcCleanPoc(Agent.VMM, pa(fixture), PAGE);
            copy(fixture, true);
            assertThat(fixture.read(BAR4 + IN_GPU, 8)).isEqualTo(VALUE);
            assertThat(findings(fixture)).hasSize(1);
            assertThat(opened.unmapDma(IOVA, SIZE)).isZero();
        }
    }

    @Test
    void whatADeviceThatDoesNotSnoopWroteIsSeenAfterInvalidation() {
        VfioContainer[] container = new VfioContainer[1];
        try (VfioFixture fixture = host(false, container);
                VfioContainer opened = container[0]) {
            fixture.mm.userMemory().store(HVA, 8, 1);
            maintenance(fixture).dcCleanPoc(Agent.VMM, pa(fixture), PAGE);
            fixture.write(BAR4 + IN_GPU, 8, VALUE);
            copy(fixture, false);
            assertThat(fixture.mm.userMemory().load(HVA, 8)).isEqualTo(1);
            assertThat(findings(fixture)).singleElement().satisfies(finding -> {
                assertThat(finding.kind()).isEqualTo(FindingKind.STALE_READ);
                assertThat(finding.missing()).isEqualTo(Missing.INVALIDATE_TO_POC);
            });

            maintenance(fixture).dcInvalPoc(Agent.VMM, pa(fixture), PAGE);
            assertThat(fixture.mm.userMemory().load(HVA, 8)).isEqualTo(VALUE);
            assertThat(opened.unmapDma(IOVA, SIZE)).isZero();
        }
    }
}

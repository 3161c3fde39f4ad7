package dev.ipanema.host.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.devices.gpu.CoherentGpu;
import dev.ipanema.devices.gpu.CopyEngine;
import dev.ipanema.devices.gpu.CopyStatus;
import dev.ipanema.devices.gpu.GpuModel;
import dev.ipanema.host.driver.EgmDevice;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.Mman;
import dev.ipanema.host.mm.PteAttrIndex;
import dev.ipanema.host.mm.Vma;
import dev.ipanema.machine.memory.Agent;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GpusTest {
    private static final long HVA = 0x7000_0000_0000L;
    private static final int RW = Mman.PROT_READ | Mman.PROT_WRITE;
    private static final int SHARED = Mman.MAP_SHARED | Mman.MAP_FIXED;

    @ParameterizedTest
    @CsvSource({"gh200, GH200", "gb200, GB200", "gb300, GB300", "cxl, CXL"})
    void hostHasTheGpuOfItsName(String name, GpuModel model) {
        HostProfile.Gpu gpu = Objects.requireNonNull(HostProfile.parse(name).gpu());

        assertThat(gpu.model()).isEqualTo(model);
        assertThat(gpu.bdf()).isEqualTo("0000:01:00.0");
        assertThat(gpu.memoryBase()).isEqualTo(512 * Sizes.GIB);
        assertThat(gpu.bar0Base()).isEqualTo(960 * Sizes.GIB);
    }

    @Test
    void eightGpusOf192GFitThePhysicalAddressesOfGrace() {
        HostProfile profile = HostProfile.parse("gb200").withGpuCount(8);
        try (Host host = Host.builder(profile).build()) {
            assertThat(host.pciDevices())
                    .hasSize(8)
                    .startsWith("0000:01:00.0", "0001:01:00.0")
                    .endsWith("0007:01:00.0");
            assertThat(host.gpus()).hasSize(8);
            assertThat(profile.gpu()).isEqualTo(HostProfile.parse("gb200").gpu());
            for (HostProfile.Gpu gpu : profile.gpus()) {
                assertThat(host.machine().physicalMemory().contains(gpu.memoryBase(), 192 * Sizes.GIB))
                        .isTrue();
                assertThat(host.machine()
                                .physicalMemory()
                                .load(Agent.HOST_KERNEL, MemoryAttributes.NORMAL_WB, gpu.bar0Base(), 4))
                        .isEqualTo(0x2941);
            }
            assertThat(host.machine().physicalMemory().residentBytes()).isLessThan(Sizes.MIB);
        }
    }

    @Test
    void impossibleNumbersOfGpusAreRefused() {
        HostProfile grace = HostProfile.parse("gb200");
        HostProfile small = HostProfile.parse("a710");

        assertThatThrownBy(() -> grace.withGpuCount(0)).isInstanceOf(BadInput.class);
        assertThatThrownBy(() -> grace.withGpuCount(17)).isInstanceOf(BadInput.class);
        assertThat(grace.withGpuCount(16).withGpuCount(1)).isEqualTo(grace);
        assertThatThrownBy(() -> small.withGpuCount(8))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("40 physical");
    }

    @Test
    void fabricJoinsTheMemoryOfAllGpusAndNothingElse() {
        HostProfile profile = HostProfile.parse("gb200").withGpuCount(2);
        try (Host host = Host.builder(profile).devicesOnCallersThread(true).build()) {
            long second = profile.gpus().get(1).memoryBase();
            var memory = host.machine().physicalMemory();
            memory.store(Agent.LOADER, MemoryAttributes.NORMAL_WB, second + 64, 8, 0x77);

            assertThat(copy(
                            host.gpus().getFirst(),
                            second + 64,
                            profile.gpus().getFirst().memoryBase()))
                    .isEqualTo(CopyStatus.DONE.code());
            assertThat(memory.load(
                            Agent.LOADER,
                            MemoryAttributes.NORMAL_WB,
                            profile.gpus().getFirst().memoryBase(),
                            8))
                    .isEqualTo(0x77);
            // DRAM, and what reaches over the end.
            assertThat(copy(host.gpus().getFirst(), 2 * Sizes.GIB, second)).isEqualTo(CopyStatus.NO_SOURCE.code());
            assertThat(copy(host.gpus().getFirst(), second + 192 * Sizes.GIB - 4, second))
                    .isEqualTo(CopyStatus.NO_SOURCE.code());
        }
    }

    private static long copy(CoherentGpu gpu, long from, long to) {
        gpu.writeBar(0, CopyEngine.BASE + CopyEngine.SOURCE, 8, from);
        gpu.writeBar(0, CopyEngine.BASE + CopyEngine.DESTINATION, 8, to);
        gpu.writeBar(0, CopyEngine.BASE + CopyEngine.LENGTH, 4, 8);
        gpu.writeBar(0, CopyEngine.BASE + CopyEngine.FLAGS, 4, CopyEngine.SOURCE_LOCAL | CopyEngine.DESTINATION_LOCAL);
        gpu.writeBar(0, CopyEngine.BASE + CopyEngine.LAUNCH, 4, 1);
        return gpu.readBar(0, CopyEngine.BASE + CopyEngine.RESULT, 4);
    }

    @Test
    void closeEndsTheDevicesBeforeMemoryGoes() {
        Host host = Host.builder(HostProfile.parse("gb200")).build();
        CoherentGpu gpu = host.gpus().getFirst();
        long base = Objects.requireNonNull(host.profile().gpu()).memoryBase();
        gpu.writeBar(0, CopyEngine.BASE + CopyEngine.SOURCE, 8, base);
        gpu.writeBar(0, CopyEngine.BASE + CopyEngine.DESTINATION, 8, base + Sizes.GIB);
        gpu.writeBar(0, CopyEngine.BASE + CopyEngine.LENGTH, 4, 4 * Sizes.MIB);
        gpu.writeBar(0, CopyEngine.BASE + CopyEngine.FLAGS, 4, CopyEngine.SOURCE_LOCAL | CopyEngine.DESTINATION_LOCAL);
        gpu.writeBar(0, CopyEngine.BASE + CopyEngine.LAUNCH, 4, 1);

        host.close();

        assertThat(host.deviceFailure()).isEmpty();
        // Nothing works any more, and nothing reaches memory that is gone.
        gpu.writeBar(0, CopyEngine.BASE + CopyEngine.LAUNCH, 4, 1);
        assertThat(host.deviceFailure()).isEmpty();
    }

    @Test
    void extendedGpuMemoryIsHiddenZeroedAndCacheable() {
        HostProfile profile = HostProfile.parse("gb200").withEgm(64 * Sizes.GIB);
        try (Host host = Host.builder(profile).build()) {
            AddressSpace mm = host.newAddressSpace();
            EgmDevice egm = host.egm(0);
            assertThat(egm.name()).isEqualTo("/dev/egm0");
            assertThat(egm.length()).isEqualTo(64 * Sizes.GIB);
            assertThat(host.kernel().pfns().pfnIsMapMemory(egm.phys() >>> 12)).isFalse();
            assertThat(host.kernel().pfns().pfnValid(egm.phys() >>> 12)).isFalse();
            assertThat(host.kernel().managedPages()).isEqualTo((480 - 64) * Sizes.GIB >>> 12);

            assertThat(mm.mmap(HVA, 64 * Sizes.GIB, RW, SHARED, egm, 0)).isEqualTo(HVA);
            Vma vma = Objects.requireNonNull(mm.vmaLookup(HVA));
            assertThat(vma.pageProt()).isEqualTo(PteAttrIndex.MT_NORMAL);
            mm.userMemory().store(HVA + Sizes.GIB, 8, 1);
            // While it is open, here by its mapping, it is not zeroed.
            egm.close();
            host.egm(0).close();
            assertThat(mm.userMemory().load(HVA + Sizes.GIB, 8)).isEqualTo(1);
            mm.munmap(HVA, 64 * Sizes.GIB);
            EgmDevice again = host.egm(0);
            assertThat(mm.mmap(HVA, 2 * Sizes.GIB, RW, SHARED, again, 0)).isEqualTo(HVA);
            assertThat(mm.userMemory().load(HVA + Sizes.GIB, 8)).isZero();
        }
    }

    @Test
    void extendedGpuMemoryRefusesWhatItHasNot() {
        HostProfile profile = HostProfile.parse("gb200");
        assertThatThrownBy(() -> profile.withEgm(0)).isInstanceOf(BadInput.class);
        assertThatThrownBy(() -> profile.withEgm(480 * Sizes.GIB)).isInstanceOf(BadInput.class);
        assertThatThrownBy(() -> profile.withEgm(4096)).isInstanceOf(BadInput.class);
        assertThatThrownBy(() -> profile.withEgm(Sizes.GIB).withEgm(Sizes.GIB)).isInstanceOf(BadInput.class);
        try (Host host = Host.builder(profile.withEgm(Sizes.GIB)).build()) {
            AddressSpace mm = host.newAddressSpace();
            EgmDevice egm = host.egm(0);

            assertThatThrownBy(() -> host.egm(1)).isInstanceOf(BadInput.class);
            assertThat(mm.mmap(HVA, Sizes.GIB + 4096, RW, SHARED, egm, 0)).isEqualTo(Errno.EINVAL.negated());
            assertThat(mm.mmap(HVA, 4096, RW, SHARED, egm, Sizes.GIB)).isEqualTo(Errno.EINVAL.negated());
            assertThat(mm.mmap(HVA, 4096, RW, SHARED, egm, Long.MAX_VALUE & -4096))
                    .isEqualTo(Errno.EOVERFLOW.negated());
        }
    }
}

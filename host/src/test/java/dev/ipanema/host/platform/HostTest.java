package dev.ipanema.host.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.host.driver.DeviceRegion;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.Mman;
import dev.ipanema.machine.mmu.ExclusivePolicy;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HostTest {
    @ParameterizedTest
    @CsvSource({
        "gb200, true, true, 192, FAULT_0X35",
        "gh200, true, true, 96, FAULT_0X35",
        "gb300, true, true, 288, FAULT_0X35",
        "altra, false, false, 96, WORK",
        "a710, true, false, 32, WORK",
        "max, true, true, 96, WORK",
    })
    void profileHasTheFeaturesOfItsPlatform(
            String name, boolean fwb, boolean dic, long gpuGib, ExclusivePolicy exclusives) {
        try (Host host = Host.builder(HostProfile.parse(name)).build()) {
            assertThat(host.fwb()).isEqualTo(fwb);
            assertThat(host.dic()).isEqualTo(dic);
            assertThat(Objects.requireNonNull(host.profile().gpu()).memorySize())
                    .isEqualTo(gpuGib * Sizes.GIB);
            assertThat(host.profile().exclusives()).isEqualTo(exclusives);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gb200", "gh200", "gb300", "altra", "a710", "max"})
    void gpuMemoryIsNeitherMapMemoryNorHasStructPages(String name) {
        try (Host host = Host.builder(HostProfile.parse(name)).build()) {
            long pfn = Objects.requireNonNull(host.profile().gpu()).memoryBase() >>> 12;

            assertThat(host.kernel().pfns().pfnIsMapMemory(pfn)).isFalse();
            assertThat(host.kernel().pfns().pfnValid(pfn)).isFalse();
            assertThat(host.machine().physicalMemory().contains(pfn << 12, 8)).isTrue();
        }
    }

    @Test
    void hostOf480GiBAndItsGpuCostNothingUntilTouched() {
        try (Host host = Host.builder(HostProfile.parse("gb200")).build()) {
            assertThat(host.machine().physicalMemory().residentBytes()).isLessThan(Sizes.MIB);
            // The last 2 MiB may be lost to alignment.
            assertThat(host.kernel().managedPages()).isEqualTo((480 * Sizes.GIB) >>> 12);
        }
    }

    @Test
    void recordingHostHasTheMemoryOfTheRecordings() {
        HostProfile profile = HostProfile.recording(CpuModel.parse("cortex-a76+dic"));
        try (Host host = Host.builder(profile).build()) {
            var pfns = host.kernel().pfns();

            assertThat(pfns.pfnIsMapMemory(0x44400)).isTrue();
            assertThat(pfns.pfnValid(0x44400)).isTrue();
            assertThat(pfns.pfnIsMapMemory(0x6c000)).isFalse();
            assertThat(pfns.pfnValid(0x6c000)).isTrue();
            assertThat(pfns.pfnIsMapMemory(0xc0000)).isFalse();
            assertThat(pfns.pfnValid(0xfffff)).isFalse();
            assertThat(host.machine().physicalMemory().contains(0xc000_0000L, Sizes.GIB))
                    .isTrue();
        }
    }

    @Test
    void recordingHostNeverHandsOutTheMemoryOfItsDrivers() {
        try (Host host =
                Host.builder(HostProfile.recording(CpuModel.parse("max"))).build()) {
            long pfn = host.kernel().pfns().range(0x4400_0000L) == null ? -1 : 0x44000;
            while (pfn >= 0) {
                pfn = host.kernel().allocKernelPages(9);
                assertThat(pfn >= 0x4400_0000L && pfn < 0x4600_0000L).isFalse();
            }
            assertThat(host.kernel().managedPages()).isEqualTo((0x6c00_0000L - 0x4000_0000L - 0x200_0000L) >>> 12);
        }
    }

    @Test
    void processesOfOneHostHaveSeparateMemory() {
        try (Host host = Host.builder(HostProfile.parse("max")).build()) {
            AddressSpace first = host.newAddressSpace();
            AddressSpace second = host.newAddressSpace();
            int flags = Mman.MAP_PRIVATE | Mman.MAP_FIXED;
            first.mmap(0x10_0000_0000L, 4096, Mman.PROT_READ | Mman.PROT_WRITE, flags);
            second.mmap(0x10_0000_0000L, 4096, Mman.PROT_READ | Mman.PROT_WRITE, flags);

            first.userMemory().store(0x10_0000_0000L, 8, 1);
            second.userMemory().store(0x10_0000_0000L, 8, 2);

            assertThat(first.userMemory().load(0x10_0000_0000L, 8)).isEqualTo(1);
            assertThat(first.pid()).isNotEqualTo(second.pid());
        }
    }

    @Test
    void gpuMemoryOfAnotherSizeIsPartOfTheMap() {
        HostProfile small = HostProfile.parse("gb200").withGpuMemory(256 * Sizes.MIB);
        try (Host host = Host.builder(small).build()) {
            DeviceRegion region = host.gpuMemory(DeviceRegion.Kind.USEMEM, 0, 256 * Sizes.MIB, false);

            assertThat(region.length()).isEqualTo(256 * Sizes.MIB);
            assertThatThrownBy(() -> host.gpuMemory(DeviceRegion.Kind.USEMEM, 1, 256 * Sizes.MIB, false))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThat(host.machine().physicalMemory().contains(region.phys() + region.length(), 1))
                    .isFalse();
        }
    }

    @Test
    void unknownHostIsRefusedWithTheListOfThoseKnown() {
        assertThatThrownBy(() -> HostProfile.parse("gb100"))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("'gb100'")
                .hasMessageContaining("gb200, gh200, gb300, altra, a710, max");
    }

    @Test
    void processorThatCannotAddressTheMemoryIsRefused() {
        HostProfile gb200 = HostProfile.parse("gb200");
        CpuModel narrow = CpuModel.parse("cortex-a76").withPaBits(36);

        assertThatThrownBy(() -> gb200.withCpu(narrow))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("dram")
                .hasMessageContaining("36 physical address bits");
    }

    @Test
    void everyHostTakesEveryProcessor() {
        for (String host : HostProfile.names()) {
            for (String cpu : CpuModel.names()) {
                HostProfile profile = HostProfile.parse(host).withCpu(CpuModel.parse(cpu));

                assertThat(profile.cpu().name()).isEqualTo(cpu);
            }
        }
    }

    @Test
    void impossibleGpuMemoryIsRefused() {
        HostProfile profile = HostProfile.parse("gb200");
        HostProfile recording = HostProfile.recording(CpuModel.parse("max"));

        assertThatThrownBy(() -> profile.withGpuMemory(0)).isInstanceOf(BadInput.class);
        assertThatThrownBy(() -> profile.withGpuMemory(Sizes.MIB)).isInstanceOf(BadInput.class);
        assertThatThrownBy(() -> profile.withGpuMemory(449 * Sizes.GIB)).isInstanceOf(BadInput.class);
        assertThatThrownBy(() -> recording.withGpuMemory(Sizes.GIB)).isInstanceOf(BadInput.class);
        assertThatThrownBy(() -> recording.withGpuMemory(Sizes.GIB)).hasMessageContaining("no GPU");
    }
}

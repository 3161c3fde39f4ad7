package dev.ipanema.vmm.passthrough;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.devices.gpu.GpuModel;
import dev.ipanema.host.platform.HostProfile;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What users write for devices of the host.
class HostDevicesTest {
    private static HostDevices of(String... options) {
        HostDevices devices = new HostDevices();
        for (String option : options) {
            devices.add(option);
        }
        return devices;
    }

    @Test
    void theThreeKindsAreTold() {
        HostDevices devices = of(
                "vfio,host=0001:01:00.0,identity-map",
                "coherent-memory,node=2,size=4G,as=pmem,force",
                "coherent-gpu,memory=8G,model=gh200");

        assertThat(devices.devices())
                .containsExactly(
                        new HostDevice.Function("0001:01:00.0", true, false),
                        new HostDevice.Memory("0000:01:00.0", 2, 4 * Sizes.GIB, true, true),
                        new HostDevice.Function("0000:01:00.0", false, false));
    }

    @Test
    void aDescribedGpuIsTheHosts() {
        HostProfile profile = of("coherent-gpu,memory=8G,model=gh200").equip(HostProfile.parse("gb200"));

        assertThat(profile.gpus()).hasSize(1);
        assertThat(profile.gpus().getFirst().memorySize()).isEqualTo(8 * Sizes.GIB);
        assertThat(profile.gpus().getFirst().model()).isEqualTo(GpuModel.GH200);
    }

    @Test
    void devicesSnoopUnlessAnOptionSaysOtherwise() {
        HostProfile two = HostProfile.parse("gb200")
                .withGpus(List.of(
                        HostProfile.gpuAt(0, GpuModel.GB200, Sizes.GIB),
                        HostProfile.gpuAt(1, GpuModel.GB200, Sizes.GIB)));

        assertThat(of("vfio,host=0001:01:00.0,no-snoop").equip(two).gpus())
                .extracting(HostProfile.Gpu::snoops)
                .containsExactly(true, false);
        assertThat(of("coherent-gpu,no-snoop").equip(two).gpus())
                .extracting(HostProfile.Gpu::snoops)
                .containsExactly(false);
    }

    @Test
    void withoutAnOptionTheGuestIsGivenAllGpus() {
        HostDevices devices = new HostDevices();
        devices.addAllOf(HostProfile.parse("gb200"));

        assertThat(devices.devices()).containsExactly(new HostDevice.Function("0000:01:00.0", false, false));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "vfio                                  | host=",
                "vfio,host=1:0.0                       | is not where a device is",
                "vfio,host=0000:01:00.0,memory=4G      | is unknown",
                "coherent-gpu,model=h100               | h100",
                "coherent-gpu,link=broken              | link is up or down",
                "coherent-gpu,memory=much              | much",
                "coherent-memory,node=0                | node is 1 to 63",
                "coherent-memory,size=3M               | multiple of 2M",
                "coherent-memory,as=disk               | as is ram or pmem",
            })
    void whatIsWrongIsSaid(String option, String words) {
        assertThatThrownBy(() -> of(option)).isInstanceOf(BadInput.class).hasMessageContaining(words);
    }

    @ParameterizedTest
    @CsvSource({"vfio, true", "coherent-gpu, true", "rng, false", "blk, false"})
    void otherDevicesAreNotTheHosts(String kind, boolean is) {
        assertThat(HostDevices.isOne(kind + ",x=1")).isEqualTo(is);
    }
}

package dev.ipanema.vmm.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.devices.virtio.Virtio9p;
import dev.ipanema.devices.virtio.VirtioBlock;
import dev.ipanema.devices.virtio.VirtioConsole;
import dev.ipanema.devices.virtio.VirtioNet;
import dev.ipanema.devices.virtio.VirtioRng;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeviceOptionTest {
    @TempDir
    private Path folder;

    private Path disk = Path.of("");

    @BeforeEach
    void makeDisk() throws IOException {
        disk = Files.write(folder.resolve("disk.img"), new byte[1 << 20]);
    }

    private static void refused(String text, String message) {
        assertThatThrownBy(() -> DeviceOption.parse(text, 1))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining(message);
    }

    @Test
    void eachKindMakesItsDevice() throws IOException {
        try (GuestDevice blk = DeviceOption.parse("blk,path=" + disk + ",ro", 1);
                GuestDevice net = DeviceOption.parse("net", 1);
                GuestDevice console = DeviceOption.parse("console,path=" + folder.resolve("log"), 1);
                GuestDevice rng = DeviceOption.parse("rng,transport=pci", 1);
                GuestDevice share = DeviceOption.parse("9p,path=" + folder, 1)) {
            assertThat(blk.model().get()).isInstanceOf(VirtioBlock.class);
            assertThat(net.model().get()).isInstanceOf(VirtioNet.class);
            assertThat(console.model().get()).isInstanceOf(VirtioConsole.class);
            assertThat(rng.model().get()).isInstanceOf(VirtioRng.class);
            assertThat(rng.transport()).isEqualTo(GuestDevice.Transport.PCI);
            assertThat(share.model().get()).isInstanceOf(Virtio9p.class);
            assertThat(share.transport()).isEqualTo(GuestDevice.Transport.MMIO);
        }
    }

    @Test
    void aResetMakesADeviceAnewOnTheSameDisk() throws IOException {
        try (GuestDevice device = DeviceOption.disk(disk + ",overlay")) {
            assertThat(device.model().get()).isNotSameAs(device.model().get());
            assertThat(folder.resolve("disk.img.overlay")).exists();
        }
    }

    @Test
    void whatIsNotThereIsRefused() {
        refused("blk,path=" + folder.resolve("none"), "does not exist");
        refused("9p,path=" + folder.resolve("none"), "does not exist");
        refused("9p,path=" + disk, "is not a folder");
        refused("net,mode=replay,path=" + disk, "is not a little-endian pcap");
        refused("console,path=" + folder.resolve("none/log"), "cannot be written");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "sound | there are 9p, blk, console, net and rng",
                "blk | =…' is missing",
                "9p | =…' is missing",
                "rng,transport=usb | there are mmio and pci",
                "net,mac=1:2:3 | is not the address of a card",
                "net,mac=01:00:00:00:00:00 | is not the address of a card",
                "net,mode=tap | there are loopback and replay",
                "net,path=x | belongs to it",
                "rng,rng | rng",
                "rng,a=1,a=2 | given twice"
            })
    void aMalformedOptionIsRefusedByName(String text, String message) {
        refused(text, message);
    }
}

package dev.ipanema.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Linux's own drivers on the virtio devices, with guests from the cache as in [LinuxBootTest]: a disk and randomness
/// on
/// the PCI bus with MSI-X, a network card in an MMIO window, and the console ports of `--exec`.
@Timeout(900)
class LinuxDevicesTest {
    private static final int SECTOR = 512;
    private static final int WRITTEN_SECTOR = 100;

    private final GuestRunner runner = new GuestRunner();

    @TempDir
    private Path folder;

    @Test
    void diskNetworkAndRandomnessWorkOverBothTransports() throws IOException, NoSuchAlgorithmException {
        byte[] content = new byte[4 << 20];
        new SplittableRandom(1).nextBytes(content);
        Path disk = Files.write(folder.resolve("disk.img"), content);
        Path capture = folder.resolve("net.pcap");
        String sum =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));

        int code = runner.run(List.of(
                "run",
                "--timeout",
                "600",
                "-k",
                GuestRunner.guest("linux-6.12"),
                "-i",
                GuestRunner.guest("busybox"),
                "-i",
                GuestRunner.guest("linux-6.12-modules"),
                "-m",
                "256M",
                "-p",
                "console=ttyAMA0",
                "--irqchip",
                "gicv3-its",
                "-d",
                disk + ",overlay,serial=disk-1,transport=pci",
                "--device",
                "rng,transport=pci",
                "--device",
                "net,capture=" + capture,
                "--exec",
                "cat /sys/block/vda/serial; echo; sha256sum /dev/vda;"
                        + " echo from the guest | dd of=/dev/vda bs=512 seek=" + WRITTEN_SECTOR + " conv=fsync;"
                        + " head -c 8 /dev/hwrng | wc -c;"
                        + " ip link set eth0 up && ip addr add 10.0.2.15/24 dev eth0 && ping -c 2 10.0.2.2;"
                        + " grep -c ITS-PCI /proc/interrupts"));

        String text = runner.output();
        assertThat(code).as("%s%n%s", text, runner.messages()).isZero();
        assertThat(text.split("\n"))
                .contains("disk-1", "8")
                .anyMatch(line -> line.startsWith(sum))
                .anyMatch(line -> line.startsWith("2 packets transmitted, 2 packets received"));
        assertThat(Files.readAllBytes(disk)).isEqualTo(content);
        byte[] side = Files.readAllBytes(folder.resolve("disk.img.overlay"));
        byte[] sector = Arrays.copyOfRange(side, WRITTEN_SECTOR * SECTOR, (WRITTEN_SECTOR + 1) * SECTOR);
        assertThat(new String(sector, StandardCharsets.US_ASCII)).startsWith("from the guest\n");
        assertThat(capture).isNotEmptyFile();
    }
}

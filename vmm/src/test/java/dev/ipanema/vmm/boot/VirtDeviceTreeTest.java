package dev.ipanema.vmm.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.images.format.GuestImage;
import dev.ipanema.vmm.device.DeviceOption;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What the device tree says about machines, and what is said about device trees that tell something else.
class VirtDeviceTreeTest {
    private static final CpuModel CPU = CpuModel.parse("cortex-a76");
    private static final long RAM = 64 * Sizes.MIB;

    @TempDir
    private Path folder;

    private static VirtConfig.Builder config() {
        GuestImage image = GuestImage.read("guest.bin", new byte[4], true, VirtMap.RAM, RAM);
        return VirtConfig.builder(image, RAM).cpus(2);
    }

    /// {@return what Debian's device tree compiler makes of a tree, its warnings first}
    private String dtc(byte[] blob) throws IOException, InterruptedException {
        Path file = Files.write(folder.resolve("tree.dtb"), blob);
        Process process;
        try {
            process = new ProcessBuilder("dtc", "-I", "dtb", "-O", "dts", file.toString())
                    .redirectErrorStream(true)
                    .start();
        } catch (IOException e) {
            return Assumptions.abort("dtc is not installed (Debian: device-tree-compiler)");
        }
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(text).isZero();
        return text;
    }

    @ParameterizedTest
    @EnumSource(Irqchip.class)
    void theDeviceTreeCompilerHasNothingToSayAgainstIt(Irqchip irqchip) throws IOException, InterruptedException {
        VirtConfig config = config().irqchip(irqchip)
                .params("console=ttyAMA0")
                .initrd(new byte[5])
                .devices(List.of(DeviceOption.parse("rng", 1)))
                .build();

        String source = dtc(
                VirtDeviceTree.build(config, VirtMap.plan(), CPU, 0x4100_0000L).toBlob());

        assertThat(source)
                .startsWith("/dts-v1/;")
                .contains("bootargs = \"console=ttyAMA0\"")
                .contains("linux,initrd-end = <0x00 0x41000005>")
                .contains("compatible = \"arm,cortex-a76\"", "cpu@1 {", "virtio_mmio@a000000", "pl031@9010000");
    }

    @Test
    void theTreeReadsBackAsItWasWritten() {
        byte[] blob =
                VirtDeviceTree.build(config().build(), VirtMap.plan(), CPU, 0).toBlob();

        assertThat(DeviceTreeReader.read("own", blob).toBlob()).isEqualTo(blob);
    }

    @Test
    void performanceMonitorsAreThereWhenTheProcessorHasThem() {
        DeviceTree with = VirtDeviceTree.build(config().build(), VirtMap.plan(), CPU, 0);
        DeviceTree without =
                VirtDeviceTree.build(config().build(), VirtMap.plan(), CpuModel.parse("cortex-a76-pmu"), 0);

        assertThat(with.root().child("pmu").string("compatible")).isEqualTo("arm,armv8-pmuv3");
        assertThat(with.root().child("pmu").has("interrupts")).isTrue();
        assertThat(without.root().child("pmu").has("compatible")).isFalse();
    }

    @Test
    void theSeedDecidesTheRandomness() {
        byte[] one = VirtDeviceTree.build(config().seed(1).build(), VirtMap.plan(), CPU, 0)
                .toBlob();
        byte[] again = VirtDeviceTree.build(config().seed(1).build(), VirtMap.plan(), CPU, 0)
                .toBlob();
        byte[] two = VirtDeviceTree.build(config().seed(2).build(), VirtMap.plan(), CPU, 0)
                .toBlob();

        assertThat(again).isEqualTo(one);
        assertThat(two).isNotEqualTo(one);
    }

    // ---- the user's tree -------------------------------------------------------------------------------------------

    private static byte[] changed(Consumer<DeviceTree.Node> change) {
        DeviceTree tree = VirtDeviceTree.build(config().build(), VirtMap.plan(), CPU, 0);
        change.accept(tree.root());
        return tree.toBlob();
    }

    private static void refused(byte[] dtb, String... because) {
        VirtConfig config = config().dtb(dtb).build();

        assertThatThrownBy(() -> VirtDeviceTree.build(config, VirtMap.plan(), CPU, 0))
                .isInstanceOf(BadInput.class)
                .hasMessageStartingWith("--dtb: ")
                .hasMessageContainingAll(because);
    }

    @Test
    void theMachinesOwnTreeIsAcceptedAndGetsTheParameters() {
        byte[] own = changed(root -> root.node("extra").strings("label", "mine"));
        VirtConfig config = config().dtb(own).params("quiet").build();

        DeviceTree tree = VirtDeviceTree.build(config, VirtMap.plan(), CPU, 0);

        assertThat(tree.root().child("chosen").string("bootargs")).isEqualTo("quiet");
        assertThat(tree.root().child("extra").string("label")).isEqualTo("mine");
    }

    @Test
    void moreMemoryThanThereIsIsRefused() {
        refused(
                changed(root -> root.child("memory@40000000").longs("reg", VirtMap.RAM, RAM + 4096)),
                "contradicts the machine",
                "0x44001000",
                "-m");
    }

    @Test
    void moreProcessorsThanThereAreAreRefused() {
        refused(
                changed(root -> root.child("cpus")
                        .node("cpu@2")
                        .strings("device_type", "cpu")
                        .cells("reg", 2)),
                "cpu@2",
                "MPIDR 0x2",
                "2 vCPUs");
    }

    @Test
    void anotherInterruptControllerIsRefused() {
        refused(
                changed(root -> root.child("intc@8000000").strings("compatible", "arm,cortex-a15-gic")),
                "intc@8000000",
                "arm,gic-v3");
    }

    @Test
    void aDeviceThatIsNotThereIsRefused() {
        refused(
                changed(root -> root.node("ethernet@a003e00")
                        .strings("compatible", "virtio,mmio")
                        .longs("reg", 0xa003e00L, 0x200)),
                "ethernet@a003e00",
                "has nothing");
    }

    @Test
    void firmwareCallsOfHostsAreRefused() {
        refused(changed(root -> root.child("psci").strings("method", "smc")), "psci", "hvc");
    }

    @Test
    void everyTruncationAndEveryFlippedWordIsRefusedOrRead() {
        byte[] own = changed(root -> {});
        for (int length = 0; length < own.length; length += 97) {
            byte[] cut = java.util.Arrays.copyOf(own, length);
            assertThatThrownBy(() -> DeviceTreeReader.read("cut", cut)).isInstanceOf(BadInput.class);
        }
        for (int at = 0; at + 4 <= own.length; at += 4) {
            byte[] flipped = own.clone();
            flipped[at] ^= (byte) 0x80;
            try {
                DeviceTreeReader.read("flipped", flipped);
            } catch (BadInput e) {
                assertThat(e.getMessage()).startsWith("flipped: ");
            }
        }
    }
}

package dev.ipanema.images.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.images.cpio.CpioReader;
import dev.ipanema.images.cpio.CpioWriter;
import dev.ipanema.images.debian.DebFixture;
import dev.ipanema.images.debian.DebianPackage;
import dev.ipanema.images.debian.DebianVersion;
import dev.ipanema.images.debian.PackageIndex;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecipeTest {
    private final List<DebianPackage> packages = new ArrayList<>();

    private final PackageIndex index = new PackageIndex() {
        @Override
        public List<String> names(String prefix) {
            return packages.stream()
                    .map(DebianPackage::name)
                    .filter(name -> name.startsWith(prefix))
                    .distinct()
                    .toList();
        }

        @Override
        public List<DebianPackage> packages(List<String> names) {
            return packages.stream().filter(each -> names.contains(each.name())).toList();
        }
    };

    @Test
    void newestKernelOfASeriesIsTaken() {
        add("linux-image-6.12.107+deb13-cloud-arm64", "6.12.107-1");
        add("linux-image-6.12.117+deb13-cloud-arm64-unsigned", "6.12.117-1");
        add("linux-image-6.12.117+deb13-cloud-arm64", "6.12.117-1");
        add("linux-image-6.12.117+deb13-cloud-arm64-dbg", "6.12.118-1");
        add("linux-image-6.12.117+deb13-arm64", "6.12.119-1");
        add("linux-image-6.1.0-50-cloud-arm64", "6.1.176-1");

        assertThat(new KernelRecipe("6.12").select(index))
                .extracting(DebianPackage::name)
                .containsExactly("linux-image-6.12.117+deb13-cloud-arm64");
        assertThat(new KernelRecipe("6.1").select(index))
                .extracting(DebianPackage::name)
                .containsExactly("linux-image-6.1.0-50-cloud-arm64");
    }

    @Test
    void kernelsOwnDependenciesAreFollowed() {
        add(
                "linux-image-7.3.4+deb13-cloud-arm64",
                "7.3.4-1",
                "kmod",
                "linux-base-7.3.4 = 7.3.4-1",
                "linux-binary-7.3.4 = 7.3.4-1",
                "linux-modules-7.3.4 = 7.3.4-1");
        add("linux-binary-7.3.4", "7.3.4-1");
        add("linux-modules-7.3.4", "7.3.3-1");
        add("linux-modules-7.3.4", "7.3.4-1");

        assertThat(new KernelRecipe("7.3").select(index))
                .extracting(DebianPackage::toString)
                .containsExactly(
                        "linux-image-7.3.4+deb13-cloud-arm64 7.3.4-1",
                        "linux-binary-7.3.4 7.3.4-1",
                        "linux-modules-7.3.4 7.3.4-1");
    }

    @Test
    void dependencyThatIsNotThereIsNamed() {
        add("linux-image-7.3.4+deb13-cloud-arm64", "7.3.4-1", "linux-binary-7.3.4 = 7.3.4-1");

        assertThatThrownBy(() -> new KernelRecipe("7.3").select(index))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("depends on linux-binary-7.3.4 7.3.4-1");
    }

    @Test
    void seriesThatIsGoneIsNamedWithThoseThatAreThere() {
        add("linux-image-6.9.1-cloud-arm64", "6.9.1-1");
        add("linux-image-6.12.117+deb13-cloud-arm64", "6.12.117-1");

        assertThatThrownBy(() -> new KernelRecipe("6.18").select(index))
                .isInstanceOf(BadInput.class)
                .hasMessage("linux-6.18: Debian's index has no cloud kernel of this series any more; it has 6.9, 6.12");
    }

    @Test
    void kernelAndModulesComeOutOfSeveralPackages(@TempDir Path directory) throws IOException {
        byte[] image = {1, 2, 3};
        Path binary = Files.write(
                directory.resolve("binary.deb"), DebFixture.deb(".xz", Map.of("usr/lib/modules/7.3.4/vmlinuz", image)));
        Path modules = Files.write(
                directory.resolve("modules.deb"),
                DebFixture.deb(
                        ".xz",
                        Map.of(
                                "usr/lib/modules/7.3.4/kernel/drivers/virtio/virtio_mmio.ko",
                                ModuleFixture.module("depends="))));

        Map<String, byte[]> files = new KernelRecipe("7.3").make(List.of(binary, modules));

        assertThat(files.get(KernelRecipe.IMAGE)).isEqualTo(image);
        assertThat(unpack(files.get(KernelRecipe.MODULES)))
                .containsKey("lib/modules/7.3.4/kernel/drivers/virtio/virtio_mmio.ko");
    }

    @Test
    void packagesWithoutAKernelAreRefused(@TempDir Path directory) throws IOException {
        Path empty = Files.write(directory.resolve("a.deb"), DebFixture.deb(".gz", Map.of()));

        assertThatThrownBy(() -> new KernelRecipe("7.3").make(List.of(empty)))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("no kernel image");
    }

    @Test
    void busyboxBecomesAnInitrd(@TempDir Path directory) throws IOException {
        byte[] program = {0x7f, 'E', 'L', 'F'};
        Path deb = Files.write(directory.resolve("a.deb"), DebFixture.deb(".xz", Map.of("usr/bin/busybox", program)));

        Map<String, CpioReader.Entry> entries =
                unpack(new BusyboxRecipe().make(List.of(deb)).get(BusyboxRecipe.INITRD));

        assertThat(entries.get("bin/busybox").contents()).isEqualTo(program);
        assertThat(entries.get("bin/busybox").mode()).isEqualTo(0100755);
        assertThat(entries.get("bin/sh").text()).isEqualTo("busybox");
        assertThat(entries.get("dev/console").major()).isEqualTo(5);
        assertThat(entries.get("init").mode()).isEqualTo(0100755);
        assertThat(entries.get("init").text())
                .startsWith("#!/bin/sh\n")
                .contains(BusyboxInitrd.STDOUT, BusyboxInitrd.STDERR, BusyboxInitrd.EXIT);
    }

    @Test
    void commandLiesWhereInitLooksForIt() throws IOException {
        byte[] disk = new GZIPInputStream(new ByteArrayInputStream(BusyboxInitrd.build(new byte[1]))).readAllBytes();

        Map<String, CpioReader.Entry> entries =
                CpioReader.read(CpioWriter.concatenate(disk, BusyboxInitrd.command("echo 'a  b'")));

        assertThat(entries.get("ipanema/command").text()).isEqualTo("echo 'a  b'\n");
        assertThat(entries.get("init").text()).contains("/ipanema/command");
    }

    @Test
    void namesMeanGuestsAndTheirParts() {
        assertThat(Guest.part("linux-6.12").file()).isEqualTo("vmlinuz");
        assertThat(Guest.part("linux-6.12-modules").file()).isEqualTo("modules.cpio.gz");
        assertThat(Guest.part("edk2-vars").guest().name()).isEqualTo("edk2");
        assertThatThrownBy(() -> Guest.part("linux-5.10"))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("there is no guest 'linux-5.10'; there are linux-6.1, ");
    }

    private static Map<String, CpioReader.Entry> unpack(byte[] archive) throws IOException {
        return CpioReader.read(new GZIPInputStream(new ByteArrayInputStream(archive)).readAllBytes());
    }

    private void add(String name, String version, String... depends) {
        List<List<DebianPackage.Relation>> relations = new ArrayList<>();
        for (String each : depends) {
            String[] parts = each.split(" = ", 2);
            relations.add(List.of(new DebianPackage.Relation(parts[0], parts.length > 1 ? parts[1] : "")));
        }
        packages.add(new DebianPackage(name, new DebianVersion(version), relations, 1, "0".repeat(64)));
    }
}

package dev.ipanema.images.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.images.cpio.CpioReader;
import dev.ipanema.images.format.KernelModule;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

class ModulesArchiveTest {
    private static final String ROOT = "lib/modules/6.1.0-50";

    @Test
    void moduleTellsWhatItNeedsAndServes() {
        KernelModule module = KernelModule.of(
                ModuleFixture.module("license=GPL", "depends=virtio,virtio_ring", "alias=virtio:d00000003v*"));

        assertThat(module.depends()).containsExactly("virtio", "virtio_ring");
        assertThat(module.aliases()).containsExactly("virtio:d00000003v*");
    }

    @Test
    void moduleWithoutDependenciesNeedsNothing() {
        assertThat(KernelModule.of(ModuleFixture.module("depends=")).depends()).isEmpty();
    }

    @Test
    void damagedModuleSaysNothingOrSomethingButNeverThrows() {
        SplittableRandom random = new SplittableRandom(Long.getLong("ipanema.seed", 7));
        byte[] whole = ModuleFixture.module("depends=virtio", "alias=a");
        int changed = 0;
        for (int i = 0; i < 5000; i++) {
            byte[] file = whole.clone();
            for (int change = random.nextInt(1, 5); change > 0; change--) {
                file[random.nextInt(4, file.length)] = (byte) random.nextInt();
            }
            changed += KernelModule.of(file).depends().contains("virtio") ? 0 : 1;
        }
        assertThat(changed).isPositive();
    }

    @Test
    void driversComeBehindWhatTheyDependOnAndAreUnpacked() throws IOException {
        Map<String, CpioReader.Entry> entries = archive();

        assertThat(entries.get(ROOT + "/modules.load").text()).isEqualTo("""
            kernel/drivers/virtio/virtio_ring.ko
            kernel/drivers/virtio/virtio.ko
            kernel/drivers/virtio/virtio_mmio.ko
            kernel/drivers/char/hw_random/virtio-rng.ko
            """);
        assertThat(KernelModule.of(entries.get(ROOT + "/kernel/drivers/virtio/virtio.ko")
                                .contents())
                        .depends())
                .containsExactly("virtio_ring");
    }

    @Test
    void modprobesFilesNameDependenciesAndAliases() throws IOException {
        Map<String, CpioReader.Entry> entries = archive();

        assertThat(entries.get(ROOT + "/modules.dep").text())
                .contains("kernel/drivers/virtio/virtio_mmio.ko: kernel/drivers/virtio/virtio.ko"
                        + " kernel/drivers/virtio/virtio_ring.ko\n")
                .contains("kernel/fs/overlayfs/overlay.ko:\n");
        assertThat(entries.get(ROOT + "/modules.alias").text()).contains("alias of:virtio,mmio virtio_mmio\n");
    }

    @Test
    void modulesThatNobodyAskedForStayOut() throws IOException {
        assertThat(archive().keySet()).noneMatch(path -> path.contains("sound"));
    }

    @Test
    void directoriesComeBeforeWhatIsInThem() throws IOException {
        assertThat(archive().keySet()).startsWith("lib", "lib/modules", ROOT, ROOT + "/kernel");
    }

    private static Map<String, CpioReader.Entry> archive() throws IOException {
        ModulesArchive modules = new ModulesArchive();
        String kernel = "usr/" + ROOT + "/kernel/";
        modules.add(
                kernel + "drivers/virtio/virtio_mmio.ko.xz", xz("depends=virtio,virtio_ring", "alias=of:virtio,mmio"));
        modules.add(kernel + "drivers/virtio/virtio.ko.xz", xz("depends=virtio_ring"));
        modules.add(kernel + "drivers/virtio/virtio_ring.ko", ModuleFixture.module("depends="));
        modules.add(kernel + "drivers/char/hw_random/virtio-rng.ko.xz", xz("depends=virtio"));
        modules.add(kernel + "fs/overlayfs/overlay.ko.xz", xz("depends="));
        modules.add(kernel + "sound/snd.ko.xz", xz("depends="));
        return CpioReader.read(new GZIPInputStream(new ByteArrayInputStream(modules.toArchive())).readAllBytes());
    }

    private static byte[] xz(String... lines) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (XZOutputStream stream = new XZOutputStream(packed, new LZMA2Options())) {
            stream.write(ModuleFixture.module(lines));
        }
        return packed.toByteArray();
    }
}

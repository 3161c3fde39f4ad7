package dev.ipanema.images.cpio;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CpioWriterTest {
    @Test
    void everyKindOfEntryKeepsItsModeAndContents() {
        byte[] archive = sample();

        Map<String, CpioReader.Entry> entries = CpioReader.read(archive);

        assertThat(entries.keySet()).containsExactly("dev", "dev/console", "dev/vda", "init", "sh");
        assertThat(entries.get("dev").mode()).isEqualTo(0040755);
        assertThat(entries.get("dev/console").mode()).isEqualTo(0020600);
        assertThat(entries.get("dev/console").major()).isEqualTo(5);
        assertThat(entries.get("dev/console").minor()).isEqualTo(1);
        assertThat(entries.get("dev/vda").mode()).isEqualTo(0060660);
        assertThat(entries.get("init").mode()).isEqualTo(0100755);
        assertThat(entries.get("init").text()).isEqualTo("#!/bin/sh\n");
        assertThat(entries.get("sh").mode()).isEqualTo(0120777);
        assertThat(entries.get("sh").text()).isEqualTo("busybox");
    }

    @Test
    void firstHeaderIsAsTheFormatDescribesIt() {
        String text = new String(new CpioWriter().directory("a", 0755).finish(), UTF_8);

        assertThat(text)
                .startsWith("070701" + "00000001" + "000041ed" + "00000000" + "00000000" + "00000001" + "00000000"
                        + "00000000" + "00000000" + "00000000" + "00000000" + "00000000" + "00000002" + "00000000"
                        + "a\0");
    }

    @Test
    void archiveIsAMultipleOfFourLong() {
        assertThat(sample().length % 4).isZero();
    }

    @Test
    void laterArchiveReplacesFilesOfAnEarlierOne() {
        byte[] first = new CpioWriter().file("a", 0644, "1".getBytes(UTF_8)).finish();
        byte[] second = new CpioWriter().file("a", 0644, "22".getBytes(UTF_8)).finish();

        Map<String, CpioReader.Entry> entries = CpioReader.read(CpioWriter.concatenate(first, second));

        assertThat(entries.get("a").text()).isEqualTo("22");
    }

    @Test
    void archiveBehindACompressedOneStartsAtAMultipleOfFour() {
        byte[] plain = new CpioWriter().file("a", 0644, new byte[1]).finish();

        byte[] both = CpioWriter.concatenate(new byte[] {0x1f, (byte) 0x8b, 8}, plain);

        assertThat(CpioReader.read(java.util.Arrays.copyOfRange(both, 4, both.length)))
                .containsKey("a");
    }

    @Test
    void compressedArchiveIsTheSameArchive() throws IOException {
        CpioWriter writer = new CpioWriter().file("a", 0644, "1".getBytes(UTF_8));

        byte[] unpacked = new GZIPInputStream(new ByteArrayInputStream(writer.finishGzip())).readAllBytes();

        assertThat(unpacked).isEqualTo(writer.finish());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/init", "TRAILER!!!", "a\0b"})
    void pathsThatAreNoneAreRefused(String path) {
        CpioWriter writer = new CpioWriter();

        assertThatThrownBy(() -> writer.directory(path, 0755)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void nothingCanBeAddedBehindTheEnd() {
        CpioWriter writer = new CpioWriter();
        writer.finish();

        assertThatThrownBy(() -> writer.directory("a", 0755)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void cpioReadsTheArchive(@TempDir Path directory) throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/cpio")) || Files.isExecutable(Path.of("/bin/cpio")), "no cpio");
        Path file = Files.write(directory.resolve("a.cpio"), sample());

        Process process = new ProcessBuilder("cpio", "-itv", "--quiet", "-F", file.toString())
                .redirectErrorStream(true)
                .start();
        String listing = new String(process.getInputStream().readAllBytes(), UTF_8);

        assertThat(process.waitFor()).isZero();
        assertThat(listing).contains("crw-------", "5,   1", "dev/console", "-rwxr-xr-x", "sh -> busybox");
    }

    private static byte[] sample() {
        return new CpioWriter()
                .directory("dev", 0755)
                .characterDevice("dev/console", 0600, 5, 1)
                .blockDevice("dev/vda", 0660, 254, 0)
                .file("init", 0755, "#!/bin/sh\n".getBytes(UTF_8))
                .symlink("sh", "busybox")
                .finish();
    }
}

package dev.ipanema.images.debian;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.base.text.BadInput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DebFileTest {
    private static final byte[] KERNEL = {1, 2, 3};
    private static final String LONG_PATH = "usr/lib/modules/" + "x".repeat(150) + ".ko";

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"", ".gz", ".xz", ".zst"})
    void wantedFilesAreRead(String suffix) throws IOException {
        Path deb = write(DebFixture.deb(suffix, Map.of("boot/vmlinuz", KERNEL, "usr/doc", new byte[9])));

        Map<String, byte[]> files = DebFile.read(deb, path -> path.startsWith("boot/"));

        assertThat(files).containsOnlyKeys("boot/vmlinuz");
        assertThat(files.get("boot/vmlinuz")).isEqualTo(KERNEL);
    }

    @Test
    void longPathsAreRead() throws IOException {
        Path deb = write(DebFixture.deb(".xz", Map.of(LONG_PATH, KERNEL)));

        assertThat(DebFile.read(deb, path -> true)).containsOnlyKeys(LONG_PATH);
    }

    @Test
    void archiveWithoutDataIsRefused() throws IOException {
        Path deb = write("!<arch>\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));

        assertThatThrownBy(() -> DebFile.read(deb, path -> true))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("no data.tar");
    }

    @Test
    void compressionThatIsNotUnderstoodIsRefusedByName() throws IOException {
        Path deb = write(DebFixture.deb(".lz4", Map.of()));

        assertThatThrownBy(() -> DebFile.read(deb, path -> true))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("data.tar.lz4; gz, xz and zst are understood");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".gz", ".xz", ".zst"})
    void cutOffOrDamagedPackageIsRefusedOrReadButNeverThrowsAnythingElse(String suffix) throws IOException {
        long seed = Long.getLong("ipanema.seed", System.nanoTime());
        System.out.println("DebFileTest -Dipanema.seed=" + seed);
        SplittableRandom random = new SplittableRandom(seed);
        byte[] whole = DebFixture.deb(suffix, new TreeMap<>(Map.of("boot/vmlinuz", new byte[5000], "b", KERNEL)));
        int refused = 0;
        for (int i = 0; i < 300; i++) {
            byte[] file = random.nextBoolean() ? Arrays.copyOf(whole, random.nextInt(whole.length)) : whole.clone();
            for (int change = random.nextInt(4); change > 0 && file.length > 0; change--) {
                file[random.nextInt(file.length)] = (byte) random.nextInt();
            }
            try {
                DebFile.read(write(file), path -> true);
            } catch (BadInput e) {
                refused++;
            }
        }
        assertThat(refused).as("seed %d", seed).isPositive();
    }

    private Path write(byte[] bytes) throws IOException {
        return Files.write(directory.resolve("a.deb"), bytes);
    }
}

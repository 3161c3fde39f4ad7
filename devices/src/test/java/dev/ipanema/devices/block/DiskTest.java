package dev.ipanema.devices.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.base.text.BadInput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskTest {
    /// Not a multiple of a block, so that the last one is cut.
    private static final int SIZE = 20 * 4096 + 512;

    @TempDir
    private Path folder;

    private final byte[] content = new byte[SIZE];
    private Path image = Path.of("");
    private Path side = Path.of("");

    @BeforeEach
    void make() throws IOException {
        new SplittableRandom(1).nextBytes(content);
        image = folder.resolve("disk.img");
        side = folder.resolve("disk.overlay");
        Files.write(image, content);
    }

    private Overlay overlay() {
        return Overlay.open(RawFile.open(image, true), side);
    }

    private static byte[] all(BlockBackend disk) throws IOException {
        byte[] bytes = new byte[(int) disk.size()];
        disk.read(0, bytes, 0, bytes.length);
        return bytes;
    }

    @Test
    void anOverlayShowsItsBaseUntilItIsWrittenTo() throws IOException {
        try (Overlay overlay = overlay()) {
            assertThat(all(overlay)).isEqualTo(content);
        }
    }

    @Test
    void anOverlayKeepsWritesBesideItsBase() throws IOException {
        byte[] expected = content.clone();
        Arrays.fill(expected, 5000, 14000, (byte) 0x55);
        Arrays.fill(expected, SIZE - 700, SIZE, (byte) 0x66);
        try (Overlay overlay = overlay()) {
            overlay.write(5000, expected, 5000, 9000);
            overlay.write(SIZE - 700, expected, SIZE - 700, 700);

            assertThat(all(overlay)).isEqualTo(expected);
        }
        assertThat(Files.readAllBytes(image)).isEqualTo(content);
        try (Overlay again = overlay()) {
            assertThat(all(again)).isEqualTo(expected);
        }
    }

    @Test
    void zerosOfAnOverlayReadAsZeros() throws IOException {
        byte[] expected = content.clone();
        Arrays.fill(expected, 1000, 11000, (byte) 0);
        try (Overlay overlay = overlay()) {
            overlay.zero(1000, 10000);

            assertThat(all(overlay)).isEqualTo(expected);
        }
    }

    @Test
    void theSideFileOfAnotherDiskIsRefused() throws IOException {
        overlay().close();
        Files.write(image, new byte[SIZE + 4096]);

        assertThatThrownBy(this::overlay).isInstanceOf(BadInput.class).hasMessageContaining("not an overlay of this");
    }

    @Test
    void aFileThatIsNoOverlayIsNotOverwritten() throws IOException {
        Files.writeString(side, "my thesis");

        assertThatThrownBy(this::overlay).isInstanceOf(BadInput.class);
        assertThat(Files.readString(side)).isEqualTo("my thesis");
    }

    @Test
    void aDiskThatIsMissingAFolderOrTooSmallIsRefused() throws IOException {
        Files.write(side, new byte[100]);

        assertThatThrownBy(() -> RawFile.open(folder.resolve("none"), false)).hasMessageContaining("does not exist");
        assertThatThrownBy(() -> RawFile.open(folder, false)).hasMessageContaining("is not a file");
        assertThatThrownBy(() -> RawFile.open(side, false)).hasMessageContaining("100 bytes");
    }

    @Test
    void aWritableDiskCannotBeOpenedTwice() throws IOException {
        try (RawFile first = RawFile.open(image, false)) {
            assertThat(first.size()).isEqualTo(SIZE);
            assertThatThrownBy(() -> RawFile.open(image, false)).hasMessageContaining("in use by another machine");
        }
    }
}

package dev.ipanema.devices.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.base.text.BadInput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PcapTest {
    @TempDir
    private Path folder;

    /// A cable whose other end sends back what it gets.
    private static final class Echo implements NetworkPeer {
        private byte[] last = {};

        @Override
        public void fromGuest(byte[] frame, int length) {
            last = java.util.Arrays.copyOf(frame, length);
        }

        @Override
        public byte[] next() {
            return last;
        }
    }

    @Test
    void whatWasWrittenIsReplayed() throws IOException {
        Path path = folder.resolve("packets.pcap");
        try (PcapWriter writer = new PcapWriter(new Echo(), path, () -> 1_700_000_000_000_123L)) {
            writer.fromGuest(new byte[] {1, 2, 3, 4}, 3);
            writer.next();
        }
        PcapReplay replay = new PcapReplay(path);

        assertThat(replay.next()).containsExactly(1, 2, 3);
        assertThat(replay.next()).containsExactly(1, 2, 3);
        assertThat(replay.next()).isNull();
        assertThat(Files.readAllBytes(path)).hasSize(24 + 2 * (16 + 3)).startsWith(0xd4, 0xc3, 0xb2, 0xa1);
    }

    @Test
    void aFileThatIsCutOrSomethingElseIsRefused() throws IOException {
        Path path = folder.resolve("packets.pcap");
        try (PcapWriter writer = new PcapWriter(new Echo(), path, () -> 0)) {
            writer.fromGuest(new byte[100], 100);
        }
        byte[] whole = Files.readAllBytes(path);
        Files.write(path, java.util.Arrays.copyOf(whole, whole.length - 1));
        Path other = Files.writeString(folder.resolve("other"), "this is not a recording of packets");

        assertThatThrownBy(() -> new PcapReplay(path))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("offset 24");
        assertThatThrownBy(() -> new PcapReplay(other)).hasMessageContaining("is not a little-endian pcap");
        assertThatThrownBy(() -> new PcapReplay(folder.resolve("none"))).hasMessageContaining("cannot be read");
    }
}

package dev.ipanema.vmm.boot;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class DeviceTreeTest {
    @Test
    void theBlobReadsBackAsItWasBuilt() {
        DeviceTree tree = new DeviceTree();
        tree.root().cells("#address-cells", 2).strings("compatible", "linux,dummy-virt");
        tree.root().node("memory@40000000").strings("device_type", "memory").longs("reg", 0x40000000L, 0x8000000L);
        tree.root().node("chosen").flag("empty");

        assertThat(render(tree.toBlob())).isEqualTo("""
            /{ #address-cells=00000002 compatible=6c696e75782c64756d6d792d7669727400 \
            memory@40000000{ device_type=6d656d6f727900 reg=00000000400000000000000008000000 } \
            chosen{ empty= } }\
            """);
    }

    @Test
    void theHeaderGivesVersionAndTotalSize() {
        byte[] blob = new DeviceTree().toBlob();
        ByteBuffer header = ByteBuffer.wrap(blob);

        assertThat(header.getInt(0)).isEqualTo(0xd00dfeed);
        assertThat(header.getInt(4)).isEqualTo(blob.length);
        assertThat(header.getInt(20)).isEqualTo(17);
        assertThat(blob.length % 8).isZero();
    }

    /// A reader of the structure block that shares nothing with the writer.
    private static String render(byte[] blob) {
        ByteBuffer in = ByteBuffer.wrap(blob);
        int strings = in.getInt(12);
        in.position(in.getInt(8));
        StringBuilder text = new StringBuilder("/");
        while (true) {
            int token = in.getInt();
            if (token == 9) {
                return text.toString().strip();
            } else if (token == 1) {
                String name = string(blob, in.position());
                in.position((in.position() + name.length() + 4) & ~3);
                text.append(name).append("{ ");
            } else if (token == 2) {
                text.append("} ");
            } else {
                int length = in.getInt();
                text.append(string(blob, strings + in.getInt())).append('=');
                for (int i = 0; i < length; i++) {
                    text.append("%02x".formatted(in.get()));
                }
                text.append(' ');
                in.position((in.position() + 3) & ~3);
            }
        }
    }

    private static String string(byte[] blob, int start) {
        int end = start;
        while (blob[end] != 0) {
            end++;
        }
        return new String(blob, start, end - start, StandardCharsets.US_ASCII);
    }
}

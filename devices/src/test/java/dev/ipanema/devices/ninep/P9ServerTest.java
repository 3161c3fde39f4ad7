package dev.ipanema.devices.ninep;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.text.BadInput;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class P9ServerTest {
    private static final int RLERROR = 7;
    private static final int ROOT = 1;

    @TempDir
    private Path folder;

    private Path shared = Path.of("");
    private P9Server server;

    @BeforeEach
    void share() throws IOException {
        shared = Files.createDirectory(folder.resolve("shared"));
        Files.writeString(folder.resolve("secret"), "outside");
        Files.writeString(shared.resolve("hello.txt"), "Hello, guest\n");
        Files.createDirectories(shared.resolve("a/b"));
        Files.writeString(shared.resolve("a/b/deep"), "deep");
        Files.createSymbolicLink(shared.resolve("out"), folder.resolve("secret"));
        Files.createSymbolicLink(shared.resolve("up"), Path.of(".."));
        server = new P9Server(shared);
        call(100, 65_536, "9P2000.L");
        call(104, ROOT, -1, "root", "", 0);
    }

    /// Sends a message: int = 4 bytes, short = 2, long = 8, String = 9P string.
    private ByteBuffer call(int type, Object... fields) {
        ByteBuffer message = ByteBuffer.wrap(server.request()).order(ByteOrder.LITTLE_ENDIAN);
        message.putInt(0).put((byte) type).putShort((short) 5);
        for (Object field : fields) {
            switch (field) {
                case Integer value -> message.putInt(value);
                case Short value -> message.putShort(value);
                case Long value -> message.putLong(value);
                default -> {
                    byte[] text = field.toString().getBytes(UTF_8);
                    message.putShort((short) text.length).put(text);
                }
            }
        }
        int length = server.answer(message.position(), P9Server.MAX_MESSAGE);
        ByteBuffer reply = ByteBuffer.wrap(server.reply().clone(), 0, length).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(reply.getInt()).isEqualTo(length);
        return reply;
    }

    /// {@return the answer of a call that succeeds, behind its header}
    private ByteBuffer ok(int type, Object... fields) {
        ByteBuffer reply = call(type, fields);
        assertThat(reply.get()).as("type of the answer").isEqualTo((byte) (type + 1));
        assertThat(reply.getShort()).isEqualTo((short) 5);
        return reply;
    }

    private void refused(Errno errno, int type, Object... fields) {
        ByteBuffer reply = call(type, fields);
        assertThat(reply.get()).isEqualTo((byte) RLERROR);
        reply.getShort();
        assertThat(reply.getInt()).isEqualTo(errno.number());
    }

    private void walk(int to, String... names) {
        Object[] fields = new Object[3 + names.length];
        fields[0] = ROOT;
        fields[1] = to;
        fields[2] = (short) names.length;
        System.arraycopy(names, 0, fields, 3, names.length);
        assertThat(ok(110, fields).getShort()).isEqualTo((short) names.length);
    }

    private void stopsAfterOne(String first, String second) {
        assertThat(ok(110, ROOT, 9, (short) 2, first, second).getShort()).isEqualTo((short) 1);
        refused(Errno.EBADF, 24, 9, 0L);
    }

    private String read(int fid, long offset, int count) {
        ByteBuffer reply = ok(116, fid, offset, count);
        byte[] data = new byte[reply.getInt()];
        reply.get(data);
        return new String(data, UTF_8);
    }

    @Test
    void aFileIsFoundOpenedAndRead() {
        walk(2, "hello.txt");
        ok(12, 2, 0);

        assertThat(read(2, 0, 100)).isEqualTo("Hello, guest\n");
        assertThat(read(2, 7, 5)).isEqualTo("guest");
        assertThat(read(2, 1000, 5)).isEmpty();
    }

    @Test
    void attributesTellModeAndSize() {
        walk(2, "hello.txt");
        ByteBuffer reply = ok(24, 2, 0x7ffL);

        assertThat(reply.getLong(7)).isEqualTo(0x7ff);
        assertThat(reply.getInt(7 + 8 + 13) & 0xf000).isEqualTo(0x8000);
        assertThat(reply.getLong(7 + 8 + 13 + 12 + 16)).isEqualTo(13);
    }

    @Test
    void aFolderIsListedInPieces() {
        walk(2);
        ok(12, 2, 0);
        List<String> names = new ArrayList<>();
        long offset = 0;
        for (ByteBuffer reply = ok(40, 2, offset, 64); reply.getInt() > 0; reply = ok(40, 2, offset, 64)) {
            while (reply.hasRemaining()) {
                reply.position(reply.position() + 13);
                offset = reply.getLong();
                reply.get();
                byte[] name = new byte[reply.getShort()];
                reply.get(name);
                names.add(new String(name, UTF_8));
            }
        }

        assertThat(names).containsExactlyInAnyOrder(".", "..", "hello.txt", "a", "out", "up");
    }

    @Test
    void aWalkThatLeadsNowhereTellsHowFarItCame() {
        ByteBuffer reply = ok(110, ROOT, 2, (short) 3, "a", "nothing", "deep");

        assertThat(reply.getShort()).isEqualTo((short) 1);
        refused(Errno.EBADF, 24, 2, 0L);
        refused(Errno.ENOENT, 110, ROOT, 2, (short) 1, "nothing");
        stopsAfterOne("hello.txt", "..");
        walk(2, "hello.txt");
        refused(Errno.ENOTDIR, 110, 2, 3, (short) 1, "..");
    }

    @Test
    void dotDotEndsAtTheRoot() {
        ByteBuffer root = ok(24, ROOT, 0L);
        walk(2, "a", "..", "..", "..");
        ByteBuffer up = ok(24, 2, 0L);

        assertThat(up.getLong(7 + 8 + 5)).isEqualTo(root.getLong(7 + 8 + 5));
        stopsAfterOne("..", "secret");
    }

    @Test
    void aNameWithASlashIsNoName() {
        refused(Errno.ENOENT, 110, ROOT, 2, (short) 1, "../secret");
        refused(Errno.ENOENT, 110, ROOT, 2, (short) 1, folder.resolve("secret").toString());
        refused(Errno.ENOENT, 110, ROOT, 2, (short) 1, "a\0b");
        refused(Errno.ENOENT, 110, ROOT, 2, (short) 1, "");
    }

    @Test
    void aLinkIsReadAndNeverFollowed() {
        walk(2, "out");
        ByteBuffer target = ok(22, 2);
        assertThat(new String(target.array(), 9, target.getShort(), UTF_8)).endsWith("secret");

        refused(Errno.EACCES, 12, 2, 0);
        stopsAfterOne("up", "secret");
    }

    @Test
    void aFolderThatBecomesALinkIsNotFollowed() throws IOException {
        walk(2, "a", "b", "deep");
        Files.move(shared.resolve("a"), folder.resolve("moved"));
        Files.createSymbolicLink(shared.resolve("a"), folder.resolve("moved"));

        refused(Errno.ENOENT, 12, 2, 0);
    }

    @Test
    void whatWouldChangeTheFolderIsRefused() throws IOException {
        walk(2, "hello.txt");
        refused(Errno.EROFS, 12, 2, 1);
        refused(Errno.EROFS, 12, 2, 0x200);
        refused(Errno.EROFS, 118, 2, 0L, 1, "x");
        refused(Errno.EROFS, 72, ROOT, "new", 0777, 0);
        refused(Errno.EROFS, 122, 2);

        assertThat(Files.readString(shared.resolve("hello.txt"))).isEqualTo("Hello, guest\n");
        refused(Errno.EBADF, 24, 2, 0L);
    }

    @Test
    void aPipeOfTheHostIsNotOpened() throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("mkfifo", shared.resolve("pipe").toString())
                        .start()
                        .waitFor())
                .isZero();
        walk(2, "pipe");

        refused(Errno.EACCES, 12, 2, 0);
    }

    @Test
    void unknownVersionsFidsAndMessagesAreAnsweredWithErrors() {
        refused(Errno.EBADF, 120, 99);
        refused(Errno.EOPNOTSUPP, 200);
        refused(Errno.EINVAL, 116, ROOT);
        refused(Errno.EINVAL, 100, 100, "9P2000.L");
        ByteBuffer reply = ok(100, 8192, "9P2000.u");
        assertThat(reply.getInt()).isEqualTo(8192);
        assertThat(new String(reply.array(), reply.position() + 2, 7, UTF_8)).isEqualTo("unknown");
    }

    @Test
    void aPathThatIsNoFolderIsRefused() {
        assertThatThrownBy(() -> new P9Server(shared.resolve("hello.txt")))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("is not a folder");
        assertThatThrownBy(() -> new P9Server(shared.resolve("none"))).hasMessageContaining("does not exist");
    }

    @Test
    void randomMessagesAreAnsweredAndNeverReachOutside() throws IOException {
        long seed = Long.getLong("ipanema.seed", 20_261_124L);
        System.out.println("seed " + seed);
        SplittableRandom random = new SplittableRandom(seed);
        int[] types = {8, 12, 22, 24, 30, 40, 52, 54, 100, 104, 108, 110, 116, 120, 122};
        String[] names = {"a", "b", "..", "up", "out", "secret", "deep", "hello.txt", "/", ""};
        int rounds = Boolean.getBoolean("ipanema.long") ? 1_000_000 : 20_000;
        for (int i = 0; i < rounds; i++) {
            ByteBuffer message = ByteBuffer.wrap(server.request()).order(ByteOrder.LITTLE_ENDIAN);
            int type = types[random.nextInt(types.length)];
            message.putInt(0).put((byte) type).putShort((short) 1).putInt(random.nextInt(6));
            if (type == 110) {
                int count = random.nextInt(5);
                message.putInt(random.nextInt(6)).putShort((short) count);
                for (int n = 0; n < count; n++) {
                    byte[] name = names[random.nextInt(names.length)].getBytes(UTF_8);
                    message.putShort((short) name.length).put(name);
                }
            } else {
                for (int n = random.nextInt(24); n > 0; n--) {
                    message.put((byte) (random.nextInt(4) == 0 ? random.nextInt() : 0));
                }
            }
            int length = server.answer(message.position(), 11 + random.nextInt(4096));
            assertThat(new String(server.reply(), 0, length, UTF_8)).doesNotContain("outside");
        }
    }
}

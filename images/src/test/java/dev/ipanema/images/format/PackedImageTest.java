package dev.ipanema.images.format;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.base.text.BadInput;
import io.airlift.compress.zstd.ZstdCompressor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tukaani.xz.ARM64Options;
import org.tukaani.xz.FilterOptions;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

class PackedImageTest {
    private static final long RAM = 0x40000000L;
    private static final long SIZE = 64L << 20;
    private static final int PE_HEADER = 64;

    @ParameterizedTest
    @EnumSource(Compression.class)
    void zbootKernelGivesItsImage(Compression compression) throws IOException {
        byte[] file = zboot(compression.word(), pack(compression, image()), image().length, 0xaa64, compression);

        GuestImage image = read(file);

        assertThat(image.format()).isEqualTo("arm64 Image, EFI zboot");
        assertThat(image.header()).isEqualTo(new Arm64Header(0x80000, 0x20000, 0xa));
        assertThat(image.entry()).isEqualTo(RAM + 0x80000);
        assertThat(image.segments().getFirst().file()).isEqualTo(image());
    }

    @ParameterizedTest
    @EnumSource(Compression.class)
    void compressedImageIsUnpacked(Compression compression) throws IOException {
        GuestImage image = read(pack(compression, image()));

        assertThat(image.format()).isEqualTo("arm64 Image, " + compression.word());
        assertThat(image.segments().getFirst().file()).isEqualTo(image());
    }

    @Test
    void namesOfOlderKernelsForTheCompressionAreUnderstood() throws IOException {
        byte[] packed = pack(Compression.XZ, image());

        GuestImage image = read(zboot("xzkern", packed, image().length, 0xaa64, Compression.XZ));

        assertThat(image.header()).isNotNull();
    }

    @Test
    void headerTellsPageSizeAndPlacement() {
        Arm64Header header = new Arm64Header(0, 0, 0xa);

        assertThat(header.pageSize()).isEqualTo(4096);
        assertThat(header.placedAnywhere()).isTrue();
        assertThat(header.bigEndian()).isFalse();
        assertThat(new Arm64Header(0, 0, 0x6).pageSize()).isEqualTo(65536);
        assertThat(new Arm64Header(0, 0, 0).pageSize()).isZero();
    }

    @ParameterizedTest
    @EnumSource(Compression.class)
    void bombIsRefusedByTheGuestsMemory(Compression compression) throws IOException {
        byte[] bomb = pack(compression, new byte[3 << 20]);

        assertThatThrownBy(() -> GuestImage.read("bomb", bomb, false, RAM, 1 << 20))
                .isInstanceOf(BadInput.class)
                .hasMessage("bomb: the " + compression.word() + " data unpacks to more than 1M");
    }

    @Test
    void zbootThatPromisesMoreThanMemoryIsRefused() throws IOException {
        byte[] file = zboot("zstd", pack(Compression.ZSTD, image()), 1 << 30, 0xaa64, Compression.ZSTD);

        assertThatThrownBy(() -> read(file))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("unpacks to 1073741824 bytes, more than the guest's memory");
    }

    @ParameterizedTest
    @EnumSource(Compression.class)
    void zbootThatPromisesAnotherSizeIsRefused(Compression compression) throws IOException {
        byte[] packed = pack(compression, image());
        byte[] file = zboot(compression.word(), packed, image().length + 8, 0xaa64, compression);
        if (compression == Compression.GZIP) {
            file[64 + 64 + packed.length - 4] ^= 1;
        }

        assertThatThrownBy(() -> read(file)).isInstanceOf(BadInput.class);
    }

    @ParameterizedTest
    @EnumSource(Compression.class)
    void cutOffDataIsRefusedAtEveryLength(Compression compression) throws IOException {
        byte[] whole = zboot(compression.word(), pack(compression, image()), image().length, 0xaa64, compression);

        for (int length = 8; length < whole.length; length += 7) {
            byte[] file = Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> read(file)).as("%d bytes", length).isInstanceOf(BadInput.class);
        }
    }

    @ParameterizedTest
    @EnumSource(Compression.class)
    void damagedDataIsRefusedOrReadButNeverThrowsAnythingElse(Compression compression) throws IOException {
        long seed = Long.getLong("ipanema.seed", 3);
        SplittableRandom random = new SplittableRandom(seed);
        byte[] whole = zboot(compression.word(), pack(compression, image()), image().length, 0xaa64, compression);
        int refused = 0;
        for (int i = 0; i < 2000; i++) {
            byte[] file = whole.clone();
            for (int change = random.nextInt(1, 5); change > 0; change--) {
                file[random.nextInt(8, file.length)] = (byte) random.nextInt();
            }
            try {
                GuestImage.read("fuzz", file, false, RAM, SIZE);
            } catch (BadInput e) {
                refused++;
            }
        }
        assertThat(refused).as("seed %d", seed).isPositive();
    }

    @Test
    void zbootOfAnotherMachineIsRefusedByName() throws IOException {
        byte[] file = zboot("gzip", pack(Compression.GZIP, image()), image().length, 0x5064, Compression.GZIP);

        assertThatThrownBy(() -> read(file))
                .isInstanceOf(BadInput.class)
                .hasMessage("kernel: an EFI zboot kernel for 64-bit RISC-V, not for arm64");
    }

    @Test
    void zbootWithACompressionThatIsNotUnderstoodIsRefusedByName() throws IOException {
        byte[] file = zboot("lz4", new byte[64], 64, 0xaa64, Compression.XZ);

        assertThatThrownBy(() -> read(file))
                .isInstanceOf(BadInput.class)
                .hasMessage("kernel: an EFI zboot kernel compressed by 'lz4'; gzip, zstd and xz are understood");
    }

    @Test
    void nestedPackingEnds() throws IOException {
        byte[] file = image();
        for (int i = 0; i < 3; i++) {
            file = pack(Compression.GZIP, file);
        }
        byte[] nested = file;

        assertThatThrownBy(() -> read(nested))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("packed more than 2 times");
    }

    @ParameterizedTest
    @ValueSource(strings = {"514 HdrS x86 (bzImage)", "36 \u0018(o\u0001 32-bit Arm (zImage)", "56 RSC\u0005 RISC-V"})
    void kernelOfAnotherArchitectureIsRefusedByName(String form) {
        String[] parts = form.split(" ", 3);
        byte[] file = new byte[1024];
        byte[] magic = parts[1].getBytes(US_ASCII);
        System.arraycopy(magic, 0, file, Integer.parseInt(parts[0]), magic.length);

        assertThatThrownBy(() -> read(file))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("a Linux kernel for " + parts[2]);
    }

    @Test
    void efiProgramOfAnotherMachineIsRefusedByName() {
        byte[] file = new byte[256];
        putPe(ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN), 0x8664, 0);

        assertThatThrownBy(() -> read(file))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("an EFI program for x86-64");
    }

    @Test
    void imageThatIsShorterThanItsSectionsIsRefused() {
        byte[] file = image();
        putPe(ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN), 0xaa64, 0x10000);

        assertThatThrownBy(() -> read(file))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("the file is cut off: its sections end at 0x10000");
    }

    private static GuestImage read(byte[] file) {
        return GuestImage.read("kernel", file, false, RAM, SIZE);
    }

    /// An Image of 8 KiB with something in it that does not repeat.
    private static byte[] image() {
        byte[] file = new byte[8192];
        new java.util.Random(1).nextBytes(file);
        ByteBuffer header = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        header.putLong(0, 0)
                .putLong(8, 0x80000)
                .putLong(16, 0x20000)
                .putLong(24, 0xa)
                .putInt(56, 0x644d5241);
        return file;
    }

    private static byte[] zboot(String method, byte[] packed, int size, int machine, Compression compression) {
        int offset = 128;
        ByteBuffer file = ByteBuffer.allocate(offset + packed.length + (compression == Compression.GZIP ? 0 : 4))
                .order(ByteOrder.LITTLE_ENDIAN);
        file.put(4, "zimg".getBytes(US_ASCII)).putInt(8, offset).putInt(12, packed.length);
        file.put(24, method.getBytes(US_ASCII));
        putPe(file, machine, 0);
        file.put(offset, packed);
        if (compression != Compression.GZIP) {
            file.putInt(offset + packed.length, size);
        }
        return file.array();
    }

    private static void putPe(ByteBuffer file, int machine, int sectionSize) {
        file.put(0, (byte) 'M').put(1, (byte) 'Z').putInt(0x3c, PE_HEADER);
        file.putInt(PE_HEADER, 0x4550).putShort(PE_HEADER + 4, (short) machine);
        file.putShort(PE_HEADER + 6, (short) (sectionSize > 0 ? 1 : 0)).putShort(PE_HEADER + 20, (short) 0);
        file.putInt(PE_HEADER + 24 + 16, sectionSize).putInt(PE_HEADER + 24 + 20, 0);
    }

    private static byte[] pack(Compression compression, byte[] bytes) throws IOException {
        if (compression == Compression.ZSTD) {
            ZstdCompressor compressor = new ZstdCompressor();
            byte[] packed = new byte[compressor.maxCompressedLength(bytes.length)];
            return Arrays.copyOf(packed, compressor.compress(bytes, 0, bytes.length, packed, 0, packed.length));
        }
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        FilterOptions[] filters = {new ARM64Options(), new LZMA2Options()};
        try (OutputStream stream =
                compression == Compression.GZIP ? new GZIPOutputStream(packed) : new XZOutputStream(packed, filters)) {
            stream.write(bytes);
        }
        return packed.toByteArray();
    }
}

package dev.ipanema.images.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.base.text.BadInput;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class GuestImageTest {
    private static final long RAM = 0x40000000L;
    private static final long SIZE = 64L << 20;

    @Test
    void elfSegmentsGoToTheirPhysicalAddresses() {
        GuestImage image = GuestImage.read("a.elf", elf(), false, RAM, SIZE);

        assertThat(image.format()).isEqualTo("ELF");
        assertThat(image.entry()).isEqualTo(0x40080004L);
        assertThat(image.segments()).hasSize(1);
        assertThat(image.segments().getFirst().address()).isEqualTo(0x40080000L);
        assertThat(image.segments().getFirst().memorySize()).isEqualTo(0x2000);
        assertThat(image.segments().getFirst().fileSize()).isEqualTo(16);
    }

    @Test
    void elfSymbolsNameAnAddress() {
        GuestImage image = GuestImage.read("a.elf", elf(), false, RAM, SIZE);

        assertThat(image.symbols().describe(0xffff000000080008L)).contains("start+0x4");
        assertThat(image.symbols().describe(0x10)).isEmpty();
        assertThat(image.symbols().addressOf("start")).contains(0xffff000000080004L);
    }

    @Test
    void elfOfAnotherMachineIsRefusedByName() {
        byte[] file = elf();
        file[18] = 62;

        assertThatThrownBy(() -> GuestImage.read("a.elf", file, false, RAM, SIZE))
                .isInstanceOf(BadInput.class)
                .hasMessage("a.elf: an ELF for machine 62 (x86-64), not for AArch64 (183)");
    }

    @Test
    void elfSegmentBeyondMemoryIsRefused() {
        assertThatThrownBy(() -> GuestImage.read("a.elf", elf(), false, RAM, 0x80000))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("[0x40080000, 0x40082000) does not fit the guest's memory");
    }

    @Test
    void elfWhoseFileSizeExceedsItsMemorySizeIsRefused() {
        byte[] file = elf();
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(64 + 40, 8);

        assertThatThrownBy(() -> GuestImage.read("a.elf", file, false, RAM, SIZE))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("contradict");
    }

    @Test
    void randomElfHeadersAreRefusedOrReadButNeverThrowAnythingElse() {
        SplittableRandom random = new SplittableRandom(Long.getLong("ipanema.seed", 1));
        byte[] template = elf();
        int refused = 0;
        for (int i = 0; i < 20_000; i++) {
            byte[] file = template.clone();
            for (int change = random.nextInt(1, 6); change > 0; change--) {
                file[random.nextInt(4, file.length)] = (byte) random.nextInt();
            }
            try {
                GuestImage.read("fuzz.elf", file, false, RAM, SIZE);
            } catch (BadInput e) {
                refused++;
            }
        }
        assertThat(refused).isPositive();
    }

    @Test
    void truncatedElfIsRefusedAtEveryLength() {
        byte[] whole = elf();
        for (int length = 4; length < 64 + 56; length++) {
            byte[] file = java.util.Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> GuestImage.read("a.elf", file, false, RAM, SIZE))
                    .isInstanceOf(BadInput.class);
        }
    }

    @Test
    void imageGoesToTextOffset() {
        byte[] file = new byte[128];
        ByteBuffer header = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        header.putLong(16, 0x3000).putInt(56, 0x644d5241);

        GuestImage image = GuestImage.read("Image", file, false, RAM, SIZE);

        assertThat(image.format()).isEqualTo("arm64 Image");
        assertThat(image.entry()).isEqualTo(RAM);
        assertThat(image.segments().getFirst().memorySize()).isEqualTo(0x3000);
        assertThat(image.header()).isEqualTo(new Arm64Header(0, 0x3000, 0));
    }

    @Test
    void headerlessImageNeedsToBeAskedFor() {
        byte[] file = {1, 2, 3, 4};

        assertThatThrownBy(() -> GuestImage.read("program", file, false, RAM, SIZE))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("--flat");
        assertThat(GuestImage.read("program", file, true, RAM, SIZE).entry()).isEqualTo(0x40080000L);
        assertThat(GuestImage.read("program.bin", file, false, RAM, SIZE).entry())
                .isEqualTo(0x40080000L);
    }

    /// An ELF with one loadable segment at 0x40080000, linked at 0xffff000000080000, and a symbol table.
    private static byte[] elf() {
        ByteBuffer elf = ByteBuffer.allocate(64 + 56 + 16 + 48 + 8 + 3 * 64).order(ByteOrder.LITTLE_ENDIAN);
        int code = 64 + 56;
        int symbols = code + 16;
        int strings = symbols + 48;
        int sections = strings + 8;
        elf.put(0, new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1});
        elf.putShort(16, (short) 2).putShort(18, (short) 183).putInt(20, 1);
        elf.putLong(24, 0xffff000000080004L).putLong(32, 64).putLong(40, sections);
        elf.putShort(54, (short) 56)
                .putShort(56, (short) 1)
                .putShort(58, (short) 64)
                .putShort(60, (short) 3);
        elf.putInt(64, 1).putInt(68, 5).putLong(72, code).putLong(80, 0xffff000000080000L);
        elf.putLong(88, 0x40080000L).putLong(96, 16).putLong(104, 0x2000).putLong(112, 0x1000);
        elf.putInt(symbols + 24, 1).put(symbols + 28, (byte) 0x12).putShort(symbols + 30, (short) 1);
        elf.putLong(symbols + 32, 0xffff000000080004L);
        elf.put(strings, "\0start\0".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        elf.putInt(sections + 64 + 4, 2).putLong(sections + 64 + 24, symbols).putLong(sections + 64 + 32, 48);
        elf.putInt(sections + 64 + 40, 2);
        elf.putInt(sections + 128 + 4, 3).putLong(sections + 128 + 24, strings).putLong(sections + 128 + 32, 7);
        return elf.array();
    }
}

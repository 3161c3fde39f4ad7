package dev.ipanema.devices.firmware;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.devices.bus.TestMemory;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class FwCfgTest {
    private static final long RAM = 0x4000_0000L;
    private static final long BUFFER = RAM + 0x1000;

    private final TestMemory memory = new TestMemory(RAM, 4 << 20);
    private final FwCfg device = new FwCfg(memory)
            .machine(4, 1L << 30)
            .kernel(new byte[] {10, 20, 30})
            .commandLine("console=ttyAMA0")
            .file("etc/boot-fail-wait", new byte[] {0, 0, 0, 0})
            .file("bootorder", "/pci@i0cf8\0".getBytes(US_ASCII));

    private void select(int key) {
        device.write(8, 2, Short.toUnsignedLong(Short.reverseBytes((short) key)));
    }

    private String text(int key, int length) {
        select(key);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append((char) device.read(0, 1));
        }
        return text.toString();
    }

    /// Runs a DMA command.
    ///
    /// @return what its control field reads afterwards
    private int dma(int control, int length, long address) {
        byte[] command = ByteBuffer.allocate(16)
                .putInt(control)
                .putInt(length)
                .putLong(address)
                .array();
        assertThat(memory.write(RAM, command, 0, 16)).isTrue();
        device.write(0x10, 4, Integer.toUnsignedLong(Integer.reverseBytes((int) (RAM >>> 32))));
        device.write(0x14, 4, Integer.toUnsignedLong(Integer.reverseBytes((int) RAM)));
        return Integer.reverseBytes((int) memory.load(RAM, 4));
    }

    private byte[] buffer(int length) {
        return Arrays.copyOfRange(memory.bytes(), 0x1000, 0x1000 + length);
    }

    @Test
    void theSignatureTellsWhoItIsAndThatDmaWorks() {
        assertThat(text(0, 4)).isEqualTo("QEMU");
        select(1);
        assertThat(device.read(0, 4)).isEqualTo(3);
        assertThat(device.read(0x10, 8)).isEqualTo(Long.reverseBytes(0x51454d5520434647L));
    }

    @Test
    void numbersAreLittleEndianItems() {
        select(5);
        assertThat(device.read(0, 2)).isEqualTo(4);
        select(8);
        assertThat(device.read(0, 4)).isEqualTo(3);
        assertThat(text(0x15, 16)).isEqualTo("console=ttyAMA0\0");
    }

    @Test
    void theDirectoryListsTheFilesInOrder() {
        assertThat(dma(0x19 << 16 | 8 | 2, 4 + 2 * 64, BUFFER)).isZero();
        ByteBuffer directory = ByteBuffer.wrap(buffer(4 + 2 * 64));

        assertThat(directory.getInt(0)).isEqualTo(2);
        assertThat(directory.getInt(4)).isEqualTo(11);
        assertThat(directory.getShort(8)).isEqualTo((short) 0x20);
        assertThat(new String(directory.array(), 12, 10, US_ASCII)).isEqualTo("bootorder\0");
        assertThat(directory.getInt(68)).isEqualTo(4);
        assertThat(directory.getShort(72)).isEqualTo((short) 0x21);
        assertThat(text(0x20, 10)).isEqualTo("/pci@i0cf8");
    }

    @Test
    void aDmaReadContinuesWhereTheLastOneEndedAndIsFilledWithZeros() {
        assertThat(dma(0x11 << 16 | 8 | 2, 1, BUFFER)).isZero();
        assertThat(buffer(1)).containsExactly(10);
        Arrays.fill(memory.bytes(), 0x1000, 0x1010, (byte) 7);
        assertThat(dma(2, 4, BUFFER)).isZero();

        assertThat(buffer(5)).containsExactly(20, 30, 0, 0, 7);
    }

    @Test
    void aDmaSkipMovesOn() {
        assertThat(dma(0x11 << 16 | 8 | 4, 2, 0)).isZero();
        assertThat(dma(2, 1, BUFFER)).isZero();

        assertThat(buffer(1)).containsExactly(30);
    }

    @Test
    void writesReadsOutsideMemoryAndHugeReadsAreErrors() {
        assertThat(dma(0x11 << 16 | 8 | 16, 1, BUFFER)).isEqualTo(1);
        assertThat(dma(0x11 << 16 | 8 | 2, 3, 0x1000)).isEqualTo(1);
        assertThat(dma(0x11 << 16 | 8 | 2, -1, BUFFER)).isEqualTo(1);
        assertThat(dma(0x11 << 16 | 8 | 2, 3, -2)).isEqualTo(1);
    }

    @Test
    void aCommandOutsideMemoryDoesNothing() {
        device.write(0x10, 8, -1);

        assertThat(text(0, 4)).isEqualTo("QEMU");
    }

    @Test
    void keysThatAreNotThereReadAsZero() {
        select(0x7777);

        assertThat(device.read(0, 8)).isZero();
    }
}

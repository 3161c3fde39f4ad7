package dev.ipanema.devices.flash;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.devices.bus.TestMemory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class CfiFlashTest {
    /// Part of a bank is enough here; a program behind it is an error.
    private static final int MEMORY = 1 << 20;

    private static final long READY = 0x0080_0080L;

    private final TestMemory contents = new TestMemory(0, MEMORY);
    private final List<Boolean> modes = new ArrayList<>();
    private final CfiFlash flash = new CfiFlash(contents, true, modes::add);

    private void command(long offset, int value) {
        flash.write(offset, 4, (long) value << 16 | value);
    }

    private void erase(long offset) {
        command(offset, 0x20);
        command(offset, 0xd0);
    }

    @Test
    void contentsAreReadAsMemoryUntilACommandComes() {
        contents.store(0x100, 4, 0x12345678);
        assertThat(flash.read(0x100, 4)).isEqualTo(0x12345678);
        assertThat(flash.isReadable()).isTrue();

        command(0x100, 0x70);
        assertThat(flash.isReadable()).isFalse();
        assertThat(flash.read(0x100, 4)).isEqualTo(READY);
        assertThat(flash.read(0x102, 2)).isEqualTo(0x80);
        command(0, 0xff);
        assertThat(flash.read(0x100, 4)).isEqualTo(0x12345678);
        assertThat(modes).containsExactly(false, true);
    }

    @Test
    void theQueryTellsGeometryAndCommandSet() {
        command(0x55 << 2, 0x98);

        assertThat(flash.read(0x10 << 2, 4)).isEqualTo((long) 'Q' << 16 | 'Q');
        assertThat(flash.read(0x11 << 2, 2)).isEqualTo('R');
        assertThat(flash.read(0x13 << 2, 1)).isEqualTo(1);
        // Each device: 2^25 bytes, 256 blocks of 512 times 256 bytes.
        assertThat(flash.read(0x27 << 2, 2)).isEqualTo(25);
        assertThat(flash.read(0x2d << 2, 2)).isEqualTo(255);
        assertThat(flash.read(0x2e << 2, 2)).isZero();
        assertThat(flash.read(0x30 << 2, 2)).isEqualTo(2);
    }

    @Test
    void theIdentityIsIntels() {
        command(0, 0x90);

        assertThat(flash.read(0, 4)).isEqualTo(0x0089_0089L);
        assertThat(flash.read(4, 4)).isEqualTo(0x0018_0018L);
        assertThat(flash.read(8, 4)).isZero();
    }

    @Test
    void anErasedBlockIsAllOnesAndItsNeighboursStay() {
        erase(CfiFlash.BLOCK + 0x1234);

        assertThat(flash.read(0, 4)).isEqualTo(READY);
        byte[] bytes = contents.bytes();
        assertThat(bytes[CfiFlash.BLOCK - 1]).isZero();
        assertThat(bytes[CfiFlash.BLOCK]).isEqualTo((byte) 0xff);
        assertThat(bytes[2 * CfiFlash.BLOCK - 1]).isEqualTo((byte) 0xff);
        assertThat(bytes[2 * CfiFlash.BLOCK]).isZero();
    }

    @Test
    void programmingClearsBitsOnly() {
        erase(0);
        command(0x40, 0x40);
        flash.write(0x40, 4, 0x0ff0_0ff0L);
        command(0x40, 0x10);
        flash.write(0x40, 4, 0xffff_00ffL);
        assertThat(flash.read(0x40, 4)).isEqualTo(READY);
        command(0, 0xff);

        assertThat(flash.read(0x40, 4)).isEqualTo(0x0ff0_00f0L);
    }

    @Test
    void aBufferedWriteProgramsAtItsConfirmation() {
        erase(0);
        command(0, 0xe8);
        assertThat(flash.read(0, 4)).isEqualTo(READY);
        command(0, 2 - 1);
        flash.write(0x1000, 4, 0x11111111);
        flash.write(0x1004, 4, 0x22222222);
        assertThat(contents.load(0x1000, 4)).isEqualTo(0xffff_ffffL);
        command(0, 0xd0);

        assertThat(flash.read(0, 4)).isEqualTo(READY);
        assertThat(contents.load(0x1000, 4)).isEqualTo(0x11111111);
        assertThat(contents.load(0x1004, 4)).isEqualTo(0x22222222);
        assertThat(contents.load(0x1008, 4)).isEqualTo(0xffff_ffffL);
    }

    @Test
    void aBufferedWriteAcrossItsBufferFailsAsAWhole() {
        erase(0);
        command(0, 0xe8);
        command(0, 2 - 1);
        flash.write(0xffc, 4, 0);
        flash.write(0x1000, 4, 0);
        command(0, 0xd0);

        assertThat(flash.read(0, 1)).isEqualTo(0x90);
        assertThat(contents.load(0xffc, 4)).isEqualTo(0xffff_ffffL);
    }

    @Test
    void anEraseThatIsNotConfirmedIsASequenceError() {
        command(0, 0x20);
        command(0, 0x00);

        assertThat(flash.read(0, 1)).isEqualTo(0xb0);
        command(0, 0x50);
        command(0, 0x70);
        assertThat(flash.read(0, 1)).isEqualTo(0x80);
    }

    @Test
    void aReadOnlyBankReportsErrorsAndKeepsItsContents() {
        CfiFlash rom = new CfiFlash(contents, false, modes::add);
        rom.write(0, 4, 0x0020_0020L);
        rom.write(0, 4, 0x00d0_00d0L);
        assertThat(rom.read(0, 1)).isEqualTo(0xa0);
        rom.write(0, 4, 0x0040_0040L);
        rom.write(0, 4, 0);

        assertThat(rom.read(0, 1)).isEqualTo(0xb0);
        assertThat(Arrays.equals(contents.bytes(), new byte[MEMORY])).isTrue();
    }

    @Test
    void commandsBehindTheContentsAreErrors() {
        erase(CfiFlash.SIZE - 4);
        command(CfiFlash.SIZE - 4, 0x40);
        flash.write(CfiFlash.SIZE - 4, 4, 0);

        assertThat(flash.read(0, 1)).isEqualTo(0xb0);
    }
}

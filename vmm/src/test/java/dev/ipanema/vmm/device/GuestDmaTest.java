package dev.ipanema.vmm.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.Mman;
import dev.ipanema.host.platform.Host;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.machine.memory.DmaPort;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GuestDmaTest {
    private static final long BASE = 0x4000_0000L;
    private static final int SIZE = 0x4000;

    private final Host host = Host.builder(HostProfile.parse("gb200")).build();
    private final AddressSpace mm = host.newAddressSpace();
    private final DmaPort dma = new GuestDma(
            mm.userMemory(),
            GuestRanges.of(
                    BASE,
                    SIZE,
                    mm.mmap(0, SIZE, Mman.PROT_READ | Mman.PROT_WRITE, Mman.MAP_PRIVATE | Mman.MAP_ANONYMOUS)));

    @AfterEach
    void close() {
        mm.close();
        host.close();
    }

    @Test
    void whatIsWrittenReadsBackAcrossPages() {
        byte[] bytes = {1, 2, 3, 4, 5, 6, 7, 8};
        byte[] back = new byte[8];

        assertThat(dma.write(BASE + 0xffc, bytes, 0, 8)).isTrue();
        assertThat(dma.read(BASE + 0xffc, back, 0, 8)).isTrue();

        assertThat(back).isEqualTo(bytes);
        assertThat(dma.load(BASE + 0x1000, 4)).isEqualTo(0x08070605L);
    }

    @Test
    void scalarIsLittleEndianAndZeroExtended() {
        assertThat(dma.store(BASE, 8, 0xffff_ffff_8000_00ffL)).isTrue();

        assertThat(dma.load(BASE, 4)).isEqualTo(0x8000_00ffL);
        assertThat(dma.load(BASE, 1)).isEqualTo(0xffL);
    }

    @ParameterizedTest
    @ValueSource(longs = {BASE - 1, BASE + SIZE - 1, BASE + SIZE, 0, -1, -2, Long.MIN_VALUE, Long.MAX_VALUE})
    void accessThatIsNotWhollyRamIsRefused(long address) {
        byte[] bytes = new byte[2];

        assertThat(dma.read(address, bytes, 0, 2)).isFalse();
        assertThat(dma.write(address, bytes, 0, 2)).isFalse();
        assertThat(dma.load(address, 2)).isEqualTo(DmaPort.NO_MEMORY);
        assertThat(dma.store(address, 2, 1)).isFalse();
    }
}

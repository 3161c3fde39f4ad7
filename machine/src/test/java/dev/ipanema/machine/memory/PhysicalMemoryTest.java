package dev.ipanema.machine.memory;

import static dev.ipanema.arm.memory.MemoryAttributes.DEVICE_nGnRE;
import static dev.ipanema.arm.memory.MemoryAttributes.NORMAL_WB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PhysicalMemoryTest {
    private static final long DRAM = 0x8000_0000L;
    private static final long DRAM_SIZE = 1L << 20;
    private static final long UART = 0x0900_0000L;

    private final List<String> device = new ArrayList<>();
    private final PhysicalMemory memory = PhysicalMemory.builder()
            .ram("dram", DRAM, DRAM_SIZE)
            .ram("dram-next", DRAM + DRAM_SIZE, 4096)
            .mmio("uart", UART, 4096, new Recorder())
            .maxResident(1 << 24)
            .build();

    private final class Recorder implements MmioRegion {
        @Override
        public long read(long offset, int bytes) {
            device.add("r" + offset + ":" + bytes);
            return 0x1122_3344_5566_7788L;
        }

        @Override
        public void write(long offset, int bytes, long value) {
            device.add("w" + offset + ":" + bytes + "=" + Long.toHexString(value));
        }
    }

    @AfterEach
    void close() {
        memory.close();
    }

    private long load(long pa, int bytes) {
        return memory.load(Agent.PE, NORMAL_WB, pa, bytes);
    }

    private void store(long pa, int bytes, long value) {
        memory.store(Agent.PE, NORMAL_WB, pa, bytes, value);
    }

    @ParameterizedTest
    @CsvSource({"1,0xff", "2,0xeeff", "4,0xccddeeff", "8,-0x7766554433221101"})
    void loadIsZeroExtended(int bytes, String expected) {
        store(DRAM + 1, 8, 0x8899_aabb_ccdd_eeffL);

        assertThat(load(DRAM + 1, bytes)).isEqualTo(Long.decode(expected));
    }

    @Test
    void firstAndLastBytesOfARegionAreReachable() {
        store(DRAM, 1, 0xaa);
        store(DRAM + DRAM_SIZE - 8, 8, -1);

        assertThat(load(DRAM, 1)).isEqualTo(0xaa);
        assertThat(load(DRAM + DRAM_SIZE - 8, 8)).isEqualTo(-1);
        assertThat(load(DRAM + DRAM_SIZE, 8)).isZero();
    }

    /// Below the region, its last byte plus one, across two regions that touch, beyond all, negative,
    /// wrap-around.
    @ParameterizedTest
    @CsvSource({
        "0x7fffffff,1",
        "0x7ffffffc,8",
        "0x800ffffc,8",
        "0x80100ffd,4",
        "0x80101000,1",
        "-1,1",
        "-8,8",
        "-0x80000000,8",
        "0x7ffffffffffffff8,8",
        "0,1",
        "0x10000080000000,8"
    })
    void accessOutsideOneRegionIsABusError(String text, int bytes) {
        long pa = Long.decode(text);

        assertThat(memory.contains(pa, bytes)).isFalse();
        assertThatExceptionOfType(BusErrorException.class)
                .isThrownBy(() -> load(pa, bytes))
                .matches(e -> e.pa() == pa);
        assertThatExceptionOfType(BusErrorException.class).isThrownBy(() -> store(pa, bytes, 0));
        assertThatExceptionOfType(BusErrorException.class)
                .isThrownBy(() -> memory.write(Agent.VMM, NORMAL_WB, pa, new byte[8], 0, bytes));
        assertThat(memory.residentBytes()).isZero();
    }

    @Test
    void hostileLengthsAreRefused() {
        assertThat(memory.contains(DRAM, 0)).isFalse();
        assertThat(memory.contains(DRAM, -1)).isFalse();
        assertThat(memory.contains(DRAM, Long.MAX_VALUE)).isFalse();
        assertThat(memory.contains(DRAM, Long.MIN_VALUE)).isFalse();
        assertThatExceptionOfType(BusErrorException.class)
                .isThrownBy(() -> memory.zero(Agent.KVM, NORMAL_WB, DRAM, Long.MAX_VALUE));
        assertThatExceptionOfType(BusErrorException.class)
                .isThrownBy(() -> memory.zero(Agent.KVM, NORMAL_WB, DRAM, -1));
        assertThatExceptionOfType(BusErrorException.class)
                .isThrownBy(() -> memory.window(Agent.KVM, NORMAL_WB, DRAM, DRAM_SIZE + 8));
        assertThatExceptionOfType(IndexOutOfBoundsException.class)
                .isThrownBy(() -> memory.read(Agent.VMM, NORMAL_WB, DRAM, new byte[4], 2, 3));
        assertThatIllegalArgumentException().isThrownBy(() -> load(DRAM, 3));
        assertThatIllegalArgumentException().isThrownBy(() -> load(UART, 16));
    }

    @Test
    void deviceGetsOffsetsAndOnlyTheBytesOfTheAccess() {
        memory.store(Agent.PE, DEVICE_nGnRE, UART + 0x18, 2, 0xdead_beefL);
        long value = memory.load(Agent.PE, DEVICE_nGnRE, UART + 4, 4);

        assertThat(device).containsExactly("w24:2=beef", "r4:4");
        assertThat(value).isEqualTo(0x5566_7788L);
    }

    @Test
    void bulkAccessToADeviceIsCutIntoAlignedRegisters() {
        byte[] bytes = new byte[11];

        memory.read(Agent.VMM, DEVICE_nGnRE, UART + 2, bytes, 0, 11);

        assertThat(device).containsExactly("r2:2", "r4:4", "r8:4", "r12:1");
        assertThat(bytes).startsWith(0x88, 0x77, 0x88, 0x77, 0x66, 0x55);
    }

    @Test
    void deviceRefusesUnalignedAtomicAndBulkRamOperations() {
        assertThatExceptionOfType(BusErrorException.class).isThrownBy(() -> load(UART + 1, 4));
        assertThatExceptionOfType(BusErrorException.class)
                .isThrownBy(() -> memory.compareAndExchange(Agent.PE, DEVICE_nGnRE, UART, 4, 0, 1));
        assertThatExceptionOfType(BusErrorException.class)
                .isThrownBy(() -> memory.zero(Agent.HOST_KERNEL, NORMAL_WB, UART, 8));
        assertThatExceptionOfType(BusErrorException.class)
                .isThrownBy(() -> memory.window(Agent.KVM, NORMAL_WB, UART, 8));
        assertThat(memory.hostAddress(UART)).isEqualTo(-1);
        assertThat(memory.hostAddressForRead(UART)).isEqualTo(-1);
        assertThat(memory.hostAddress(-8)).isEqualTo(-1);
    }

    @Test
    void compareAndExchangeReturnsTheWitness() {
        store(DRAM, 8, 5);

        assertThat(memory.compareAndExchange(Agent.PE, NORMAL_WB, DRAM, 8, 4, 9))
                .isEqualTo(5);
        assertThat(memory.compareAndExchange(Agent.PE, NORMAL_WB, DRAM, 8, 5, 9))
                .isEqualTo(5);
        assertThat(load(DRAM, 8)).isEqualTo(9);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> memory.compareAndExchange(Agent.PE, NORMAL_WB, DRAM + 4, 8, 0, 0));
    }

    @Test
    void hostAddressLeadsToTheSameBytes() {
        long host = memory.hostAddress(DRAM + 0x1238);

        RawMemory.RAW.putLong(host, 77);

        assertThat(load(DRAM + 0x1238, 8)).isEqualTo(77);
    }

    @Test
    void copyMovesDataAndZeroClearsExactlyItsRange() {
        store(DRAM + 0xff8, 8, -1);
        store(DRAM + 0x1000, 8, 0x0102_0304_0506_0708L);
        store(DRAM + DRAM_SIZE, 8, -1);

        memory.copy(Agent.HOST_KERNEL, NORMAL_WB, DRAM + 0xffc, DRAM + 0x8ffe, 12);
        memory.copy(Agent.HOST_KERNEL, NORMAL_WB, DRAM + 0x20000, DRAM + DRAM_SIZE, 4);
        memory.zero(Agent.HOST_KERNEL, NORMAL_WB, DRAM + 0xffa, 8);

        assertThat(load(DRAM + 0x8ffe, 8)).isEqualTo(0x0506_0708_ffff_ffffL);
        assertThat(load(DRAM + 0x9006, 4)).isEqualTo(0x0102_0304L);
        assertThat(load(DRAM + DRAM_SIZE, 8)).isEqualTo(0xffff_ffff_0000_0000L);
        assertThat(load(DRAM + 0xff8, 8)).isEqualTo(0xffffL);
        assertThat(load(DRAM + 0x1000, 8)).isEqualTo(0x0102_0304_0506_0000L);
        assertThatIllegalArgumentException().isThrownBy(() -> memory.copy(Agent.VMM, NORMAL_WB, DRAM, DRAM + 8, 16));
    }

    @Test
    void regionsAreFoundByAddressAndSorted() {
        assertThat(memory.regions()).extracting(PhysicalRegion::name).containsExactly("uart", "dram", "dram-next");
        assertThat(memory.region(DRAM + DRAM_SIZE)).hasToString("dram-next [0x80100000, 0x80101000)");
        assertThat(memory.region(DRAM - 1)).isNull();
    }

    @Test
    void closedMemoryRefusesAccess() {
        memory.close();
        memory.close();

        assertThatIllegalStateException().isThrownBy(() -> load(DRAM, 8));
    }

    @ParameterizedTest
    @CsvSource({"-4096,4096", "0,0", "0x1000,-4096", "0x10000000000000,4096", "0xffffffffff000,8192", "0x800,4096"})
    void builderRefusesBadRegions(String base, String size) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PhysicalMemory.builder().ram("bad", Long.decode(base), Long.decode(size)))
                .withMessageContaining("bad");
    }

    @Test
    void builderRefusesOverlap() {
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        PhysicalMemory.builder().ram("a", 0x1000, 0x2000).mmio("b", 0x2000, 0x1000, new Recorder()))
                .withMessage("Regions a and b overlap");
    }

    @Test
    void lastPageOf52BitsIsUsable() {
        long top = (1L << 52) - 4096;

        try (PhysicalMemory wide =
                PhysicalMemory.builder().ram("top", top, 4096).build()) {
            wide.store(Agent.PE, NORMAL_WB, top + 4088, 8, 3);
            assertThat(wide.load(Agent.PE, NORMAL_WB, top + 4088, 8)).isEqualTo(3);
            assertThat(wide.contains(top + 4089, 8)).isFalse();
        }
    }
}

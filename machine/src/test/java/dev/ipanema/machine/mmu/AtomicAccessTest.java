package dev.ipanema.machine.mmu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.pgtable.Stage1Descriptor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Exclusives, LSE atomics, compare and swap: values, alignment, the monitor, memory types.
class AtomicAccessTest {
    private static final long VA = 0x12_3456_7000L;
    private static final long PA = Guest.RAM + 0x40_0000;

    private Guest guest = new Guest().stage1();

    @AfterEach
    void close() {
        guest.close();
    }

    private void map() {
        guest.map1(VA, PA, 3, Guest.EL1_RW);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0xf0, 0x20, 0x10",
        "1, 0xff, 0x0f, 0xf0",
        "2, 0xff, 0x0f, 0xf0",
        "3, 0xf0, 0x0f, 0xff",
        "4, 0x80, 0x01, 0x01",
        "5, 0x80, 0x01, 0x80",
        "6, 0x80, 0x01, 0x80",
        "7, 0x80, 0x01, 0x01",
        "8, 0x80, 0x01, 0x01"
    })
    void atomicsComputeInTheirSize(int op, String old, String operand, String expected) {
        map();
        for (int log2 = 0; log2 <= 3; log2++) {
            int up = (8 << log2) - 8;
            long before = Long.decode(old) << up;
            long address = VA + 64 + 16L * log2;
            guest.write(PA + 64 + 16L * log2, 0);
            guest.mmu.store(address, before, log2);

            long result = guest.mmu.atomic(op, address, Long.decode(operand) << up, log2);

            assertThat(result).as("size %d", log2).isEqualTo(before);
            assertThat(guest.mmu.load(address, log2)).as("size %d", log2).isEqualTo(Long.decode(expected) << up);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void compareAndSwapStoresOnlyOnAMatch(int log2) {
        map();
        guest.mmu.store(VA, 5, log2);

        assertThat(guest.mmu.compareAndSwap(VA, 4, 9, log2)).isEqualTo(5);
        assertThat(guest.mmu.load(VA, log2)).isEqualTo(5);
        assertThat(guest.mmu.compareAndSwap(VA, 5, 9, log2)).isEqualTo(5);
        assertThat(guest.mmu.load(VA, log2)).isEqualTo(9);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void compareAndSwapPairIsBothOrNothing(int log2) {
        map();
        guest.mmu.storePair(VA, 1, 2, log2);

        assertThat(guest.mmu.compareAndSwapPair(VA, 1, 3, 8, 9, log2)).isTrue();
        assertThat(guest.mmu.high()).isEqualTo(2);
        assertThat(guest.mmu.compareAndSwapPair(VA, 1, 2, 8, 9, log2)).isTrue();
        guest.mmu.loadPair(VA, log2);
        assertThat(guest.mmu.low()).isEqualTo(8);
        assertThat(guest.mmu.high()).isEqualTo(9);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void exclusivePairSucceedsOnceAndFailsAfterAChange(int log2) {
        map();
        guest.mmu.store(VA, 7, log2);

        assertThat(guest.mmu.loadExclusive(VA, log2)).isEqualTo(7);
        assertThat(guest.mmu.storeExclusive(VA, 8, log2)).isZero();
        assertThat(guest.mmu.storeExclusive(VA, 9, log2)).isEqualTo(1);
        guest.mmu.loadExclusive(VA, log2);
        guest.mmu.store(VA, 1, log2);
        assertThat(guest.mmu.storeExclusive(VA, 9, log2)).isEqualTo(1);
        assertThat(guest.mmu.load(VA, log2)).isEqualTo(1);
    }

    @Test
    void storeExclusiveNeedsTheMonitorsAddressAndSize() {
        map();
        guest.mmu.loadExclusive(VA, 3);
        assertThat(guest.mmu.storeExclusive(VA + 8, 1, 3)).isEqualTo(1);
        guest.mmu.loadExclusive(VA, 3);
        assertThat(guest.mmu.storeExclusive(VA, 1, 2)).isEqualTo(1);
        guest.mmu.loadExclusive(VA, 3);
        guest.mmu.clearExclusive();
        assertThat(guest.mmu.monitorHeld()).isFalse();
        assertThat(guest.mmu.storeExclusive(VA, 1, 3)).isEqualTo(1);
        assertThat(guest.mmu.load64(VA)).isZero();
    }

    @Test
    void storeExclusiveWithoutMonitorTakesNoFault() {
        assertThat(guest.mmu.storeExclusive(VA, 1, 3)).isEqualTo(1);
        assertThat(guest.outcome()).isEqualTo("ok");
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void exclusivePairsOfRegisters(int log2) {
        map();
        guest.mmu.storePair(VA + 16, 3, 4, log2);

        assertThat(guest.mmu.loadExclusivePair(VA + 16, log2)).isTrue();
        assertThat(guest.mmu.low()).isEqualTo(3);
        assertThat(guest.mmu.high()).isEqualTo(4);
        assertThat(guest.mmu.storeExclusivePair(VA + 16, 5, 6, log2)).isZero();
        guest.mmu.loadPair(VA + 16, log2);
        assertThat(guest.mmu.low()).isEqualTo(5);
        assertThat(guest.mmu.high()).isEqualTo(6);
    }

    @ParameterizedTest
    @CsvSource({"neoverse-v2, 4, ok", "neoverse-v2, 12, s1 0x21", "cortex-a76, 4, s1 0x21"})
    void unalignedAtomicWorksInsideSixteenBytesWithLse2(String cpu, int offset, String expected) {
        guest.close();
        guest = new Guest(cpu, ExclusivePolicy.WORK).stage1();
        map();

        guest.mmu.atomic(AtomicOp.ADD, VA + offset, 0x1_0000_0001L, 3);

        assertThat(guest.outcome()).isEqualTo(expected);
        assertThat(guest.mmu.load64(VA + offset)).isEqualTo("ok".equals(expected) ? 0x1_0000_0001L : 0);
    }

    @Test
    void unalignedAtomicInsideAWordKeepsItsNeighbours() {
        map();
        guest.write(PA, 0x1122_3344_5566_7788L);

        guest.mmu.atomic(AtomicOp.SWP, VA + 1, 0xaabb_ccddL, 2);

        assertThat(guest.read(PA)).isEqualTo(0x1122_33aa_bbcc_dd88L);
    }

    @ParameterizedTest
    @EnumSource(ExclusivePolicy.class)
    void policyDecidesOnNonCacheableMemory(ExclusivePolicy policy) {
        guest.close();
        guest = new Guest("neoverse-v2", policy).stage1();
        guest.map1(VA, PA, 3, Guest.EL1_RW | Stage1Descriptor.attrIndxBits(Guest.NC));
        String expected = switch (policy) {
            case WORK -> "ok";
            case FAULT_0X35 -> "s1 0x35";
            case EXTERNAL_ABORT -> "s1 0x10";
        };

        guest.mmu.atomic(AtomicOp.ADD, VA, 1, 3);
        assertThat(guest.outcome()).isEqualTo(expected);
        guest.mmu.load64(VA);
        guest.mmu.atomic(AtomicOp.ADD, VA, 1, 3);
        assertThat(guest.outcome()).isEqualTo(expected);
        guest.mmu.loadExclusive(VA, 3);
        assertThat(guest.outcome()).isEqualTo(expected);
    }

    @Test
    void atomicsOnADeviceReadAndWriteIt() {
        guest.close();
        guest = new Guest("neoverse-v2", ExclusivePolicy.WORK).stage1();
        guest.map1(VA, Guest.DEVICE, 3, Guest.EL1_RW | Stage1Descriptor.attrIndxBits(Guest.NGNRE));

        assertThat(guest.mmu.atomic(AtomicOp.ADD, VA, 1, 2)).isEqualTo(0x5566_7788L);

        assertThat(guest.device.lastValue).isEqualTo(0x5566_7789L);
    }
}

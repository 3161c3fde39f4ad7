package dev.ipanema.machine.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The contract of the raw seam, on both of its classes.
class RawMemoryTest {
    private static final long PATTERN = 0x8899_aabb_ccdd_eeffL;

    private static HostMapping mapping;
    private static long address;

    static Stream<RawMemory> seams() {
        return Stream.of(new UnsafeRaw(), new SegmentRaw());
    }

    @BeforeAll
    static void map() {
        mapping = HostMapping.reserve(1 << 16);
        address = mapping.address();
    }

    @AfterAll
    static void unmap() {
        mapping.close();
    }

    @BeforeEach
    void clear() {
        new SegmentRaw().fill(address, 1 << 16, (byte) 0);
    }

    @ParameterizedTest
    @MethodSource("seams")
    void plainAccessesAreLittleEndianAndMayBeUnaligned(RawMemory raw) {
        raw.putLong(address + 3, PATTERN);

        assertThat(raw.getByte(address + 3)).isEqualTo((byte) 0xff);
        assertThat(raw.getShort(address + 3)).isEqualTo((short) 0xeeff);
        assertThat(raw.getInt(address + 5)).isEqualTo(0xaabb_ccdd);
        assertThat(raw.getLong(address + 3)).isEqualTo(PATTERN);
    }

    @ParameterizedTest
    @MethodSource("seams")
    void narrowStoresLeaveNeighboursAlone(RawMemory raw) {
        raw.putLong(address, -1);

        raw.putByte(address + 1, (byte) 0);
        raw.putShort(address + 3, (short) 0x1234);
        raw.putInt(address + 8, 0x5678_9abc);

        assertThat(raw.getLong(address)).isEqualTo(0xffff_ff12_34ff_00ffL);
        assertThat(raw.getLong(address + 8)).isEqualTo(0x5678_9abcL);
    }

    @ParameterizedTest
    @MethodSource("seams")
    void orderedAccessesReadWhatTheyStored(RawMemory raw) {
        raw.putLongVolatile(address, PATTERN);
        raw.putIntVolatile(address + 8, 0x1122_3344);
        raw.putShortVolatile(address + 12, (short) 0x5566);
        raw.putByteVolatile(address + 14, (byte) 0x77);
        raw.putLongRelease(address + 16, ~PATTERN);

        assertThat(raw.getLongVolatile(address)).isEqualTo(PATTERN);
        assertThat(raw.getIntVolatile(address + 8)).isEqualTo(0x1122_3344);
        assertThat(raw.getShortVolatile(address + 12)).isEqualTo((short) 0x5566);
        assertThat(raw.getByteVolatile(address + 14)).isEqualTo((byte) 0x77);
        assertThat(raw.getLongVolatile(address + 16)).isEqualTo(~PATTERN);
    }

    @ParameterizedTest
    @MethodSource("seams")
    void atomicsReturnTheOldValue(RawMemory raw) {
        assertThat(raw.getAndAddLong(address, 5)).isZero();
        assertThat(raw.getAndSetLong(address, 9)).isEqualTo(5);
        assertThat(raw.getAndAddInt(address, -1)).isEqualTo(9);
        assertThat(raw.getAndSetInt(address, 4)).isEqualTo(8);
        assertThat(raw.compareAndSetInt(address, 4, 6)).isTrue();
        assertThat(raw.compareAndSetLong(address, 4, 7)).isFalse();
        assertThat(raw.compareAndSetLong(address, 6, 7)).isTrue();
        assertThat(raw.getLong(address)).isEqualTo(7);
    }

    @ParameterizedTest
    @MethodSource("seams")
    void compareAndExchangeWorksOnEverySize(RawMemory raw) {
        raw.putLong(address, PATTERN);

        assertThat(raw.compareAndExchange(address + 1, 1, 0xee, 0x01)).isEqualTo(0xee);
        assertThat(raw.compareAndExchange(address + 2, 2, 0, 0x0203)).isEqualTo(0xccddL);
        assertThat(raw.compareAndExchange(address + 2, 2, 0xccdd, 0x0203)).isEqualTo(0xccddL);
        assertThat(raw.compareAndExchange(address + 4, 4, 0x8899_aabbL, 0x0405_0607))
                .isEqualTo(0x8899_aabbL);
        assertThat(raw.getLong(address)).isEqualTo(0x0405_0607_0203_01ffL);
        assertThat(raw.compareAndExchange(address, 8, 0, 1)).isEqualTo(0x0405_0607_0203_01ffL);
        assertThatIllegalArgumentException().isThrownBy(() -> raw.compareAndExchange(address, 3, 0, 1));
    }

    @ParameterizedTest
    @MethodSource("seams")
    void bulkOperationsMoveExactlyTheirRange(RawMemory raw) {
        byte[] bytes = {1, 2, 3, 4, 5};

        raw.copyIn(bytes, 1, address + 100, 3);
        raw.copy(address + 100, address + 200, 3);
        raw.fill(address + 201, 1, (byte) 9);
        byte[] back = new byte[5];
        raw.copyOut(address + 199, back, 0, 5);

        assertThat(back).containsExactly(0, 2, 9, 4, 0);
    }

    @Test
    void segmentsAreChosenWhenAskedForOrWhenUnsafeIsNotAllowed() {
        assertThat(RawMemory.choose("segment")).isInstanceOf(SegmentRaw.class);
        assertThat(RawMemory.choose("unsafe")).isInstanceOf(UnsafeRaw.class);
        assertThat(RawMemory.choose(null) instanceof UnsafeRaw).isEqualTo(UnsafeRaw.isAllowed());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RawMemory.choose("jni"))
                .withMessageContaining("ipanema.raw=jni");
    }
}

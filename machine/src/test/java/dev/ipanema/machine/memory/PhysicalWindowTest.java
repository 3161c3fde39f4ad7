package dev.ipanema.machine.memory;

import static dev.ipanema.arm.memory.MemoryAttributes.NORMAL_WB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PhysicalWindowTest {
    private final PhysicalMemory memory =
            PhysicalMemory.builder().ram("ram", 0x4000_0000L, 1 << 20).build();
    private final PhysicalWindow window = memory.window(Agent.KVM, NORMAL_WB, 0x4000_1000L, 0x2000);

    @AfterEach
    void close() {
        memory.close();
    }

    @Test
    void offsetsAreRelativeToItsAddress() {
        window.setLong(8, 0x1234);
        window.setLongRelease(0x1ff8, 0x5678);

        assertThat(memory.load(Agent.PE, NORMAL_WB, 0x4000_1008L, 8)).isEqualTo(0x1234);
        assertThat(memory.load(Agent.PE, NORMAL_WB, 0x4000_2ff8L, 8)).isEqualTo(0x5678);
        assertThat(window.getLong(8)).isEqualTo(0x1234);
        assertThat(window.getLongVolatile(0x1ff8)).isEqualTo(0x5678);
        assertThat(memory.residentBytes()).isEqualTo(0x2000);
    }

    @Test
    void compareAndSetStoresOnlyOverTheExpectedValue() {
        window.setLong(0, 5);

        assertThat(window.compareAndSetLong(0, 4, 6)).isFalse();
        assertThat(window.compareAndSetLong(0, 5, 6)).isTrue();
        assertThat(window.getLong(0)).isEqualTo(6);
    }

    @ParameterizedTest
    @ValueSource(longs = {-8, -1, 0x2000, 0x1ffc, 4, Long.MIN_VALUE, Long.MAX_VALUE})
    void offsetsOutsideOrUnalignedAreRefused(long offset) {
        assertThatExceptionOfType(BusErrorException.class).isThrownBy(() -> window.getLong(offset));
        assertThatExceptionOfType(BusErrorException.class).isThrownBy(() -> window.setLong(offset, 0));
        assertThatExceptionOfType(BusErrorException.class).isThrownBy(() -> window.compareAndSetLong(offset, 0, 0));
    }

    @Test
    void zeroIsBoundedByTheWindow() {
        memory.store(Agent.PE, NORMAL_WB, 0x4000_0ff8L, 8, -1);
        memory.store(Agent.PE, NORMAL_WB, 0x4000_1000L, 8, -1);

        window.zero(0, 0x2000);

        assertThat(memory.load(Agent.PE, NORMAL_WB, 0x4000_0ff8L, 8)).isEqualTo(-1);
        assertThat(window.getLong(0)).isZero();
        assertThatExceptionOfType(BusErrorException.class).isThrownBy(() -> window.zero(8, 0x2000));
        assertThatExceptionOfType(BusErrorException.class).isThrownBy(() -> window.zero(0, -1));
    }

    @Test
    void streamStoresItsValuesInOrderAndIsBoundedByTheWindow() {
        window.setLongs(8, 10, 3, 3);

        assertThat(window.getLong(0)).isZero();
        assertThat(window.getLong(8)).isEqualTo(10);
        assertThat(window.getLong(24)).isEqualTo(16);
        assertThat(window.getLong(32)).isZero();
        assertThatExceptionOfType(BusErrorException.class).isThrownBy(() -> window.setLongs(8, 0, 0, 0x400));
        assertThatExceptionOfType(BusErrorException.class).isThrownBy(() -> window.setLongs(4, 0, 0, 1));
        assertThatExceptionOfType(BusErrorException.class).isThrownBy(() -> window.setLongs(0, 0, 0, 0));
        assertThatExceptionOfType(BusErrorException.class).isThrownBy(() -> window.setLongs(-8, 0, 0, 1));
    }

    @Test
    void bitsAreClearedWhereAllThatAreAskedForAreSet() {
        window.setLong(0, 0b0111);
        window.setLong(8, 0b0101);
        window.setLong(16, 0b1110);
        window.setLong(24, 0b0111);

        assertThat(window.clearBits(0, 3, 0b0110, 0)).isEqualTo(2);
        assertThat(window.getLong(0)).isEqualTo(0b0111);
        assertThat(window.clearBits(0, 3, 0b0110, 0b0010)).isEqualTo(2);
        assertThat(window.getLong(0)).isEqualTo(0b0101);
        assertThat(window.getLong(8)).isEqualTo(0b0101);
        assertThat(window.getLong(16)).isEqualTo(0b1100);
        assertThat(window.getLong(24)).isEqualTo(0b0111);
        assertThatExceptionOfType(BusErrorException.class).isThrownBy(() -> window.clearBits(4, 1, 0, 0));
        assertThatExceptionOfType(BusErrorException.class).isThrownBy(() -> window.clearBits(8, 0x400, 0, 0));
    }

    @Test
    void windowStartsOnAMultipleOf8() {
        assertThatIllegalArgumentException().isThrownBy(() -> memory.window(Agent.KVM, NORMAL_WB, 0x4000_0004L, 8));
    }
}

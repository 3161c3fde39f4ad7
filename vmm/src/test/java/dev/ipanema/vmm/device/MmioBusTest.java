package dev.ipanema.vmm.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.machine.memory.MmioRegion;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MmioBusTest {
    private final List<String> accesses = new ArrayList<>();
    private final MmioBus bus = new MmioBus();

    private MmioRegion device(String name) {
        return new MmioRegion() {
            @Override
            public long read(long offset, int bytes) {
                accesses.add("%s r%d@%x".formatted(name, bytes, offset));
                return 7;
            }

            @Override
            public void write(long offset, int bytes, long value) {
                accesses.add("%s w%d@%x=%x".formatted(name, bytes, offset, value));
            }
        };
    }

    MmioBusTest() {
        bus.add("b", 0x2000, 0x18, device("b"));
        bus.add("a", 0x1000, 0x1000, device("a"));
    }

    @Test
    void accessGoesToTheWindowWithItsOffset() {
        assertThat(bus.read(0x1ffc, 4)).isEqualTo(7);
        bus.write(0x2010, 8, 0xabcd);

        assertThat(accesses).containsExactly("a r4@ffc", "b w8@10=abcd");
    }

    @ParameterizedTest
    @CsvSource({"0xffc,4", "0x2018,1", "0x2014,8", "0x1001,2", "0x1004,8", "-8,8", "0x7fffffffffffffff,1"})
    void nothingAnswersOutsideOrUnaligned(String address, int bytes) {
        long at = Long.decode(address);

        assertThat(bus.answers(at, bytes)).isFalse();
        assertThat(bus.read(at, bytes)).isZero();
        bus.write(at, bytes, 1);
        assertThat(accesses).isEmpty();
    }

    @Test
    void overlappingWindowIsRefused() {
        MmioRegion device = device("c");

        assertThatThrownBy(() -> bus.add("c", 0x1fff, 2, device))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("c at 0x1fff overlaps");
    }
}

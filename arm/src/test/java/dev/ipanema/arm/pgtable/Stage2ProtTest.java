package dev.ipanema.arm.pgtable;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.base.errno.Errno;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class Stage2ProtTest {
    private static final int ALL = Stage2Prot.RWX | Stage2Prot.DEVICE | Stage2Prot.NORMAL_NC | Stage2Prot.SOFTWARE;

    static IntStream encodable() {
        return IntStream.rangeClosed(0, ALL).filter(prot -> Stage2Prot.encode(prot, true, false, true) >= 0);
    }

    @ParameterizedTest
    @MethodSource("encodable")
    void encodedProtectionsDecodeToThemselves(int prot) {
        assertThat(Stage2Prot.decode(Stage2Prot.encode(prot, true, false, true), true, true))
                .isEqualTo(prot);
        assertThat(Stage2Prot.decode(Stage2Prot.encode(prot, false, true, true), false, true))
                .isEqualTo(prot);
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                Stage2Prot.DEVICE | Stage2Prot.NORMAL_NC,
                Stage2Prot.DEVICE | Stage2Prot.UX,
                Stage2Prot.NORMAL_NC | Stage2Prot.X,
            })
    void impossibleMemoryIsRefused(int prot) {
        assertThat(Stage2Prot.encode(prot, true, false, true)).isEqualTo(Errno.EINVAL.negated());
    }

    @ParameterizedTest
    @ValueSource(ints = {Stage2Prot.PX, Stage2Prot.UX})
    void executionForOneLevelNeedsXnx(int prot) {
        assertThat(Stage2Prot.encode(prot, true, false, false)).isEqualTo(Errno.EINVAL.negated());
        assertThat(Stage2Prot.encode(prot, true, false, true)).isPositive();
    }

    @Test
    void protectionsPrintThemselves() {
        assertThat(Stage2Prot.describe(Stage2Prot.RWX)).isEqualTo("RWX");
        assertThat(Stage2Prot.describe(Stage2Prot.RW | Stage2Prot.NORMAL_NC)).isEqualTo("RW- NORMAL_NC");
        assertThat(Stage2Prot.describe(Stage2Prot.R | Stage2Prot.PX | Stage2Prot.SW0 | Stage2Prot.SW3))
                .isEqualTo("R-PX SW0 SW3");
    }
}

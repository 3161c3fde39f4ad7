package dev.ipanema.arm.exception;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FaultStatusTest {
    @ParameterizedTest
    @CsvSource({
        "0x00, 0, 0x00, address size fault level 0",
        "0x00, -1, 0x29, address size fault level -1",
        "0x04, 3, 0x07, translation fault level 3",
        "0x04, -1, 0x2B, translation fault level -1",
        "0x08, 1, 0x09, access flag fault level 1",
        "0x0C, 2, 0x0E, permission fault level 2",
        "0x14, 3, 0x17, synchronous External abort on walk level 3",
        "0x14, -1, 0x13, synchronous External abort on walk level -1",
        "0x1C, 0, 0x1C, synchronous parity or ECC error on walk level 0",
        "0x1C, -1, 0x1B, synchronous parity or ECC error on walk level -1",
    })
    void kindAndLevelMakeACodeThatReadsBack(String kind, int level, String fsc, String text) {
        int code = FaultStatus.of(Integer.decode(kind), level);

        assertThat(code).isEqualTo(Integer.decode(fsc));
        assertThat(FaultStatus.kind(code)).isEqualTo(Integer.decode(kind));
        assertThat(FaultStatus.level(code)).isEqualTo(level);
        assertThat(FaultStatus.describe(code)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({
        "0x10, synchronous External abort",
        "0x11, synchronous Tag Check Fault",
        "0x21, alignment fault",
        "0x30, TLB conflict abort",
        "0x31, unsupported atomic hardware update",
        "0x35, unsupported exclusive or atomic access",
        "0x3F, reserved",
    })
    void codesWithoutLevelReadBack(String fsc, String text) {
        int code = Integer.decode(fsc);

        assertThat(FaultStatus.of(code, 2)).isEqualTo(code);
        assertThat(FaultStatus.level(code)).isEqualTo(Integer.MIN_VALUE);
        assertThat(FaultStatus.describe(code)).isEqualTo(text);
    }

    @Test
    void permissionFaultHasNoLevelMinusOne() {
        assertThatThrownBy(() -> FaultStatus.of(FaultStatus.PERMISSION, -1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("No fault status code of kind 0xc at level -1");
    }

    @Test
    void externalAbortsAreToldFromOtherFaults() {
        assertThat(FaultStatus.isSynchronousExternalAbort(0x13)).isTrue();
        assertThat(FaultStatus.isSynchronousExternalAbort(0x18)).isTrue();
        assertThat(FaultStatus.isSynchronousExternalAbort(FaultStatus.TAG_CHECK))
                .isFalse();
        assertThat(FaultStatus.isTranslation(0x2B)).isTrue();
        assertThat(FaultStatus.isPermission(0x0D)).isTrue();
        assertThat(FaultStatus.isAccessFlag(0x0D)).isFalse();
        assertThat(FaultStatus.isAddressSize(0x29)).isTrue();
    }
}

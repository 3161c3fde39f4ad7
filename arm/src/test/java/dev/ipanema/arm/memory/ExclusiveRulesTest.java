package dev.ipanema.arm.memory;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExclusiveRulesTest {
    @Test
    void onlyShareableFullyAllocatingWriteBackIsGuaranteed() {
        assertThat(ExclusiveRules.isGuaranteed(MemoryAttributes.NORMAL_WB)).isTrue();
        assertThat(ExclusiveRules.isGuaranteed(MemoryAttributes.NORMAL_WB_TAGGED))
                .isTrue();
        assertThat(ExclusiveRules.isGuaranteed(Mair.decode(Mair.NORMAL_WB, Shareability.NSH)))
                .isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {0x00, 0x0C, 0x44, 0xBB, 0xEE, 0x77, 0xF4})
    void otherTypesAreNotGuaranteed(int mair) {
        assertThat(ExclusiveRules.isGuaranteed(Mair.decode(mair, Shareability.ISH)))
                .isFalse();
    }

    @Test
    void stageThatWeakenedTheTypeReportsTheFault() {
        assertThat(ExclusiveRules.faultStage(MemoryAttributes.NORMAL_WB)).isEqualTo(2);
        assertThat(ExclusiveRules.faultStage(MemoryAttributes.NORMAL_NC)).isEqualTo(1);
    }

    @Test
    void sixtyFourByteAccessesNeedUncachedMemory() {
        assertThat(ExclusiveRules.faults64Byte(MemoryAttributes.NORMAL_WB)).isTrue();
        assertThat(ExclusiveRules.faults64Byte(MemoryAttributes.NORMAL_NC)).isFalse();
        assertThat(ExclusiveRules.faults64Byte(MemoryAttributes.DEVICE_nGnRE)).isFalse();
    }
}

package dev.ipanema.arm.memory;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class WriteThroughTest {
    private static boolean isWriteThrough(MemAttrHints inner, MemAttrHints outer) {
        return MemoryAttributes.normal(inner, outer, Shareability.ISH).isWriteThrough();
    }

    @Test
    void storesReachMemoryAtOnceWhereNoLevelIsWriteBack() {
        MemAttrHints wt = MemoryAttributes.NORMAL_WT_RA.inner();

        assertThat(isWriteThrough(wt, wt)).isTrue();
        assertThat(isWriteThrough(wt, MemAttrHints.NC)).isTrue();
        assertThat(isWriteThrough(MemAttrHints.NC, wt)).isTrue();
        assertThat(isWriteThrough(wt, MemAttrHints.WB_RWA)).isFalse();
        assertThat(isWriteThrough(MemAttrHints.WB_RWA, wt)).isFalse();
        assertThat(MemoryAttributes.NORMAL_WB.isWriteThrough()).isFalse();
        assertThat(MemoryAttributes.NORMAL_NC.isWriteThrough()).isFalse();
        assertThat(MemoryAttributes.DEVICE_nGnRE.isWriteThrough()).isFalse();
    }
}

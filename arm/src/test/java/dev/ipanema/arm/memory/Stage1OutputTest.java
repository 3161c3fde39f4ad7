package dev.ipanema.arm.memory;

import static dev.ipanema.arm.memory.AccessKind.DATA;
import static dev.ipanema.arm.memory.AccessKind.FETCH;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class Stage1OutputTest {
    private static final MemoryAttributes WB = MemoryAttributes.NORMAL_WB;
    private static final MemoryAttributes NC = MemoryAttributes.NORMAL_NC;
    private static final MemoryAttributes DEVICE = MemoryAttributes.DEVICE_nGnRE;

    @Test
    void translationIsOffWithTgeOrDefaultCacheability() {
        assertThat(Stage1Output.isEnabled(true, false, false)).isTrue();
        assertThat(Stage1Output.isEnabled(false, false, false)).isFalse();
        assertThat(Stage1Output.isEnabled(true, true, false)).isFalse();
        assertThat(Stage1Output.isEnabled(true, false, true)).isFalse();
    }

    @Test
    void defaultCacheabilityImpliesStage2() {
        assertThat(Stage1Output.isStage2Enabled(false, true)).isTrue();
        assertThat(Stage1Output.isStage2Enabled(false, false)).isFalse();
    }

    @Test
    void dataCacheOffMakesNormalNonCacheableAndLeavesDevice() {
        assertThat(Stage1Output.translated(WB, DATA, false, true)).isSameAs(NC.withXs(false));
        assertThat(Stage1Output.translated(DEVICE, DATA, false, true)).isSameAs(DEVICE);
        assertThat(Stage1Output.translated(WB, DATA, true, false)).isSameAs(WB);
    }

    @Test
    void instructionCacheOffMakesFetchesNonCacheable() {
        assertThat(Stage1Output.translated(WB, FETCH, true, false)).isSameAs(NC.withXs(false));
        assertThat(Stage1Output.translated(WB, FETCH, false, true)).isSameAs(WB);
    }

    @Test
    void fetchFromDeviceIsNonCacheable() {
        assertThat(Stage1Output.translated(DEVICE, FETCH, true, true)).isSameAs(NC);
    }

    @Test
    void disabledStage1IsDeviceForDataAndCacheableForFetches() {
        assertThat(Stage1Output.disabled(DATA, true, false, false)).isSameAs(MemoryAttributes.DEVICE_nGnRnE);
        assertThat(Stage1Output.disabled(FETCH, true, false, false)).hasToString("Normal-WT RA OSH");
        assertThat(Stage1Output.disabled(FETCH, false, false, false)).isSameAs(NC);
    }

    @Test
    void defaultCacheabilityIsNonShareableWriteBack() {
        assertThat(Stage1Output.disabled(DATA, false, true, false)).hasToString("Normal-WB RWA NSH");
        assertThat(Stage1Output.disabled(FETCH, false, true, true)).hasToString("Normal-WB RWA NSH Tagged");
        assertThat(Stage1Output.disabled(DATA, false, false, true)).isSameAs(MemoryAttributes.DEVICE_nGnRnE);
    }

    @Test
    void walksTakeTheirTypeFromTcr() {
        assertThat(Stage1Output.walk(0b01, 0b01, Shareability.ISH, true)).isSameAs(WB);
        assertThat(Stage1Output.walk(0b10, 0b11, Shareability.OSH, true).longName())
                .isEqualTo("Normal outer WB-RA inner WT-RA");
        assertThat(Stage1Output.walk(0b00, 0b00, Shareability.NSH, true)).isSameAs(NC);
    }

    @Test
    void walksAreNonCacheableWithTheDataCacheOff() {
        assertThat(Stage1Output.walk(0b01, 0b01, Shareability.ISH, false).isNormalNonCacheable())
                .isTrue();
    }
}

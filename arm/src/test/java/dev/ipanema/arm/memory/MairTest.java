package dev.ipanema.arm.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class MairTest {
    static IntStream definedBytes() {
        return IntStream.range(0, 256).filter(mair -> Mair.isDefined(mair, true, true));
    }

    @Test
    void twoHundredThirtySixOfAllBytesAreDefinedWithXsAndMte2() {
        assertThat(definedBytes().count()).isEqualTo(236);
    }

    @Test
    void sevenFewerBytesAreDefinedWithoutXsAndMte2() {
        assertThat(IntStream.range(0, 256).filter(mair -> Mair.isDefined(mair, false, false)))
                .hasSize(229)
                .doesNotContain(0x01, 0x05, 0x09, 0x0D, 0x40, 0xA0, 0xF0);
    }

    @ParameterizedTest
    @CsvSource({
        "0x00, Device-nGnRnE, true",
        "0x01, Device-nGnRnE, false",
        "0x04, Device-nGnRE, true",
        "0x0D, Device-GRE, false",
        "0x44, Normal outer NC inner NC, true",
        "0x40, Normal outer NC inner NC, false",
        "0xA0, Normal outer WT-RA inner WT-RA, false",
        "0xBB, Normal outer WT-RWA inner WT-RWA, true",
        "0x1F, Normal outer WT-WA-transient inner WB-RWA, true",
        "0x4C, Normal outer NC inner WB-no-alloc, true",
        "0x55, Normal outer WB-WA-transient inner WB-WA-transient, false",
        "0xF0, Normal outer WB-RWA inner WB-RWA Tagged, false",
        "0xFF, Normal outer WB-RWA inner WB-RWA, false",
    })
    void byteDecodesToTypeAndXs(String mair, String name, boolean xs) {
        MemoryAttributes type = Mair.decode(Integer.decode(mair), Shareability.ISH);

        assertThat(type.longName()).isEqualTo(name);
        assertThat(type.xs()).isEqualTo(xs);
    }

    @ParameterizedTest
    @ValueSource(ints = {0x02, 0x03, 0x0F, 0x10, 0x80, 0xC0, 0xE0})
    void unpredictableByteActsAsTheStrictestDevice(int mair) {
        assertThat(Mair.decode(mair, Shareability.ISH)).isSameAs(MemoryAttributes.DEVICE_nGnRnE);
    }

    @ParameterizedTest
    @ValueSource(ints = {0x01, 0x40, 0xA0, 0xF0})
    void byteOfAMissingFeatureActsAsTheStrictestDevice(int mair) {
        assertThat(Mair.decode(mair, Shareability.ISH, false, false)).isSameAs(MemoryAttributes.DEVICE_nGnRnE);
    }

    @ParameterizedTest
    @MethodSource("definedBytes")
    void encodingDecodesToTheSameTypeButForXs(int mair) {
        MemoryAttributes type = Mair.decode(mair, Shareability.ISH);

        MemoryAttributes again = Mair.decode(Mair.encode(type), Shareability.ISH);

        assertThat(again.withXs(type.xs())).isSameAs(type);
    }

    @ParameterizedTest
    @MethodSource("definedBytes")
    void packedFormTurnsBackIntoTheSameObject(int mair) {
        MemoryAttributes type = Mair.decode(mair, Shareability.NSH);

        assertThat(MemoryAttributes.ofPacked(type.packed())).isSameAs(type);
    }

    @Test
    void deviceAndNonCacheableMemoryIsOuterShareableWhateverTheField() {
        assertThat(Mair.decode(Mair.DEVICE_GRE, Shareability.NSH).shareability())
                .isEqualTo(Shareability.OSH);
        assertThat(Mair.decode(Mair.NORMAL_NC, Shareability.ISH).shareability()).isEqualTo(Shareability.OSH);
        assertThat(Mair.decode(0x4F, Shareability.NSH).shareability()).isEqualTo(Shareability.NSH);
    }

    @Test
    void reservedShareabilityActsAsNonShareable() {
        assertThat(Mair.decode(Mair.NORMAL_WB, Shareability.RESERVED).shareability())
                .isEqualTo(Shareability.NSH);
    }

    @Test
    void byteOfARegisterIsSelectedByIndex() {
        assertThat(Mair.attr(0xFF44_0400_F000_BB0CL, 0)).isEqualTo(0x0C);
        assertThat(Mair.attr(0xFF44_0400_F000_BB0CL, 7)).isEqualTo(0xFF);
    }

    @ParameterizedTest
    @CsvSource({
        "0x04, Device-nGnRE",
        "0x44, Normal-NC OSH",
        "0xFF, Normal-WB RWA ISH",
        "0xF0, Normal-WB RWA ISH Tagged",
        "0x66, Normal-WB RA transient ISH",
        "0xF4, Normal outer WB-RWA inner NC ISH",
    })
    void typePrintsItself(String mair, String text) {
        assertThat(Mair.decode(Integer.decode(mair), Shareability.ISH)).hasToString(text);
    }
}

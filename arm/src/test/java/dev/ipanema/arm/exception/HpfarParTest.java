package dev.ipanema.arm.exception;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.memory.MemoryAttributes;
import org.junit.jupiter.api.Test;

class HpfarParTest {
    @Test
    void faultingPageIsReadBackWithTheOffsetOfFar() {
        long hpfar = Hpfar.of(0xF_1234_5678_9ABCL);

        assertThat(hpfar).isEqualTo(0xF12_3456_7890L);
        assertThat(Hpfar.ipa(hpfar)).isEqualTo(0xF_1234_5678_9000L);
        assertThat(Hpfar.ipa(hpfar, 0xFFFF_0000_0000_0ABCL)).isEqualTo(0xF_1234_5678_9ABCL);
        assertThat(Hpfar.describe(hpfar)).isEqualTo("0xf1234567890 FIPA=0xf123456789000");
    }

    @Test
    void permissionFaultNamesThePageOnlyOnAWalk() {
        assertThat(Hpfar.isValidFor(0x07, false)).isTrue();
        assertThat(Hpfar.isValidFor(0x0B, false)).isTrue();
        assertThat(Hpfar.isValidFor(0x00, false)).isTrue();
        assertThat(Hpfar.isValidFor(0x0F, false)).isFalse();
        assertThat(Hpfar.isValidFor(0x0F, true)).isTrue();
        assertThat(Hpfar.isValidFor(FaultStatus.ALIGNMENT, true)).isFalse();
    }

    @Test
    void successfulTranslationIsReadBack() {
        long par = Par.success(0x1_2345_6FFFL, MemoryAttributes.NORMAL_WB);

        assertThat(par).isEqualTo(0xFF00_0001_2345_6B80L);
        assertThat(Par.isFault(par)).isFalse();
        assertThat(Par.pa(par)).isEqualTo(0x1_2345_6000L);
        assertThat(Par.attributes(par)).isSameAs(MemoryAttributes.NORMAL_WB);
        assertThat(Par.describe(par)).isEqualTo("0xff00000123456b80 PA=0x123456000 Normal-WB RWA ISH");
    }

    @Test
    void deviceMemoryIsReportedOuterShareable() {
        assertThat(Par.success(0, MemoryAttributes.DEVICE_nGnRE)).isEqualTo(0x0400_0000_0000_0B00L);
    }

    @Test
    void faultIsReadBack() {
        long par = Par.fault(FaultStatus.of(FaultStatus.TRANSLATION, 3), true, true);

        assertThat(par).isEqualTo(0xB0FL);
        assertThat(Par.isFault(par)).isTrue();
        assertThat(Par.fsc(par)).isEqualTo(0x07);
        assertThat(Par.isStage2(par)).isTrue();
        assertThat(Par.isS1ptw(par)).isTrue();
        assertThat(Par.describe(par)).isEqualTo("0xb0f F, FST=0x07 translation fault level 3, stage 2, S1PTW");
        assertThat(Par.describe(Par.fault(FaultStatus.ADDRESS_SIZE, false, false)))
                .isEqualTo("0x801 F, FST=0x00 address size fault level 0, stage 1");
    }
}

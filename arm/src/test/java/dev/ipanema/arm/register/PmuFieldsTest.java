package dev.ipanema.arm.register;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The performance monitors' registers and fields.
class PmuFieldsTest {
    @Test
    void countersAreFoundByTheirNumbers() {
        assertThat(SysReg.pmuCounter(0)).isEqualTo(SysReg.PMEVCNTR0_EL0);
        assertThat(SysReg.pmuCounter(30)).isEqualTo(SysReg.PMEVCNTR30_EL0);
        assertThat(SysReg.pmuCounter(31)).isEqualTo(SysReg.PMCCNTR_EL0);
        assertThat(SysReg.pmuEventType(9)).isEqualTo(SysReg.PMEVTYPER9_EL0);
        assertThat(SysReg.pmuEventType(31)).isEqualTo(SysReg.PMCCFILTR_EL0);
        for (int n = 0; n < 32; n++) {
            assertThat(SysReg.pmuCounter(n).pmuIndex()).isEqualTo(n);
            assertThat(SysReg.pmuEventType(n).pmuIndex()).isEqualTo(n);
        }
        assertThat(SysReg.PMCR_EL0.pmuIndex()).isNegative();
        assertThat(SysReg.CNTV_CTL_EL0.pmuIndex()).isNegative();
    }

    @Test
    void theirRegistersAreThoseWhoseNamesBeginWithPm() {
        assertThat(SysReg.values())
                .allSatisfy(reg -> assertThat(reg.isPmu())
                        .as(reg.name())
                        .isEqualTo(reg.name().startsWith("PM")));
    }

    @ParameterizedTest
    @CsvSource({
        "PMUSERENR_EL0, true, 0",
        "PMCR_EL0, true, 1",
        "PMCR_EL0, false, 1",
        "PMSWINC_EL0, false, 2",
        "PMCCNTR_EL0, true, 4",
        "PMCCNTR_EL0, false, 1",
        "PMEVCNTR3_EL0, true, 8",
        "PMEVCNTR3_EL0, false, 1",
        "PMXEVCNTR_EL0, true, 8",
        "PMSELR_EL0, false, 8",
        "PMEVTYPER3_EL0, true, 1",
        "PMCCFILTR_EL0, true, 1",
    })
    void el0NeedsTheBitOfTheRegisterOrTheOneOfAll(SysReg reg, boolean read, long bit) {
        long all = PmuserenrEl0.EN | PmuserenrEl0.SW | PmuserenrEl0.CR | PmuserenrEl0.ER;

        assertThat(PmuserenrEl0.allows(bit, reg, read)).isTrue();
        assertThat(PmuserenrEl0.allows(PmuserenrEl0.EN, reg, read)).isTrue();
        assertThat(PmuserenrEl0.allows(all & ~bit & ~PmuserenrEl0.EN, reg, read))
                .isEqualTo(bit == 0);
    }

    @Test
    void filtersExcludeAnExceptionLevelUnlessBothBitsAgree() {
        assertThat(PmevtyperEl0.countsEl1(0)).isTrue();
        assertThat(PmevtyperEl0.countsEl0(0)).isTrue();
        assertThat(PmevtyperEl0.countsEl1(PmevtyperEl0.P)).isFalse();
        assertThat(PmevtyperEl0.countsEl0(PmevtyperEl0.P)).isTrue();
        assertThat(PmevtyperEl0.countsEl0(PmevtyperEl0.U)).isFalse();
        assertThat(PmevtyperEl0.countsEl1(PmevtyperEl0.P | PmevtyperEl0.NSK)).isTrue();
        assertThat(PmevtyperEl0.countsEl0(PmevtyperEl0.NSU)).isFalse();
    }

    @Test
    void eventNumbersHaveTenBitsBeforePmuv3p1() {
        assertThat(PmevtyperEl0.events(IdAa64Dfr0El1.V3)).isEqualTo(0x400);
        assertThat(PmevtyperEl0.events(IdAa64Dfr0El1.V3P1)).isEqualTo(0x1_0000);
    }

    @Test
    void versionIsBits11To8AndFifteenIsNone() {
        assertThat(IdAa64Dfr0El1.pmuVer(0x1030_5619L)).isEqualTo(IdAa64Dfr0El1.V3P5);
        assertThat(IdAa64Dfr0El1.pmuVer(0x1030_5f19L)).isZero();
        assertThat(IdAa64Dfr0El1.withPmuVer(0x1030_5619L, 1)).isEqualTo(0x1030_5119L);
    }

    @Test
    void numberOfCountersIsBits15To11() {
        // PMCR_EL0 of a Neoverse N1 after reset: six counters.
        assertThat(PmcrEl0.n(0x410c_3000L)).isEqualTo(6);
        assertThat(PmcrEl0.withN(PmcrEl0.E, 31)).isEqualTo(0xf801);
    }
}

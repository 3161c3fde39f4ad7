package dev.ipanema.arm.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.arm.register.Clidr;
import dev.ipanema.arm.register.Ctr;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.base.text.BadInput;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CpuModelTest {
    /// What the hosts of the recordings had, by model; MIDR part numbers are those of Linux's asm/cputype.h.
    @ParameterizedTest
    @CsvSource({
        "neoverse-v2, 48, true,  true,  true,  0xd4f",
        "neoverse-v1, 48, true,  true,  true,  0xd40",
        "neoverse-n2, 48, true,  true,  true,  0xd49",
        "neoverse-n1, 48, false, false, false, 0xd0c",
        "cortex-a710, 40, true,  false, true,  0xd47",
        "cortex-a78,  40, false, false, true,  0xd41",
        "cortex-a76,  40, false, false, false, 0xd0b",
        "cortex-a72,  44, false, false, false, 0xd08",
        "cortex-a57,  44, false, false, false, 0xd07",
        "cortex-a55,  40, false, false, false, 0xd05",
        "cortex-a53,  40, false, false, false, 0xd03",
        "a64fx,       40, false, false, false, 0x001",
        "max,         52, true,  true,  true,  0x049",
    })
    void modelHasItsAddressSizeAndCacheProperties(
            String name, int paBits, boolean fwb, boolean dic, boolean idc, String part) {
        CpuModel model = CpuModel.parse(name);

        assertThat(model.name()).isEqualTo(name);
        assertThat(model.paRangeBits()).isEqualTo(paBits);
        assertThat(model.has(CpuFeature.FWB)).isEqualTo(fwb);
        assertThat(model.has(CpuFeature.DIC)).isEqualTo(dic);
        assertThat(model.has(CpuFeature.IDC)).isEqualTo(idc);
        assertThat(model.id(SysReg.MIDR_EL1) >>> 4 & 0xfff).isEqualTo(Long.decode(part));
    }

    /// PMUVer as the models have it and as a guest may see it, and the event counters.
    @ParameterizedTest
    @CsvSource({
        "cortex-a57, 1, 1, 6",
        "neoverse-n1, 4, 4, 6",
        "neoverse-v1, 5, 5, 6",
        "neoverse-v2, 6, 6, 6",
        "cortex-a710, 6, 6, 20",
        "a64fx, 4, 4, 8",
        "max, 6, 6, 6",
        "max-pmuv3p5, 5, 5, 6",
        "max-pmu, 0, 0, 0",
    })
    void modelHasItsPerformanceMonitors(String name, int version, int guestVersion, int counters) {
        CpuModel model = CpuModel.parse(name);

        assertThat(model.id(SysReg.ID_AA64DFR0_EL1) >>> 8 & 0xf).isEqualTo(version);
        assertThat(model.guestId(SysReg.ID_AA64DFR0_EL1) >>> 8 & 0xf).isEqualTo(guestVersion);
        assertThat(model.eventCounters()).isEqualTo(counters);
    }

    @Test
    void everyNameParses() {
        assertThat(CpuModel.names())
                .hasSize(13)
                .allSatisfy(name -> assertThat(CpuModel.parse(name).name()).isEqualTo(name));
    }

    @Test
    void featuresSwitchInOrderAndAppearInTheName() {
        CpuModel model = CpuModel.parse("Cortex-A76+dic+fwb-lse");

        assertThat(model.has(CpuFeature.DIC)).isTrue();
        assertThat(model.ctrEl0() & Ctr.DIC).isNotZero();
        assertThat(model.has(CpuFeature.FWB)).isTrue();
        assertThat(model.has(CpuFeature.LSE)).isFalse();
        assertThat(model.name()).isEqualTo("cortex-a76+dic+fwb-lse");
        assertThat(CpuModel.parse(model.name()).name()).isEqualTo(model.name());
    }

    @Test
    void switchingAFeatureThatIsThereChangesNothing() {
        CpuModel model = CpuModel.parse("neoverse-n2");

        assertThat(model.with(CpuFeature.FWB, true)).isSameAs(model);
    }

    @Test
    void forcedWriteBackClearsTheLevelsOfUnification() {
        CpuModel model = CpuModel.parse("cortex-a72+fwb");

        // CLIDR_EL1.LoUU (29:27) and LoUIS (23:21) are 0 with FEAT_S2FWB; LoC (26:24) stays 2.
        assertThat(model.clidrEl1()).isEqualTo(0x0200_0023L);
    }

    /// Every combination of FWB, DIC and IDC, from a model that has all and from models that have none; LoUU and LoUIS
    /// are 1 exactly where data has to be cleaned to the point of unification.
    @ParameterizedTest
    @CsvSource({
        "max, true, true, true",
        "max-dic, true, false, true",
        "max-idc, true, true, true",
        "max-fwb, false, true, true",
        "max-fwb-dic, false, false, true",
        "max-fwb-idc, false, true, false",
        "max-idc-fwb, false, true, false",
        "max-fwb-dic-idc, false, false, false",
        "cortex-a76, false, false, true",
        "cortex-a76-idc, false, false, false",
        "cortex-a76-idc+dic, false, true, false",
        "cortex-a76-idc+fwb, true, false, true",
        "cortex-a76-idc+idc, false, false, true",
        "cortex-a72, false, false, false",
        "cortex-a72+idc, false, false, true",
        "cortex-a72+dic+fwb, true, true, true",
    })
    void cacheFeaturesAreSwitchedWithAnHonestClidr(String name, boolean fwb, boolean dic, boolean idc) {
        CpuModel model = CpuModel.parse(name);

        assertThat(model.has(CpuFeature.FWB)).isEqualTo(fwb);
        assertThat((model.effectiveCtrEl0() & Ctr.DIC) != 0).isEqualTo(dic);
        assertThat((model.effectiveCtrEl0() & Ctr.IDC) != 0).isEqualTo(idc);
        assertThat(model.clidrEl1() & Clidr.LOU).isEqualTo(idc ? 0 : Clidr.LOU_LEVEL_1);
        assertThat(model.name()).isEqualTo(name);
    }

    @Test
    void largePhysicalAddressesRaiseTheRange() {
        CpuModel model = CpuModel.parse("neoverse-n2+lpa2");

        assertThat(model.paRangeBits()).isEqualTo(52);
        assertThat(model.with(CpuFeature.LPA2, false).paRangeBits()).isEqualTo(48);
        assertThat(CpuModel.parse("max").has(CpuFeature.LPA2)).isTrue();
        assertThat(CpuModel.parse("neoverse-v2").has(CpuFeature.LPA2)).isFalse();
    }

    @Test
    void physicalAddressSizeIsOverridden() {
        CpuModel model = CpuModel.parse("neoverse-v2").withPaBits(40);

        assertThat(model.paRangeBits()).isEqualTo(40);
        assertThat(model.name()).isEqualTo("neoverse-v2");
        assertThatThrownBy(() -> model.withPaBits(41))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("41");
    }

    @Test
    void unknownModelIsRefusedWithTheList() {
        assertThatThrownBy(() -> CpuModel.parse("cortex-a99"))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("'cortex-a99'")
                .hasMessageContaining("neoverse-v2");
    }

    @Test
    void unknownFeatureIsRefusedWithTheList() {
        assertThatThrownBy(() -> CpuModel.parse("max+turbo"))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("'turbo'")
                .hasMessageContaining("lse2");
    }

    @Test
    void emptyFeatureIsRefused() {
        assertThatThrownBy(() -> CpuModel.parse("max+")).isInstanceOf(BadInput.class);
    }

    @Test
    void guestSeesFloatingPointButNoSveAndNoTags() {
        CpuModel model = CpuModel.parse("neoverse-v2");

        // FP and AdvSIMD 1: with half precision. EL0 and EL1 1: AArch64 only. EL2, EL3, SVE 0.
        assertThat(model.guestId(SysReg.ID_AA64PFR0_EL1) & 0xf_00ff_ffffL).isEqualTo(0x0011_0011L);
        assertThat(model.guestId(SysReg.ID_AA64PFR1_EL1) & 0xf00).isZero();
        assertThat(model.id(SysReg.ID_AA64PFR0_EL1) >>> 32 & 0xf).isEqualTo(1);
        assertThat(model.has(CpuFeature.MTE)).isTrue();
        assertThat(model.guestHas(CpuFeature.MTE)).isFalse();
    }

    @Test
    void pointerAuthenticationHasOneCipher() {
        CpuModel three = CpuModel.parse("neoverse-v2+pacqarma3");

        assertThat(three.id(SysReg.ID_AA64ISAR1_EL1) & 0xff00_0ff0L).isZero();
        assertThat(three.id(SysReg.ID_AA64ISAR2_EL1) & 0xff00L).isEqualTo(0x5100L);
        assertThat(three.pauthLevel()).isEqualTo(5);
        assertThat(CpuModel.parse("neoverse-v2-pauth").pauthLevel()).isZero();
        assertThat(CpuModel.parse("cortex-a76+pauth").id(SysReg.ID_AA64ISAR1_EL1) & 0xff00_0ff0L)
                .isEqualTo(0x0100_0010L);
    }

    @Test
    void guestSeesAtMostTheHardware() {
        CpuModel model = CpuModel.parse("cortex-a53");

        assertThat(model.guestHas(CpuFeature.LSE)).isFalse();
        assertThat(model.guestHas(CpuFeature.PAN)).isFalse();
        assertThat(CpuModel.parse("cortex-a53+lse").guestHas(CpuFeature.LSE)).isTrue();
    }

    @Test
    void cacheSizeIdComesInTheFormatOfTheModel() {
        // Cortex-A53 L1 data cache: 32 KiB, 4 ways, 64-byte lines, so 128 sets; legacy format.
        assertThat(CpuModel.parse("cortex-a53").ccsidr(0)).isEqualTo(0x700f_e01aL);
        // Neoverse N2 L1 data cache: 64 KiB, 4 ways, 256 sets; FEAT_CCIDX format.
        assertThat(CpuModel.parse("neoverse-n2").ccsidr(0)).isEqualTo(0xff_0000_001aL);
        assertThat(CpuModel.parse("neoverse-n2").ccsidr(6)).isZero();
    }

    @Test
    void vmidSizeFollowsTheRegister() {
        assertThat(CpuModel.parse("cortex-a57").vmidBits()).isEqualTo(8);
        assertThat(CpuModel.parse("neoverse-v2").vmidBits()).isEqualTo(16);
    }
}

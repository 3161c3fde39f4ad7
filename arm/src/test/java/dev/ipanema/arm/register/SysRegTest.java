package dev.ipanema.arm.register;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class SysRegTest {
    @Test
    void everyRegisterIsFoundByItsEncoding() {
        assertThat(SysReg.values())
                .allSatisfy(reg -> assertThat(SysReg.of(reg.encoding())).isSameAs(reg));
    }

    @Test
    void encodingsAreDistinct() {
        assertThat(Arrays.stream(SysReg.values()).map(SysReg::encoding).distinct())
                .hasSize(SysReg.COUNT);
    }

    @Test
    void fieldsComeBackFromTheEncoding() {
        // MRS Xt, SCTLR_EL1: op0=3 op1=0 CRn=1 CRm=0 op2=0, the 16 bits of Linux's SYS_SCTLR_EL1 >> 5.
        assertThat(SysReg.SCTLR_EL1.encoding()).isEqualTo(0xc080);
        assertThat(SysReg.CNTVCT_EL0)
                .returns(3, SysReg::op0)
                .returns(3, SysReg::op1)
                .returns(14, SysReg::crn)
                .returns(0, SysReg::crm)
                .returns(2, SysReg::op2);
    }

    @Test
    void identificationSpaceIsTrappedAsAWhole() {
        assertThat(SysReg.ID_AA64PFR0_EL1.isFeatureId()).isTrue();
        assertThat(SysReg.MVFR2_EL1.isFeatureId()).isTrue();
        assertThat(SysReg.MIDR_EL1.isFeatureId()).isFalse();
        assertThat(SysReg.isFeatureIdSpace(SysReg.encoding(3, 0, 0, 7, 7))).isTrue();
        assertThat(SysReg.isFeatureIdSpace(SysReg.encoding(3, 0, 0, 8, 0))).isFalse();
        assertThat(SysReg.isFeatureIdSpace(SysReg.encoding(3, 1, 0, 4, 0))).isFalse();
    }

    @Test
    void genericNameHasAllFields() {
        assertThat(SysReg.genericName(SysReg.encoding(3, 0, 15, 2, 1))).isEqualTo("S3_0_C15_C2_1");
    }

    @Test
    void processStateDescribesItself() {
        assertThat(Pstate.describe(Pstate.Z | Pstate.C | Pstate.I | Pstate.F | Pstate.PAN | Pstate.EL1H))
                .isEqualTo("nZCv daIF EL1h PAN");
    }
}

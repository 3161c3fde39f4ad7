package dev.ipanema.machine.cpu;

import static dev.ipanema.arm.a64.VReg.v;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.a64.Condition;
import dev.ipanema.arm.a64.Reg;
import dev.ipanema.arm.fp.FpRounding;
import dev.ipanema.arm.fp.FpStatus;
import dev.ipanema.arm.register.CpacrEl1;
import dev.ipanema.arm.register.Pstate;
import dev.ipanema.arm.register.SysReg;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What floating-point instructions do with registers, flags and FPCR; what they compute is tested in `arm.fp`, and all
/// of it against a second implementation in `differential-tests`.
class FloatingPointTest {
    private final Rig rig = new Rig();

    @BeforeEach
    void registersHoldNumbers() {
        rig.ctx.set(SysReg.CPACR_EL1, CpacrEl1.FPEN_EL1);
        setSingles(1, 1, 2, 3, 4);
        setSingles(2, 10, 20, 30, 40);
        setSingles(3, 100, 100, 100, 100);
        setDoubles(4, 1.5, -2.5);
        setDoubles(5, 0.25, 8);
    }

    @AfterEach
    void close() {
        rig.close();
    }

    private void setSingles(int register, float... values) {
        rig.ctx.setV(register, 0, single(values[0]) | single(values[1]) << 32);
        rig.ctx.setV(register, 1, single(values[2]) | single(values[3]) << 32);
    }

    private void setDoubles(int register, double low, double high) {
        rig.ctx.setV(register, 0, Double.doubleToRawLongBits(low));
        rig.ctx.setV(register, 1, Double.doubleToRawLongBits(high));
    }

    private static long single(float value) {
        return Float.floatToRawIntBits(value) & 0xffff_ffffL;
    }

    private void step(String row, Object... operands) {
        rig.step(asm -> asm.emit(row, operands));
        assertThat(rig.ctx.pc()).isEqualTo(Rig.CODE + 4);
    }

    private float[] singles(int register) {
        float[] values = new float[4];
        for (int lane = 0; lane < 4; lane++) {
            values[lane] = Float.intBitsToFloat((int) (rig.ctx.v(register, lane >> 1) >>> (32 * (lane & 1))));
        }
        return values;
    }

    private double low(int register) {
        return Double.longBitsToDouble(rig.ctx.v(register, 0));
    }

    @Test
    void aScalarClearsTheRestOfItsRegister() {
        step("FADD_S", Reg.s(3), Reg.s(1), Reg.s(2));

        assertThat(singles(3)).containsExactly(11, 0, 0, 0);
    }

    @Test
    void aVectorOf64BitsClearsTheUpperHalf() {
        step("FMUL_V", v(3, "2s"), v(1, "2s"), v(2, "2s"));

        assertThat(singles(3)).containsExactly(10, 40, 0, 0);
    }

    @Test
    void aVectorOf128BitsComputesEachElement() {
        step("FSUB_V", v(3, "4s"), v(2, "4s"), v(1, "4s"));

        assertThat(singles(3)).containsExactly(9, 18, 27, 36);
    }

    @Test
    void vectorMultiplyAddTakesTheDestinationAsAddend() {
        step("FMLS_V", v(3, "4s"), v(1, "4s"), v(2, "4s"));

        assertThat(singles(3)).containsExactly(90, 60, 10, -60);
    }

    @Test
    void anElementMultipliesAll() {
        step("FMLA_E_S", v(3, "4s"), v(1, "4s"), v(2, "s"), 3);

        assertThat(singles(3)).containsExactly(140, 180, 220, 260);
    }

    @Test
    void pairsOfTheFirstSourceComeFirst() {
        step("FADDP_V", v(3, "4s"), v(1, "4s"), v(2, "4s"));

        assertThat(singles(3)).containsExactly(3, 7, 30, 70);
    }

    @Test
    void aScalarPairIsOfTheFirstTwoElements() {
        step("FADDP_SCALAR_S", Reg.s(3), v(2, "2s"));

        assertThat(singles(3)).containsExactly(30, 0, 0, 0);
    }

    @Test
    void theGreatestOfAVectorIsAScalar() {
        step("FMAXV_S", Reg.s(1), v(1, "4s"));

        assertThat(singles(1)).containsExactly(4, 0, 0, 0);
    }

    @Test
    void negatedFusedProductsHaveTheSignsOfTheirNames() {
        step("FNMADD_D", Reg.d(6), Reg.d(4), Reg.d(5), Reg.d(5));
        assertThat(low(6)).isEqualTo(-1.5 * 0.25 - 0.25);
        step("FNMSUB_D", Reg.d(6), Reg.d(4), Reg.d(5), Reg.d(5));
        assertThat(low(6)).isEqualTo(1.5 * 0.25 - 0.25);
        step("FMSUB_D", Reg.d(6), Reg.d(4), Reg.d(5), Reg.d(5));
        assertThat(low(6)).isEqualTo(0.25 - 1.5 * 0.25);
        step("FNMUL_D", Reg.d(6), Reg.d(4), Reg.d(5));
        assertThat(low(6)).isEqualTo(-1.5 * 0.25);
    }

    @Test
    void aComparisonSetsTheConditionFlags() {
        step("FCMP_D", Reg.d(5), Reg.d(4));

        assertThat(rig.ctx.pstate() & Pstate.NZCV).isEqualTo(Pstate.N);
    }

    @Test
    void aConditionalComparisonWhoseConditionFailsSetsTheFlagsGiven() {
        rig.ctx.setNzcv(0);

        step("FCCMP_D", Reg.d(5), Reg.d(4), 0b0101, Condition.EQ);

        assertThat(rig.ctx.pstate() & Pstate.NZCV).isEqualTo(Pstate.Z | Pstate.V);
    }

    @Test
    void aSelectionTakesTheSecondWhereTheConditionFails() {
        rig.ctx.setNzcv(0);

        step("FCSEL_D", Reg.d(6), Reg.d(5), Reg.d(4), Condition.EQ);

        assertThat(low(6)).isEqualTo(1.5);
    }

    @Test
    void aVectorComparisonGivesMasks() {
        setSingles(6, 1, 0, 3, 5);

        step("FCMGT_V", v(6, "4s"), v(6, "4s"), v(1, "4s"));

        assertThat(rig.ctx.v(6, 0)).isZero();
        assertThat(rig.ctx.v(6, 1)).isEqualTo(0xffff_ffff_0000_0000L);
    }

    @Test
    void aNegativeWordIsZeroExtended() {
        setDoubles(6, -3.7, 0);

        step("FCVTZS_W_D", Reg.w(0), Reg.d(6));

        assertThat(rig.ctx.x(0)).isEqualTo(0xffff_fffdL);
        assertThat(rig.ctx.fp.fpsr).isEqualTo(FpStatus.IXC);
    }

    @Test
    void conversionsToXzrOnlySetFlags() {
        setDoubles(6, 1e300, 0);

        step("FCVTZU_X_D", Reg.XZR, Reg.d(6));

        assertThat(rig.ctx.fp.fpsr).isEqualTo(FpStatus.IOC);
    }

    @Test
    void aWordIsSignExtendedBeforeItIsConverted() {
        rig.ctx.setX(0, 0xffff_ffffL);

        step("SCVTF_D_W", Reg.d(6), Reg.w(0));
        assertThat(low(6)).isEqualTo(-1);
        step("UCVTF_D_W", Reg.d(6), Reg.w(0));
        assertThat(low(6)).isEqualTo(0xffff_ffffL);
    }

    @Test
    void fixedPointNumbersHaveTheirFractionBits() {
        step("FCVTZS_FIXED_X_D", Reg.x(0), Reg.d(4), 8);
        assertThat(rig.ctx.x(0)).isEqualTo(0x180);
        step("SCVTF_FIXED_D_X", Reg.d(6), Reg.x(0), 10);
        assertThat(low(6)).isEqualTo(0.375);
    }

    @Test
    void roundingFollowsTheControlRegister() {
        rig.ctx.set(SysReg.FPCR, (long) FpRounding.MINUS_INFINITY << FpStatus.RMODE_SHIFT);

        step("FRINTX_D", Reg.d(6), Reg.d(4));

        assertThat(low(6)).isEqualTo(1);
        assertThat(rig.ctx.get(SysReg.FPSR)).isEqualTo(FpStatus.IXC);
    }

    @Test
    void narrowingToTheUpperHalfKeepsTheLower() {
        step("FCVTN_V_S", v(1, "4s"), v(4, "2d"));

        assertThat(singles(1)).containsExactly(1, 2, 1.5f, -2.5f);
    }

    @Test
    void wideningTakesTheUpperHalf() {
        step("FCVTL_V_S", v(1, "2d"), v(1, "4s"));

        assertThat(low(1)).isEqualTo(3);
        assertThat(Double.longBitsToDouble(rig.ctx.v(1, 1))).isEqualTo(4);
    }

    @Test
    void complexMultiplyAddsTheTurnedProduct() {
        // A quarter turn: the imaginary part of 1 + 2i times i times 10 + 20i.
        step("FCMLA_V", v(3, "4s"), v(1, "4s"), v(2, "4s"), 90);

        assertThat(singles(3)).containsExactly(100 - 2 * 20, 100 + 2 * 10, 100 - 4 * 40, 100 + 4 * 30);
    }

    @Test
    void complexAddTurnsTheSecondNumber() {
        step("FCADD_V", v(3, "4s"), v(1, "4s"), v(2, "4s"), 270);

        assertThat(singles(3)).containsExactly(1 + 20, 2 - 10, 3 + 40, 4 - 30);
    }

    @Test
    void halfPrecisionProductsOfTheUpperHalfAddToSinglePrecision() {
        rig.ctx.setV(1, 0, 0x4400_4200_4000_3c00L);

        step("FMLAL2_V_2S", v(3, "2s"), v(1, "2h"), v(1, "2h"));

        assertThat(singles(3)).containsExactly(109, 116, 0, 0);
    }

    @Test
    void matricesOfBfloatsMultiply() {
        // Rows 1 1 1 1 and 2 2 2 2.
        rig.ctx.setV(1, 0, 0x3f80_3f80_3f80_3f80L);
        rig.ctx.setV(1, 1, 0x4000_4000_4000_4000L);

        step("BFMMLA", v(3, "4s"), v(1, "8h"), v(1, "8h"));

        assertThat(singles(3)).containsExactly(104, 108, 108, 116);
    }

    @Test
    void javaScriptsConversionTellsExactnessInZ() {
        setDoubles(6, 0x1p32 + 5, 0);

        step("FJCVTZS", Reg.w(0), Reg.d(6));

        assertThat(rig.ctx.x(0)).isEqualTo(5);
        assertThat(rig.ctx.pstate() & Pstate.NZCV).isZero();
    }
}

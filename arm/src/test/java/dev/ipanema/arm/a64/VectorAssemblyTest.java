package dev.ipanema.arm.a64;

import static dev.ipanema.arm.a64.VReg.v;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// SIMD rows through the assembler, the decoder and back.
class VectorAssemblyTest {
    private static int word(String name, Object... operands) {
        return new Assembler(0).emit(name, operands).words()[0];
    }

    private static String text(String name, Object... operands) {
        return Disassembler.disassemble(word(name, operands), 0);
    }

    @Test
    void arrangementFollowsFromTheRegisters() {
        assertThat(word("ADD_V", v(0, "4s"), v(1, "4s"), v(2, "4s"))).isEqualTo(0x4ea2_8420);
        assertThat(text("ADD_V", v(0, "8b"), v(1, "8b"), v(2, "8b"))).isEqualTo("add v0.8b, v1.8b, v2.8b");
        assertThat(text("SADDL_V", v(3, "8h"), v(4, "16b"), v(5, "16b"))).isEqualTo("saddl2 v3.8h, v4.16b, v5.16b");
    }

    @Test
    void listsElementsAndConstantsAreWrittenAsObjdumpPrintsThem() {
        assertThat(word("LD1X4_POST", v(0, "16b"), Reg.X0)).isEqualTo(0x4cdf_2000);
        assertThat(text("LD1X4_POST", v(0, "16b"), Reg.X0)).isEqualTo("ld1 {v0.16b-v3.16b}, [x0], #64");
        assertThat(text("LD3", v(30, "4h"), Reg.SP)).isEqualTo("ld3 {v30.4h, v31.4h, v0.4h}, [sp]");
        assertThat(text("ST2_LANE_H_POST_REG", v(1, "h"), 7, Reg.X2, Reg.X3))
                .isEqualTo("st2 {v1.h, v2.h}[7], [x2], x3");
        assertThat(text("INS_ELEMENT_S", v(3, "s"), 2, v(9, "s"), 1)).isEqualTo("mov v3.s[2], v9.s[1]");
        assertThat(text("DUP_ELEMENT", v(3, "8h"), v(9, "h"), 6)).isEqualTo("dup v3.8h, v9.h[6]");
        assertThat(text("MOVI_S", v(0, "4s"), 0x12, 8)).isEqualTo("movi v0.4s, #0x12, lsl #8");
        assertThat(text("MVNI_MSL", v(0, "2s"), 0x34, 16)).isEqualTo("mvni v0.2s, #0x34, msl #16");
        assertThat(text("MOVI_V_D", v(5, "2d"), 0xff00_0000_0000_ffffL)).isEqualTo("movi v5.2d, #0xff0000000000ffff");
        assertThat(text("FMOV_IMM_D", Reg.d(7), 0x70)).isEqualTo("fmov d7, #1.000000000000000000e+00");
    }

    @Test
    void shapeOfAnInstructionIsInAux() {
        int aux = Decoder.all().instruction(0x4ea2_8420).aux();

        assertThat(VectorShape.log2Size(aux)).isEqualTo(2);
        assertThat(VectorShape.bits(aux)).isEqualTo(32);
        assertThat(VectorShape.isQ(aux)).isTrue();
        assertThat(VectorShape.isScalar(aux)).isFalse();
        assertThat(VectorShape.lanes(aux)).isEqualTo(4);
        assertThat(VectorShape.free(aux)).isZero();
    }

    /// Values that the 8 bits can hold: n / 16 * 2^r with n 16 to 31 and r -3 to 4.
    @ParameterizedTest
    @ValueSource(doubles = {1, -1, 2, 0.125, 31, -31, 1.9375, 0.2421875, 10})
    void floatingPointConstantsExpandToTheFormatOfTheElement(double value) {
        long bits = Double.doubleToRawLongBits(value);
        int imm8 = (int) (bits >>> 63 << 7 | (bits >>> 61 & 1) << 6 | (bits >>> 48 & 0x3f));

        assertThat(constant("FMOV_IMM_D", Reg.d(1), imm8)).isEqualTo(bits);
        long single = Float.floatToRawIntBits((float) value) & 0xffff_ffffL;
        assertThat(constant("FMOV_IMM_S", Reg.s(1), imm8)).isEqualTo(single << 32 | single);
        long half = Float.floatToFloat16((float) value) & 0xffffL;
        assertThat(constant("FMOV_IMM_V_H", v(1, "8h"), imm8)).isEqualTo(half * 0x0001_0001_0001_0001L);
    }

    private static long constant(String name, Object register, int imm8) {
        return Decoder.all().instruction(word(name, register, imm8)).imm();
    }

    @Test
    void reservedArrangementsAreNoWordsOfTheRow() {
        assertThatThrownBy(() -> word("ADD_V", v(0, "1d"), v(1, "1d"), v(2, "1d")))
                .isInstanceOf(AssemblyException.class)
                .hasMessageContaining("v0.1d");
        assertThat(Decoder.all().find(0x0ee2_8420)).isNull();
        assertThat(text("LD1X1", v(0, "1d"), Reg.X1)).isEqualTo("ld1 {v0.1d}, [x1]");
        assertThatThrownBy(() -> word("LD2", v(0, "1d"), Reg.X1)).isInstanceOf(AssemblyException.class);
    }

    @Test
    void registersThatDoNotFitAreRefused() {
        assertThatThrownBy(() -> word("ADD_V", v(0, "4s"), v(1, "4h"), v(2, "4s")))
                .isInstanceOf(AssemblyException.class);
        assertThatThrownBy(() -> word("ADD_V", Reg.X0, v(1, "4s"), v(2, "4s"))).isInstanceOf(AssemblyException.class);
        assertThatThrownBy(() -> word("DUP_ELEMENT", v(3, "2d"), v(9, "d"), 2)).isInstanceOf(AssemblyException.class);
        assertThatThrownBy(() -> word("MOVI_V_D", v(5, "2d"), 0x80L)).isInstanceOf(AssemblyException.class);
        assertThatThrownBy(() -> v(32, "4s")).isInstanceOf(AssemblyException.class);
    }
}

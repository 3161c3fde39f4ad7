package dev.ipanema.machine.cpu;

import static dev.ipanema.arm.a64.VReg.v;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.a64.Reg;
import dev.ipanema.arm.fp.FpStatus;
import dev.ipanema.arm.register.CpacrEl1;
import dev.ipanema.arm.register.SysReg;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What instructions do with registers as a whole; what they compute is tested in `arm.simd`, and all of it against a
/// second implementation in `differential-tests`.
class IntegerVectorTest {
    private static final long LOW = 0x0807_0605_0403_0201L;
    private static final long HIGH = 0x100F_0E0D_0C0B_0A09L;

    private final Rig rig = new Rig();

    @BeforeEach
    void registersHoldNumbers() {
        rig.ctx.set(SysReg.CPACR_EL1, CpacrEl1.FPEN_EL1);
        for (int n = 0; n < 32; n++) {
            set(n, LOW * (n + 1), HIGH * (n + 1));
        }
    }

    @AfterEach
    void close() {
        rig.close();
    }

    private void set(int register, long low, long high) {
        rig.ctx.setV(register, 0, low);
        rig.ctx.setV(register, 1, high);
    }

    private void step(String row, Object... operands) {
        rig.step(asm -> asm.emit(row, operands));
        assertThat(rig.ctx.pc()).isEqualTo(Rig.CODE + 4);
    }

    private void assertRegister(int register, long low, long high) {
        assertThat(rig.ctx.v(register, 0)).isEqualTo(low);
        assertThat(rig.ctx.v(register, 1)).isEqualTo(high);
    }

    @Test
    void aVectorOf64BitsClearsTheUpperHalf() {
        step("ADD_V", v(3, "8b"), v(0, "8b"), v(1, "8b"));

        assertRegister(3, 0x1815_120F_0C09_0603L, 0);
    }

    @Test
    void aVectorOf128BitsAddsBothHalves() {
        step("ADD_V", v(0, "4s"), v(0, "4s"), v(0, "4s"));

        assertRegister(0, 2 * LOW, 2 * HIGH);
    }

    @Test
    void aScalarClearsAllAboveIt() {
        set(1, 0x1111_1111_1111_117FL, 0);
        set(2, 0x1111_1111_1111_1101L, 0);

        step("UQADD_SCALAR", new Reg('B', 3, false), new Reg('B', 1, false), new Reg('B', 2, false));

        assertRegister(3, 0x80, 0);
    }

    @Test
    void whatLiesAboveAScalarDoesNotSaturate() {
        set(1, 0x7FFF_7FFF_7FFF_0001L, -1);

        step("SQADD_SCALAR", new Reg('H', 3, false), new Reg('H', 1, false), new Reg('H', 1, false));

        assertRegister(3, 2, 0);
        assertThat(rig.ctx.get(SysReg.FPSR)).isZero();
    }

    @Test
    void saturationStaysInFpsr() {
        set(1, Long.MIN_VALUE, 0);

        step("SQNEG_V", v(1, "2d"), v(1, "2d"));
        step("SQNEG_V", v(2, "2d"), v(3, "2d"));

        assertRegister(1, Long.MAX_VALUE, 0);
        assertThat(rig.ctx.get(SysReg.FPSR)).isEqualTo(FpStatus.QC);
    }

    @Test
    void narrowingToTheUpperHalfKeepsTheLower() {
        set(1, 0x1234_5678_9ABC_DEF0L, 0x0102_0304_0506_0708L);

        step("XTN_V", v(5, "16b"), v(1, "8h"));

        assertRegister(5, 6 * LOW, 0x0204_0608_3478_BCF0L);
    }

    @Test
    void narrowingToTheLowerHalfClearsTheUpper() {
        set(1, 0x1234_5678_9ABC_DEF0L, 0x0102_0304_0506_0708L);

        step("SHRN_V", v(1, "8b"), v(1, "8h"), 4);

        assertRegister(1, 0x1030_5070_2367_ABEFL, 0);
    }

    @Test
    void theSecondFormReadsUpperHalves() {
        step("USHLL_V", v(0, "8h"), v(0, "16b"), 1);

        assertRegister(0, 0x0018_0016_0014_0012L, 0x0020_001E_001C_001AL);
    }

    @Test
    void anElementMultipliesEveryLane() {
        step("MUL_E", v(0, "8h"), v(0, "8h"), v(0, "h"), 1);

        assertRegister(0, lanesTimes(LOW, 0x0403), lanesTimes(HIGH, 0x0403));
    }

    private static long lanesTimes(long lanes, int factor) {
        long result = 0;
        for (int at = 0; at < 64; at += 16) {
            result |= ((lanes >>> at) * factor & 0xFFFF) << at;
        }
        return result;
    }

    @Test
    void pairsOfTheFirstSourceComeFirst() {
        step("ADDP_V", v(1, "2d"), v(0, "2d"), v(1, "2d"));

        assertRegister(1, LOW + HIGH, 2 * (LOW + HIGH));
    }

    /// The idiom of string functions: four bits for each byte that is found.
    @Test
    void theMaskOfFoundBytesHasFourBitsEach() {
        set(1, 0x0500_0505_0505_0505L, 0x0505_0505_0505_0005L);

        step("CMEQ_ZERO_V", v(2, "16b"), v(1, "16b"));
        step("SHRN_V", v(2, "8b"), v(2, "8h"), 4);

        assertRegister(2, 0x0000_00F0_0F00_0000L, 0);
    }

    @Test
    void aesRoundsWorkInPlace() {
        set(0, 0, 0);

        step("AESE", v(0, "16b"), v(0, "16b"));
        step("AESMC", v(0, "16b"), v(0, "16b"));

        assertRegister(0, 0x6363_6363_6363_6363L, 0x6363_6363_6363_6363L);
    }

    @Test
    void instructionsTrapWhereFloatingPointIsOff() {
        rig.ctx.set(SysReg.CPACR_EL1, 0);

        rig.run(asm -> asm.emit("CMEQ_V", v(2, "16b"), v(1, "16b"), v(1, "16b")));

        assertThat(rig.reachedVector(0x200)).isTrue();
        assertRegister(2, 3 * LOW, 3 * HIGH);
    }
}

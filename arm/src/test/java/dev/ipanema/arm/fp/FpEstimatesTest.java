package dev.ipanema.arm.fp;

import static dev.ipanema.arm.fp.FpFormat.DOUBLE;
import static dev.ipanema.arm.fp.FpFormat.HALF;
import static dev.ipanema.arm.fp.FpFormat.SINGLE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class FpEstimatesTest {
    private static final long INFINITY = 0x7f80_0000L;
    private static final long GREATEST = 0x7f7f_ffffL;

    private final FpStatus status = new FpStatus();

    private double value(FpFormat format, long x) {
        return Double.longBitsToDouble(FpConvert.convert(format, DOUBLE, x, new FpStatus()));
    }

    @Test
    void reciprocalOfEachHalfPrecisionNumberIsRightToEightBits() {
        // From the least number whose reciprocal is finite to the greatest whose reciprocal is normal.
        for (long x = 0x0100; x <= 0x7000; x++) {
            double product = value(HALF, x) * value(HALF, FpEstimates.reciprocal(HALF, x, status));
            assertThat(product).as("%x", x).isEqualTo(1, within(0x1p-8));
        }
        assertThat(status.fpsr).isZero();
    }

    @Test
    void reciprocalRootOfEachPositiveHalfPrecisionNumberIsRightToEightBits() {
        for (long x = 1; x < 0x7c00; x++) {
            double root = value(HALF, FpEstimates.reciprocalSquareRoot(HALF, x, status));
            assertThat(root * root * value(HALF, x)).as("%x", x).isEqualTo(1, within(0x1p-7));
        }
        assertThat(status.fpsr).isZero();
    }

    @Test
    void estimatesOfOneAreJustBelow() {
        assertThat(FpEstimates.reciprocal(SINGLE, 0x3f80_0000L, status)).isEqualTo(0x3f7f_8000L);
        assertThat(FpEstimates.reciprocalSquareRoot(SINGLE, 0x3f80_0000L, status))
                .isEqualTo(0x3f7f_8000L);
        assertThat(FpEstimates.reciprocal(DOUBLE, 0x3ff0_0000_0000_0000L, status))
                .isEqualTo(0x3fef_f000_0000_0000L);
    }

    @Test
    void reciprocalOfZeroDividesByZero() {
        assertThat(FpEstimates.reciprocal(SINGLE, 0x8000_0000L, status)).isEqualTo(0xff80_0000L);
        assertThat(status.fpsr).isEqualTo(FpStatus.DZC);
    }

    @Test
    void reciprocalOfATinyNumberOverflowsAsTheModeSays() {
        assertThat(FpEstimates.reciprocal(SINGLE, 1, status)).isEqualTo(INFINITY);
        assertThat(status.fpsr).isEqualTo(FpStatus.OFC | FpStatus.IXC);
        status.fpcr = FpRounding.ZERO << FpStatus.RMODE_SHIFT;
        assertThat(FpEstimates.reciprocal(SINGLE, 1, status)).isEqualTo(GREATEST);
        status.fpcr = FpRounding.MINUS_INFINITY << FpStatus.RMODE_SHIFT;
        assertThat(FpEstimates.reciprocal(SINGLE, 0x8000_0001L, status)).isEqualTo(0xff80_0000L);
    }

    @Test
    void reciprocalOfAHugeNumberIsDenormalOrFlushed() {
        assertThat(FpEstimates.reciprocal(SINGLE, 0x7f00_0000L, status)).isEqualTo(0x003f_e000L);
        status.fpcr = FpStatus.FZ;

        assertThat(FpEstimates.reciprocal(SINGLE, 0x7f00_0000L, status)).isZero();
        assertThat(status.fpsr).isEqualTo(FpStatus.UFC);
    }

    @Test
    void reciprocalRootOfANegativeNumberIsInvalid() {
        assertThat(FpEstimates.reciprocalSquareRoot(SINGLE, 0xbf80_0000L, status))
                .isEqualTo(0x7fc0_0000L);
        assertThat(status.fpsr).isEqualTo(FpStatus.IOC);
    }

    @Test
    void stepsOfInfinityTimesZeroAreTheirConstants() {
        assertThat(FpEstimates.reciprocalStep(SINGLE, INFINITY, 0, status)).isEqualTo(0x4000_0000L);
        assertThat(FpEstimates.reciprocalSquareRootStep(SINGLE, 0, INFINITY, status))
                .isEqualTo(0x3fc0_0000L);
        assertThat(status.fpsr).isZero();
    }
}

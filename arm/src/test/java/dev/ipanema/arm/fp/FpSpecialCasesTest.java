package dev.ipanema.arm.fp;

import static dev.ipanema.arm.fp.FpFormat.DOUBLE;
import static dev.ipanema.arm.fp.FpFormat.HALF;
import static dev.ipanema.arm.fp.FpFormat.SINGLE;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// NaNs, infinities, zeros and denormal numbers, as the Arm ARM's pseudocode says it of each operation.
class FpSpecialCasesTest {
    private static final long QUIET = 0x7fc0_1234L;
    private static final long OTHER_QUIET = 0xffc0_5678L;
    private static final long SIGNALLING = 0x7f80_1234L;
    private static final long OTHER_SIGNALLING = 0xff80_5678L;
    private static final long DEFAULT = 0x7fc0_0000L;
    private static final long INFINITY = 0x7f80_0000L;
    private static final long ONE = 0x3f80_0000L;
    private static final long TWO = 0x4000_0000L;
    private static final long MINUS_ZERO = 0x8000_0000L;
    private static final long DENORMAL = 0x0000_0001L;

    private final FpStatus status = new FpStatus();

    @Test
    void firstQuietNanIsPropagatedWithoutAFlag() {
        assertThat(Fp.add(SINGLE, OTHER_QUIET, QUIET, status)).isEqualTo(OTHER_QUIET);
        assertThat(status.fpsr).isZero();
    }

    @Test
    void signallingNanWinsOverAnEarlierQuietOneAndBecomesQuiet() {
        assertThat(Fp.mul(SINGLE, QUIET, SIGNALLING, status)).isEqualTo(QUIET);
        assertThat(Fp.mul(SINGLE, QUIET, OTHER_SIGNALLING, status)).isEqualTo(OTHER_QUIET);
        assertThat(status.fpsr).isEqualTo(FpStatus.IOC);
    }

    @Test
    void fusedMultiplyAddLooksAtTheAddendFirst() {
        assertThat(Fp.fma(SINGLE, OTHER_QUIET, QUIET, ONE, status)).isEqualTo(OTHER_QUIET);
        assertThat(Fp.fma(SINGLE, OTHER_QUIET, ONE, SIGNALLING, status)).isEqualTo(QUIET);
    }

    @Test
    void quietAddendOfInfinityTimesZeroGivesTheDefaultNan() {
        assertThat(Fp.fma(SINGLE, OTHER_QUIET, INFINITY, 0, status)).isEqualTo(DEFAULT);
        assertThat(status.fpsr).isEqualTo(FpStatus.IOC);
    }

    @Test
    void signallingAddendOfInfinityTimesZeroIsPropagated() {
        assertThat(Fp.fma(SINGLE, OTHER_SIGNALLING, INFINITY, 0, status)).isEqualTo(OTHER_QUIET);
    }

    @Test
    void defaultNanModeReplacesEachNan() {
        status.fpcr = FpStatus.DN;

        assertThat(Fp.div(SINGLE, OTHER_QUIET, ONE, status)).isEqualTo(DEFAULT);
        assertThat(FpIntegers.round(SINGLE, OTHER_QUIET, FpRounding.ZERO, true, status))
                .isEqualTo(DEFAULT);
        assertThat(FpConvert.convert(SINGLE, DOUBLE, OTHER_QUIET, status)).isEqualTo(0x7ff8_0000_0000_0000L);
    }

    @Test
    void subtractionPropagatesItsSecondNanWithItsSign() {
        assertThat(Fp.sub(SINGLE, ONE, QUIET, status)).isEqualTo(QUIET);
    }

    @Test
    void absoluteDifferenceClearsTheSignOfANan() {
        assertThat(Fp.absoluteDifference(SINGLE, OTHER_QUIET, ONE, status)).isEqualTo(SINGLE.abs(OTHER_QUIET));
    }

    @Test
    void maximumOfZerosIsPlusZeroAndMinimumMinusZero() {
        assertThat(Fp.max(SINGLE, MINUS_ZERO, 0, status)).isZero();
        assertThat(Fp.max(SINGLE, 0, MINUS_ZERO, status)).isZero();
        assertThat(Fp.min(SINGLE, 0, MINUS_ZERO, status)).isEqualTo(MINUS_ZERO);
        assertThat(Fp.min(SINGLE, MINUS_ZERO, 0, status)).isEqualTo(MINUS_ZERO);
    }

    @Test
    void maximumIsANanWhereOneOperandIs() {
        assertThat(Fp.max(SINGLE, ONE, QUIET, status)).isEqualTo(QUIET);
        assertThat(Fp.min(SINGLE, QUIET, ONE, status)).isEqualTo(QUIET);
    }

    @Test
    void maximumNumberIgnoresAQuietNanButNotASignallingOne() {
        assertThat(Fp.maxNum(SINGLE, QUIET, ONE, status)).isEqualTo(ONE);
        assertThat(Fp.minNum(SINGLE, ONE, QUIET, status)).isEqualTo(ONE);
        assertThat(status.fpsr).isZero();
        assertThat(Fp.maxNum(SINGLE, ONE, SIGNALLING, status)).isEqualTo(QUIET);
        assertThat(status.fpsr).isEqualTo(FpStatus.IOC);
    }

    @Test
    void maximumNumberOfTwoQuietNansIsTheFirst() {
        assertThat(Fp.maxNum(SINGLE, OTHER_QUIET, QUIET, status)).isEqualTo(OTHER_QUIET);
    }

    @Test
    void maximumFlushesTheDenormalItGives() {
        status.fpcr = FpStatus.FZ;

        assertThat(Fp.max(SINGLE, DENORMAL, MINUS_ZERO, status)).isZero();
        assertThat(status.fpsr).isEqualTo(FpStatus.IDC);
    }

    @Test
    void comparisonSetsTheFlagsOfItsOutcome() {
        assertThat(FpCompare.flags(SINGLE, ONE, TWO, true, status)).isEqualTo(0b1000);
        assertThat(FpCompare.flags(SINGLE, TWO, ONE, true, status)).isEqualTo(0b0010);
        assertThat(FpCompare.flags(SINGLE, 0, MINUS_ZERO, true, status)).isEqualTo(0b0110);
        assertThat(FpCompare.flags(
                        DOUBLE, Double.doubleToRawLongBits(-3), Double.doubleToRawLongBits(-2), true, status))
                .isEqualTo(0b1000);
        assertThat(status.fpsr).isZero();
    }

    @Test
    void quietComparisonWithANanIsUnorderedAndRaisesNothing() {
        assertThat(FpCompare.flags(SINGLE, ONE, QUIET, false, status)).isEqualTo(0b0011);
        assertThat(FpCompare.equal(SINGLE, QUIET, QUIET, status)).isFalse();
        assertThat(status.fpsr).isZero();
    }

    @Test
    void signallingComparisonWithANanIsInvalid() {
        assertThat(FpCompare.flags(SINGLE, ONE, QUIET, true, status)).isEqualTo(0b0011);
        assertThat(status.fpsr).isEqualTo(FpStatus.IOC);
    }

    @Test
    void orderedComparisonsOfNansAreFalseAndInvalid() {
        assertThat(FpCompare.greaterOrEqual(SINGLE, QUIET, ONE, status)).isFalse();
        assertThat(status.fpsr).isEqualTo(FpStatus.IOC);
        status.fpsr = 0;
        assertThat(FpCompare.greater(SINGLE, ONE, QUIET, status)).isFalse();
        assertThat(status.fpsr).isEqualTo(FpStatus.IOC);
    }

    @Test
    void denormalsCompareAsZerosWhenFlushed() {
        assertThat(FpCompare.greater(SINGLE, DENORMAL, 0, status)).isTrue();
        status.fpcr = FpStatus.FZ;

        assertThat(FpCompare.equal(SINGLE, DENORMAL, MINUS_ZERO, status)).isTrue();
        assertThat(FpCompare.flags(DOUBLE, 1, 0, false, status)).isEqualTo(0b0110);
        assertThat(status.fpsr).isEqualTo(FpStatus.IDC);
    }

    @Test
    void halfPrecisionFlushesByItsOwnBitAndDoesNotTellOfOperands() {
        status.fpcr = FpStatus.FZ;
        assertThat(Fp.add(HALF, 1, 0, status)).isEqualTo(1);
        status.fpcr = FpStatus.FZ16;

        assertThat(Fp.add(HALF, 1, 0, status)).isZero();
        assertThat(status.fpsr).isZero();
        assertThat(Fp.mul(HALF, 0x0400, 0x3800, status)).isZero();
        assertThat(status.fpsr).isEqualTo(FpStatus.UFC);
    }

    @Test
    void conversionsOfHalfPrecisionFlushNeitherOperandNorResult() {
        status.fpcr = FpStatus.FZ16 | FpStatus.FZ;
        FpFormat half = FpFormat.convertedHalf(status.fpcr);

        assertThat(FpConvert.convert(half, SINGLE, 1, status)).isEqualTo(0x3380_0000L);
        assertThat(FpConvert.convert(SINGLE, half, 0x3380_0000L, status)).isEqualTo(1);
        assertThat(status.fpsr).isZero();
    }

    @Test
    void underflowIsTellByTheExactResultBeforeRounding() {
        // 2^-126 less a little rounds up to the least normal number, and underflows all the same.
        long almost = 0x007f_ffffL;
        long little = 0x3f80_0001L;

        assertThat(Fp.mul(SINGLE, almost, little, status)).isEqualTo(0x0080_0000L);
        assertThat(status.fpsr).isEqualTo(FpStatus.UFC | FpStatus.IXC);
    }

    @Test
    void exactDenormalResultRaisesNothing() {
        assertThat(Fp.mul(SINGLE, 0x0080_0000L, 0x3f00_0000L, status)).isEqualTo(0x0040_0000L);
        assertThat(status.fpsr).isZero();
    }

    @Test
    void alternativeHalfPrecisionHasNumbersInPlaceOfInfinities() {
        status.fpcr = FpStatus.AHP;
        FpFormat half = FpFormat.convertedHalf(status.fpcr);

        assertThat(FpConvert.convert(half, SINGLE, 0x7c00, status)).isEqualTo(0x4780_0000L);
        assertThat(FpConvert.convert(SINGLE, half, 0x4780_0000L, status)).isEqualTo(0x7c00);
        assertThat(status.fpsr).isZero();
        assertThat(FpConvert.convert(SINGLE, half, INFINITY, status)).isEqualTo(0x7fff);
        assertThat(FpConvert.convert(SINGLE, half, OTHER_QUIET, status)).isEqualTo(0x8000);
        assertThat(status.fpsr).isEqualTo(FpStatus.IOC);
    }

    @Test
    void reciprocalExponentInvertsTheExponentOnly() {
        assertThat(FpEstimates.reciprocalExponent(SINGLE, 0x4012_3456L, status)).isEqualTo(0x3f80_0000L);
        assertThat(FpEstimates.reciprocalExponent(SINGLE, MINUS_ZERO, status)).isEqualTo(0xff00_0000L);
        assertThat(FpEstimates.reciprocalExponent(SINGLE, INFINITY, status)).isZero();
    }

    @Test
    void onlyPlusZeroIsExactForJavaScript() {
        assertThat(FpIntegers.toJavaScript(0, status)).isEqualTo(FpIntegers.JS_EXACT);
        assertThat(FpIntegers.toJavaScript(Long.MIN_VALUE, status)).isZero();
        status.fpcr = FpStatus.FZ;
        assertThat(FpIntegers.toJavaScript(1, status)).isZero();
    }
}

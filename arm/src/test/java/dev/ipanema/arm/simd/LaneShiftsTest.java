package dev.ipanema.arm.simd;

import static dev.ipanema.arm.simd.LaneOracle.Kind.SIGNED;
import static dev.ipanema.arm.simd.LaneOracle.Kind.UNSIGNED;
import static dev.ipanema.arm.simd.LaneOracle.modular;
import static dev.ipanema.arm.simd.LaneOracle.saturating;

import dev.ipanema.arm.simd.LaneOracle.Halves;
import dev.ipanema.arm.simd.LaneOracle.Lane;
import java.math.BigInteger;
import org.junit.jupiter.api.Test;

class LaneShiftsTest {
    /// Shift of a lane by the signed byte in the low bits of another, without limits.
    private static Lane byRegister(boolean rounded) {
        return (a, b, d, w) -> {
            int shift = b.byteValue();
            return shift >= 0 ? a.shiftLeft(shift) : LaneOracle.right(a, -shift, rounded);
        };
    }

    private static Lane toTheRight(int shift, boolean rounded) {
        return (a, b, d, w) -> LaneOracle.right(a, shift, rounded);
    }

    private static void eachSize(LaneTest test) {
        for (int size = 0; size <= 3; size++) {
            for (int shift = 0; shift < 8 << size; shift++) {
                test.run(size, shift);
            }
        }
    }

    /// A check for a size and a left shift by 0 to the width less 1.
    private interface LaneTest {
        void run(int size, int shift);
    }

    private static void right(int size, int shift, LaneOracle.Kind kind, Halves ours, boolean rounded) {
        modular(size, size, kind, ours, toTheRight(shift, rounded));
    }

    @Test
    void shiftsByRegisterGoBothWays() {
        modular(0, 3, UNSIGNED, (a, b, d, size, s) -> LaneShifts.ushl(a, b, size), byRegister(false));
        modular(0, 3, SIGNED, (a, b, d, size, s) -> LaneShifts.sshl(a, b, size), byRegister(false));
        modular(0, 3, UNSIGNED, (a, b, d, size, s) -> LaneShifts.urshl(a, b, size), byRegister(true));
        modular(0, 3, SIGNED, (a, b, d, size, s) -> LaneShifts.srshl(a, b, size), byRegister(true));
    }

    @Test
    void saturatingShiftsByRegisterStopAtTheLimit() {
        saturating(0, 3, UNSIGNED, UNSIGNED, (a, b, d, n, s) -> SaturatingShifts.uqshl(a, b, n, s), byRegister(false));
        saturating(0, 3, SIGNED, SIGNED, (a, b, d, n, s) -> SaturatingShifts.sqshl(a, b, n, s), byRegister(false));
        saturating(0, 3, UNSIGNED, UNSIGNED, (a, b, d, n, s) -> SaturatingShifts.uqrshl(a, b, n, s), byRegister(true));
        saturating(0, 3, SIGNED, SIGNED, (a, b, d, n, s) -> SaturatingShifts.sqrshl(a, b, n, s), byRegister(true));
    }

    @Test
    void shiftsByAnImmediateReachTheWholeWidth() {
        eachSize((size, left) -> {
            int right = left + 1;
            modular(
                    size,
                    size,
                    UNSIGNED,
                    (a, b, d, n, s) -> LaneShifts.shl(a, left, n),
                    (a, b, d, w) -> a.shiftLeft(left));
            right(size, right, UNSIGNED, (a, b, d, n, s) -> LaneShifts.ushr(a, right, n), false);
            right(size, right, SIGNED, (a, b, d, n, s) -> LaneShifts.sshr(a, right, n), false);
            right(size, right, UNSIGNED, (a, b, d, n, s) -> LaneShifts.urshr(a, right, n), true);
            right(size, right, SIGNED, (a, b, d, n, s) -> LaneShifts.srshr(a, right, n), true);
        });
    }

    @Test
    void saturatingShiftsByAnImmediateStopAtTheLimit() {
        eachSize((size, shift) -> {
            Lane left = (a, b, d, w) -> a.shiftLeft(shift);
            saturating(size, size, SIGNED, SIGNED, (a, b, d, n, s) -> SaturatingShifts.sqshl(a, shift, n, s), left);
            saturating(size, size, UNSIGNED, UNSIGNED, (a, b, d, n, s) -> SaturatingShifts.uqshl(a, shift, n, s), left);
            saturating(size, size, SIGNED, UNSIGNED, (a, b, d, n, s) -> SaturatingShifts.sqshlu(a, shift, n, s), left);
        });
    }

    @Test
    void insertionsKeepTheBitsThatNothingIsShiftedInto() {
        eachSize((size, left) -> {
            int right = left + 1;
            modular(
                    size,
                    size,
                    UNSIGNED,
                    (a, b, d, n, s) -> LaneShifts.sli(a, left, d, n),
                    (a, b, d, w) ->
                            a.shiftLeft(left).or(d.and(BigInteger.TWO.pow(left).subtract(BigInteger.ONE))));
            modular(
                    size,
                    size,
                    UNSIGNED,
                    (a, b, d, n, s) -> LaneShifts.sri(a, right, d, n),
                    (a, b, d, w) ->
                            a.shiftRight(right).or(d.shiftRight(w - right).shiftLeft(w - right)));
        });
    }
}

package dev.ipanema.arm.fp;

import java.util.SplittableRandom;

/// Random operands and modes that lie where rounding and exceptions happen. `-Dipanema.seed=` repeats a run,
/// `-Dipanema.long=true` makes it a hundred times as long.
final class Operands {
    private static final long SEED = Long.getLong("ipanema.seed", 754);

    /// How many cases a campaign tries.
    static final int CASES = Boolean.getBoolean("ipanema.long") ? 4_000_000 : 40_000;

    private final SplittableRandom random = new SplittableRandom(SEED);

    Operands() {
        System.out.println("ipanema.seed=" + SEED);
    }

    int below(int bound) {
        return random.nextInt(bound);
    }

    boolean oneIn(int chances) {
        return random.nextInt(chances) == 0;
    }

    long integer() {
        return oneIn(4) ? (1L << below(64)) + below(5) - 2 : random.nextLong() >> below(64);
    }

    /// {@return a value for FPCR: half of them the reset value}
    int fpcr() {
        int all = FpStatus.FPCR_BASE | FpStatus.FZ16;
        return oneIn(2) ? 0 : random.nextInt() & all;
    }

    /// {@return a value for FPSR: inexactness known or not}
    int fpsr() {
        return oneIn(2) ? FpStatus.IXC : 0;
    }

    FpFormat format() {
        return FpFormat.of(1 + below(3));
    }

    /// {@return a number, its exponent near `near` half of the time}
    long number(FpFormat format, int near) {
        int fractionBits = format.fractionBits();
        int exponents = 1 << (format.bits() - 1 - fractionBits);
        int field = switch (below(8)) {
            case 0 -> 0;
            case 1 -> exponents - 1;
            case 2 -> 1 + below(2);
            case 3 -> exponents - 2 - below(2);
            case 4, 5, 6 -> Math.floorMod(near + below(9) - 4, exponents);
            default -> below(exponents);
        };
        long fraction = switch (below(8)) {
            case 0 -> 0;
            case 1 -> 1;
            case 2 -> -1;
            case 3 -> 1L << (fractionBits - 1);
            case 4 -> 1L << below(fractionBits);
            case 5 -> random.nextLong() << below(fractionBits);
            default -> random.nextLong();
        };
        long sign = below(2);
        return sign << (format.bits() - 1) | (long) field << fractionBits | (fraction & (1L << fractionBits) - 1);
    }

    /// {@return a number of any size}
    long number(FpFormat format) {
        return number(format, below(1 << (format.bits() - 1 - format.fractionBits())));
    }
}

package dev.ipanema.arm.a64;

import java.util.List;

/// The condition codes of B.cond, CSEL and CCMP (Arm ARM, ConditionHolds).
public final class Condition {
    private static final List<String> NAMES =
            List.of("eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "al", "nv");

    /// Equal: Z.
    public static final int EQ = 0;
    /// Not equal.
    public static final int NE = 1;
    /// Carry: unsigned higher or same.
    public static final int CS = 2;
    /// No carry: unsigned lower.
    public static final int CC = 3;
    /// Negative.
    public static final int MI = 4;
    /// Positive or zero.
    public static final int PL = 5;
    /// Overflow.
    public static final int VS = 6;
    /// No overflow.
    public static final int VC = 7;
    /// Unsigned higher.
    public static final int HI = 8;
    /// Unsigned lower or same.
    public static final int LS = 9;
    /// Signed greater or equal.
    public static final int GE = 10;
    /// Signed less.
    public static final int LT = 11;
    /// Signed greater.
    public static final int GT = 12;
    /// Signed less or equal.
    public static final int LE = 13;
    /// The condition that always holds.
    public static final int AL = 14;

    private static final int N = 8;
    private static final int Z = 4;
    private static final int C = 2;
    private static final int V = 1;

    /// Per condition, bit `nzcv` says whether it holds with these flags.
    private static final int[] HOLDS = new int[NAMES.size()];

    static {
        for (int condition = 0; condition < HOLDS.length; condition++) {
            for (int nzcv = 0; nzcv < 16; nzcv++) {
                if (evaluate(condition, nzcv)) {
                    HOLDS[condition] |= 1 << nzcv;
                }
            }
        }
    }

    private Condition() {}

    /// {@return whether `condition` (0–15) holds with the flags `nzcv` (N is bit 3)}
    public static boolean holds(int condition, int nzcv) {
        return (HOLDS[condition] >>> nzcv & 1) != 0;
    }

    /// {@return the condition that holds exactly when this one does not; AL and NV, which always hold, swap}
    public static int inverse(int condition) {
        return condition ^ 1;
    }

    /// {@return the lower-case name of a condition, 0–15}
    public static String name(int condition) {
        return NAMES.get(condition);
    }

    private static boolean evaluate(int condition, int nzcv) {
        boolean n = (nzcv & N) != 0;
        boolean z = (nzcv & Z) != 0;
        boolean c = (nzcv & C) != 0;
        boolean v = (nzcv & V) != 0;
        boolean base = switch (condition >>> 1) {
            case 0 -> z;
            case 1 -> c;
            case 2 -> n;
            case 3 -> v;
            case 4 -> c && !z;
            case 5 -> n == v;
            case 6 -> n == v && !z;
            default -> true;
        };
        return condition >= AL || base == ((condition & 1) == 0);
    }
}

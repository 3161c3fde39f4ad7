package dev.ipanema.arm.a64;

import java.util.List;

/// The condition codes of B.cond, CSEL and CCMP (Arm ARM, ConditionHolds).
public final class Condition {
    private static final List<String> NAMES =
            List.of("eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "al", "nv");

    /// The condition that always holds.
    public static final int AL = 14;

    /// Unsigned higher.
    public static final int HI = 8;

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

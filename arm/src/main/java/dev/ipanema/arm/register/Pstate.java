package dev.ipanema.arm.register;

/// Process state as SPSR_ELx holds it for AArch64: bit names and the mode field.
///
/// Source: Arm ARM DDI 0487, SPSR_EL1 "When exception taken from AArch64 state".
public final class Pstate {
    public static final long N = 1L << 31;
    public static final long Z = 1L << 30;
    public static final long C = 1L << 29;
    public static final long V = 1L << 28;
    /// The four condition flags.
    public static final long NZCV = N | Z | C | V;

    public static final int NZCV_SHIFT = 28;
    public static final long TCO = 1L << 25;
    public static final long DIT = 1L << 24;
    public static final long UAO = 1L << 23;
    public static final long PAN = 1L << 22;
    public static final long SS = 1L << 21;
    public static final long IL = 1L << 20;
    public static final long SSBS = 1L << 12;
    /// Indirect branch state, two bits, of FEAT_BTI.
    public static final long BTYPE = 3L << 10;

    public static final long D = 1L << 9;
    public static final long A = 1L << 8;
    public static final long I = 1L << 7;
    public static final long F = 1L << 6;
    /// The four exception masks.
    public static final long DAIF = D | A | I | F;

    public static final int DAIF_SHIFT = 6;
    /// M[4]: the exception came from AArch32.
    public static final long AARCH32 = 1L << 4;

    /// The mode field M[4:0].
    public static final long MODE = 0x1f;

    /// M[0]: the stack pointer of the exception level is in use.
    public static final long SP = 1;

    public static final int EL_SHIFT = 2;
    public static final long EL0T = 0;
    public static final long EL1T = 1 << EL_SHIFT;
    public static final long EL1H = 1 << EL_SHIFT | SP;

    private Pstate() {}

    /// {@return the exception level in the mode field, 0 to 3}
    public static int el(long pstate) {
        return (int) (pstate >>> EL_SHIFT) & 3;
    }

    /// {@return the mode's name as debuggers print it: `EL0t`, `EL1h`}
    public static String mode(long pstate) {
        return "EL" + el(pstate) + ((pstate & SP) != 0 ? "h" : "t");
    }

    /// {@return flags, masks and mode readably: `nZCv daIF EL1h PAN`}
    public static String describe(long pstate) {
        StringBuilder text = new StringBuilder();
        text.append((pstate & N) != 0 ? 'N' : 'n')
                .append((pstate & Z) != 0 ? 'Z' : 'z')
                .append((pstate & C) != 0 ? 'C' : 'c')
                .append((pstate & V) != 0 ? 'V' : 'v')
                .append(' ')
                .append((pstate & D) != 0 ? 'D' : 'd')
                .append((pstate & A) != 0 ? 'A' : 'a')
                .append((pstate & I) != 0 ? 'I' : 'i')
                .append((pstate & F) != 0 ? 'F' : 'f')
                .append(' ')
                .append(mode(pstate));
        append(text, pstate, PAN, " PAN");
        append(text, pstate, UAO, " UAO");
        append(text, pstate, SSBS, " SSBS");
        append(text, pstate, DIT, " DIT");
        append(text, pstate, TCO, " TCO");
        append(text, pstate, SS, " SS");
        append(text, pstate, IL, " IL");
        return text.toString();
    }

    private static void append(StringBuilder text, long pstate, long bit, String name) {
        if ((pstate & bit) != 0) {
            text.append(name);
        }
    }
}

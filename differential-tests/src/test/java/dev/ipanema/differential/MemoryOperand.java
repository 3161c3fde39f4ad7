package dev.ipanema.differential;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The address of a load or store, read from the text of the instruction, which is compared with objdump's elsewhere.
///
/// @param base X0 to X30, or [#SP]
/// @param offset added to the base before the access
/// @param index the index register, 31 for XZR, or [#NONE]
/// @param indexBits 64, or 32 for a W register
/// @param signed whether the W register is sign-extended
/// @param shift left shift of the index
/// @param writesBack whether the base changes
record MemoryOperand(int base, long offset, int index, int indexBits, boolean signed, int shift, boolean writesBack) {
    static final int SP = 32;
    static final int NONE = -1;

    private static final String INDEX =
            "(?<index>[xw](?:\\d+|zr))(?:, (?<extend>lsl|uxtw|sxtw|sxtx)(?: #(?<shift>\\d+))?)?";

    private static final Pattern FORM =
            Pattern.compile("\\[(x\\d+|sp)(?:, #(?<offset>-?\\d+)|, " + INDEX + ")?\\](?<pre>!?)(?<post>, .*)?$");

    /// {@return the address in the text of an instruction, or null}
    static @Nullable MemoryOperand of(String text) {
        Matcher form = FORM.matcher(text);
        if (!form.find()) {
            return null;
        }
        String index = form.group("index");
        String offset = form.group("offset");
        String shift = form.group("shift");
        String extend = form.group("extend");
        return new MemoryOperand(
                number(form.group(1)),
                offset == null ? 0 : Long.parseLong(offset),
                index == null ? NONE : number(index),
                index != null && index.startsWith("w") ? 32 : 64,
                "sxtw".equals(extend),
                shift == null ? 0 : Integer.parseInt(shift),
                !form.group("pre").isEmpty() || form.group("post") != null);
    }

    private static int number(String register) {
        if (register.equals("sp")) {
            return SP;
        }
        return register.endsWith("zr") ? 31 : Integer.parseInt(register.substring(1));
    }

    /// {@return what a value of the index register adds to the base}
    long displacement(long indexValue) {
        if (index == NONE) {
            return offset;
        }
        long extended = indexBits == 64 ? indexValue : signed ? (int) indexValue : indexValue & 0xffff_ffffL;
        return extended << shift;
    }
}

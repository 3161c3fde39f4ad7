package dev.ipanema.arm.a64;

import java.util.Locale;

/// A SIMD register with its arrangement, as the assembler takes it: `v3.16b`; `v3.s` where an index follows or for
/// the first of a list.
///
/// @param number 0–31
/// @param arrangement as written behind the dot, in lower case
public record VReg(int number, String arrangement) {
    /// @throws AssemblyException no such register
    public VReg {
        if (number < 0 || number > 31) {
            throw new AssemblyException("No register v" + number);
        }
    }

    /// {@return `v` `number` `.arrangement`}
    ///
    /// @param arrangement `8b`, `16b`, `4h`, `8h`, `2s`, `4s`, `1d`, `2d`, `1q`; `b`, `h`, `s`, `d` of an
    ///     element
    public static VReg v(int number, String arrangement) {
        return new VReg(number, arrangement.toLowerCase(Locale.ROOT));
    }

    @Override
    public String toString() {
        return "v" + number + "." + arrangement;
    }
}

package dev.ipanema.arm.a64;

/// A register as the assembler takes it: its width and whether number 31 is SP are part of it.
///
/// @param kind X or W; B, H, S, D or Q for a SIMD register
/// @param number 0–31
/// @param isStackPointer whether it is SP or WSP
public record Reg(char kind, int number, boolean isStackPointer) {
    public static final Reg X0 = new Reg('X', 0, false);
    public static final Reg X1 = new Reg('X', 1, false);
    public static final Reg X2 = new Reg('X', 2, false);
    public static final Reg X3 = new Reg('X', 3, false);
    public static final Reg X4 = new Reg('X', 4, false);
    public static final Reg X5 = new Reg('X', 5, false);
    public static final Reg X6 = new Reg('X', 6, false);
    public static final Reg X7 = new Reg('X', 7, false);
    public static final Reg X8 = new Reg('X', 8, false);
    public static final Reg X9 = new Reg('X', 9, false);
    public static final Reg X10 = new Reg('X', 10, false);
    public static final Reg X11 = new Reg('X', 11, false);
    public static final Reg X12 = new Reg('X', 12, false);
    public static final Reg X13 = new Reg('X', 13, false);
    public static final Reg X14 = new Reg('X', 14, false);
    public static final Reg X15 = new Reg('X', 15, false);
    public static final Reg X16 = new Reg('X', 16, false);
    public static final Reg X17 = new Reg('X', 17, false);
    public static final Reg X18 = new Reg('X', 18, false);
    public static final Reg X19 = new Reg('X', 19, false);
    public static final Reg X20 = new Reg('X', 20, false);
    public static final Reg X21 = new Reg('X', 21, false);
    public static final Reg X22 = new Reg('X', 22, false);
    public static final Reg X23 = new Reg('X', 23, false);
    public static final Reg X24 = new Reg('X', 24, false);
    public static final Reg X25 = new Reg('X', 25, false);
    public static final Reg X26 = new Reg('X', 26, false);
    public static final Reg X27 = new Reg('X', 27, false);
    public static final Reg X28 = new Reg('X', 28, false);
    public static final Reg X29 = new Reg('X', 29, false);
    public static final Reg X30 = new Reg('X', 30, false);
    public static final Reg XZR = new Reg('X', 31, false);
    public static final Reg SP = new Reg('X', 31, true);

    public static final Reg W0 = new Reg('W', 0, false);
    public static final Reg W1 = new Reg('W', 1, false);
    public static final Reg W2 = new Reg('W', 2, false);
    public static final Reg W3 = new Reg('W', 3, false);
    public static final Reg W4 = new Reg('W', 4, false);
    public static final Reg W5 = new Reg('W', 5, false);
    public static final Reg W6 = new Reg('W', 6, false);
    public static final Reg W7 = new Reg('W', 7, false);
    public static final Reg W8 = new Reg('W', 8, false);
    public static final Reg W9 = new Reg('W', 9, false);
    public static final Reg W10 = new Reg('W', 10, false);
    public static final Reg W11 = new Reg('W', 11, false);
    public static final Reg W12 = new Reg('W', 12, false);
    public static final Reg W13 = new Reg('W', 13, false);
    public static final Reg W14 = new Reg('W', 14, false);
    public static final Reg W15 = new Reg('W', 15, false);
    public static final Reg W16 = new Reg('W', 16, false);
    public static final Reg W17 = new Reg('W', 17, false);
    public static final Reg W18 = new Reg('W', 18, false);
    public static final Reg W19 = new Reg('W', 19, false);
    public static final Reg W20 = new Reg('W', 20, false);
    public static final Reg W21 = new Reg('W', 21, false);
    public static final Reg W22 = new Reg('W', 22, false);
    public static final Reg W23 = new Reg('W', 23, false);
    public static final Reg W24 = new Reg('W', 24, false);
    public static final Reg W25 = new Reg('W', 25, false);
    public static final Reg W26 = new Reg('W', 26, false);
    public static final Reg W27 = new Reg('W', 27, false);
    public static final Reg W28 = new Reg('W', 28, false);
    public static final Reg W29 = new Reg('W', 29, false);
    public static final Reg W30 = new Reg('W', 30, false);
    public static final Reg WZR = new Reg('W', 31, false);
    public static final Reg WSP = new Reg('W', 31, true);

    /// @throws AssemblyException no such register
    public Reg {
        boolean simd = "BHSDQ".indexOf(kind) >= 0;
        boolean general = kind == 'X' || kind == 'W';
        boolean misplaced = isStackPointer && (!general || number != 31);
        if ((!simd && !general) || number < 0 || number > 31 || misplaced) {
            throw new AssemblyException("No register " + kind + number);
        }
    }

    /// {@return X0–X30}
    public static Reg x(int number) {
        return new Reg('X', number, false);
    }

    /// {@return W0–W30}
    public static Reg w(int number) {
        return new Reg('W', number, false);
    }

    /// {@return a 128-bit SIMD register}
    public static Reg q(int number) {
        return new Reg('Q', number, false);
    }

    /// {@return the low 32 bits of a SIMD register}
    public static Reg s(int number) {
        return new Reg('S', number, false);
    }

    /// {@return the low 64 bits of a SIMD register}
    public static Reg d(int number) {
        return new Reg('D', number, false);
    }

    /// {@return the 32-bit view of this general-purpose register}
    public Reg asW() {
        return new Reg('W', number, isStackPointer);
    }

    /// {@return the 64-bit view of this general-purpose register}
    public Reg asX() {
        return new Reg('X', number, isStackPointer);
    }

    boolean isWide() {
        return kind == 'X';
    }

    @Override
    public String toString() {
        return RegisterOperand.name(kind, number, isStackPointer);
    }
}

package dev.ipanema.vmm.table;

/// How the tables write numbers.
final class Cells {
    private Cells() {}

    /// {@return a number as binary digits with leading zeros}
    static String binary(int value, int digits) {
        return Integer.toBinaryString(1 << digits | value).substring(1);
    }

    /// {@return `1` or `0`}
    static String bit(boolean value) {
        return value ? "1" : "0";
    }
}

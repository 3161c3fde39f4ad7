package dev.ipanema.arm.a64;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConditionTest {
    /// The 16 bits say, from NZCV = 15 down to 0, whether the condition holds; from the table of Arm ARM C1.2.4.
    @ParameterizedTest
    @CsvSource({
        "eq, 1111000011110000",
        "ne, 0000111100001111",
        "cs, 1100110011001100",
        "cc, 0011001100110011",
        "mi, 1111111100000000",
        "pl, 0000000011111111",
        "vs, 1010101010101010",
        "vc, 0101010101010101",
        "hi, 0000110000001100",
        "ls, 1111001111110011",
        "ge, 1010101001010101",
        "lt, 0101010110101010",
        "gt, 0000101000000101",
        "le, 1111010111111010",
        "al, 1111111111111111",
        "nv, 1111111111111111"
    })
    void holdsWithExactlyTheseFlags(String name, String holds) {
        int condition = 0;
        while (!Condition.name(condition).equals(name)) {
            condition++;
        }
        StringBuilder actual = new StringBuilder();
        for (int nzcv = 15; nzcv >= 0; nzcv--) {
            actual.append(Condition.holds(condition, nzcv) ? '1' : '0');
        }

        assertThat(actual).hasToString(holds);
    }
}

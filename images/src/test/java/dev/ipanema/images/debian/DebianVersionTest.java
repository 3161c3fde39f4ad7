package dev.ipanema.images.debian;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DebianVersionTest {
    // Debian Policy 5.6.12 and its examples.
    @ParameterizedTest
    @CsvSource({
        "6.9.1-1, 6.12.0-1",
        "6.12.107-1, 6.12.117-1",
        "7.3.4-1~bpo13+1, 7.3.4-1",
        "7.3.4-1~bpo12+1, 7.3.4-1~bpo13+1",
        "1.0~rc1, 1.0",
        "1.0, 1.0+b1",
        "1.0~~, 1.0~",
        "1.0a, 1.0+",
        "9, 1:1",
        "1.2-3, 1.2-10",
        "1.2, 1.2-1",
        "1.0-9-1, 1.0-10-1"
    })
    void firstIsOlder(String older, String newer) {
        assertThat(new DebianVersion(older)).isLessThan(new DebianVersion(newer));
        assertThat(new DebianVersion(newer)).isGreaterThan(new DebianVersion(older));
    }

    @ParameterizedTest
    @CsvSource({"0:1.0, 1.0", "1.01, 1.1", "1.0-0, 1.0"})
    void areEqual(String left, String right) {
        assertThat(new DebianVersion(left)).isEqualByComparingTo(new DebianVersion(right));
    }
}

package dev.ipanema.arm.pgtable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class Stage2GeometryTest {
    static Stream<Stage2Geometry> all() {
        return Stream.of(Granule.values())
                .flatMap(granule ->
                        IntStream.rangeClosed(32, 52).mapToObj(ipaBits -> new Stage2Geometry(granule, ipaBits)));
    }

    private static long vtcr(Stage2Geometry geometry) {
        boolean level0 = geometry.granule() == Granule.K16 && geometry.startLevel() == 0;
        return VtcrEl2.of(geometry, 52, true, true, geometry.needsLpa2() || level0);
    }

    @ParameterizedTest
    @MethodSource("all")
    void hardwareWalksWhatKvmBuilds(Stage2Geometry geometry) {
        long vtcr = vtcr(geometry);

        assertThat(VtcrEl2.isWalkable(vtcr, 52, false)).isTrue();
        assertThat(VtcrEl2.startLevel(vtcr)).isEqualTo(geometry.startLevel());
        assertThat(VtcrEl2.ipaBits(vtcr)).isEqualTo(geometry.ipaBits());
        assertThat(VtcrEl2.granule(vtcr)).isEqualTo(geometry.granule());
    }

    @ParameterizedTest
    @MethodSource("all")
    void startLevelCoversTheWholeIpaSpace(Stage2Geometry geometry) {
        long last = (1L << geometry.ipaBits()) - 1;

        assertThat(geometry.startIndex(last))
                .isLessThan(geometry.concatenatedTables() * geometry.granule().entries());
        assertThat(geometry.contains(last)).isTrue();
        assertThat(geometry.contains(last + 1)).isFalse();
        assertThat(geometry.concatenatedTables()).isBetween(1, 16);
    }

    @ParameterizedTest
    @CsvSource({"31", "53", "0", "64"})
    void ipaSizeOutOfRangeIsRefused(int ipaBits) {
        assertThatThrownBy(() -> new Stage2Geometry(Granule.K4, ipaBits))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("IPA size " + ipaBits + " bits is not within 32 to 52");
    }

    @ParameterizedTest
    @CsvSource({
        "K4, -1, 48",
        "K4, 0, 39",
        "K4, 1, 30",
        "K4, 2, 21",
        "K4, 3, 12",
        "K16, 0, 47",
        "K16, 1, 36",
        "K16, 2, 25",
        "K16, 3, 14",
        "K64, 1, 42",
        "K64, 2, 29",
        "K64, 3, 16",
    })
    void levelSpansWhatTheGranuleSays(Granule granule, int level, int shift) {
        assertThat(granule.levelShift(level)).isEqualTo(shift);
    }

    @Test
    void granulesAreFoundByTheirEncodings() {
        assertThat(Stream.of(Granule.values()).map(granule -> Granule.ofTg0(granule.tg0())))
                .containsExactly(Granule.values());
        assertThat(Stream.of(Granule.values()).map(granule -> Granule.ofTg1(granule.tg1())))
                .containsExactly(Granule.values());
    }
}

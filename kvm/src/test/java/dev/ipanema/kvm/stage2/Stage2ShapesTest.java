package dev.ipanema.kvm.stage2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.pgtable.Stage2Geometry;
import dev.ipanema.arm.pgtable.Stage2Prot;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The generic walker for every granule and every IPA size.
class Stage2ShapesTest {
    static List<Stage2Config> shapes() {
        List<Stage2Config> shapes = new ArrayList<>();
        for (Granule granule : Granule.values()) {
            for (int bits = Stage2Geometry.MIN_IPA_BITS; bits <= Stage2Geometry.MAX_IPA_BITS; bits++) {
                boolean lpa2 = new Stage2Geometry(granule, bits).needsLpa2();
                if (!lpa2) {
                    shapes.add(Stage2Config.of(granule, bits));
                }
                shapes.add(
                        granule == Granule.K64
                                ? Stage2Config.of(granule, Math.min(bits, 52)).withPaBits(52)
                                : new Stage2Config(
                                        new Stage2Geometry(granule, bits),
                                        52,
                                        true,
                                        true,
                                        true,
                                        true,
                                        true,
                                        true,
                                        true));
            }
        }
        return shapes;
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void mapLookUpProtectAndUnmapAtBothEndsOfTheSpace(Stage2Config config) {
        Granule granule = config.granule();
        long page = granule.bytes();
        long block = granule.levelSize(2);
        long space = 1L << config.geometry().ipaBits();
        long highPa = (1L << config.paBits()) - 4 * block;
        try (Stage2Fixture fixture = new Stage2Fixture(config)) {
            long[] starts = {0, space - 2 * block};
            for (long start : starts) {
                assertThat(fixture.map(start, block, highPa, Stage2Prot.RW)).isZero();
                assertThat(fixture.map(start + block + page, 3 * page, highPa + block, Stage2Prot.RWX))
                        .isZero();

                assertThat(fixture.table.leaf(start + block - 1).level()).isEqualTo(2);
                assertThat(fixture.table.leaf(start).pa()).isEqualTo(highPa);
                assertThat(fixture.table.leaf(start + block).isMapped()).isFalse();
                assertThat(fixture.table.leaf(start + block + 3 * page).pa()).isEqualTo(highPa + block + 2 * page);
                assertThat(fixture.table.leaf(start + block + 3 * page).level()).isEqualTo(3);
            }
            fixture.assertSound();

            fixture.cache.topup(2);
            assertThat(fixture.table.split(0, block, fixture.cache)).isZero();
            assertThat(fixture.table.leaf(block - page).pa()).isEqualTo(highPa + block - page);
            assertThat(fixture.table.leaf(block - page).level()).isEqualTo(3);
            assertThat(fixture.table.wrprotect(0, space)).isZero();
            assertThat(fixture.table.testClearYoung(0, space, true)).isTrue();
            assertThat(fixture.table.testClearYoung(0, space, true)).isFalse();
            fixture.assertSound();

            assertThat(fixture.table.unmap(0, space)).isZero();
            assertThat(fixture.tableBytes()).isEqualTo(config.geometry().pgdBytes());
        }
    }
}

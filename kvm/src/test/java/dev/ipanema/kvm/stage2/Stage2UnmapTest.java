package dev.ipanema.kvm.stage2;

import static dev.ipanema.arm.pgtable.Stage2Prot.NORMAL_NC;
import static dev.ipanema.arm.pgtable.Stage2Prot.R;
import static dev.ipanema.arm.pgtable.Stage2Prot.RWX;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.base.errno.Errno;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/// Unmapping and taking apart.
@ParameterizedClass
@ValueSource(booleans = {false, true})
class Stage2UnmapTest {
    private static final long M2 = 2 << 20;
    private static final long G1 = 1 << 30;

    private final boolean specialised;
    private Stage2Fixture fixture;

    Stage2UnmapTest(boolean specialised) {
        this.specialised = specialised;
        this.fixture = new Stage2Fixture(Stage2Config.of(Granule.K4, 40), specialised);
    }

    @AfterEach
    void close() {
        fixture.assertSound();
        fixture.close();
    }

    private void on(Stage2Config config) {
        fixture.close();
        fixture = new Stage2Fixture(config, specialised);
    }

    @Test
    void tablesThatBecomeEmptyAreFreedAndReferencesReturnToOne() {
        fixture.map(0, 4 * M2 + 4096, 4096, RWX);
        fixture.map(3 * G1, M2, 0, RWX);

        assertThat(fixture.table.unmap(0, 4 * G1)).isZero();

        assertThat(fixture.tableBytes()).isEqualTo(fixture.config.geometry().pgdBytes());
        assertThat(fixture.table.references(fixture.table.rootPa())).isEqualTo(1);
        assertThat(fixture.table.leaf(0).descriptor()).isZero();
    }

    @Test
    void onlyTheRangeIsUnmappedAndItsTableKept() {
        fixture.map(0, 16 * 4096, 4096, R);

        assertThat(fixture.table.unmap(4 * 4096, 4 * 4096)).isZero();

        assertThat(fixture.table.leaf(3 * 4096).isMapped()).isTrue();
        assertThat(fixture.table.leaf(4 * 4096).isMapped()).isFalse();
        assertThat(fixture.table.leaf(7 * 4096).isMapped()).isFalse();
        assertThat(fixture.table.leaf(8 * 4096).isMapped()).isTrue();
    }

    @Test
    void blockGoesAsAWholeWhenItLiesPartlyInTheRange() {
        fixture.map(0, 2 * M2, 0, R);

        assertThat(fixture.table.unmap(M2 - 4096, 4096)).isZero();

        assertThat(fixture.table.leaf(0).isMapped()).isFalse();
        assertThat(fixture.table.leaf(M2).isMapped()).isTrue();
    }

    @Test
    void invalidationsArePutOffToOneRangeWithFwbAndRangeInvalidation() {
        fixture.map(0, 3 * 4096, 4096, RWX);
        fixture.takeCalls();

        fixture.table.unmap(0, 2 * 4096);

        assertThat(fixture.takeCalls()).containsExactly("tlbi-range 0x0 8K");
    }

    @Test
    void withoutFwbEachLeafIsInvalidatedThenItsDataFlushed() {
        on(Stage2Config.of(Granule.K4, 40).withFwb(false));
        fixture.map(0, 2 * 4096, 0x5000, RWX);
        fixture.map(2 * 4096, 4096, 0x9000, R | NORMAL_NC);
        fixture.map(M2, M2, M2, R);
        fixture.takeCalls();

        fixture.table.unmap(0, 2 * M2);

        assertThat(fixture.takeCalls())
                .containsExactly(
                        "tlbi 0x0 L3",
                        "dcache 0x5000 4K",
                        "tlbi 0x1000 L3",
                        "dcache 0x6000 4K",
                        "tlbi 0x2000 L3",
                        "tlbi 0x0 L?",
                        "tlbi 0x200000 L2",
                        "dcache 0x200000 2M",
                        "tlbi 0x0 L?");
    }

    @Test
    void withoutRangeInvalidationEachLeafIsInvalidated() {
        on(Stage2Config.of(Granule.K4, 40).withTlbiRange(false));
        fixture.map(0, 2 * 4096, 0x5000, RWX);
        fixture.takeCalls();

        fixture.table.unmap(0, 4096);

        assertThat(fixture.takeCalls()).containsExactly("tlbi 0x0 L3");
    }

    @Test
    void rangesBeyondTheIpaSpaceAreRefused() {
        assertThat(fixture.table.unmap(0, (1L << 40) + 4096)).isEqualTo(Errno.ERANGE.negated());
        assertThat(fixture.table.unmap(-4096, 4096)).isEqualTo(Errno.ERANGE.negated());
        assertThat(fixture.table.unmap(0, 1L << 40)).isZero();
        assertThat(fixture.table.destroyRange(0, (1L << 40) + 1)).isEqualTo(Errno.ERANGE.negated());
    }

    @Test
    void destroyRangeFreesWithoutAnyMaintenance() {
        on(Stage2Config.of(Granule.K4, 40).withFwb(false));
        fixture.map(0, 4 * M2, 4096, RWX);
        fixture.map(G1, G1, 0, RWX);
        fixture.takeCalls();

        assertThat(fixture.table.destroyRange(0, 1L << 40)).isZero();
        assertThat(fixture.table.destroyRange(0, 1L << 40)).isZero();

        assertThat(fixture.calls).isEmpty();
        assertThat(fixture.tableBytes()).isEqualTo(fixture.config.geometry().pgdBytes());
    }

    @Test
    void destroyedTableRefusesEverything() {
        fixture.map(0, 4096, 0, R);
        try (Stage2Fixture destroyed = new Stage2Fixture(fixture.config, specialised)) {
            destroyed.map(0, 3 * M2, 4096, R);
            destroyed.table.destroy();
            destroyed.table.destroy();

            assertThat(destroyed.tableBytes()).isZero();
            assertThat(destroyed.map(0, 4096, 0, R)).isEqualTo(Errno.EINVAL.negated());
            assertThat(destroyed.table.unmap(0, 4096)).isEqualTo(Errno.EINVAL.negated());
            assertThat(destroyed.table.relaxPerms(0, R, 0)).isEqualTo(Errno.EINVAL.negated());
            assertThat(destroyed.table.leaf(0).isMapped()).isFalse();
            assertThat(destroyed.table.rootPa()).isEqualTo(-1);
            assertThat(Stage2Dump.of(destroyed.table)).isEqualTo("---[ Guest IPA ]---\n");
        }
    }
}

package dev.ipanema.kvm.stage2;

import static dev.ipanema.arm.pgtable.Stage2Prot.NORMAL_NC;
import static dev.ipanema.arm.pgtable.Stage2Prot.R;
import static dev.ipanema.arm.pgtable.Stage2Prot.RW;
import static dev.ipanema.arm.pgtable.Stage2Prot.RWX;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.base.errno.Errno;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/// Invariant `BBM`: LOCKED, then the invalidation, then the new entry.
@ParameterizedClass
@ValueSource(booleans = {false, true})
class BreakBeforeMakeTest {
    private static final long M2 = 2 << 20;
    private static final long G1 = 1 << 30;

    private final boolean specialised;
    private Stage2Fixture fixture;

    BreakBeforeMakeTest(boolean specialised) {
        this.specialised = specialised;
        this.fixture = new Stage2Fixture(Stage2Config.of(Granule.K4, 40), specialised);
    }

    @AfterEach
    void close() {
        fixture.assertSound();
        fixture.close();
    }

    private void withoutTlbiRange() {
        fixture.close();
        fixture = new Stage2Fixture(Stage2Config.of(Granule.K4, 40).withTlbiRange(false), specialised);
    }

    @Test
    void changeOfTypeInvalidatesWhileTheEntryIsLocked() {
        fixture.map(0, 4096, M2, RWX);
        fixture.takeCalls();
        List<Long> entries = new ArrayList<>();
        fixture.inCallback = () -> entries.add(fixture.table.leaf(0).descriptor());

        int ret = fixture.faultMap(0, 4096, M2, RW | NORMAL_NC);

        assertThat(ret).isZero();
        assertThat(fixture.calls).containsExactly("tlbi 0x0 L3");
        assertThat(entries).containsExactly(Stage2Entries.LOCKED);
        assertThat(fixture.table.leaf(0).type(true)).isEqualTo("NORMAL_NC");
    }

    @Test
    void changeOfAddressIsMaintainedAfterTheInvalidation() {
        fixture.map(0, M2, M2, RWX);
        fixture.takeCalls();
        List<Long> entries = new ArrayList<>();
        fixture.inCallback = () -> entries.add(fixture.table.leaf(0).descriptor());

        assertThat(fixture.map(0, M2, 2 * M2, RWX)).isZero();

        assertThat(fixture.calls).containsExactly("tlbi 0x0 L2", "dcache 0x400000 2M", "icache 0x400000 2M");
        assertThat(entries).containsOnly(Stage2Entries.LOCKED);
        assertThat(fixture.table.leaf(0).pa()).isEqualTo(2 * M2);
    }

    @Test
    void smallerMappingInsideABlockUnmapsTheRestOfTheBlock() {
        fixture.map(0, M2, M2, R);
        fixture.takeCalls();

        assertThat(fixture.faultMap(0x5000, 4096, M2 + 0x5000, RW)).isZero();

        assertThat(fixture.takeCalls()).containsExactly("tlbi 0x5000 L2", "dcache 0x205000 4K");
        assertThat(fixture.table.leaf(0x5000).level()).isEqualTo(3);
        assertThat(fixture.table.leaf(0x5000).isMapped()).isTrue();
        assertThat(fixture.table.leaf(0x4000).isMapped()).isFalse();
        assertThat(fixture.table.leaf(0x6000).isMapped()).isFalse();
    }

    @Test
    void blockOverATableInvalidatesItsSpanAndMaintainsOnce() {
        fixture.map(0x1000, 8192, M2 + 0x1000, R);
        long withTable = fixture.tableBytes();
        fixture.takeCalls();

        assertThat(fixture.faultMap(0, M2, M2, RWX)).isZero();

        assertThat(fixture.takeCalls())
                .containsExactly("tlbi-range 0x0 2M", "dcache 0x200000 2M", "icache 0x200000 2M");
        assertThat(fixture.table.leaf(0x1000).level()).isEqualTo(2);
        assertThat(fixture.tableBytes()).as("still readable by shared walkers").isEqualTo(withTable);
        fixture.table.reclaim();
        assertThat(fixture.tableBytes()).isEqualTo(withTable - 4096);
    }

    @Test
    void blockOverAWholeSubtreeFreesAllOfIt() {
        fixture.map(0x1000, 4096, 0x1000, R);
        fixture.map(M2, M2, M2, R);
        fixture.map(G1 - 4096, 4096, 0, R);
        fixture.takeCalls();

        assertThat(fixture.map(0, G1, 0, R)).isZero();
        fixture.table.reclaim();

        assertThat(fixture.takeCalls()).containsExactly("tlbi-range 0x0 1G", "dcache 0x0 1G");
        assertThat(fixture.tableBytes()).isEqualTo(fixture.config.geometry().pgdBytes());
    }

    @Test
    void withoutRangeInvalidationTheWholeVmidGoes() {
        withoutTlbiRange();
        fixture.map(0x1000, 4096, 0, R);
        fixture.takeCalls();

        assertThat(fixture.map(0, M2, M2, R)).isZero();

        assertThat(fixture.takeCalls()).containsExactly("tlbi-vmid", "dcache 0x200000 2M");
    }

    @Test
    void lockedEntryBelongsToAnotherWalker() {
        fixture.map(0x1000, 4096, 0, R);
        List<Integer> other = new ArrayList<>();
        fixture.inCallback = () -> {
            fixture.inCallback = () -> {};
            other.add(fixture.faultMap(0x2000, 4096, M2, RW));
            other.add(fixture.table.relaxPerms(0x2000, RW, WalkFlags.SHARED));
            other.add(fixture.table.mkyoung(0x2000, WalkFlags.SHARED));
        };

        assertThat(fixture.faultMap(0x2000, 4096, M2, R)).isZero();

        assertThat(other).containsOnly(Errno.EAGAIN.negated());
        assertThat(fixture.table.leaf(0x2000).isMapped()).isTrue();
    }

    @Test
    void largeRangesAreInvalidatedInPiecesThatHardwareTakes() {
        // 2^21 pages of 4 KiB are 8 GiB.
        fixture.map(0, 4096, 0, R);
        fixture.takeCalls();

        fixture.table.unmap(0, 20 * G1);

        assertThat(fixture.takeCalls())
                .containsExactly(
                        "tlbi 0x0 L?",
                        "tlbi 0x0 L?",
                        "tlbi-range 0x0 8G",
                        "tlbi-range 0x200000000 8G",
                        "tlbi-range 0x400000000 4G");
    }
}

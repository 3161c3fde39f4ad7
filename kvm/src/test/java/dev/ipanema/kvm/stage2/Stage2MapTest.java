package dev.ipanema.kvm.stage2;

import static dev.ipanema.arm.pgtable.Stage2Prot.DEVICE;
import static dev.ipanema.arm.pgtable.Stage2Prot.NORMAL_NC;
import static dev.ipanema.arm.pgtable.Stage2Prot.R;
import static dev.ipanema.arm.pgtable.Stage2Prot.RW;
import static dev.ipanema.arm.pgtable.Stage2Prot.RWX;
import static dev.ipanema.arm.pgtable.Stage2Prot.SW0;
import static dev.ipanema.arm.pgtable.Stage2Prot.X;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.pgtable.Stage2Descriptor;
import dev.ipanema.arm.pgtable.Stage2Prot;
import dev.ipanema.arm.pgtable.VtcrEl2;
import dev.ipanema.base.errno.Errno;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/// Mapping, with the generic walker alone and with the specialised loops.
@ParameterizedClass
@ValueSource(booleans = {false, true})
class Stage2MapTest {
    private static final long M2 = 2 << 20;
    private static final long G1 = 1 << 30;

    private final Stage2Fixture fixture;

    Stage2MapTest(boolean specialised) {
        fixture = new Stage2Fixture(Stage2Config.of(Granule.K4, 40), specialised);
    }

    @AfterEach
    void close() {
        fixture.assertSound();
        fixture.close();
    }

    private void assertLeaf(long ipa, int level, long pa) {
        Stage2Leaf leaf = fixture.table.leaf(ipa);
        assertThat(leaf.isMapped()).as("mapped").isTrue();
        assertThat(leaf.level()).isEqualTo(level);
        assertThat(leaf.pa()).isEqualTo(pa);
    }

    @Test
    void pageBecomesALeafOfTheLastLevelWithItsAttributes() {
        int ret = fixture.map(0x4000_1000L, 4096, 0x9000_3000L, RW);

        assertThat(ret).isZero();
        assertLeaf(0x4000_1fffL, 3, 0x9000_3000L);
        Stage2Leaf leaf = fixture.table.leaf(0x4000_1000L);
        assertThat(leaf.descriptor())
                .isEqualTo(Stage2Descriptor.leaf(
                        0x9000_3000L, 3, Stage2Prot.encode(RW, true, false, true), Granule.K4, false));
        assertThat(leaf.type(true)).isEqualTo("NORMAL_WB");
        assertThat(fixture.table.leaf(0x4000_2000L).isMapped()).isFalse();
        assertThat(fixture.tableBytes()).isEqualTo(2 * 4096 + 2 * 4096);
    }

    @Test
    void vtcrDescribesTheTable() {
        assertThat(VtcrEl2.ipaBits(fixture.table.vtcr())).isEqualTo(40);
        assertThat(VtcrEl2.startLevel(fixture.table.vtcr())).isEqualTo(1);
        assertThat(fixture.table.rootPa() % (2 * 4096)).isZero();
    }

    @Test
    void largestBlocksThatFitAreUsed() {
        // 4 KiB below 2 MiB, then 2 MiB up to 1 GiB, then 1 GiB, then 2 MiB, then 4 KiB.
        long ipa = G1 - M2 - 4096;
        int ret = fixture.map(ipa, 4096 + M2 + G1 + M2 + 4096, 4 * G1 + ipa, RWX);

        assertThat(ret).isZero();
        assertLeaf(ipa, 3, 4 * G1 + ipa);
        assertLeaf(ipa + 4096, 2, 4 * G1 + ipa + 4096);
        assertLeaf(G1, 1, 5 * G1);
        assertLeaf(2 * G1, 2, 6 * G1);
        assertLeaf(2 * G1 + M2, 3, 6 * G1 + M2);
        assertThat(fixture.table.leaf(2 * G1 + M2 + 4096).isMapped()).isFalse();
    }

    @Test
    void tableMemoryIsEightBytesAPageAndTheLevelsAbove() {
        long size = 128 * M2;
        try (TablePageCache cache = new TablePageCache(fixture.pool, 4096, 129)) {
            cache.topup(129);
            assertThat(fixture.table.map(0, size, 4096, R, cache, 0)).isZero();
        }

        assertThat(fixture.tableBytes())
                .isEqualTo(size / 4096 * 8 + 4096 + fixture.config.geometry().pgdBytes());
    }

    @Test
    void physicalAddressThatIsNotAlignedForcesSmallerLeaves() {
        assertThat(fixture.map(M2, M2, M2 + 4096, R)).isZero();
        assertThat(fixture.map(G1, G1, G1 + M2, R)).isZero();

        assertLeaf(M2, 3, M2 + 4096);
        assertLeaf(2 * M2 - 4096, 3, 2 * M2);
        assertLeaf(G1, 2, G1 + M2);
    }

    @Test
    void cacheableAndExecutableLeavesAreMaintainedDataFirst() {
        fixture.map(0, 2 * 4096, M2, RWX);
        assertThat(fixture.takeCalls())
                .containsExactly(
                        "dcache 0x200000 4K", "icache 0x200000 4K", "dcache 0x201000 4K", "icache 0x201000 4K");

        fixture.map(M2, M2, M2, RW);
        assertThat(fixture.takeCalls()).containsExactly("dcache 0x200000 2M");

        fixture.map(2 * M2, M2, M2, RW | NORMAL_NC);
        fixture.map(3 * M2, M2, M2, RW | DEVICE);
        assertThat(fixture.takeCalls()).isEmpty();
    }

    @Test
    void maintenanceHappensBeforeTheLeafIsValid() {
        long[] mapped = {0};
        fixture.inCallback = () -> assertThat(fixture.table.leaf(mapped[0]).isMapped())
                .as("mapped in callback")
                .isFalse();
        assertThat(fixture.map(0, 4096, 0, RWX)).isZero();
        mapped[0] = M2;
        assertThat(fixture.faultMap(M2, 4096, 0, RWX)).isZero();
        fixture.inCallback = () -> {};
        assertThat(fixture.calls).hasSize(4);
    }

    @Test
    void protectionsThatCannotBeAreRefused() {
        assertThat(fixture.map(0, 4096, 0, R | DEVICE | NORMAL_NC)).isEqualTo(Errno.EINVAL.negated());
        assertThat(fixture.map(0, 4096, 0, R | X | DEVICE)).isEqualTo(Errno.EINVAL.negated());
        assertThat(fixture.map(0, 4096, 0, R | X | NORMAL_NC)).isEqualTo(Errno.EINVAL.negated());
        assertThat(fixture.takeCalls()).isEmpty();
    }

    @Test
    void rangesBeyondTheIpaSpaceAreRefused() {
        long end = 1L << 40;
        assertThat(fixture.map(end - 4096, 8192, 0, R)).isEqualTo(Errno.ERANGE.negated());
        assertThat(fixture.map(end, 4096, 0, R)).isEqualTo(Errno.ERANGE.negated());
        assertThat(fixture.map(-4096, 4096, 0, R)).isEqualTo(Errno.ERANGE.negated());
        assertThat(fixture.map(0, Long.MAX_VALUE, 0, R)).isEqualTo(Errno.ERANGE.negated());
        assertThat(fixture.map(4096, -4096, 0, R)).isEqualTo(Errno.ERANGE.negated());
        assertThat(fixture.map(end - 4096, 4096, 0, R)).isZero();
        assertThat(fixture.table.leaf(end).isMapped()).isFalse();
        assertThat(fixture.table.leaf(-1).isMapped()).isFalse();
    }

    @Test
    void physicalAddressesBeyondTheSizeOfTheHostAreRefused() {
        assertThat(fixture.map(0, 8192, (1L << 48) - 4096, R)).isEqualTo(Errno.EINVAL.negated());
        assertThat(fixture.map(0, 4096, -4096, R)).isEqualTo(Errno.EINVAL.negated());
        assertThat(fixture.map(0, 4096, (1L << 48) - 4096, R)).isZero();
    }

    @Test
    void emptyOrMissingCacheIsOutOfMemory() {
        TablePageCache empty = new TablePageCache(fixture.pool, 4096);

        assertThat(fixture.table.map(0, 4096, 0, R, empty, 0)).isEqualTo(Errno.ENOMEM.negated());
        assertThat(fixture.table.map(0, 4096, 0, R, null, WalkFlags.SHARED)).isEqualTo(Errno.ENOMEM.negated());
        assertThat(fixture.table.map(0, G1, 0, R, null, 0)).isZero();
    }

    @Test
    void cacheThatRunsEmptyKeepsWhatWasMapped() {
        TablePageCache two = new TablePageCache(fixture.pool, 4096, 2);
        two.topup(2);

        int ret = fixture.table.map(M2 - 4096, 8192, 0, R, two, 0);

        assertThat(ret).isEqualTo(Errno.ENOMEM.negated());
        assertLeaf(M2 - 4096, 3, 0);
        assertThat(fixture.table.leaf(M2).isMapped()).isFalse();
    }

    @Test
    void sameLeafOrOtherPermissionsAreLeftAlone() {
        fixture.map(0, 4096, M2, R);
        long before = fixture.table.leaf(0).descriptor();
        fixture.takeCalls();

        assertThat(fixture.map(0, 4096, M2, R)).isEqualTo(Errno.EAGAIN.negated());
        assertThat(fixture.map(0, 4096, M2, RWX)).isEqualTo(Errno.EAGAIN.negated());
        assertThat(fixture.faultMap(0, 4096, M2, RW)).isEqualTo(Errno.EAGAIN.negated());

        assertThat(fixture.table.leaf(0).descriptor()).isEqualTo(before);
        assertThat(fixture.takeCalls()).isEmpty();
    }

    @Test
    void rangeStopsAtALeafThatIsAlreadyThere() {
        fixture.map(2 * 4096, 4096, M2 + 2 * 4096, R);

        int ret = fixture.map(0, 4 * 4096, M2, R);

        assertThat(ret).isEqualTo(Errno.EAGAIN.negated());
        assertThat(fixture.table.leaf(4096).isMapped()).isTrue();
        assertThat(fixture.table.leaf(3 * 4096).isMapped()).isFalse();
    }

    @Test
    void softwareBitsChangeInPlaceInAnExclusiveWalk() {
        fixture.map(0, 4096, M2, R);
        fixture.takeCalls();

        assertThat(fixture.map(0, 4096, M2, R | SW0)).isZero();

        assertThat(Stage2Descriptor.software(fixture.table.leaf(0).descriptor()))
                .isEqualTo(1);
        assertThat(fixture.takeCalls()).isEmpty();

        assertThat(fixture.faultMap(0, 4096, M2, R)).isZero();
        assertThat(fixture.takeCalls()).containsExactly("tlbi 0x0 L3", "dcache 0x200000 4K");
    }

    @Test
    void annotationsCountAsEntriesAndAreRemovedByUnmap() {
        fixture.map(0, M2, 0, R);
        fixture.takeCalls();
        fixture.cache.topup(2);

        int ret = fixture.table.annotate(4096, 8192, fixture.cache, Stage2PageTable.ANNOTATION_DONATED);

        assertThat(ret).isZero();
        assertThat(fixture.takeCalls()).containsExactly("tlbi 0x1000 L2");
        assertThat(fixture.table.leaf(4096).isMapped()).isFalse();
        assertThat(Stage2Descriptor.annotationType(fixture.table.leaf(4096).descriptor()))
                .isEqualTo(2);
        assertThat(fixture.table.leaf(0).isMapped()).isFalse();
        fixture.assertSound();

        assertThat(fixture.table.unmap(0, M2)).isZero();
        assertThat(fixture.table.leaf(4096).descriptor()).isZero();
        assertThat(fixture.table.annotate(0, 4096, fixture.cache, 1)).isEqualTo(Errno.EINVAL.negated());
    }

    @Test
    void mappingOverAnAnnotationReplacesItWithoutInvalidation() {
        fixture.cache.topup(2);
        fixture.table.annotate(0, 4096, fixture.cache, Stage2PageTable.ANNOTATION_POISONED);

        assertThat(fixture.map(0, 4096, M2, R)).isZero();

        assertThat(fixture.takeCalls()).containsExactly("dcache 0x200000 4K");
        assertLeaf(0, 3, M2);
    }
}

package dev.ipanema.kvm.stage2;

import static dev.ipanema.arm.pgtable.Stage2Prot.DEVICE;
import static dev.ipanema.arm.pgtable.Stage2Prot.PX;
import static dev.ipanema.arm.pgtable.Stage2Prot.R;
import static dev.ipanema.arm.pgtable.Stage2Prot.RW;
import static dev.ipanema.arm.pgtable.Stage2Prot.RWX;
import static dev.ipanema.arm.pgtable.Stage2Prot.SW1;
import static dev.ipanema.arm.pgtable.Stage2Prot.W;
import static dev.ipanema.arm.pgtable.Stage2Prot.X;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.pgtable.Stage2Descriptor;
import dev.ipanema.arm.pgtable.Stage2Prot;
import dev.ipanema.base.errno.Errno;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/// Changes in place: permissions, access flag, flush, split.
@ParameterizedClass
@ValueSource(booleans = {false, true})
class Stage2AttributesTest {
    private static final long M2 = 2 << 20;
    private static final long G1 = 1 << 30;
    private static final int EAGAIN = Errno.EAGAIN.negated();

    private final boolean specialised;
    private Stage2Fixture fixture;

    Stage2AttributesTest(boolean specialised) {
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

    private int prot(long ipa) {
        return Stage2Prot.decode(fixture.table.leaf(ipa).descriptor(), fixture.config.fwb(), fixture.config.xnx());
    }

    private boolean young(long ipa) {
        return Stage2Descriptor.af(fixture.table.leaf(ipa).descriptor());
    }

    @Test
    void wrprotectTakesWriteFromEveryLeafOfTheRangeAndPassesHoles() {
        fixture.map(0, 2 * 4096, 4096, RWX);
        fixture.map(4 * 4096, 4096, 4096, RW);
        fixture.map(M2, M2, M2, RW);
        fixture.map(2 * M2, M2, M2, RW);
        fixture.takeCalls();

        assertThat(fixture.table.wrprotect(4096, 2 * M2 - 4096)).isZero();

        assertThat(prot(0)).isEqualTo(RWX);
        assertThat(prot(4096)).isEqualTo(R | X);
        assertThat(prot(4 * 4096)).isEqualTo(R);
        assertThat(prot(M2)).isEqualTo(R);
        assertThat(prot(2 * M2)).isEqualTo(RW);
        assertThat(fixture.calls).isEmpty();
    }

    @Test
    void ageReportsAndClearsTheAccessFlag() {
        fixture.map(0, 3 * 4096, 4096, R);
        fixture.map(M2, M2, M2, R);
        fixture.takeCalls();

        assertThat(fixture.table.testClearYoung(0, 4096, false)).isTrue();
        assertThat(young(0)).isTrue();
        assertThat(fixture.table.testClearYoung(4096, 2 * M2, true)).isTrue();
        assertThat(fixture.table.testClearYoung(4096, 2 * M2, true)).isFalse();
        assertThat(young(0)).isTrue();
        assertThat(young(4096)).isFalse();
        assertThat(young(M2)).isFalse();
        assertThat(fixture.table.testClearYoung(G1, G1, true)).isFalse();
        assertThat(fixture.table.testClearYoung(0, Long.MAX_VALUE, true)).isFalse();

        assertThat(fixture.table.mkyoung(4096 + 0x123, WalkFlags.SHARED)).isZero();
        assertThat(young(4096)).isTrue();
        assertThat(fixture.table.mkyoung(G1, WalkFlags.SHARED)).isEqualTo(EAGAIN);
        assertThat(fixture.table.mkyoung(1L << 40, WalkFlags.SHARED)).isEqualTo(Errno.ERANGE.negated());
        assertThat(fixture.calls).isEmpty();
    }

    @Test
    void relaxAddsPermissionsAndInvalidatesLocally() {
        fixture.map(0, 4096, 4096, R);
        fixture.takeCalls();

        assertThat(fixture.table.relaxPerms(0, R | W, WalkFlags.SHARED)).isZero();
        assertThat(prot(0)).isEqualTo(RW);
        assertThat(fixture.takeCalls()).containsExactly("tlbi-local 0x0 L3");

        assertThat(fixture.table.relaxPerms(0, R, WalkFlags.SHARED)).isZero();
        assertThat(prot(0)).as("nothing is taken away").isEqualTo(RW);
    }

    @Test
    void relaxToExecutableInvalidatesInstructionsFirst() {
        fixture.map(M2, M2, M2, RW);
        fixture.takeCalls();

        assertThat(fixture.table.relaxPerms(M2 + 4096, RWX, WalkFlags.SHARED)).isZero();

        assertThat(prot(M2)).isEqualTo(RWX);
        assertThat(fixture.takeCalls()).containsExactly("icache 0x200000 2M", "tlbi-local 0x201000 L2");
        assertThat(fixture.table.relaxPerms(M2, R | PX, 0)).isZero();
        assertThat(prot(M2)).as("execution becomes what is asked for").isEqualTo(RW | PX);
    }

    @Test
    void relaxKeepsTheMemoryType() {
        fixture.map(0, 4096, 4096, R | DEVICE);

        assertThat(fixture.table.relaxPerms(0, RW, 0)).isZero();

        assertThat(prot(0)).isEqualTo(RW | DEVICE);
    }

    @Test
    void relaxOfNothingIsTriedAgainWithAnUnknownLevel() {
        assertThat(fixture.table.relaxPerms(0x3000, R, WalkFlags.SHARED)).isEqualTo(EAGAIN);
        assertThat(fixture.takeCalls()).containsExactly("tlbi-local 0x3000 L?");
        assertThat(fixture.table.relaxPerms(0, R | SW1, 0)).isEqualTo(Errno.EINVAL.negated());
        assertThat(fixture.table.relaxPerms(1L << 40, R, 0)).isEqualTo(Errno.ERANGE.negated());
        assertThat(fixture.takeCalls()).isEmpty();
    }

    @Test
    void withoutXnxExecutionIsForBothExceptionLevels() {
        on(Stage2Config.of(Granule.K4, 40).withXnx(false));

        assertThat(fixture.map(0, 4096, 0, R | PX)).isEqualTo(Errno.EINVAL.negated());
        assertThat(fixture.map(0, 4096, 0, R)).isZero();
        assertThat(fixture.table.relaxPerms(0, PX, 0)).isEqualTo(Errno.EINVAL.negated());
        assertThat(fixture.table.relaxPerms(0, X, 0)).isZero();
        assertThat(prot(0)).isEqualTo(R | X);
    }

    @Test
    void flushCleansCacheableLeavesOnlyWithoutFwb() {
        fixture.map(0, 4096, 0, R);
        fixture.takeCalls();
        assertThat(fixture.table.flush(0, G1)).isZero();
        assertThat(fixture.takeCalls()).isEmpty();

        on(Stage2Config.of(Granule.K4, 40).withFwb(false));
        fixture.map(0, 8192, 0x5000, R);
        fixture.map(8192, 4096, 0x9000, R | DEVICE);
        fixture.map(M2, M2, M2, R);
        fixture.takeCalls();
        assertThat(fixture.table.flush(4096, 2 * M2)).isZero();
        assertThat(fixture.takeCalls()).containsExactly("dcache 0x6000 4K", "dcache 0x200000 2M");
    }

    @Test
    void splitKeepsEveryPageMappedWithItsPermissions() {
        fixture.map(M2, M2, 3 * M2, R | X);
        fixture.table.testClearYoung(M2, M2, true);
        fixture.takeCalls();
        fixture.cache.topup(1);

        assertThat(fixture.table.split(M2, M2, fixture.cache)).isZero();

        assertThat(fixture.takeCalls()).containsExactly("tlbi 0x200000 L2");
        for (long page = 0; page < M2; page += 4096) {
            assertThat(fixture.table.leaf(M2 + page).level()).isEqualTo(3);
            assertThat(fixture.table.leaf(M2 + page).pa()).isEqualTo(3 * M2 + page);
            assertThat(prot(M2 + page)).isEqualTo(R | X);
            assertThat(young(M2 + page)).isTrue();
        }
    }

    @Test
    void splitOfALargeBlockGoesDownToPagesWithAnyCache() {
        fixture.map(0, G1, 0, R);
        TablePageCache whole = new TablePageCache(fixture.pool, 4096, 513);
        whole.topup(513);
        fixture.takeCalls();
        assertThat(fixture.table.split(0, G1, whole)).isZero();
        assertThat(whole.available()).isZero();
        assertThat(fixture.takeCalls()).containsExactly("tlbi 0x0 L1");
        assertThat(fixture.table.leaf(G1 - 4096).pa()).isEqualTo(G1 - 4096);
        assertThat(fixture.table.leaf(G1 - 4096).level()).isEqualTo(3);

        fixture.map(G1, G1, G1, R);
        TablePageCache few = new TablePageCache(fixture.pool, 4096, 3);
        few.topup(3);
        fixture.takeCalls();
        assertThat(fixture.table.split(G1, G1, few)).isEqualTo(Errno.ENOMEM.negated());
        assertThat(fixture.takeCalls())
                .containsExactly("tlbi 0x40000000 L1", "tlbi 0x40000000 L2", "tlbi 0x40200000 L2");
        assertThat(fixture.table.leaf(G1 + 2 * M2).level()).isEqualTo(2);
        assertThat(fixture.table.leaf(2 * G1 - 1).isMapped()).isTrue();
    }

    @Test
    void splitKeepsTheMemoryTypeWhichTheKernelLoses() {
        fixture.map(0, M2, 0, RW | DEVICE);
        fixture.cache.topup(1);
        assertThat(fixture.table.split(0, M2, fixture.cache)).isZero();
        assertThat(prot(0)).isEqualTo(RW | DEVICE);

        on(Stage2Config.of(Granule.K4, 40).withSplitKeepsMemAttr(false));
        fixture.map(0, M2, 0, RW | DEVICE);
        fixture.cache.topup(1);
        assertThat(fixture.table.split(0, M2, fixture.cache)).isZero();
        assertThat(prot(0)).isEqualTo(RW);
    }
}

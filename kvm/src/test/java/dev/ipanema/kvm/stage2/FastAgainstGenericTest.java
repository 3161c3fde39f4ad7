package dev.ipanema.kvm.stage2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.pgtable.Stage2Prot;
import dev.ipanema.base.errno.Errno;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// The specialised loops against the generic walker: random operations on two tables must give the same
/// results, the same callbacks in the same order, the same bytes in the same table pages and the same
/// references.
class FastAgainstGenericTest {
    private static final int[] PROTS = {
        Stage2Prot.R,
        Stage2Prot.RW,
        Stage2Prot.RWX,
        Stage2Prot.R | Stage2Prot.X,
        Stage2Prot.RW | Stage2Prot.NORMAL_NC,
        Stage2Prot.RW | Stage2Prot.DEVICE,
        Stage2Prot.R | Stage2Prot.PX,
        Stage2Prot.RW | Stage2Prot.SW0,
        Stage2Prot.RWX | Stage2Prot.DEVICE,
    };
    private static final int[] IPA_BITS = {32, 33, 36, 39, 40, 43, 44, 48};
    private static final long M2 = 2 << 20;
    private static final long G1 = 1 << 30;

    private static long seed() {
        Long given = Long.getLong("ipanema.seed");
        return given != null ? given : System.nanoTime();
    }

    private static Stage2Config config(SplittableRandom random) {
        return Stage2Config.of(Granule.K4, IPA_BITS[random.nextInt(IPA_BITS.length)])
                .withFwb(random.nextBoolean())
                .withXnx(random.nextBoolean())
                .withTlbiRange(random.nextBoolean())
                .withSplitKeepsMemAttr(random.nextBoolean());
    }

    @Test
    void randomOperationsLeaveIdenticalTablesAndTraces() {
        long seed = seed();
        System.out.println("FastAgainstGenericTest -Dipanema.seed=" + seed);
        SplittableRandom random = new SplittableRandom(seed);
        int rounds = Boolean.getBoolean("ipanema.long") ? 4000 : 80;
        for (int round = 0; round < rounds; round++) {
            Stage2Config config = config(random);
            try (Stage2Fixture fast = new Stage2Fixture(config, true);
                    Stage2Fixture generic = new Stage2Fixture(config, false)) {
                for (int step = 0; step < 60; step++) {
                    step(random, fast, generic, "seed " + seed + " round " + round + " step " + step);
                }
                fast.table.reclaim();
                generic.table.reclaim();
                assertThat(fast.tables()).isEqualTo(generic.tables());
                fast.assertSound();
                generic.assertSound();
            }
        }
    }

    /// An address near one of a few places, so that operations meet.
    private static long address(SplittableRandom random, long space) {
        long place = switch (random.nextInt(4)) {
            case 0 -> 0;
            case 1 -> G1;
            case 2 -> space - 2 * G1;
            default -> 3 * G1;
        };
        long offset = switch (random.nextInt(4)) {
            case 0 -> 0;
            case 1 -> M2 * random.nextInt(4);
            case 2 -> 4096L * random.nextInt(1600);
            default -> G1 - 4096L * random.nextInt(3);
        };
        return place + offset;
    }

    private static long size(SplittableRandom random) {
        return switch (random.nextInt(6)) {
            case 0 -> 4096;
            case 1 -> 4096L * random.nextInt(1, 1200);
            case 2 -> M2;
            case 3 -> M2 * random.nextInt(1, 3);
            case 4 -> random.nextInt(8) == 0 ? G1 : M2;
            default -> random.nextInt(8) == 0 ? G1 + M2 + 4096 : 4096L * random.nextInt(1, 4);
        };
    }

    private static void step(SplittableRandom random, Stage2Fixture fast, Stage2Fixture generic, String name) {
        long ipa = address(random, 1L << fast.config.geometry().ipaBits());
        long size = size(random);
        int prot = PROTS[random.nextInt(PROTS.length)];
        long pa = random.nextBoolean() ? ipa & 0xffff_ffffL : address(random, 8 * G1);
        int pages = random.nextInt(6);
        int shared = random.nextBoolean() ? WalkFlags.SHARED : 0;
        int ignore = random.nextInt(4) == 0 ? WalkFlags.IGNORE_EAGAIN : 0;
        int kind = random.nextInt(12);
        int flag = random.nextInt(2);
        int ret = operate(fast, kind, ipa, size, pa, prot, pages, shared | ignore, flag);
        int expected = operate(generic, kind, ipa, size, pa, prot, pages, shared | ignore, flag);
        assertThat(ret).as(name).isEqualTo(expected);
        assertThat(fast.takeCalls()).as(name).isEqualTo(generic.takeCalls());
        assertThat(fast.table.leaf(ipa)).as(name).isEqualTo(generic.table.leaf(ipa));
        assertThat(fast.table.leaf(ipa + size - 1)).as(name).isEqualTo(generic.table.leaf(ipa + size - 1));
        assertThat(fast.tableBytes()).as(name).isEqualTo(generic.tableBytes());
    }

    private static int operate(
            Stage2Fixture fixture, int kind, long ipa, long size, long pa, int prot, int pages, int flags, int flag) {
        Stage2PageTable table = fixture.table;
        fixture.cache.topup(pages);
        return switch (kind) {
            case 0, 1, 2, 3 -> table.map(ipa, size, pa, prot, fixture.cache, flags);
            case 4, 5 -> table.unmap(ipa, size);
            case 6 -> table.wrprotect(ipa, size);
            case 7 -> table.testClearYoung(ipa, size, flag == 1) ? 1 : 0;
            case 8 -> table.relaxPerms(ipa + 8, prot & ~Stage2Prot.SOFTWARE, flags & WalkFlags.SHARED);
            case 9 -> table.mkyoung(ipa, flags & WalkFlags.SHARED);
            case 10 -> flag == 0 ? table.split(ipa, size, fixture.cache) : table.flush(ipa, size);
            default ->
                size > 4 * M2
                        ? Errno.EINVAL.negated()
                        : table.annotate(ipa, size, fixture.cache, Stage2PageTable.ANNOTATION_DONATED);
        };
    }
}

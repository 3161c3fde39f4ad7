package dev.ipanema.machine.mmu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.a64.Access;
import dev.ipanema.arm.memory.Stage2MemAttr;
import dev.ipanema.arm.pgtable.Stage1Descriptor;
import dev.ipanema.arm.pgtable.Stage2Descriptor;
import dev.ipanema.arm.register.CacheOp;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.VttbrEl2;
import dev.ipanema.machine.memory.CacheOperation;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Loads and stores of all sizes, across pages, to devices and to pages with decoded code; DC ZVA and
/// maintenance.
class GuestAccessTest {
    private static final long VA = 0x12_3456_7000L;
    private static final long PA = Guest.RAM + 0x40_0000;
    private static final long FAR = Guest.RAM + 0x80_0000;

    private final Guest guest = new Guest().stage2().stage1();

    @AfterEach
    void close() {
        guest.close();
    }

    private void map() {
        guest.map1(VA, PA, 3, Guest.EL1_RW);
        guest.map1(VA + 0x1000, FAR, 3, Guest.EL1_RW);
        guest.map2(PA, PA, 2, Guest.S2_RWX);
        guest.map2(FAR, FAR, 2, Guest.S2_RWX);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void everySizeStoresAndLoadsItsOwnBytes(int log2) {
        map();
        guest.write(PA + 16, -1);

        guest.mmu.store(VA + 16, 0x8182_8384_8586_8788L, log2);
        guest.mmu.store(VA + 16, 0x8182_8384_8586_8788L, log2 | Access.RELEASE);

        long mask = -1L >>> (64 - (8 << log2));
        assertThat(guest.mmu.load(VA + 16, log2)).isEqualTo(0x8182_8384_8586_8788L & mask);
        assertThat(guest.mmu.load(VA + 16, log2 | Access.ACQUIRE)).isEqualTo(0x8182_8384_8586_8788L & mask);
        assertThat(guest.read(PA + 16)).isEqualTo((0x8182_8384_8586_8788L & mask) | ~mask);
    }

    /// Found by the long run of hostile instructions: with the last generation, the tag of an unaligned access of 16
    /// bytes
    /// whose address ends in ones was that of an empty entry.
    @Test
    void noAddressMatchesAnEmptyEntry() {
        SplittableRandom random = new SplittableRandom(1);
        long end = -17;
        for (int i = 0; i < 5_000; i++) {
            guest.ctx.vttbrEl2 = VttbrEl2.of(guest.stage2Table, random.nextInt(256));
            guest.ctx.ttbr0El1 = guest.stage1Table | random.nextLong(256) << 48;
            guest.ctx.changed();

            assertThat(guest.mmu.store128(end, 0, 0)).isFalse();
            assertThat(guest.outcome()).isEqualTo("s1 0x05");
            assertThat(guest.mmu.load128(end)).isFalse();
            assertThat(guest.outcome()).isEqualTo("s1 0x05");
        }
    }

    @Test
    void accessAcrossAPageUsesBothPages() {
        map();

        guest.mmu.store64(VA + 0xffd, 0x1122_3344_5566_7788L);

        assertThat(guest.mmu.load64(VA + 0xffd)).isEqualTo(0x1122_3344_5566_7788L);
        assertThat(guest.read(PA + 0xff8)).isEqualTo(0x6677_8800_0000_0000L);
        assertThat(guest.read(FAR)).isEqualTo(0x11_2233_4455L);
        assertThat(guest.outcome()).isEqualTo("ok");
    }

    @Test
    void storeThatFaultsOnItsSecondPageChangesNothing() {
        map();
        guest.map1(VA + 0x1000, FAR, 3, Guest.EL1_RW | Stage1Descriptor.AP_READ_ONLY);

        guest.mmu.store64(VA + 0xffd, -1);

        assertThat(guest.mmu.fault().va()).isEqualTo(VA + 0x1000);
        assertThat(guest.outcome()).isEqualTo("s1 0x0f");
        assertThat(guest.read(PA + 0xff8)).isZero();
    }

    @Test
    void pairsMoveTwoRegistersAndMayCrossAPage() {
        map();

        assertThat(guest.mmu.storePair(VA + 0xff8, 11, 12, 3)).isTrue();
        assertThat(guest.mmu.loadPair(VA + 0xff8, 3)).isTrue();

        assertThat(guest.mmu.low()).isEqualTo(11);
        assertThat(guest.mmu.high()).isEqualTo(12);
        assertThat(guest.read(PA + 0xff8)).isEqualTo(11);
        assertThat(guest.read(FAR)).isEqualTo(12);
        assertThat(guest.mmu.loadPair(VA + 0xffc, 2)).isTrue();
        assertThat(guest.mmu.high()).isEqualTo(12);
    }

    @Test
    void pairOnDeviceMemoryNeedsElementAlignmentOnly() {
        map();
        guest.map1(VA + 0x2000, PA, 3, Guest.EL1_RW | Stage1Descriptor.attrIndxBits(Guest.NGNRE));

        assertThat(guest.mmu.loadPair(VA + 0x2008, 3)).isTrue();
        assertThat(guest.mmu.loadPair(VA + 0x2004, 3)).isFalse();
        assertThat(guest.outcome()).isEqualTo("s1 0x21");
        assertThat(guest.mmu.loadPair(VA + 0x2008, 4)).isFalse();
        assertThat(guest.outcome()).isEqualTo("s1 0x21");
    }

    @Test
    void acquireMayBeUnalignedInsideSixteenBytesWithLse2() {
        map();

        guest.mmu.load(VA + 5, 3 | Access.ACQUIRE);
        assertThat(guest.outcome()).isEqualTo("ok");
        guest.mmu.load(VA + 9, 3 | Access.ACQUIRE);
        assertThat(guest.outcome()).isEqualTo("s1 0x21");
        guest.ctx.sctlrEl1 |= SctlrEl1.NAA;
        guest.ctx.changed();
        guest.mmu.load(VA + 9, 3 | Access.ACQUIRE);
        assertThat(guest.outcome()).isEqualTo("ok");
    }

    @Test
    void deviceAnswersThroughStage2() {
        guest.map1(VA, 0x9_0000_0000L, 3, Guest.EL1_RW | Stage1Descriptor.attrIndxBits(Guest.NGNRE));
        guest.map2(
                0x9_0000_0000L,
                Guest.DEVICE,
                3,
                Stage2Descriptor.AF
                        | Stage2Descriptor.S2AP_R
                        | Stage2Descriptor.S2AP_W
                        | Stage2Descriptor.memAttrBits(Stage2MemAttr.DEVICE_nGnRE));

        assertThat(guest.mmu.load32(VA + 4)).isEqualTo(0x5566_7788L);
        guest.mmu.store64(VA + 0x10, 99);

        assertThat(guest.device.lastOffset).isEqualTo(0x10);
        assertThat(guest.device.lastValue).isEqualTo(99);
        assertThat(guest.device.accesses).isEqualTo(2);
    }

    @Test
    void unalignedNormalAccessToADeviceIsMadeByBytes() {
        guest.map1(VA, 0x9_0000_0000L, 3, Guest.EL1_RW | Stage1Descriptor.attrIndxBits(Guest.NC));
        guest.map2(0x9_0000_0000L, Guest.DEVICE, 3, Guest.S2_RWX);

        assertThat(guest.mmu.load16(VA + 1)).isEqualTo(0x8888);

        assertThat(guest.device.accesses).isEqualTo(2);
    }

    @Test
    void dcZvaClearsItsBlock() {
        map();
        for (long offset = 0; offset < 256; offset += 8) {
            guest.write(PA + offset, -1);
        }

        guest.mmu.dcZva(VA + 0x47);

        assertThat(guest.read(PA + 0x38)).isEqualTo(-1);
        assertThat(guest.read(PA + 0x40)).isZero();
        assertThat(guest.read(PA + 0x78)).isZero();
        assertThat(guest.read(PA + 0x80)).isEqualTo(-1);
        guest.mmu.dcZva(VA + 0x80);
        assertThat(guest.read(PA + 0x80)).isZero();
        assertThat(guest.outcome()).isEqualTo("ok");
    }

    @Test
    void readingTouchesNoMemoryAndLaterStoresCountIt() {
        map();
        long before = guest.memory.residentBytes();

        assertThat(guest.mmu.load64(VA)).isZero();
        assertThat(guest.memory.residentBytes()).isEqualTo(before);
        guest.mmu.store64(VA, 5);
        assertThat(guest.memory.residentBytes()).isEqualTo(before + Guest.PAGE);
        assertThat(guest.mmu.load64(VA)).isEqualTo(5);
    }

    @Test
    void storesToAPageWithDecodedCodeAreReported() {
        map();
        List<Long> stored = new ArrayList<>();
        boolean[] holds = new boolean[1];
        guest.mmu.setCodePages(new CodePages() {
            @Override
            public boolean holdsCode(long paPage) {
                return holds[0] && paPage == PA;
            }

            @Override
            public void stored(long pa, int bytes) {
                stored.add(pa);
            }
        });
        guest.mmu.store64(VA, 1);
        holds[0] = true;
        guest.mmu.dropWriteEntries(PA);

        guest.mmu.store64(VA + 8, 1);
        guest.mmu.store8(VA + 17, 1);
        guest.mmu.atomic(AtomicOp.ADD, VA + 24, 1, 3);
        guest.mmu.dcZva(VA + 0x40);
        guest.mmu.storePair(VA + 0x80, 1, 1, 3);
        guest.mmu.store64(VA + 0x1000, 1);

        assertThat(stored).containsExactly(PA + 8, PA + 17, PA + 24, PA + 0x40, PA + 0x80, PA + 0x88);
        assertThat(guest.read(PA + 24)).isEqualTo(1);
    }

    @Test
    void maintenanceToAMissingStage2EntryReportsCmAndWnr() {
        guest.map1(VA, 0x9_0000_0000L, 3, Guest.EL1_RW);

        assertThat(guest.mmu.maintain(CacheOp.DC_CVAC, VA)).isFalse();

        assertThat(guest.mmu.fault().isCacheMaintenance()).isTrue();
        assertThat(guest.mmu.fault().isWrite()).isTrue();
        assertThat(guest.mmu.fault().syndromeAllowed()).isFalse();
        assertThat(guest.outcome()).isEqualTo("s2 0x05");
    }

    @Test
    void invalidateNeedsWritePermissionAndCleanDoesNot() {
        map();
        guest.map1(VA, PA, 3, Guest.EL1_RW | Stage1Descriptor.AP_READ_ONLY);

        assertThat(guest.mmu.maintain(CacheOp.DC_CIVAC, VA)).isTrue();
        assertThat(guest.mmu.maintain(CacheOp.DC_IVAC, VA)).isFalse();
        assertThat(guest.outcome()).isEqualTo("s1 0x0f");
        assertThat(guest.memory.maintenance().calls(CacheOperation.DC_CLEAN_INVAL_POC))
                .isEqualTo(1);
    }

    @Test
    void maintenanceIgnoresAClearAccessFlagAndCachesNothing() {
        map();
        guest.map1(VA, PA, 3, Guest.EL1_RW & ~Stage1Descriptor.AF);

        assertThat(guest.mmu.maintain(CacheOp.IC_IVAU, VA)).isTrue();

        assertThat(guest.mmu.resultPa()).isEqualTo(PA);
        assertThat(guest.load(VA)).isEqualTo("s1 0x0b");
    }
}

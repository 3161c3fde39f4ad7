package dev.ipanema.machine.mmu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.pgtable.Stage1Descriptor;
import dev.ipanema.arm.pgtable.Stage2Descriptor;
import dev.ipanema.arm.pgtable.Stage2Geometry;
import dev.ipanema.arm.pgtable.VtcrEl2;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.TcrEl1;
import dev.ipanema.arm.register.VttbrEl2;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Granules, start levels, concatenation, block sizes and 52-bit addresses of both stages.
class GeometryTest {
    private static final long S2 = Guest.S2_RWX;

    private static void stage2(Guest guest, Granule granule, int ipaBits, int paBits, boolean lpa2) {
        Stage2Geometry geometry = new Stage2Geometry(granule, ipaBits);
        guest.granule2 = granule;
        guest.stage2Start = geometry.startLevel();
        long size = geometry.pgdBytes();
        guest.stage2Table = guest.table(Granule.K64) + size - 1 & -size;
        for (long used = 0; used < size + (1 << 16); used += 1 << 16) {
            guest.table(Granule.K64);
        }
        guest.ctx.vtcrEl2 = VtcrEl2.of(geometry, paBits, false, false, lpa2);
        guest.ctx.vttbrEl2 = VttbrEl2.of(guest.stage2Table, 3);
        guest.ctx.hcrEl2 = HcrEl2.VM | HcrEl2.FWB;
        guest.ctx.changed();
    }

    @ParameterizedTest
    @CsvSource({
        "K4, 32, 3", "K4, 33, 2", "K4, 39, 1", "K4, 40, 3", "K4, 43, 3", "K4, 44, 3", "K4, 48, 2", "K16, 32, 3",
        "K16, 36, 2", "K16, 40, 3", "K16, 47, 2", "K16, 48, 3", "K64, 32, 3", "K64, 40, 2", "K64, 42, 3", "K64, 46, 2",
        "K64, 48, 3"
    })
    void everyStage2GeometryReachesItsFirstAndLastLeaf(Granule granule, int ipaBits, int level) {
        try (Guest guest = new Guest()) {
            stage2(guest, granule, ipaBits, 48, false);
            long size = granule.levelSize(level);
            long last = (1L << ipaBits) - size;
            guest.map2(0, 5 * size, level, S2);
            guest.map2(last, 9 * size, level, S2);

            assertThat(guest.mmu.translate(0x10, false)).isEqualTo(5 * size + 0x10);
            assertThat(guest.mmu.translate(last + size - 8, false)).isEqualTo(10 * size - 8);
            assertThat(guest.load(last - 8)).startsWith("s2 0x0");
            assertThat(guest.load(last + size)).isEqualTo(ipaBits == 48 ? "s1 0x00" : "s2 0x04");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "K4, 48, 0, 3",
        "K4, 47, 0, 1",
        "K4, 39, 1, 2",
        "K4, 30, 2, 3",
        "K4, 25, 2, 3",
        "K16, 47, 1, 3",
        "K16, 48, 0, 2",
        "K16, 36, 2, 3",
        "K64, 48, 1, 3",
        "K64, 42, 2, 2",
        "K64, 29, 3, 3"
    })
    void everyStage1StartLevel(Granule granule, int vaBits, int start, int level) {
        try (Guest guest = new Guest().stage1()) {
            guest.granule = granule;
            guest.stage1Start = start;
            guest.vaBits = vaBits;
            guest.stage1Table = guest.table(granule);
            guest.stage1UpperTable = guest.table(granule);
            long tsz = 64L - vaBits;
            guest.ctx.tcrEl1 = tsz | tsz << 16 | (long) granule.tg0() << 14 | (long) granule.tg1() << 30 | 5L << 32;
            guest.ctx.ttbr0El1 = guest.stage1Table;
            guest.ctx.ttbr1El1 = guest.stage1UpperTable;
            guest.ctx.changed();
            long size = granule.levelSize(level);
            long last = (1L << vaBits) - size;
            guest.map1(last, 3 * size, level, Guest.EL1_RW);
            guest.map1(-size, 4 * size, level, Guest.EL1_RW);

            assertThat(guest.mmu.translate(last + 0x18, false)).isEqualTo(3 * size + 0x18);
            assertThat(guest.mmu.translate(-8, false)).isEqualTo(5 * size - 8);
            assertThat(guest.load(1L << vaBits)).isEqualTo("s1 0x04");
        }
    }

    @Test
    void lpa2TranslatesFiftyTwoBitsInBothStages() {
        try (Guest guest = new Guest("max", ExclusivePolicy.WORK)) {
            long pa = 0xf_0000_0000_0000L;
            guest.granule2 = Granule.K4;
            Stage2Geometry geometry = new Stage2Geometry(Granule.K4, 52);
            guest.stage2Table = guest.table(Granule.K64);
            guest.ctx.vtcrEl2 = VtcrEl2.of(geometry, 52, false, false, true);
            guest.ctx.vttbrEl2 = VttbrEl2.of(guest.stage2Table, 3);
            guest.ctx.hcrEl2 = HcrEl2.VM | HcrEl2.FWB;
            guest.ctx.changed();
            long ipa = 0xa_4000_0000_0000L;
            long bits = S2 & ~Stage2Descriptor.SH_INNER;
            guest.write(guest.stage2Table + 8 * (ipa >>> 39), Stage2Descriptor.leaf(pa, 0, bits, Granule.K4, true));

            assertThat(guest.mmu.translate(ipa + 0x12_3456_7890L, false)).isEqualTo(pa + 0x12_3456_7890L);
            assertThat(guest.outcome()).isEqualTo("ok");
            assertThat(guest.mmu.resultAttributes().shareability()).hasToString("OSH");
        }
    }

    @Test
    void largeAddressesOfStage1WithLpa2StartAtLevelMinusOne() {
        try (Guest guest = new Guest("max", ExclusivePolicy.WORK).stage1()) {
            guest.ctx.tcrEl1 = 12 | 12L << 16 | 2L << 30 | 6L << 32 | TcrEl1.DS | 3L << 12;
            guest.ctx.changed();
            long va = 0x5_1234_5678_9000L;
            assertThat(guest.load(va)).isEqualTo("s1 0x2b");
            long level0 = guest.table(Granule.K4);
            guest.write(guest.stage1Table + 8 * (va >>> 48), Stage1Descriptor.table(level0, 0, Granule.K4, true));
            assertThat(guest.load(va)).isEqualTo("s1 0x04");
            long attributes = Stage1Descriptor.AF;
            guest.write(
                    level0 + 8 * (va >>> 39 & 511),
                    Stage1Descriptor.leaf(0xc_0000_0000_0000L, 0, attributes, Granule.K4, true));

            assertThat(guest.mmu.translate(va, false)).isEqualTo(0xc_0000_0000_0000L + (va & (1L << 39) - 1));
            assertThat(guest.mmu.resultAttributes()).hasToString("Normal-WB RWA ISH");
        }
    }

    @Test
    void sixtyFourKilobyteDescriptorsHoldFiftyTwoBits() {
        try (Guest guest = new Guest("max", ExclusivePolicy.WORK)) {
            stage2(guest, Granule.K64, 48, 52, false);
            long pa = 0xe_0000_0000_0000L;
            guest.write(guest.entry2(0x30_0000, 3), Stage2Descriptor.leaf(pa, 3, S2, Granule.K64, true));

            assertThat(guest.mmu.translate(0x30_1238, false)).isEqualTo(pa + 0x1238);
        }
    }

    @Test
    void contiguousStage2EntriesAreOneTlbEntry() {
        try (Guest guest = new Guest()) {
            stage2(guest, Granule.K16, 40, 48, false);
            for (int i = 0; i < 128; i++) {
                guest.map2(0x20_0000 + (i << 14), 0x80_0000 + (i << 14), 3, S2 | Stage2Descriptor.CONTIGUOUS);
            }

            assertThat(guest.mmu.translate(0x20_0010, false)).isEqualTo(0x80_0010);
            assertThat(guest.mmu.translate(0x20_0000 + (100 << 14), false)).isEqualTo(0x80_0000 + (100 << 14));
            assertThat(guest.mmu.tlbCount()).isEqualTo(1);
        }
    }
}

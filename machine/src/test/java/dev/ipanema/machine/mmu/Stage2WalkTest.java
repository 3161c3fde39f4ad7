package dev.ipanema.machine.mmu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.memory.Stage2MemAttr;
import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.pgtable.Stage1Descriptor;
import dev.ipanema.arm.pgtable.Stage2Descriptor;
import dev.ipanema.arm.pgtable.Stage2Geometry;
import dev.ipanema.arm.pgtable.VtcrEl2;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.VttbrEl2;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Stage 2 under a stage 1 that is off, and under one that is on: faults by kind and level, S1PTW, order
/// of checks.
class Stage2WalkTest {
    private static final long IPA = 0x8000_0000L;
    private static final long PA = Guest.RAM + 0x40_0000;
    private static final long VA = 0x12_3456_7000L;

    private final Guest guest = new Guest().stage2();

    @AfterEach
    void close() {
        guest.close();
    }

    @Test
    void missingEntriesFaultAtTheirLevelWithTheIpa() {
        assertThat(guest.load(IPA + 0x18)).isEqualTo("s2 0x05");
        assertThat(guest.mmu.fault().ipa()).isEqualTo(IPA + 0x18);
        assertThat(guest.mmu.fault().ipaValid()).isTrue();
        assertThat(guest.mmu.fault().syndromeAllowed()).isTrue();
        guest.entry2(IPA, 2);
        assertThat(guest.load(IPA)).isEqualTo("s2 0x06");
        guest.entry2(IPA, 3);
        assertThat(guest.store(IPA)).isEqualTo("s2 0x07");
        assertThat(guest.mmu.fault().isWrite()).isTrue();
    }

    @Test
    void concatenatedTablesAndBlocksTranslate() {
        guest.map2(0x80_4000_0000L, Guest.RAM, 1, Guest.S2_RWX);
        guest.map2(IPA, PA, 2, Guest.S2_RWX);

        assertThat(guest.mmu.translate(0x80_4012_3458L, false)).isEqualTo(Guest.RAM + 0x12_3458);
        assertThat(guest.mmu.translate(IPA + 0x1_2348, false)).isEqualTo(PA + 0x1_2348);
    }

    @Test
    void ipaBeyondT0szIsATranslationFaultOfLevelZero() {
        assertThat(guest.load(1L << 40)).isEqualTo("s2 0x04");
    }

    @Test
    void inconsistentStartLevelIsATranslationFaultOfLevelZero() {
        guest.ctx.vtcrEl2 &= ~(3L << 6);
        guest.ctx.changed();

        assertThat(guest.load(IPA)).isEqualTo("s2 0x04");
    }

    @Test
    void addressesBeyondPsFault() {
        guest.map2(IPA, 1L << 40, 3, Guest.S2_RWX);
        guest.ctx.vtcrEl2 = VtcrEl2.of(new Stage2Geometry(Granule.K4, 40), 40, false, false, false);
        guest.ctx.changed();
        assertThat(guest.load(IPA)).isEqualTo("s2 0x03");

        guest.ctx.vttbrEl2 = VttbrEl2.of(1L << 41, 1);
        guest.ctx.changed();
        assertThat(guest.load(IPA)).isEqualTo("s2 0x00");
    }

    @Test
    void tableOutsideMemoryIsAnExternalAbortOnTheWalk() {
        guest.write(guest.entry2(IPA, 1), Stage2Descriptor.table(0x9000_0000L, Granule.K4, false));

        assertThat(guest.load(IPA)).isEqualTo("s2 0x16");
        assertThat(guest.mmu.fault().isExternal()).isTrue();
    }

    @Test
    void accessFlagFaultsUnlessHardwareSetsIt() {
        long entry = guest.map2(IPA, PA, 3, Guest.S2_RWX & ~Stage2Descriptor.AF);
        assertThat(guest.load(IPA)).isEqualTo("s2 0x0b");

        guest.ctx.vtcrEl2 |= VtcrEl2.HA;
        guest.ctx.changed();

        assertThat(guest.load(IPA)).isEqualTo("ok");
        assertThat(Stage2Descriptor.af(guest.read(entry))).isTrue();
    }

    @Test
    void permissionFaultLeavesHardwareAccessFlagClear() {
        guest.ctx.vtcrEl2 |= VtcrEl2.HA;
        guest.ctx.changed();
        long entry = guest.map2(IPA, PA, 3, Guest.S2_RWX & ~(Stage2Descriptor.AF | Stage2Descriptor.S2AP_W));

        assertThat(guest.store(IPA)).isEqualTo("s2 0x0f");
        assertThat(Stage2Descriptor.af(guest.read(entry))).isFalse();
    }

    @Test
    void hardwareMarksACleanPageDirty() {
        guest.ctx.vtcrEl2 |= VtcrEl2.HA | VtcrEl2.HD;
        guest.ctx.changed();
        long entry = guest.map2(IPA, PA, 3, (Guest.S2_RWX & ~Stage2Descriptor.S2AP_W) | Stage2Descriptor.DBM);
        assertThat(guest.load(IPA)).isEqualTo("ok");
        assertThat(Stage2Descriptor.isWritable(guest.read(entry))).isFalse();

        assertThat(guest.store(IPA)).isEqualTo("ok");
        assertThat(Stage2Descriptor.isWritable(guest.read(entry))).isTrue();
    }

    @Test
    void permissionFaultDoesNotReportAValidIpa() {
        guest.map2(IPA, PA, 2, Guest.S2_RWX & ~Stage2Descriptor.S2AP_W);

        assertThat(guest.load(IPA)).isEqualTo("ok");
        assertThat(guest.store(IPA + 8)).isEqualTo("s2 0x0e");
        assertThat(guest.mmu.fault().ipaValid()).isFalse();
        assertThat(guest.mmu.fault().ipa()).isEqualTo(IPA + 8);
    }

    @ParameterizedTest
    @CsvSource({"0, ok, ok", "1, s2 0x0f, ok", "2, s2 0x0f, s2 0x0f", "3, ok, s2 0x0f"})
    void xnDecidesByExceptionLevel(int xn, String atEl1, String atEl0) {
        boolean px = xn == 0 || xn == 3;
        boolean ux = xn == 0 || xn == 1;
        guest.map2(IPA, PA, 3, Guest.S2_RWX | Stage2Descriptor.xnBits(px, ux));

        assertThat(guest.fetch(IPA)).isEqualTo(atEl1);
        guest.ctx.el = 0;
        guest.ctx.privilegeChanged();
        assertThat(guest.fetch(IPA)).isEqualTo(atEl0);
    }

    @Test
    void atomicThatMayNotReadReportsARead() {
        guest.map2(IPA, PA, 3, Guest.S2_RWX & ~(Stage2Descriptor.S2AP_R | Stage2Descriptor.S2AP_W));
        guest.mmu.atomic(AtomicOp.ADD, IPA, 1, 3);
        assertThat(guest.mmu.fault().isWrite()).isFalse();
        assertThat(guest.outcome()).isEqualTo("s2 0x0f");

        guest.map2(IPA + 0x1000, PA, 3, Guest.S2_RWX & ~Stage2Descriptor.S2AP_W);
        guest.mmu.atomic(AtomicOp.ADD, IPA + 0x1000, 1, 3);
        assertThat(guest.mmu.fault().isWrite()).isTrue();
        assertThat(guest.outcome()).isEqualTo("s2 0x0f");
    }

    @Test
    void walkThroughAMissingStage2EntryIsS1ptw() {
        guest.stage1();
        guest.ctx.ttbr0El1 = IPA;
        guest.ctx.changed();

        assertThat(guest.store(VA)).isEqualTo("s2 0x05 s1ptw");
        Fault fault = guest.mmu.fault();
        assertThat(fault.va()).isEqualTo(VA);
        assertThat(fault.ipa()).isEqualTo(IPA + 8 * (VA >>> 30));
        assertThat(fault.ipaValid()).isTrue();
        assertThat(fault.isWrite()).isFalse();
        assertThat(fault.syndromeAllowed()).isFalse();
    }

    @Test
    void walkNeedsStage2ReadPermission() {
        guest.stage1();
        guest.ctx.ttbr0El1 = IPA;
        guest.ctx.changed();
        guest.map2(IPA, PA, 3, Guest.S2_RWX & ~Stage2Descriptor.S2AP_R);

        assertThat(guest.load(VA)).isEqualTo("s2 0x0f s1ptw");
        assertThat(guest.mmu.fault().ipaValid()).isTrue();
    }

    @Test
    void walkToDeviceMemoryFaultsWithPtwOnly() {
        guest.stage1();
        guest.ctx.ttbr0El1 = IPA;
        guest.map2(
                IPA,
                PA,
                3,
                (Guest.S2_RWX & ~Stage2Descriptor.memAttrBits(0xf))
                        | Stage2Descriptor.memAttrBits(Stage2MemAttr.DEVICE_nGnRE));
        guest.ctx.changed();
        assertThat(guest.load(VA)).isEqualTo("s2 0x0f s1ptw");

        guest.ctx.hcrEl2 &= ~HcrEl2.PTW;
        guest.ctx.changed();

        assertThat(guest.load(VA)).isEqualTo("s1 0x05");
    }

    @Test
    void hardwareUpdateOfAStage1DescriptorNeedsStage2WritePermission() {
        guest.stage1();
        guest.ctx.tcrEl1 |= 1L << 39;
        guest.ctx.changed();
        long entry = guest.map1(VA, IPA, 3, Guest.EL1_RW & ~Stage1Descriptor.AF);
        guest.map2(IPA, PA, 3, Guest.S2_RWX);
        long page = entry & -Guest.PAGE;
        long block = entry & -(2L << 20);
        guest.write(guest.entry2(block, 2), 0);
        for (long at = block; at < block + (2L << 20); at += Guest.PAGE) {
            guest.map2(at, at, 3, at == page ? Guest.S2_RWX & ~Stage2Descriptor.S2AP_W : Guest.S2_RWX);
        }

        assertThat(guest.load(VA)).isEqualTo("s2 0x0f s1ptw");
        assertThat(guest.mmu.fault().isWrite()).isTrue();
        assertThat(guest.mmu.fault().ipa()).isEqualTo(entry);
    }

    @Test
    void stage1PermissionComesBeforeStage2Translation() {
        guest.stage1();
        guest.map1(VA, IPA, 3, Guest.EL1_RW | Stage1Descriptor.AP_READ_ONLY);

        assertThat(guest.store(VA)).isEqualTo("s1 0x0f");
        assertThat(guest.load(VA)).isEqualTo("s2 0x05");
    }

    @Test
    void stage2AlignmentComesBeforeStage2Permission() {
        guest.stage1();
        guest.map1(VA, IPA, 3, Guest.EL1_RW);
        guest.map2(
                IPA,
                PA,
                3,
                Stage2Descriptor.AF
                        | Stage2Descriptor.S2AP_R
                        | Stage2Descriptor.memAttrBits(Stage2MemAttr.DEVICE_nGnRE));

        assertThat(guest.store(VA)).isEqualTo("s2 0x0f");
        assertThat(guest.store(VA + 1)).isEqualTo("s2 0x21");
        assertThat(guest.mmu.fault().ipaValid()).isFalse();
    }

    /// Spec of FWB: the stage-1 check runs with the stage-1 type, so unaligned access to stage-1 Device
    /// faults at EL1 although the final type is write-back.
    @ParameterizedTest
    @CsvSource({
        "WB, 6, ok",
        "NC, 6, ok",
        "NGNRE, 6, s1 0x21",
        "WB, 5, ok",
        "NC, 5, ok",
        "NGNRE, 5, s1 0x21",
        "WB, 1, s2 0x21",
        "NC, 1, s2 0x21",
        "NGNRE, 1, s1 0x21",
        "WB, 7, ok",
        "NGNRE, 7, s1 0x21"
    })
    void unalignedAccessWithForcedWriteBack(String s1, int memAttr, String expected) {
        assertThat(unaligned(s1, memAttr)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "WB, 15, ok",
        "NC, 15, ok",
        "NGNRE, 15, s1 0x21",
        "WB, 5, ok",
        "NGNRE, 5, s1 0x21",
        "WB, 1, s2 0x21",
        "WT, 0, s2 0x21"
    })
    void unalignedAccessWithoutForcedWriteBack(String s1, int memAttr, String expected) {
        guest.ctx.hcrEl2 &= ~HcrEl2.FWB;
        assertThat(unaligned(s1, memAttr)).isEqualTo(expected);
    }

    private String unaligned(String s1, int memAttr) {
        map(s1, memAttr);
        return guest.load(VA + 1);
    }

    private void map(String s1, int memAttr) {
        int index = switch (s1) {
            case "WB" -> Guest.WB;
            case "NC" -> Guest.NC;
            case "WT" -> Guest.WT;
            default -> Guest.NGNRE;
        };
        long normal = Stage2Descriptor.memAttrBits((guest.ctx.hcrEl2 & HcrEl2.FWB) != 0 ? 6 : 15);
        guest.stage1();
        for (long pa = Guest.TABLES; pa < Guest.RAM + Guest.RAM_SIZE; pa += 2L << 20) {
            guest.map2(pa, pa, 2, (Guest.S2_RWX & ~Stage2Descriptor.memAttrBits(15)) | normal);
        }
        guest.map1(VA, IPA, 3, Guest.EL1_RW | Stage1Descriptor.attrIndxBits(index));
        guest.map2(
                IPA, PA, 3, (Guest.S2_RWX & ~Stage2Descriptor.memAttrBits(15)) | Stage2Descriptor.memAttrBits(memAttr));
    }

    @ParameterizedTest
    @CsvSource({
        "WB, 6, ok",
        "NC, 6, ok",
        "NGNRE, 6, ok",
        "WB, 5, s2 0x35",
        "NC, 5, s1 0x35",
        "NGNRE, 5, s1 0x35",
        "WB, 1, s2 0x35",
        "WB, 7, ok",
        "NC, 7, s1 0x35"
    })
    void exclusiveByTypeWithForcedWriteBack(String s1, int memAttr, String expected) {
        map(s1, memAttr);

        guest.mmu.loadExclusive(VA, 3);

        assertThat(guest.outcome()).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "WB, 6, Normal-WB RWA ISH",
        "NGNRE, 6, Normal-WB RWA OSH",
        "NGNRE, 5, Device-nGnRE",
        "WB, 5, Normal-NC OSH"
    })
    void finalTypeIsCombined(String s1, int memAttr, String expected) {
        map(s1, memAttr);

        guest.mmu.translate(VA, false);

        assertThat(guest.mmu.resultAttributes()).hasToString(expected);
    }

    @Test
    void fetchThroughStage1DeviceIsNonCacheable() {
        map("NGNRE", 5);

        assertThat(guest.fetch(VA)).isEqualTo("ok");
        assertThat(guest.mmu.fetchAttributes(VA)).hasToString("Normal-NC OSH");
    }

    @Test
    void defaultCacheableActsAsStage1Off() {
        map("NGNRE", 7);
        guest.ctx.hcrEl2 |= HcrEl2.DC;
        guest.ctx.changed();
        guest.map2(IPA, PA, 3, Guest.S2_RWX);

        assertThat(guest.load(IPA + 1)).isEqualTo("ok");
        assertThat(guest.mmu.resultAttributes()).hasToString("Normal-WB RWA ISH");
    }
}

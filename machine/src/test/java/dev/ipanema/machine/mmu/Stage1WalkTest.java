package dev.ipanema.machine.mmu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.pgtable.Stage1Descriptor;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.TcrEl1;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Stage 1 alone (HCR_EL2.VM clear): faults by kind and level, permissions, sizes, hardware updates.
class Stage1WalkTest {
    private static final long VA = 0x12_3456_7000L;
    private static final long PA = Guest.RAM + 0x20_0000;
    private static final long UPPER = 0xffff_ff80_0000_0000L;

    private final Guest guest = new Guest().stage1();

    @AfterEach
    void close() {
        guest.close();
    }

    @Test
    void pageTranslatesAndLoads() {
        guest.map1(VA, PA, 3, Guest.EL1_RW);
        guest.write(PA + 8, 42);

        assertThat(guest.mmu.load64(VA + 8)).isEqualTo(42);
        assertThat(guest.outcome()).isEqualTo("ok");
    }

    @Test
    void blocksOfLevelsOneAndTwoTranslateTheirOffset() {
        guest.map1(0x4000_0000L, 0x4000_0000L, 1, Guest.EL1_RW);
        guest.map1(0x12_3440_0000L, Guest.RAM, 2, Guest.EL1_RW);

        assertThat(guest.mmu.translate(0x4012_3456L, false)).isEqualTo(0x4012_3456L);
        assertThat(guest.mmu.translate(0x12_3456_7890L, false)).isEqualTo(Guest.RAM + 0x16_7890);
    }

    @Test
    void upperHalfUsesTtbr1() {
        guest.map1(UPPER + 0x3000, PA, 3, Guest.EL1_RW);

        assertThat(guest.mmu.translate(UPPER + 0x3010, true)).isEqualTo(PA + 0x10);
        assertThat(guest.load(0x3000)).isEqualTo("s1 0x05");
    }

    @Test
    void missingEntriesFaultAtTheirLevel() {
        assertThat(guest.load(VA)).isEqualTo("s1 0x05");
        guest.entry1(guest.stage1Table, VA, 2);
        assertThat(guest.load(VA)).isEqualTo("s1 0x06");
        guest.entry1(guest.stage1Table, VA, 3);
        assertThat(guest.load(VA)).isEqualTo("s1 0x07");
    }

    @Test
    void blockEncodingAtLevelThreeIsATranslationFault() {
        long entry = guest.map1(VA, PA, 3, Guest.EL1_RW);
        guest.write(entry, guest.read(entry) & ~Stage1Descriptor.TABLE_OR_PAGE);

        assertThat(guest.load(VA)).isEqualTo("s1 0x07");
    }

    @Test
    void addressOutsideBothHalvesIsATranslationFaultOfLevelZero() {
        assertThat(guest.load(1L << 39)).isEqualTo("s1 0x04");
        assertThat(guest.load(0x0100_0000_0000_0000L)).isEqualTo("s1 0x04");
    }

    @Test
    void topByteIsIgnoredWithTbiOnly() {
        guest.map1(VA, PA, 3, Guest.EL1_RW);
        long tagged = VA | 0x5aL << 56;
        assertThat(guest.load(tagged)).isEqualTo("s1 0x04");

        guest.ctx.tcrEl1 |= 1L << 37;
        guest.ctx.changed();

        assertThat(guest.mmu.translate(tagged, false)).isEqualTo(PA);
        assertThat(guest.load(tagged)).isEqualTo("ok");
        assertThat(guest.load(tagged)).isEqualTo("ok");
        assertThat(guest.load(VA)).isEqualTo("ok");
    }

    @Test
    void epdDisablesWalksOfItsHalf() {
        guest.map1(VA, PA, 3, Guest.EL1_RW);
        guest.ctx.tcrEl1 |= 1L << 7;
        guest.ctx.changed();

        assertThat(guest.load(VA)).isEqualTo("s1 0x04");
    }

    @Test
    void outputAddressBeyondIpsFaultsAtTheLeafsLevel() {
        guest.map1(VA, 1L << 40, 3, Guest.EL1_RW);
        guest.map1(0x4000_0000L, 1L << 40, 1, Guest.EL1_RW);
        guest.ctx.tcrEl1 = (guest.ctx.tcrEl1 & ~(7L << 32)) | 2L << 32;
        guest.ctx.changed();

        assertThat(guest.load(VA)).isEqualTo("s1 0x03");
        assertThat(guest.load(0x4000_0000L)).isEqualTo("s1 0x01");
    }

    @Test
    void tableBeyondIpsFaultsAtLevelZero() {
        guest.ctx.ttbr0El1 = 1L << 44;
        guest.ctx.tcrEl1 = (guest.ctx.tcrEl1 & ~(7L << 32)) | 2L << 32;
        guest.ctx.changed();

        assertThat(guest.load(VA)).isEqualTo("s1 0x00");
    }

    @Test
    void tableOutsideMemoryIsAnExternalAbortOfItsLevel() {
        guest.write(
                guest.entry1(guest.stage1Table, VA, 1), Stage1Descriptor.table(0x9000_0000L, 0, guest.granule, false));

        guest.mmu.load64(VA);

        assertThat(guest.mmu.fault().isExternal()).isTrue();
        assertThat(guest.outcome()).isEqualTo("s1 0x16");
    }

    @Test
    void pageOutsideMemoryIsAnExternalAbort() {
        guest.map1(VA, 0x9000_0000L, 3, Guest.EL1_RW);

        assertThat(guest.load(VA)).isEqualTo("s1 0x10");
        assertThat(guest.mmu.fault().isExternal()).isTrue();
    }

    @Test
    void clearAccessFlagFaultsAndIsNotCached() {
        long entry = guest.map1(VA, PA, 3, Guest.EL1_RW & ~Stage1Descriptor.AF);
        assertThat(guest.load(VA)).isEqualTo("s1 0x0b");

        guest.write(entry, guest.read(entry) | Stage1Descriptor.AF);

        assertThat(guest.load(VA)).isEqualTo("ok");
    }

    @Test
    void hardwareSetsTheAccessFlagWithHa() {
        guest.ctx.tcrEl1 |= TcrEl1.HA;
        guest.ctx.changed();
        long entry = guest.map1(VA, PA, 3, Guest.EL1_RW & ~Stage1Descriptor.AF);

        assertThat(guest.load(VA)).isEqualTo("ok");
        assertThat(Stage1Descriptor.af(guest.read(entry))).isTrue();
    }

    @Test
    void hardwareMarksACleanPageDirtyOnItsFirstStoreOnly() {
        guest.ctx.tcrEl1 |= TcrEl1.HA | TcrEl1.HD;
        guest.ctx.changed();
        long clean = Guest.EL1_RW | Stage1Descriptor.AP_READ_ONLY | Stage1Descriptor.DBM;
        long entry = guest.map1(VA, PA, 3, clean);

        assertThat(guest.load(VA)).isEqualTo("ok");
        assertThat(guest.read(entry) & Stage1Descriptor.AP_READ_ONLY).isNotZero();
        assertThat(guest.store(VA)).isEqualTo("ok");
        assertThat(guest.read(entry) & Stage1Descriptor.AP_READ_ONLY).isZero();
    }

    @Test
    void readOnlyPageRefusesStoresWithWnr() {
        guest.map1(VA, PA, 3, Guest.EL1_RW | Stage1Descriptor.AP_READ_ONLY);
        assertThat(guest.load(VA)).isEqualTo("ok");
        assertThat(guest.store(VA)).isEqualTo("s1 0x0f");
        assertThat(guest.mmu.fault().isWrite()).isTrue();
        assertThat(guest.mmu.fault().va()).isEqualTo(VA);
    }

    @Test
    void userMayNotTouchPrivilegedPages() {
        guest.map1(VA, PA, 3, Guest.EL1_RW);
        guest.ctx.el = 0;
        guest.ctx.privilegeChanged();

        assertThat(guest.load(VA)).isEqualTo("s1 0x0f");
        assertThat(guest.mmu.fault().isWrite()).isFalse();
    }

    @Test
    void panBlocksPrivilegedDataAccessToUserPagesButNotUnprivilegedOnes() {
        guest.map1(VA, PA, 3, Guest.EL0_RW);
        assertThat(guest.load(VA)).isEqualTo("ok");

        guest.ctx.pan = true;
        guest.ctx.privilegeChanged();

        assertThat(guest.load(VA)).isEqualTo("s1 0x0f");
        guest.mmu.load(VA, 3 | dev.ipanema.arm.a64.Access.UNPRIVILEGED);
        assertThat(guest.outcome()).isEqualTo("ok");
    }

    @Test
    void uaoMakesUnprivilegedAccessesPrivileged() {
        guest.map1(VA, PA, 3, Guest.EL1_RW);
        guest.mmu.load(VA, 3 | dev.ipanema.arm.a64.Access.UNPRIVILEGED);
        assertThat(guest.outcome()).isEqualTo("s1 0x0f");

        guest.ctx.uao = true;
        guest.ctx.privilegeChanged();

        guest.mmu.load(VA, 3 | dev.ipanema.arm.a64.Access.UNPRIVILEGED);
        assertThat(guest.outcome()).isEqualTo("ok");
    }

    @Test
    void fetchPermissionsFollowUxnPxnAndUserWritability() {
        guest.map1(VA, PA, 3, Guest.EL1_RW);
        guest.map1(VA + 0x1000, PA, 3, Guest.EL1_RW | Stage1Descriptor.PXN);
        guest.map1(VA + 0x2000, PA, 3, Guest.EL0_RW);
        guest.map1(VA + 0x3000, PA, 3, Guest.EL0_RW | Stage1Descriptor.UXN);

        assertThat(guest.fetch(VA)).isEqualTo("ok");
        assertThat(guest.fetch(VA + 0x1000)).isEqualTo("s1 0x0f");
        assertThat(guest.fetch(VA + 0x2000)).isEqualTo("s1 0x0f");
        guest.ctx.el = 0;
        guest.ctx.privilegeChanged();
        assertThat(guest.fetch(VA + 0x2000)).isEqualTo("ok");
        assertThat(guest.fetch(VA + 0x3000)).isEqualTo("s1 0x0f");
        assertThat(guest.mmu.fault().isFetch()).isTrue();
    }

    @Test
    void wxnForbidsFetchFromWritablePages() {
        guest.map1(VA, PA, 3, Guest.EL1_RW);
        guest.ctx.sctlrEl1 |= SctlrEl1.WXN;
        guest.ctx.changed();

        assertThat(guest.fetch(VA)).isEqualTo("s1 0x0f");
    }

    @Test
    void hierarchicalBitsLimitThePagesBelowUnlessDisabled() {
        guest.map1(VA, PA, 3, Guest.EL1_RW);
        long table = guest.entry1(guest.stage1Table, VA, 2);
        guest.write(table, guest.read(table) | Stage1Descriptor.AP_TABLE_READ_ONLY | Stage1Descriptor.PXN_TABLE);

        assertThat(guest.store(VA)).isEqualTo("s1 0x0f");
        assertThat(guest.fetch(VA)).isEqualTo("s1 0x0f");

        guest.ctx.tcrEl1 |= 1L << 41;
        guest.ctx.changed();

        assertThat(guest.store(VA)).isEqualTo("ok");
        assertThat(guest.fetch(VA)).isEqualTo("ok");
    }

    @Test
    void deviceTypeRefusesUnalignedAndZeroingAccess() {
        guest.map1(VA, PA, 3, Guest.EL1_RW | Stage1Descriptor.attrIndxBits(Guest.NGNRE));
        guest.map1(VA + 0x1000, PA, 3, Guest.EL1_RW | Stage1Descriptor.attrIndxBits(Guest.NC));

        assertThat(guest.load(VA + 8)).isEqualTo("ok");
        assertThat(guest.load(VA + 1)).isEqualTo("s1 0x21");
        assertThat(guest.load(VA + 0x1001)).isEqualTo("ok");
        guest.mmu.dcZva(VA);
        assertThat(guest.outcome()).isEqualTo("s1 0x21");
        assertThat(guest.mmu.fault().isWrite()).isTrue();
    }

    @Test
    void alignmentOfTheTypeComesBeforePermission() {
        guest.map1(
                VA, PA, 3, Guest.EL1_RW | Stage1Descriptor.AP_READ_ONLY | Stage1Descriptor.attrIndxBits(Guest.NGNRE));

        guest.mmu.store64(VA + 1, 0);

        assertThat(guest.outcome()).isEqualTo("s1 0x21");
    }

    @Test
    void sctlrAFaultsUnalignedAccessBeforeTranslation() {
        guest.ctx.sctlrEl1 |= SctlrEl1.A;
        guest.ctx.changed();

        assertThat(guest.load(VA + 1)).isEqualTo("s1 0x21");
        assertThat(guest.load(VA)).isEqualTo("s1 0x05");
    }

    @Test
    void stage1OffIsFlatDeviceMemory() {
        guest.ctx.sctlrEl1 = 0;
        guest.ctx.changed();

        assertThat(guest.mmu.translate(PA + 8, true)).isEqualTo(PA + 8);
        assertThat(guest.load(PA)).isEqualTo("ok");
        assertThat(guest.load(PA + 1)).isEqualTo("s1 0x21");
        assertThat(guest.load(1L << 52)).isEqualTo("s1 0x00");
    }

    @Test
    void contiguousHintCoversItsGroup() {
        long bits = Guest.EL1_RW | Stage1Descriptor.CONTIGUOUS;
        for (int i = 0; i < 16; i++) {
            guest.map1(0x10_0000 + i * Guest.PAGE, PA + i * Guest.PAGE, 3, bits);
        }

        assertThat(guest.mmu.translate(0x10_3008, false)).isEqualTo(PA + 0x3008);
        assertThat(guest.mmu.translate(0x10_f010, false)).isEqualTo(PA + 0xf010);
        assertThat(guest.mmu.tlbCount()).isEqualTo(1);
    }
}

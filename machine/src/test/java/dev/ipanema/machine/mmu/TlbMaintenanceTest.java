package dev.ipanema.machine.mmu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.memory.Stage2MemAttr;
import dev.ipanema.arm.pgtable.Stage1Descriptor;
import dev.ipanema.arm.pgtable.Stage2Descriptor;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.TlbiOp;
import dev.ipanema.arm.register.VttbrEl2;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// Stale entries stay visible until the right TLBI, and go with it: both stages on, two pages of
/// different content.
class TlbMaintenanceTest {
    private static final long VA = 0x12_3456_7000L;
    private static final long IPA = 0x8000_0000L;
    private static final long OLD = Guest.RAM + 0x40_0000;
    private static final long NEW = Guest.RAM + 0x80_0000;
    private static final int ASID = 7;

    private final Guest guest = new Guest().stage2().stage1();

    @BeforeEach
    void mapOldAndNew() {
        for (long offset = 0; offset < 0x40_0000; offset += Guest.PAGE) {
            guest.write(OLD + offset, 1);
            guest.write(NEW + offset, 2);
        }
        useAsid(ASID);
    }

    @AfterEach
    void close() {
        guest.close();
    }

    private void useAsid(int asid) {
        guest.ctx.ttbr0El1 = guest.stage1Table | (long) asid << 48;
        guest.ctx.changed();
    }

    private void tlbi(TlbiOp op, long xt) {
        guest.mmu.tlbi(op, xt);
        guest.mmu.dsb();
    }

    private void remap1(long bits) {
        guest.map1(VA, IPA + 0x1000, 3, bits);
    }

    private void mapBoth(long bits) {
        guest.map1(VA, IPA, 3, bits);
        guest.map2(IPA, OLD, 3, Guest.S2_RWX);
        guest.map2(IPA + 0x1000, NEW, 3, Guest.S2_RWX);
        assertThat(guest.mmu.load64(VA)).isEqualTo(1);
    }

    @Test
    void changedStage1EntryStaysInvisibleUntilTlbi() {
        mapBoth(Guest.EL1_RW);

        remap1(Guest.EL1_RW);

        assertThat(guest.mmu.load64(VA)).isEqualTo(1);
        tlbi(TlbiOp.VAE1IS, TlbiOp.operand(VA, ASID));
        assertThat(guest.mmu.load64(VA)).isEqualTo(2);
    }

    @ParameterizedTest
    @EnumSource(
            value = TlbiOp.class,
            names = {
                "VAE1",
                "VAE1IS",
                "VAE1OS",
                "VAAE1",
                "VAAE1IS",
                "VAAE1OS",
                "VALE1",
                "VALE1IS",
                "VALE1OS",
                "VAALE1",
                "VAALE1IS",
                "VAALE1OS"
            })
    void formsByAddressRemoveTheirPageAndNoOther(TlbiOp op) {
        mapBoth(Guest.EL1_RW | Stage1Descriptor.NG);
        guest.map1(VA + 0x1000, IPA, 3, Guest.EL1_RW);
        assertThat(guest.mmu.load64(VA + 0x1000)).isEqualTo(1);
        remap1(Guest.EL1_RW | Stage1Descriptor.NG);
        guest.map1(VA + 0x1000, IPA + 0x1000, 3, Guest.EL1_RW);

        tlbi(op, TlbiOp.operand(VA, ASID));

        assertThat(guest.mmu.load64(VA)).isEqualTo(2);
        assertThat(guest.mmu.load64(VA + 0x1000)).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({
        "VAE1IS, 1, 2",
        "VALE1, 1, 2",
        "VAAE1IS, 2, 2",
        "VAALE1, 2, 2",
        "RVAE1IS, 1, 2",
        "RVAAE1IS, 2, 2",
        "ASIDE1IS, 1, 1"
    })
    void otherAsidMattersForEntriesThatAreNotGlobal(TlbiOp op, int notGlobal, int global) {
        long operand = op.kind().isRange() ? TlbiOp.rangeOperand(VA, 12, 0, 0, ASID + 1) : TlbiOp.operand(VA, ASID + 1);
        mapBoth(Guest.EL1_RW | Stage1Descriptor.NG);
        remap1(Guest.EL1_RW | Stage1Descriptor.NG);
        tlbi(op, operand);
        assertThat(guest.mmu.load64(VA)).isEqualTo(notGlobal);

        tlbi(TlbiOp.VMALLE1, 0);
        mapBoth(Guest.EL1_RW);
        remap1(Guest.EL1_RW);
        tlbi(op, operand);
        assertThat(guest.mmu.load64(VA)).isEqualTo(global);
    }

    @ParameterizedTest
    @EnumSource(
            value = TlbiOp.class,
            names = {"VMALLE1", "VMALLE1IS", "VMALLE1OS", "ASIDE1", "ASIDE1IS", "VMALLS12E1IS", "ALLE1", "ALLE1IS"})
    void wideFormsRemoveEntriesOfTheAsid(TlbiOp op) {
        mapBoth(Guest.EL1_RW | Stage1Descriptor.NG);
        remap1(Guest.EL1_RW | Stage1Descriptor.NG);

        tlbi(op, TlbiOp.operand(0, ASID));

        assertThat(guest.mmu.load64(VA)).isEqualTo(2);
    }

    @ParameterizedTest
    @EnumSource(
            value = TlbiOp.class,
            names = {"RVAE1", "RVAE1IS", "RVAE1OS", "RVAAE1", "RVALE1IS", "RVAALE1IS"})
    void rangeFormsRemoveWhatTheRangeMeets(TlbiOp op) {
        mapBoth(Guest.EL1_RW);
        remap1(Guest.EL1_RW);

        tlbi(op, TlbiOp.rangeOperand(VA + 0x1000, 12, 0, 0, ASID));
        assertThat(guest.mmu.load64(VA)).isEqualTo(1);
        tlbi(op, TlbiOp.rangeOperand(VA - 0x3000, 12, 0, 0, ASID));
        assertThat(guest.mmu.load64(VA)).isEqualTo(1);
        tlbi(op, TlbiOp.rangeOperand(VA - 0x3000, 12, 0, 1, ASID));
        assertThat(guest.mmu.load64(VA)).isEqualTo(2);
    }

    @Test
    void asidSwitchHidesEntriesThatAreNotGlobalAndKeepsThem() {
        mapBoth(Guest.EL1_RW | Stage1Descriptor.NG);
        remap1(Guest.EL1_RW | Stage1Descriptor.NG);

        useAsid(ASID + 1);
        assertThat(guest.mmu.load64(VA)).isEqualTo(2);
        useAsid(ASID);
        assertThat(guest.mmu.load64(VA)).isEqualTo(1);
    }

    @Test
    void globalEntriesServeEveryAsid() {
        mapBoth(Guest.EL1_RW);
        remap1(Guest.EL1_RW);

        useAsid(ASID + 1);

        assertThat(guest.mmu.load64(VA)).isEqualTo(1);
    }

    @Test
    void entriesOfTheUpperHalfThatAreNotGlobalFollowTheAsid() {
        long upper = 0xffff_ff80_0000_0000L;
        guest.map2(IPA, OLD, 3, Guest.S2_RWX);
        guest.map2(IPA + 0x1000, NEW, 3, Guest.S2_RWX);
        guest.map1(upper, IPA, 3, Guest.EL1_RW | Stage1Descriptor.NG);
        assertThat(guest.mmu.load64(upper)).isEqualTo(1);
        guest.map1(upper, IPA + 0x1000, 3, Guest.EL1_RW | Stage1Descriptor.NG);
        assertThat(guest.mmu.load64(upper)).isEqualTo(1);

        useAsid(ASID + 1);

        assertThat(guest.mmu.load64(upper)).isEqualTo(2);
    }

    @Test
    void vmidSwitchHidesEntries() {
        mapBoth(Guest.EL1_RW);
        guest.map2(IPA, NEW, 3, Guest.S2_RWX);

        guest.ctx.vttbrEl2 = VttbrEl2.of(guest.stage2Table, 2);
        guest.ctx.changed();
        assertThat(guest.mmu.load64(VA)).isEqualTo(2);
        guest.ctx.vttbrEl2 = VttbrEl2.of(guest.stage2Table, 1);
        guest.ctx.changed();
        assertThat(guest.mmu.load64(VA)).isEqualTo(1);
    }

    @Test
    void ipaFormAloneLeavesCombinedEntries() {
        mapBoth(Guest.EL1_RW);
        guest.map2(IPA, NEW, 3, Guest.S2_RWX);

        guest.domain.invalidate(TlbiOp.IPAS2E1IS, 1, TlbiOp.operand(IPA, 0), false);
        guest.mmu.serviceRequests();
        assertThat(guest.mmu.load64(VA)).isEqualTo(1);
        guest.domain.invalidate(TlbiOp.VMALLE1IS, 1, 0, false);
        guest.mmu.serviceRequests();
        assertThat(guest.mmu.load64(VA)).isEqualTo(2);
    }

    @Test
    void stage1FormAloneLeavesStage2Entries() {
        mapBoth(Guest.EL1_RW);
        guest.map2(IPA, NEW, 3, Guest.S2_RWX);

        guest.mmu.tlbiLocal(TlbiOp.VMALLE1, 1, 0);
        assertThat(guest.mmu.load64(VA)).isEqualTo(1);
        guest.mmu.tlbiLocal(TlbiOp.VMALLE1, 1, 0);
        guest.mmu.tlbiLocal(TlbiOp.IPAS2E1, 1, TlbiOp.operand(IPA, 0));
        assertThat(guest.mmu.load64(VA)).isEqualTo(2);
    }

    @ParameterizedTest
    @EnumSource(
            value = TlbiOp.class,
            names = {"IPAS2E1", "IPAS2LE1", "IPAS2E1IS", "IPAS2LE1IS", "RIPAS2E1", "RIPAS2E1IS", "RIPAS2LE1IS"})
    void stage2FormsRemoveTheirIpaOnly(TlbiOp op) {
        mapBoth(Guest.EL1_RW);
        guest.map2(IPA, NEW, 3, Guest.S2_RWX);
        long other =
                op.kind().isRange() ? TlbiOp.rangeOperand(IPA + 0x2000, 12, 0, 0, 0) : TlbiOp.operand(IPA + 0x1000, 0);
        long exact = op.kind().isRange() ? TlbiOp.rangeOperand(IPA, 12, 0, 0, 0) : TlbiOp.operand(IPA, 0);

        guest.mmu.tlbiLocal(op, 1, other);
        guest.mmu.tlbiLocal(TlbiOp.VMALLE1, 1, 0);
        assertThat(guest.mmu.load64(VA)).isEqualTo(1);
        guest.mmu.tlbiLocal(op, 2, exact);
        guest.mmu.tlbiLocal(TlbiOp.VMALLE1, 1, 0);
        assertThat(guest.mmu.load64(VA)).isEqualTo(1);
        guest.mmu.tlbiLocal(op, 1, exact);
        guest.mmu.tlbiLocal(TlbiOp.VMALLE1, 1, 0);
        assertThat(guest.mmu.load64(VA)).isEqualTo(2);
    }

    @Test
    void hypervisorFormsOfAnotherVmidDoNothing() {
        mapBoth(Guest.EL1_RW);
        remap1(Guest.EL1_RW);

        guest.mmu.tlbiLocal(TlbiOp.VMALLS12E1, 2, 0);
        assertThat(guest.mmu.load64(VA)).isEqualTo(1);
        guest.mmu.tlbiLocal(TlbiOp.VMALLS12E1, 1, 0);
        assertThat(guest.mmu.load64(VA)).isEqualTo(2);
    }

    @Test
    void allFragmentsOfABlockGoWithTheBlock() {
        long block = 0x12_0000_0000L;
        guest.map1(block, IPA, 2, Guest.EL1_RW);
        guest.map2(IPA, OLD, 2, Guest.S2_RWX);
        assertThat(guest.mmu.load64(block)).isEqualTo(1);
        assertThat(guest.mmu.load64(block + 0x1f_f000)).isEqualTo(1);
        assertThat(guest.mmu.tlbCount()).isEqualTo(1);
        guest.map1(block, IPA + 0x20_0000, 2, Guest.EL1_RW);
        guest.map2(IPA + 0x20_0000, NEW, 2, Guest.S2_RWX);

        tlbi(TlbiOp.VAE1, TlbiOp.operand(block + 0x10_0000, ASID));

        assertThat(guest.mmu.load64(block)).isEqualTo(2);
        assertThat(guest.mmu.load64(block + 0x1f_f000)).isEqualTo(2);
    }

    @Test
    void entriesSplitByStage2GoWithTheStage1Block() {
        long block = 0x12_0000_0000L;
        guest.map1(block, IPA, 2, Guest.EL1_RW);
        guest.map2(IPA, OLD, 3, Guest.S2_RWX);
        guest.map2(IPA + 0x5000, OLD, 3, Guest.S2_RWX);
        assertThat(guest.mmu.load64(block)).isEqualTo(1);
        assertThat(guest.mmu.load64(block + 0x5000)).isEqualTo(1);
        guest.map1(block, IPA + 0x20_0000, 2, Guest.EL1_RW);
        guest.map2(IPA + 0x20_0000, NEW, 2, Guest.S2_RWX);

        tlbi(TlbiOp.VAE1, TlbiOp.operand(block + 0x10_0000, ASID));

        assertThat(guest.mmu.load64(block)).isEqualTo(2);
        assertThat(guest.mmu.load64(block + 0x5000)).isEqualTo(2);
    }

    @Test
    void replacedEntriesTakeTheirFragmentsAlong() {
        guest.map2(IPA, OLD, 2, Guest.S2_RWX);
        long block = 0x12_0000_0000L;
        guest.map1(block, IPA, 2, Guest.EL1_RW);
        assertThat(guest.mmu.load64(block)).isEqualTo(1);
        for (int i = 0; i < 64; i++) {
            guest.map1(0x4000_0000L + i * (1L << 30) / 2, IPA, 2, Guest.EL1_RW);
            guest.mmu.load64(0x4000_0000L + i * (1L << 30) / 2);
        }
        guest.mmu.clearFault();
        guest.map1(block, IPA + 0x20_0000, 2, Guest.EL1_RW);
        guest.map2(IPA + 0x20_0000, NEW, 2, Guest.S2_RWX);

        tlbi(TlbiOp.VAE1, TlbiOp.operand(block, ASID));

        assertThat(guest.mmu.load64(block)).isEqualTo(2);
    }

    @Test
    void fetchesAreCachedAndInvalidatedToo() {
        mapBoth(Guest.EL1_RW);
        assertThat(guest.mmu.fetchPage(VA)).isEqualTo(OLD);
        long generation = guest.mmu.generation();
        remap1(Guest.EL1_RW);
        assertThat(guest.mmu.fetchPage(VA)).isEqualTo(OLD);

        tlbi(TlbiOp.VALE1IS, TlbiOp.operand(VA, ASID));

        assertThat(guest.mmu.generation()).isNotEqualTo(generation);
        assertThat(guest.mmu.fetchPage(VA)).isEqualTo(NEW);
    }

    @Test
    void taggedAddressesAreInvalidatedByTheUntaggedOne() {
        guest.ctx.tcrEl1 |= 1L << 37;
        guest.ctx.changed();
        mapBoth(Guest.EL1_RW);
        long tagged = VA | 0x33L << 56;
        assertThat(guest.mmu.load64(tagged)).isEqualTo(1);
        remap1(Guest.EL1_RW);

        tlbi(TlbiOp.VAE1, TlbiOp.operand(VA, ASID));

        assertThat(guest.mmu.load64(tagged)).isEqualTo(2);
    }

    @Test
    void turningStage1OffAndOnKeepsEntriesApart() {
        mapBoth(Guest.EL1_RW);
        guest.ctx.sctlrEl1 &= ~SctlrEl1.M;
        guest.ctx.changed();
        assertThat(guest.load(VA)).isEqualTo("s2 0x05");

        guest.ctx.sctlrEl1 |= SctlrEl1.M;
        guest.ctx.changed();

        assertThat(guest.mmu.load64(VA)).isEqualTo(1);
    }

    @Test
    void relaxedStage2PermissionShowsAfterLocalMaintenance() {
        guest.map1(VA, IPA, 3, Guest.EL1_RW);
        guest.map2(IPA, OLD, 3, Guest.S2_RWX & ~Stage2Descriptor.S2AP_W);
        assertThat(guest.mmu.load64(VA)).isEqualTo(1);
        guest.map2(IPA, OLD, 3, Guest.S2_RWX);
        assertThat(guest.store(VA)).isEqualTo("s2 0x0f");

        guest.mmu.tlbiLocal(TlbiOp.IPAS2E1, 1, TlbiOp.operand(IPA, 0));
        guest.mmu.tlbiLocal(TlbiOp.VMALLE1, 1, 0);

        assertThat(guest.store(VA)).isEqualTo("ok");
    }

    @Test
    void manyAsidsReuseGenerationsWithoutShowingEachOthersPages() {
        guest.map2(IPA, OLD, 3, Guest.S2_RWX);
        guest.map2(IPA + 0x1000, NEW, 3, Guest.S2_RWX);
        for (int asid = 0; asid < 1000; asid++) {
            guest.map1(VA, IPA + 0x1000L * (asid & 1), 3, Guest.EL1_RW | Stage1Descriptor.NG);
            useAsid(asid & 0xff);
            tlbi(TlbiOp.ASIDE1, TlbiOp.operand(0, asid & 0xff));
            assertThat(guest.mmu.load64(VA)).as("asid %d", asid).isEqualTo(1 + (asid & 1));
        }
    }

    @Test
    void changeOfStage2MemoryTypeShowsAfterMaintenance() {
        mapBoth(Guest.EL1_RW);
        guest.map2(
                IPA,
                OLD,
                3,
                (Guest.S2_RWX & ~Stage2Descriptor.memAttrBits(15))
                        | Stage2Descriptor.memAttrBits(Stage2MemAttr.DEVICE_nGnRE));
        assertThat(guest.load(VA + 1)).isEqualTo("ok");

        guest.domain.invalidateIpa(1, IPA, Guest.PAGE);
        guest.domain.invalidate(TlbiOp.VMALLE1IS, 1, 0, false);
        guest.mmu.serviceRequests();

        assertThat(guest.load(VA + 1)).isEqualTo("s2 0x21");
    }
}

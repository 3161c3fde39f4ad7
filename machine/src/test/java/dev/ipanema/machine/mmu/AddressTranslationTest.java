package dev.ipanema.machine.mmu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.exception.FaultStatus;
import dev.ipanema.arm.exception.Par;
import dev.ipanema.arm.pgtable.Stage1Descriptor;
import dev.ipanema.arm.pgtable.Stage2Descriptor;
import dev.ipanema.arm.register.AtOp;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// AT instructions: what PAR_EL1 gets, and what is an exception instead.
class AddressTranslationTest {
    private static final long VA = 0x12_3456_7000L;
    private static final long IPA = 0x8000_0000L;
    private static final long PA = Guest.RAM + 0x40_0000;

    private final Guest guest = new Guest().stage2().stage1();

    @AfterEach
    void close() {
        guest.close();
    }

    @Test
    void stage1FormsGiveTheIntermediateAddressAndTheStage1Type() {
        guest.map1(VA, IPA, 3, Guest.EL1_RW);

        long par = guest.mmu.at(AtOp.S1E1R, VA + 0x123);

        assertThat(Par.isFault(par)).isFalse();
        assertThat(Par.pa(par)).isEqualTo(IPA);
        assertThat(Par.attributes(par)).hasToString("Normal-WB RWA ISH");
        assertThat(par & ~(1L << 9)).isEqualTo(0xffL << 56 | IPA | 0x800 | 0b11 << 7);
    }

    @Test
    void nonCacheableMemoryIsOuterShareableInPar() {
        guest.map1(VA, IPA, 3, Guest.EL1_RW | Stage1Descriptor.attrIndxBits(Guest.NC));

        assertThat(guest.mmu.at(AtOp.S1E1R, VA) & ~(1L << 9)).isEqualTo(0x44L << 56 | IPA | 0x800 | 0b10 << 7);
    }

    @Test
    void bothStageFormsGiveThePhysicalAddress() {
        guest.map1(VA, IPA, 3, Guest.EL1_RW | Stage1Descriptor.attrIndxBits(Guest.NC));
        guest.map2(IPA, PA, 3, Guest.S2_RWX);

        long par = guest.mmu.parOf(AtOp.S12E1R, VA);

        assertThat(Par.pa(par)).isEqualTo(PA);
        assertThat(Par.attributes(par)).hasToString("Normal-WB RWA OSH");
    }

    @Test
    void stage1FaultsAreInPar() {
        guest.map1(VA, IPA, 3, Guest.EL1_RW | Stage1Descriptor.AP_READ_ONLY);

        assertThat(Par.fsc(guest.mmu.at(AtOp.S1E1W, VA))).isEqualTo(FaultStatus.PERMISSION | 3);
        assertThat(Par.fsc(guest.mmu.at(AtOp.S1E0R, VA))).isEqualTo(FaultStatus.PERMISSION | 3);
        assertThat(Par.fsc(guest.mmu.at(AtOp.S1E1R, VA + 0x1000))).isEqualTo(FaultStatus.TRANSLATION | 3);
        assertThat(guest.outcome()).isEqualTo("ok");
    }

    @Test
    void panCountsForItsOwnFormsOnly() {
        guest.map1(VA, IPA, 3, Guest.EL0_RW);
        guest.ctx.pan = true;
        guest.ctx.privilegeChanged();

        assertThat(Par.isFault(guest.mmu.at(AtOp.S1E1R, VA))).isFalse();
        assertThat(Par.isFault(guest.mmu.at(AtOp.S1E1RP, VA))).isTrue();
        assertThat(Par.isFault(guest.mmu.at(AtOp.S1E1WP, VA))).isTrue();
    }

    @Test
    void stage2FaultOnTheWalkIsAnExceptionAtEl1AndAResultAtEl2() {
        guest.ctx.ttbr0El1 = IPA;
        guest.ctx.changed();

        guest.mmu.at(AtOp.S1E1R, VA);
        assertThat(guest.mmu.fault().isCacheMaintenance()).isTrue();
        assertThat(guest.mmu.fault().isWrite()).isTrue();
        assertThat(guest.outcome()).isEqualTo("s2 0x05 s1ptw");
        long par = guest.mmu.parOf(AtOp.S1E1R, VA);
        assertThat(guest.outcome()).isEqualTo("ok");
        assertThat(Par.isStage2(par)).isTrue();
        assertThat(Par.isS1ptw(par)).isTrue();
    }

    @Test
    void stage2PermissionDoesNotMatterToStage1Forms() {
        guest.map1(VA, IPA, 3, Guest.EL1_RW);
        guest.map2(IPA, PA, 3, Guest.S2_RWX & ~Stage2Descriptor.S2AP_W);

        assertThat(Par.isFault(guest.mmu.parOf(AtOp.S1E1W, VA))).isFalse();
        long par = guest.mmu.parOf(AtOp.S12E1W, VA);
        assertThat(Par.fsc(par)).isEqualTo(FaultStatus.PERMISSION | 3);
        assertThat(Par.isStage2(par)).isTrue();
    }

    @Test
    void cleanPagesAreWritableWithoutBeingMarkedDirty() {
        guest.ctx.tcrEl1 |= 3L << 39;
        guest.ctx.changed();
        long entry = guest.map1(VA, IPA, 3, Guest.EL1_RW | Stage1Descriptor.AP_READ_ONLY | Stage1Descriptor.DBM);

        assertThat(Par.isFault(guest.mmu.at(AtOp.S1E1W, VA))).isFalse();
        assertThat(guest.read(entry) & Stage1Descriptor.AP_READ_ONLY).isNotZero();
    }
}

package dev.ipanema.arm.a64;

import static dev.ipanema.arm.a64.PreDecoded.DISCARD;
import static dev.ipanema.arm.a64.PreDecoded.ZR;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.register.SysReg;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// The contract of [PreDecoded], by words as GNU as makes them.
class DecoderTest {
    private static final int SP = PreDecoded.SP;

    private static Instruction decode(int word) {
        return Decoder.all().instruction(word);
    }

    @Test
    void addImmediateUsesSpAndShiftsItsOperand() {
        // add sp, sp, #1, lsl #12
        assertThat(decode(0x9140_07FF)).isEqualTo(new Instruction(Op.ADD_IMM_X, SP, SP, 0, 0, 0x1000, 0, 0x9140_07FF));
    }

    @Test
    void compareDiscardsItsResult() {
        // cmp w0, #1; cmp x1, x2
        assertThat(decode(0x7100_041F).rd()).isEqualTo(DISCARD);
        assertThat(decode(0x7100_041F).op()).isEqualTo(Op.SUBS_IMM_W);
        assertThat(decode(0xEB02_003F)).isEqualTo(new Instruction(Op.SUBS_REG_X, DISCARD, 1, 2, 0, 0, 0, 0xEB02_003F));
    }

    @Test
    void moveOfARegisterReadsZr() {
        // mov x3, x4
        assertThat(decode(0xAA04_03E3)).isEqualTo(new Instruction(Op.ORR_REG_X, 3, ZR, 4, 0, 0, 0, 0xAA04_03E3));
    }

    @Test
    void movnIsTheConstantItLoads() {
        // mov w0, #-1; mov x0, #-2
        assertThat(decode(0x1280_0000).imm()).isEqualTo(0xFFFF_FFFFL);
        assertThat(decode(0x9280_0020).imm()).isEqualTo(-2);
        assertThat(decode(0x9280_0020).op()).isEqualTo(Op.MOV_CONST);
    }

    @Test
    void movkHasItsSourceInRa() {
        // movk x5, #0x1234, lsl #32; movk xzr, #1
        assertThat(decode(0xF2C2_4685))
                .isEqualTo(new Instruction(Op.MOVK_X, 5, 0, 0, 5, 0x1234_0000_0000L, 32, 0xF2C2_4685));
        assertThat(decode(0xF280_003F).rd()).isEqualTo(DISCARD);
        assertThat(decode(0xF280_003F).ra()).isEqualTo(ZR);
    }

    @Test
    void bitfieldMovesAreTwoShifts() {
        // ubfx x0, x1, #8, #4: left 52, right 60; sbfiz w0, w1, #3, #5: left 27, right 24
        assertThat(decode(0xD348_2C20).aux()).isEqualTo(52 | 60 << 8);
        assertThat(decode(0x131D_1020).aux()).isEqualTo(27 | 24 << 8);
    }

    @Test
    void bitfieldInsertIsARotationAndAMask() {
        // bfi x0, x1, #8, #4; bfxil w0, w1, #8, #4
        assertThat(decode(0xB378_0C20)).isEqualTo(new Instruction(Op.BFM_X, 0, 1, 0, 0, 0xF00, 56, 0xB378_0C20));
        assertThat(decode(0x3308_2C20)).isEqualTo(new Instruction(Op.BFM_W, 0, 1, 0, 0, 0xF, 8, 0x3308_2C20));
    }

    @Test
    void shiftAndExtensionAreInAux() {
        // add x0, x1, x2, lsr #7; add x0, sp, w2, sxtw #2
        Instruction shifted = decode(0x8B42_1C20);
        assertThat(shifted.op()).isEqualTo(Op.ADD_SHIFT_X);
        assertThat(PreDecoded.shiftKind(shifted.aux())).isEqualTo(1);
        assertThat(PreDecoded.shiftAmount(shifted.aux())).isEqualTo(7);
        Instruction extended = decode(0x8B22_CBE0);
        assertThat(extended.op()).isEqualTo(Op.ADD_EXT_X);
        assertThat(extended.rn()).isEqualTo(SP);
        assertThat(PreDecoded.extend(0xFFFF_FFFFL, extended.aux())).isEqualTo(-4);
    }

    @Test
    void conditionalCompareHasFlagsAndCondition() {
        // ccmp x1, #5, #0b1010, ne
        Instruction ccmp = decode(0xFA45_182A);
        assertThat(ccmp.op()).isEqualTo(Op.CCMP_IMM_X);
        assertThat(ccmp.imm()).isEqualTo(5);
        assertThat(PreDecoded.nzcv(ccmp.aux())).isEqualTo(0b1010);
        assertThat(PreDecoded.condition(ccmp.aux())).isEqualTo(1);
    }

    @Test
    void branchesHaveTheirDisplacementInBytes() {
        // b .-4; b.ne .+8; tbnz x3, #40, .-8; cbz wzr, .+0
        assertThat(decode(0x17FF_FFFF)).isEqualTo(new Instruction(Op.B, 0, 0, 0, 0, -4, 0, 0x17FF_FFFF));
        assertThat(decode(0x5400_0041)).isEqualTo(new Instruction(Op.B_NE, 0, 0, 0, 0, 8, 0, 0x5400_0041));
        assertThat(decode(0xB747_FFC3)).isEqualTo(new Instruction(Op.TBNZ, 3, 0, 0, 0, -8, 40, 0xB747_FFC3));
        assertThat(decode(0x3400_001F).rd()).isEqualTo(ZR);
    }

    @Test
    void adrpIsADisplacementOfPages() {
        // adrp x0, . - 4096; adr x0, . + 5
        assertThat(decode(0xF0FF_FFE0).imm()).isEqualTo(-4096);
        assertThat(decode(0x3000_0020).imm()).isEqualTo(5);
    }

    @Test
    void loadsScaleTheirOffsetAndDescribeTheAccess() {
        // ldrsb w1, [x2, #3]; ldr x1, [sp, #8]; ldur x1, [sp, #-8]
        Instruction byteLoad = decode(0x39C0_0C41);
        assertThat(byteLoad.op()).isEqualTo(Op.LDRSB_W_IMM);
        assertThat(byteLoad.imm()).isEqualTo(3);
        assertThat(byteLoad.aux()).isEqualTo(Access.SIGNED | Access.SYNDROME_VALID);
        Instruction load = decode(0xF940_07E1);
        assertThat(load.op()).isEqualTo(Op.LDR_X_IMM);
        assertThat(load.rn()).isEqualTo(SP);
        assertThat(load.imm()).isEqualTo(8);
        assertThat(load.aux()).isEqualTo(3 | Access.SF | Access.SYNDROME_VALID);
        assertThat(decode(0xF85F_83E1).op()).isEqualTo(Op.LDR_X_IMM);
        assertThat(decode(0xF85F_83E1).imm()).isEqualTo(-8);
    }

    @Test
    void writeBackHasNoValidSyndrome() {
        // str xzr, [x0], #16; ldp x1, x2, [sp, #-32]!
        Instruction store = decode(0xF801_041F);
        assertThat(store).isEqualTo(new Instruction(Op.STR_X_POST, ZR, 0, 0, 0, 16, store.aux(), 0xF801_041F));
        assertThat(store.aux()).isEqualTo(3 | Access.SF | Access.WRITE);
        Instruction pair = decode(0xA9FE_0BE1);
        assertThat(pair).isEqualTo(new Instruction(Op.LDP_X_PRE, 1, SP, 0, 2, -32, 3 | Access.SF, 0xA9FE_0BE1));
    }

    @Test
    void indexedLoadsCarryTheirShiftOrExtension() {
        // ldr x0, [x1, x2, lsl #3]; ldrh w0, [x1, w2, uxtw #1]
        Instruction shifted = decode(0xF862_7820);
        assertThat(shifted.op()).isEqualTo(Op.LDR_X_REG);
        assertThat(Access.indexShift(shifted.aux())).isEqualTo(3);
        Instruction extended = decode(0x7862_5820);
        assertThat(extended.op()).isEqualTo(Op.LDRH_EXT);
        assertThat(PreDecoded.extend(-1L, extended.aux())).isEqualTo(0x1_FFFF_FFFEL);
    }

    @Test
    void compareAndSwapHasItsComparandInRa() {
        // casal w1, w2, [x3]; casal wzr, w2, [sp]
        assertThat(decode(0x88E1_FC62))
                .isEqualTo(new Instruction(
                        Op.CAS, 2, 3, 1, 1, 0, 2 | Access.ACQUIRE | Access.RELEASE | Access.WRITE, 0x88E1_FC62));
        assertThat(decode(0x88FF_FFE2).rm()).isEqualTo(DISCARD);
        assertThat(decode(0x88FF_FFE2).ra()).isEqualTo(ZR);
    }

    @Test
    void storeExclusiveHasItsStatusInRm() {
        // stlxr w0, x1, [x2]
        assertThat(decode(0xC800_FC41))
                .isEqualTo(new Instruction(
                        Op.STXR, 1, 2, 0, 0, 0, 3 | Access.SF | Access.WRITE | Access.RELEASE, 0xC800_FC41));
    }

    @Test
    void systemRegistersAreKeys() {
        // mrs x1, midr_el1; msr vbar_el1, xzr; dc zva, x0
        assertThat(decode(0xD538_0001))
                .isEqualTo(new Instruction(Op.MRS, 1, 0, 0, 0, 0, SysReg.MIDR_EL1.encoding(), 0xD538_0001));
        assertThat(decode(0xD518_C01F).rd()).isEqualTo(ZR);
        assertThat(decode(0xD50B_7420).aux()).isEqualTo(SysReg.encoding(1, 3, 7, 4, 1));
    }

    @Test
    void hintsCarryTheirNumber() {
        // paciasp; bti c; hint #77
        assertThat(decode(0xD503_233F)).isEqualTo(new Instruction(Op.PACIASP, 0, 0, 0, 0, 25, 0, 0xD503_233F));
        assertThat(decode(0xD503_245F)).isEqualTo(new Instruction(Op.BTI, 0, 0, 0, 0, 34, 0, 0xD503_245F));
        assertThat(decode(0xD503_29BF).imm()).isEqualTo(77);
    }

    @Test
    void barriersCarryTheirOption() {
        // dmb ishst; dsb synxs
        assertThat(decode(0xD503_3ABF)).isEqualTo(new Instruction(Op.DMB, 0, 0, 0, 0, 10, 0, 0xD503_3ABF));
        assertThat(decode(0xD503_3E3F).imm()).isEqualTo(15 | PreDecoded.BARRIER_NXS);
    }

    @Test
    void aMissingFeatureLeavesItsEncodingsUnallocated() {
        // ldadd x0, x1, [x2]; add x0, x0, #0
        Decoder plain = Decoder.with(EnumSet.noneOf(A64Feature.class));
        assertThat(plain.instruction(0xF820_0041).op()).isEqualTo(Op.UNALLOCATED);
        assertThat(plain.instruction(0x9100_0000).op()).isEqualTo(Op.ADD_IMM_X);
        assertThat(Decoder.all().instruction(0xF820_0041).op()).isEqualTo(Op.LDADD);
    }

    @Test
    void reservedWordsAreUnallocated() {
        // ADD (shifted register) with shift 0b11; W bitmask with N = 1; LDRSW with size 0b11 and opc 0b11
        assertThat(decode(0x8BC0_0000).op()).isEqualTo(Op.UNALLOCATED);
        assertThat(decode(0x1240_0000).op()).isEqualTo(Op.UNALLOCATED);
        assertThat(decode(0xF9C0_0000)).isEqualTo(new Instruction(Op.UNALLOCATED, 0, 0, 0, 0, 0, 0, 0xF9C0_0000));
    }

    @Test
    void anyWordDecodesToNumbersInRange() {
        SplittableRandom random = new SplittableRandom(RandomWords.seed(40));
        int words = Boolean.getBoolean("ipanema.long") ? 50_000_000 : 500_000;
        long[] out = new long[PreDecoded.LONGS];
        List<String> wrong = new ArrayList<>();

        for (int i = 0; i < words; i++) {
            int insn = random.nextInt();
            Decoder.all().decode(insn, out, 0);
            long word = out[0];
            int highest = Math.max(
                    Math.max(PreDecoded.rd(word), PreDecoded.rn(word)),
                    Math.max(PreDecoded.rm(word), PreDecoded.ra(word)));
            if (PreDecoded.op(word) >= Op.COUNT || highest >= PreDecoded.REGISTER_COUNT) {
                wrong.add(String.format("%08x decodes to %016x", insn, word));
            }
        }

        assertThat(wrong).isEmpty();
    }
}

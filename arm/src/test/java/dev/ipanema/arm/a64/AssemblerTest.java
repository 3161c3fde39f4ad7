package dev.ipanema.arm.a64;

import static dev.ipanema.arm.a64.Reg.SP;
import static dev.ipanema.arm.a64.Reg.W1;
import static dev.ipanema.arm.a64.Reg.W2;
import static dev.ipanema.arm.a64.Reg.X0;
import static dev.ipanema.arm.a64.Reg.X1;
import static dev.ipanema.arm.a64.Reg.X2;
import static dev.ipanema.arm.a64.Reg.X3;
import static dev.ipanema.arm.a64.Reg.XZR;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.arm.register.CacheOp;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.arm.register.TlbiOp;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class AssemblerTest {
    private static final long BASE = 0x4000_0000L;

    @Test
    void resolvesLabelsForwardsAndBackwards() {
        Assembler asm = new Assembler(BASE);
        Label end = asm.label("end");
        Label loop = asm.here();
        asm.sub(X0, X0, 1).cbz(X0, end).b(loop).bind(end).ret();

        assertThat(listing(asm)).containsExactly("sub x0, x0, #0x1", "cbz x0, 0x4000000c", "b 0x40000000", "ret");
    }

    @Test
    void adrpTakesThePageOfALabel() {
        Assembler asm = new Assembler(BASE + 0xFF8);
        Label data = asm.label("data");
        asm.nop().emit("ADRP", X0, data).align(4096).zero(4096).bind(data).word(0);

        assertThat(listing(asm).get(1)).isEqualTo("adrp x0, 0x40002000");
    }

    @Test
    void putsTheAddressOfALabelAsData() {
        Assembler asm = new Assembler(BASE);
        Label target = asm.label("target");
        asm.quad(target).bind(target);

        assertThat(asm.words()).containsExactly(0x4000_0008, 0);
        assertThat(asm.address(target)).isEqualTo(BASE + 8);
    }

    @Test
    void choosesTheFormOfALoadByItsOffset() {
        Assembler asm = new Assembler(0);
        asm.ldr(X0, X1, 32760).ldr(W1, X1, -4).ldr(X0, X1, 3).strb(W1, SP, 4095).ldr(Reg.q(3), X1, 65520);

        assertThat(listing(asm))
                .containsExactly(
                        "ldr x0, [x1, #32760]",
                        "ldur w1, [x1, #-4]",
                        "ldur x0, [x1, #3]",
                        "strb w1, [sp, #4095]",
                        "ldr q3, [x1, #65520]");
    }

    @Test
    void handlesTheStackPointer() {
        Assembler asm = new Assembler(0);
        asm.mov(X0, SP).mov(SP, X1).add(SP, SP, X2).sub(SP, SP, 0x2000).cmp(SP, X1);

        assertThat(listing(asm))
                .containsExactly(
                        "mov x0, sp", "mov sp, x1", "add sp, sp, x2", "sub sp, sp, #0x2, lsl #12", "cmp sp, x1");
    }

    @Test
    void emitsSystemInstructionsByCatalogue() {
        Assembler asm = new Assembler(0);
        asm.mrs(X0, SysReg.MPIDR_EL1)
                .msr(SysReg.VBAR_EL1, X1)
                .cache(CacheOp.DC_ZVA, X2)
                .tlbi(TlbiOp.VMALLE1IS, XZR)
                .dsb(11)
                .isb()
                .daifClr(2)
                .hvc(7);

        assertThat(listing(asm))
                .containsExactly(
                        "mrs x0, mpidr_el1",
                        "msr vbar_el1, x1",
                        "dc zva, x2",
                        "tlbi vmalle1is",
                        "dsb ish",
                        "isb",
                        "msr daifclr, #0x2",
                        "hvc #0x7");
    }

    @Test
    void emitsAnyRowByName() {
        Assembler asm = new Assembler(0);
        asm.emit("LDADDAL_X", X1, X2, X3)
                .emit("CASPAL_X", X0, X2, SP)
                .emit("UBFX_X", X0, X1, 4, 8)
                .emit("CINC_X", X0, X1, 0)
                .emit("ADD_EXT_X", X0, SP, X1, 6, 2);

        assertThat(listing(asm))
                .containsExactly(
                        "ldaddal x1, x2, [x3]",
                        "caspal x0, x1, x2, x3, [sp]",
                        "ubfx x0, x1, #4, #8",
                        "cinc x0, x1, eq",
                        "add x0, sp, w1, sxtw #2");
    }

    @Test
    void movImmLoadsAnyConstant() {
        SplittableRandom random = new SplittableRandom(RandomWords.seed(20));
        List<Long> constants = new ArrayList<>(List.of(0L, -1L, 1L, 0xFFFFL, 0xFFFF_0000L, -0x1_0000L, 1L << 63));
        for (int i = 0; i < 2000; i++) {
            long mask = random.nextLong() & random.nextLong();
            constants.add(random.nextLong() & random.nextLong());
            constants.add(mask << random.nextInt(64) >> random.nextInt(64));
        }

        for (long constant : constants) {
            Assembler wide = new Assembler(0).movImm(X0, constant);
            Assembler narrow = new Assembler(0).movImm(W1, constant);
            assertThat(run(wide)).isEqualTo(constant);
            assertThat(run(narrow)).isEqualTo(constant & 0xFFFF_FFFFL);
            assertThat(wide.size()).isBetween(4, 16);
            assertThat(narrow.size()).isBetween(4, 8);
        }
    }

    @Test
    void movImmTakesOneInstructionForAMask() {
        assertThat(listing(new Assembler(0).movImm(X0, 0x5555_5555_5555_5555L)))
                .containsExactly("mov x0, #0x5555555555555555");
        assertThat(listing(new Assembler(0).movImm(X0, -2))).containsExactly("mov x0, #0xfffffffffffffffe");
    }

    @Test
    void refusesAnOffsetOutOfRange() {
        Assembler asm = new Assembler(0);

        assertThatThrownBy(() -> asm.ldr(X0, X1, 32768))
                .isInstanceOf(AssemblyException.class)
                .hasMessage("Value 32768 does not fit in the 9 signed bits of imm9");
        assertThatThrownBy(() -> asm.add(X0, X1, 4097)).isInstanceOf(AssemblyException.class);
        assertThatThrownBy(() -> asm.ldp(X0, X1, SP, 12)).hasMessage("Immediate 12 is not a multiple of 8");
        assertThatThrownBy(() -> asm.and(X0, X1, 5)).hasMessage("Immediate 0x5 is not a bitmask immediate");
    }

    @Test
    void refusesALabelOutOfReachByName() {
        Assembler asm = new Assembler(0);
        Label far = asm.label("far");
        asm.tbz(X0, 0, far).zero(32768).bind(far);

        assertThatThrownBy(asm::bytes)
                .isInstanceOf(AssemblyException.class)
                .hasMessage("TBZ at offset 0 cannot reach label far, 32772 bytes away");
    }

    @Test
    void refusesALabelNeverBoundOrBoundTwice() {
        Assembler asm = new Assembler(0);
        Label lost = asm.label("lost");
        Label here = asm.here();
        asm.b(lost);

        assertThatThrownBy(asm::bytes).hasMessage("Label lost is never bound");
        assertThatThrownBy(() -> asm.bind(here)).hasMessageContaining("is bound twice");
    }

    @Test
    void refusesRegistersOfTheWrongKind() {
        Assembler asm = new Assembler(0);

        assertThatThrownBy(() -> asm.add(X0, X1, W2)).hasMessage("ADD_REG_X cannot take register w2 there");
        assertThatThrownBy(() -> asm.emit("ADD_REG_X", X0, X1, SP)).hasMessageContaining("register sp");
        assertThatThrownBy(() -> asm.ldr(X0, XZR)).hasMessageContaining("register xzr");
        assertThatThrownBy(() -> asm.emit("ADDX", X0)).hasMessage("No A64 encoding is named ADDX");
        assertThatThrownBy(() -> asm.emit("NOP", X0)).hasMessage("NOP takes 0 operands, got 1");
        assertThatThrownBy(() -> asm.emit("CASPAL_X", X1, X2, SP)).hasMessageContaining("reserved");
    }

    private static List<String> listing(Assembler asm) {
        List<String> lines = new ArrayList<>();
        int[] words = asm.words();
        for (int i = 0; i < words.length; i++) {
            lines.add(Disassembler.disassemble(words[i], asm.pc() - asm.size() + 4L * i));
        }
        return lines;
    }

    /// Runs the moves of one register by their pre-decoded form.
    private static long run(Assembler asm) {
        long value = 0;
        for (int word : asm.words()) {
            Instruction move = Decoder.all().instruction(word);
            value = switch (move.op()) {
                case Op.MOV_CONST, Op.ORR_IMM_W, Op.ORR_IMM_X -> move.imm();
                case Op.MOVK_W, Op.MOVK_X -> value & ~(0xFFFFL << move.aux()) | move.imm();
                default -> throw new AssertionError("Not a move: " + move);
            };
        }
        return value;
    }
}

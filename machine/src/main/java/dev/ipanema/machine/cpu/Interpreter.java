package dev.ipanema.machine.cpu;

import static dev.ipanema.arm.a64.PreDecoded.aux;
import static dev.ipanema.arm.a64.PreDecoded.ra;
import static dev.ipanema.arm.a64.PreDecoded.rn;
import static dev.ipanema.machine.cpu.Integers.LOW32;

import dev.ipanema.arm.a64.Op;
import dev.ipanema.arm.a64.PreDecoded;
import dev.ipanema.arm.register.Pstate;
import dev.ipanema.machine.mmu.Mmu;

/// The hot loop: runs pre-decoded instructions of one processing element, page by page, until something has to be done
/// outside it.
///
/// What guests execute most (integer, branch, plain load and store) is executed here, the rest by [RareInstructions]:
/// the method has to stay under 8000 bytecodes, beyond which HotSpot does not compile it. State lives in [CpuContext]
/// all the time, but for the PC, which is the index into the page's code: it is stored when the
/// loop is left and before a rare instruction runs.
///
/// Instructions are counted where a taken branch ends a straight line; there, too, the budget and the pending word of
/// the processing element are looked at. So less than a page of instructions runs between two polls.
///
/// Source of each instruction: Arm ARM DDI 0487, C6.2, by name.
final class Interpreter {
    /// The budget is used up, or something is pending.
    static final int STOP = 0;

    /// The code at PC is not at hand.
    static final int FETCH = 1;

    /// The word at PC is not decoded.
    static final int DECODE = 2;

    /// The access of the instruction at PC recorded a fault in the MMU.
    static final int FAULT = 3;

    /// The instruction at PC accesses memory at an SP that is not a multiple of 16.
    static final int SP_ALIGNMENT = 4;

    /// A rare instruction was executed and PC set behind it, or an exception was taken: whatever the loop relies on may
    /// have changed.
    static final int RESUME = 5;

    /// An exception was taken to EL2: the run ends.
    static final int TRAPPED = 6;

    /// WFI found nothing pending: the run ends.
    static final int WAITING = 7;

    /// What a rare instruction answers when the loop goes on behind it.
    static final int NEXT = -1;

    private final ProcessingElement pe;
    private final RareInstructions rare;
    private final Mmu mmu;

    /// Instructions that the last [#run] completed, not counting a rare one that ended it.
    private long executed;

    /// The pre-decoded word that ended the last [#run], but for [#STOP] and [#FETCH].
    private long lastWord;

    Interpreter(ProcessingElement pe, RareInstructions rare, Mmu mmu) {
        this.pe = pe;
        this.rare = rare;
        this.mmu = mmu;
    }

    /// {@return how many instructions the last [#run] completed, not counting a rare one that ended it}
    long executed() {
        return executed;
    }

    /// Notes that nothing runs this time.
    void nothingExecuted() {
        executed = 0;
    }

    /// Adds instructions that an earlier [#run] completed to those of the last.
    void alsoExecuted(long more) {
        executed += more;
    }

    /// {@return the pre-decoded word that ended the last [#run], but for [#STOP] and [#FETCH]}
    long lastWord() {
        return lastWord;
    }

    /// Runs from one instruction on.
    ///
    /// @param first decoded code to start in, laid out as [DecodedPage#code]
    /// @param firstVa virtual address of its first instruction
    /// @param at index in `first` to start at
    /// @param budget how many instructions may run, at least 1; exceeded by less than a page
    /// @return a constant of this class; `ctx.pc` is the next instruction, or the one that is not complete
    int run(CpuContext ctx, long[] first, long firstVa, int at, long budget) {
        final long[] x = ctx.x;
        final long total = budget * PreDecoded.LONGS;
        long[] code = first;
        long pageVa = firstVa;
        int i = at;
        int lineStart = at;
        long left = total;
        for (; ; ) {
            int reason = FAULT;
            stuck:
            {
                long target;
                jump:
                {
                    long word = code[i];
                    long imm = code[i + 1];
                    long n = x[(int) (word >>> 24) & 63];
                    long m = x[(int) (word >>> 32) & 63];
                    int rd = (int) (word >>> 16) & 63;
                    if ((n & word >>> DecodedPage.SP_BASE_SHIFT & 0xf) != 0) {
                        reason = SP_ALIGNMENT;
                        break stuck;
                    }
                    switch ((int) word & DecodedPage.OP_MASK) {
                        case Op.ADR -> x[rd] = pageVa + 2L * i + imm;
                        case Op.ADRP -> x[rd] = (pageVa + 2L * i & -4096L) + imm;
                        case Op.ADD_IMM_W -> x[rd] = n + imm & LOW32;
                        case Op.ADD_IMM_X -> x[rd] = n + imm;
                        case Op.SUB_IMM_W -> x[rd] = n - imm & LOW32;
                        case Op.SUB_IMM_X -> x[rd] = n - imm;
                        case Op.ADDS_IMM_W -> x[rd] = Flags.adds32(ctx, (int) n, (int) imm);
                        case Op.ADDS_IMM_X -> x[rd] = Flags.adds64(ctx, n, imm);
                        case Op.SUBS_IMM_W -> x[rd] = Flags.subs32(ctx, (int) n, (int) imm);
                        case Op.SUBS_IMM_X -> x[rd] = Flags.subs64(ctx, n, imm);
                        case Op.AND_IMM_W, Op.AND_IMM_X -> x[rd] = n & imm;
                        case Op.ORR_IMM_W -> x[rd] = (n | imm) & LOW32;
                        case Op.ORR_IMM_X -> x[rd] = n | imm;
                        case Op.EOR_IMM_W -> x[rd] = (n ^ imm) & LOW32;
                        case Op.EOR_IMM_X -> x[rd] = n ^ imm;
                        case Op.ANDS_IMM_W -> x[rd] = Flags.ands32(ctx, (int) (n & imm));
                        case Op.ANDS_IMM_X -> x[rd] = Flags.ands64(ctx, n & imm);
                        case Op.MOV_CONST -> x[rd] = imm;
                        case Op.MOVK_W -> x[rd] = (x[ra(word)] & ~(0xffffL << aux(word)) | imm) & LOW32;
                        case Op.MOVK_X -> x[rd] = x[ra(word)] & ~(0xffffL << aux(word)) | imm;
                        case Op.SBFM_W -> x[rd] = (int) n << aux(word) >> (aux(word) >>> 8) & LOW32;
                        case Op.SBFM_X -> x[rd] = n << aux(word) >> (aux(word) >>> 8);
                        case Op.UBFM_W -> x[rd] = (int) n << aux(word) >>> (aux(word) >>> 8) & LOW32;
                        case Op.UBFM_X -> x[rd] = n << aux(word) >>> (aux(word) >>> 8);
                        case Op.BFM_W ->
                            x[rd] = (x[ra(word)] & ~imm | Integer.rotateRight((int) n, aux(word)) & imm) & LOW32;
                        case Op.BFM_X -> x[rd] = x[ra(word)] & ~imm | Long.rotateRight(n, aux(word)) & imm;

                        case Op.AND_REG_W -> x[rd] = (n & m) & LOW32;
                        case Op.AND_REG_X -> x[rd] = n & m;
                        case Op.ORR_REG_W -> x[rd] = (n | m) & LOW32;
                        case Op.ORR_REG_X -> x[rd] = n | m;
                        case Op.EOR_REG_W -> x[rd] = (n ^ m) & LOW32;
                        case Op.EOR_REG_X -> x[rd] = n ^ m;
                        case Op.ANDS_REG_W -> x[rd] = Flags.ands32(ctx, (int) (n & m));
                        case Op.ANDS_REG_X -> x[rd] = Flags.ands64(ctx, n & m);
                        case Op.ADD_REG_W -> x[rd] = n + m & LOW32;
                        case Op.ADD_REG_X -> x[rd] = n + m;
                        case Op.ADDS_REG_W -> x[rd] = Flags.adds32(ctx, (int) n, (int) m);
                        case Op.ADDS_REG_X -> x[rd] = Flags.adds64(ctx, n, m);
                        case Op.SUB_REG_W -> x[rd] = n - m & LOW32;
                        case Op.SUB_REG_X -> x[rd] = n - m;
                        case Op.SUBS_REG_W -> x[rd] = Flags.subs32(ctx, (int) n, (int) m);
                        case Op.SUBS_REG_X -> x[rd] = Flags.subs64(ctx, n, m);
                        case Op.AND_SHIFT_W -> x[rd] = ((int) n & Integers.shifted((int) m, aux(word))) & LOW32;
                        case Op.AND_SHIFT_X -> x[rd] = n & Integers.shifted(m, aux(word));
                        case Op.BIC_SHIFT_X -> x[rd] = n & ~Integers.shifted(m, aux(word));
                        case Op.ORR_SHIFT_W -> x[rd] = ((int) n | Integers.shifted((int) m, aux(word))) & LOW32;
                        case Op.ORR_SHIFT_X -> x[rd] = n | Integers.shifted(m, aux(word));
                        case Op.EOR_SHIFT_W -> x[rd] = ((int) n ^ Integers.shifted((int) m, aux(word))) & LOW32;
                        case Op.EOR_SHIFT_X -> x[rd] = n ^ Integers.shifted(m, aux(word));
                        case Op.ANDS_SHIFT_X -> x[rd] = Flags.ands64(ctx, n & Integers.shifted(m, aux(word)));
                        case Op.ADD_SHIFT_W -> x[rd] = n + Integers.shifted((int) m, aux(word)) & LOW32;
                        case Op.ADD_SHIFT_X -> x[rd] = n + Integers.shifted(m, aux(word));
                        case Op.ADDS_SHIFT_X -> x[rd] = Flags.adds64(ctx, n, Integers.shifted(m, aux(word)));
                        case Op.SUB_SHIFT_W -> x[rd] = n - Integers.shifted((int) m, aux(word)) & LOW32;
                        case Op.SUB_SHIFT_X -> x[rd] = n - Integers.shifted(m, aux(word));
                        case Op.SUBS_SHIFT_W ->
                            x[rd] = Flags.subs32(ctx, (int) n, Integers.shifted((int) m, aux(word)));
                        case Op.SUBS_SHIFT_X -> x[rd] = Flags.subs64(ctx, n, Integers.shifted(m, aux(word)));
                        case Op.ADD_EXT_X -> x[rd] = n + PreDecoded.extend(m, aux(word));
                        case Op.CCMP_REG_W -> {
                            if (Flags.holds(ctx, aux(word))) {
                                Flags.subs32(ctx, (int) n, (int) m);
                            } else {
                                ctx.setNzcv((long) PreDecoded.nzcv(aux(word)) << Pstate.NZCV_SHIFT);
                            }
                        }
                        case Op.CCMP_REG_X -> {
                            if (Flags.holds(ctx, aux(word))) {
                                Flags.subs64(ctx, n, m);
                            } else {
                                ctx.setNzcv((long) PreDecoded.nzcv(aux(word)) << Pstate.NZCV_SHIFT);
                            }
                        }
                        case Op.CCMP_IMM_W -> {
                            if (Flags.holds(ctx, aux(word))) {
                                Flags.subs32(ctx, (int) n, (int) imm);
                            } else {
                                ctx.setNzcv((long) PreDecoded.nzcv(aux(word)) << Pstate.NZCV_SHIFT);
                            }
                        }
                        case Op.CCMP_IMM_X -> {
                            if (Flags.holds(ctx, aux(word))) {
                                Flags.subs64(ctx, n, imm);
                            } else {
                                ctx.setNzcv((long) PreDecoded.nzcv(aux(word)) << Pstate.NZCV_SHIFT);
                            }
                        }
                        case Op.CSEL_W -> x[rd] = (Flags.holds(ctx, aux(word)) ? n : m) & LOW32;
                        case Op.CSEL_X -> x[rd] = Flags.holds(ctx, aux(word)) ? n : m;
                        case Op.CSINC_W -> x[rd] = (Flags.holds(ctx, aux(word)) ? n : m + 1) & LOW32;
                        case Op.CSINC_X -> x[rd] = Flags.holds(ctx, aux(word)) ? n : m + 1;
                        case Op.CSINV_W -> x[rd] = (Flags.holds(ctx, aux(word)) ? n : ~m) & LOW32;
                        case Op.CSINV_X -> x[rd] = Flags.holds(ctx, aux(word)) ? n : ~m;
                        case Op.CSNEG_W -> x[rd] = (Flags.holds(ctx, aux(word)) ? n : -m) & LOW32;
                        case Op.CSNEG_X -> x[rd] = Flags.holds(ctx, aux(word)) ? n : -m;
                        case Op.LSLV_W -> x[rd] = (int) n << (int) m & LOW32;
                        case Op.LSLV_X -> x[rd] = n << m;
                        case Op.LSRV_W -> x[rd] = (int) n >>> (int) m & LOW32;
                        case Op.LSRV_X -> x[rd] = n >>> m;
                        case Op.ASRV_W -> x[rd] = (int) n >> (int) m & LOW32;
                        case Op.ASRV_X -> x[rd] = n >> m;
                        case Op.MADD_W -> x[rd] = x[ra(word)] + n * m & LOW32;
                        case Op.MADD_X -> x[rd] = x[ra(word)] + n * m;
                        case Op.MSUB_W -> x[rd] = x[ra(word)] - n * m & LOW32;
                        case Op.MSUB_X -> x[rd] = x[ra(word)] - n * m;
                        case Op.SMADDL -> x[rd] = x[ra(word)] + (long) (int) n * (int) m;
                        case Op.UMADDL -> x[rd] = x[ra(word)] + (n & LOW32) * (m & LOW32);
                        case Op.UMULH -> x[rd] = Math.unsignedMultiplyHigh(n, m);
                        case Op.RBIT_W -> x[rd] = Integer.reverse((int) n) & LOW32;
                        case Op.RBIT_X -> x[rd] = Long.reverse(n);
                        case Op.REV_W -> x[rd] = Integer.reverseBytes((int) n) & LOW32;
                        case Op.REV_X -> x[rd] = Long.reverseBytes(n);
                        case Op.CLZ_W -> x[rd] = Integer.numberOfLeadingZeros((int) n);
                        case Op.CLZ_X -> x[rd] = Long.numberOfLeadingZeros(n);

                        case Op.B -> {
                            target = pageVa + 2L * i + imm;
                            break jump;
                        }
                        case Op.BL -> {
                            target = pageVa + 2L * i;
                            x[30] = target + 4;
                            target += imm;
                            break jump;
                        }
                        case Op.B_EQ -> {
                            if (ctx.flagZ == 0) {
                                target = pageVa + 2L * i + imm;
                                break jump;
                            }
                        }
                        case Op.B_NE -> {
                            if (ctx.flagZ != 0) {
                                target = pageVa + 2L * i + imm;
                                break jump;
                            }
                        }
                        case Op.B_CS -> {
                            if (ctx.flagC < 0) {
                                target = pageVa + 2L * i + imm;
                                break jump;
                            }
                        }
                        case Op.B_CC -> {
                            if (ctx.flagC >= 0) {
                                target = pageVa + 2L * i + imm;
                                break jump;
                            }
                        }
                        case Op.B_MI -> {
                            if (ctx.flagN < 0) {
                                target = pageVa + 2L * i + imm;
                                break jump;
                            }
                        }
                        case Op.B_PL -> {
                            if (ctx.flagN >= 0) {
                                target = pageVa + 2L * i + imm;
                                break jump;
                            }
                        }
                        case Op.B_VS -> {
                            if (ctx.flagV < 0) {
                                target = pageVa + 2L * i + imm;
                                break jump;
                            }
                        }
                        case Op.B_VC -> {
                            if (ctx.flagV >= 0) {
                                target = pageVa + 2L * i + imm;
                                break jump;
                            }
                        }
                        case Op.B_HI -> {
                            if (ctx.flagC < 0 && ctx.flagZ != 0) {
                                target = pageVa + 2L * i + imm;
                                break jump;
                            }
                        }
                        case Op.B_LS -> {
                            if (ctx.flagC >= 0 || ctx.flagZ == 0) {
                                target = pageVa + 2L * i + imm;
                                break jump;
                            }
                        }
                        case Op.B_GE -> {
                            if ((ctx.flagN ^ ctx.flagV) >= 0) {
                                target = pageVa + 2L * i + imm;
                                break jump;
                            }
                        }
                        case Op.B_LT -> {
                            if ((ctx.flagN ^ ctx.flagV) < 0) {
                                target = pageVa + 2L * i + imm;
                                break jump;
                            }
                        }
                        case Op.B_GT -> {
                            if (ctx.flagZ != 0 && (ctx.flagN ^ ctx.flagV) >= 0) {
                                target = pageVa + 2L * i + imm;
                                break jump;
                            }
                        }
                        case Op.B_LE -> {
                            if (ctx.flagZ == 0 || (ctx.flagN ^ ctx.flagV) < 0) {
                                target = pageVa + 2L * i + imm;
                                break jump;
                            }
                        }
                        case Op.CBZ_W -> {
                            if ((int) x[rd] == 0) {
                                target = pageVa + 2L * i + imm;
                                break jump;
                            }
                        }
                        case Op.CBZ_X -> {
                            if (x[rd] == 0) {
                                target = pageVa + 2L * i + imm;
                                break jump;
                            }
                        }
                        case Op.CBNZ_W -> {
                            if ((int) x[rd] != 0) {
                                target = pageVa + 2L * i + imm;
                                break jump;
                            }
                        }
                        case Op.CBNZ_X -> {
                            if (x[rd] != 0) {
                                target = pageVa + 2L * i + imm;
                                break jump;
                            }
                        }
                        case Op.TBZ -> {
                            if ((x[rd] >>> aux(word) & 1) == 0) {
                                target = pageVa + 2L * i + imm;
                                break jump;
                            }
                        }
                        case Op.TBNZ -> {
                            if ((x[rd] >>> aux(word) & 1) != 0) {
                                target = pageVa + 2L * i + imm;
                                break jump;
                            }
                        }
                        case Op.BR, Op.RET -> {
                            target = n;
                            break jump;
                        }
                        case Op.BLR -> {
                            x[30] = pageVa + 2L * i + 4;
                            target = n;
                            break jump;
                        }

                        case Op.LDR_X_IMM -> {
                            long value = mmu.load64(n + imm);
                            if (mmu.faulted()) {
                                break stuck;
                            }
                            x[rd] = value;
                        }
                        case Op.LDR_W_IMM -> {
                            long value = mmu.load32(n + imm);
                            if (mmu.faulted()) {
                                break stuck;
                            }
                            x[rd] = value;
                        }
                        case Op.LDRB_IMM -> {
                            long value = mmu.load8(n + imm);
                            if (mmu.faulted()) {
                                break stuck;
                            }
                            x[rd] = value;
                        }
                        case Op.LDRH_IMM -> {
                            long value = mmu.load16(n + imm);
                            if (mmu.faulted()) {
                                break stuck;
                            }
                            x[rd] = value;
                        }
                        case Op.LDRSW_IMM -> {
                            long value = mmu.load32(n + imm);
                            if (mmu.faulted()) {
                                break stuck;
                            }
                            x[rd] = (int) value;
                        }
                        case Op.LDRSB_X_IMM -> {
                            long value = mmu.load8(n + imm);
                            if (mmu.faulted()) {
                                break stuck;
                            }
                            x[rd] = (byte) value;
                        }
                        case Op.LDRSB_W_IMM -> {
                            long value = mmu.load8(n + imm);
                            if (mmu.faulted()) {
                                break stuck;
                            }
                            x[rd] = (byte) value & LOW32;
                        }
                        case Op.LDRSH_X_IMM -> {
                            long value = mmu.load16(n + imm);
                            if (mmu.faulted()) {
                                break stuck;
                            }
                            x[rd] = (short) value;
                        }
                        case Op.LDRSH_W_IMM -> {
                            long value = mmu.load16(n + imm);
                            if (mmu.faulted()) {
                                break stuck;
                            }
                            x[rd] = (short) value & LOW32;
                        }
                        case Op.STR_X_IMM -> {
                            mmu.store64(n + imm, x[rd]);
                            if (mmu.faulted()) {
                                break stuck;
                            }
                        }
                        case Op.STR_W_IMM -> {
                            mmu.store32(n + imm, x[rd]);
                            if (mmu.faulted()) {
                                break stuck;
                            }
                        }
                        case Op.STRB_IMM -> {
                            mmu.store8(n + imm, x[rd]);
                            if (mmu.faulted()) {
                                break stuck;
                            }
                        }
                        case Op.STRH_IMM -> {
                            mmu.store16(n + imm, x[rd]);
                            if (mmu.faulted()) {
                                break stuck;
                            }
                        }
                        case Op.LDR_X_POST -> {
                            long value = mmu.load64(n);
                            if (mmu.faulted()) {
                                break stuck;
                            }
                            x[rn(word)] = n + imm;
                            x[rd] = value;
                        }
                        case Op.LDR_W_POST -> {
                            long value = mmu.load32(n);
                            if (mmu.faulted()) {
                                break stuck;
                            }
                            x[rn(word)] = n + imm;
                            x[rd] = value;
                        }
                        case Op.LDRB_POST -> {
                            long value = mmu.load8(n);
                            if (mmu.faulted()) {
                                break stuck;
                            }
                            x[rn(word)] = n + imm;
                            x[rd] = value;
                        }
                        case Op.STR_X_POST -> {
                            mmu.store64(n, x[rd]);
                            if (mmu.faulted()) {
                                break stuck;
                            }
                            x[rn(word)] = n + imm;
                        }
                        case Op.STR_W_POST -> {
                            mmu.store32(n, x[rd]);
                            if (mmu.faulted()) {
                                break stuck;
                            }
                            x[rn(word)] = n + imm;
                        }
                        case Op.STRB_POST -> {
                            mmu.store8(n, x[rd]);
                            if (mmu.faulted()) {
                                break stuck;
                            }
                            x[rn(word)] = n + imm;
                        }
                        case Op.LDR_X_PRE -> {
                            long value = mmu.load64(n + imm);
                            if (mmu.faulted()) {
                                break stuck;
                            }
                            x[rn(word)] = n + imm;
                            x[rd] = value;
                        }
                        case Op.STR_X_PRE -> {
                            mmu.store64(n + imm, x[rd]);
                            if (mmu.faulted()) {
                                break stuck;
                            }
                            x[rn(word)] = n + imm;
                        }
                        case Op.LDR_X_REG -> {
                            long value = mmu.load64(n + (m << (aux(word) >>> 9 & 7)));
                            if (mmu.faulted()) {
                                break stuck;
                            }
                            x[rd] = value;
                        }
                        case Op.LDR_W_REG -> {
                            long value = mmu.load32(n + (m << (aux(word) >>> 9 & 7)));
                            if (mmu.faulted()) {
                                break stuck;
                            }
                            x[rd] = value;
                        }
                        case Op.LDRB_REG -> {
                            long value = mmu.load8(n + (m << (aux(word) >>> 9 & 7)));
                            if (mmu.faulted()) {
                                break stuck;
                            }
                            x[rd] = value;
                        }
                        case Op.LDRH_REG -> {
                            long value = mmu.load16(n + (m << (aux(word) >>> 9 & 7)));
                            if (mmu.faulted()) {
                                break stuck;
                            }
                            x[rd] = value;
                        }
                        case Op.LDRSW_REG -> {
                            long value = mmu.load32(n + (m << (aux(word) >>> 9 & 7)));
                            if (mmu.faulted()) {
                                break stuck;
                            }
                            x[rd] = (int) value;
                        }
                        case Op.STR_X_REG -> {
                            mmu.store64(n + (m << (aux(word) >>> 9 & 7)), x[rd]);
                            if (mmu.faulted()) {
                                break stuck;
                            }
                        }
                        case Op.STR_W_REG -> {
                            mmu.store32(n + (m << (aux(word) >>> 9 & 7)), x[rd]);
                            if (mmu.faulted()) {
                                break stuck;
                            }
                        }
                        case Op.STRB_REG -> {
                            mmu.store8(n + (m << (aux(word) >>> 9 & 7)), x[rd]);
                            if (mmu.faulted()) {
                                break stuck;
                            }
                        }
                        case Op.LDR_X_EXT -> {
                            long value = mmu.load64(n + PreDecoded.extend(m, aux(word)));
                            if (mmu.faulted()) {
                                break stuck;
                            }
                            x[rd] = value;
                        }
                        case Op.LDR_W_EXT -> {
                            long value = mmu.load32(n + PreDecoded.extend(m, aux(word)));
                            if (mmu.faulted()) {
                                break stuck;
                            }
                            x[rd] = value;
                        }
                        case Op.LDRB_EXT -> {
                            long value = mmu.load8(n + PreDecoded.extend(m, aux(word)));
                            if (mmu.faulted()) {
                                break stuck;
                            }
                            x[rd] = value;
                        }
                        case Op.STR_X_EXT -> {
                            mmu.store64(n + PreDecoded.extend(m, aux(word)), x[rd]);
                            if (mmu.faulted()) {
                                break stuck;
                            }
                        }
                        case Op.STR_W_EXT -> {
                            mmu.store32(n + PreDecoded.extend(m, aux(word)), x[rd]);
                            if (mmu.faulted()) {
                                break stuck;
                            }
                        }
                        case Op.LDR_X_LIT -> {
                            long value = mmu.load64(pageVa + 2L * i + imm);
                            if (mmu.faulted()) {
                                break stuck;
                            }
                            x[rd] = value;
                        }
                        case Op.LDP_X_IMM -> {
                            loadPair(x, word, n + imm);
                            if (mmu.faulted()) {
                                break stuck;
                            }
                        }
                        case Op.STP_X_IMM -> {
                            storePair(x, word, n + imm);
                            if (mmu.faulted()) {
                                break stuck;
                            }
                        }
                        case Op.LDP_X_POST -> {
                            loadPair(x, word, n);
                            if (mmu.faulted()) {
                                break stuck;
                            }
                            if (rn(word) != rd && rn(word) != ra(word)) {
                                x[rn(word)] = n + imm;
                            }
                        }
                        case Op.STP_X_POST -> {
                            storePair(x, word, n);
                            if (mmu.faulted()) {
                                break stuck;
                            }
                            x[rn(word)] = n + imm;
                        }
                        case Op.LDP_X_PRE -> {
                            loadPair(x, word, n + imm);
                            if (mmu.faulted()) {
                                break stuck;
                            }
                            if (rn(word) != rd && rn(word) != ra(word)) {
                                x[rn(word)] = n + imm;
                            }
                        }
                        case Op.STP_X_PRE -> {
                            storePair(x, word, n + imm);
                            if (mmu.faulted()) {
                                break stuck;
                            }
                            x[rn(word)] = n + imm;
                        }

                        case DecodedPage.PAGE_END -> {
                            left += PreDecoded.LONGS;
                            target = pageVa + 2L * i;
                            break jump;
                        }
                        case DecodedPage.NOT_DECODED -> {
                            reason = DECODE;
                            break stuck;
                        }
                        default -> {
                            ctx.pc = pageVa + 2L * i;
                            reason = rare.execute(ctx, word, imm);
                            if (reason != NEXT) {
                                executed = (total - left + i - lineStart) >> 1;
                                lastWord = word;
                                return reason;
                            }
                        }
                    }
                    i += PreDecoded.LONGS;
                    continue;
                }
                left -= i - lineStart + PreDecoded.LONGS;
                ctx.pc = target;
                if (left <= 0 || pe.isPending()) {
                    executed = (total - left) >> 1;
                    return STOP;
                }
                long offset = target - pageVa;
                if ((offset & ~(DecodedPage.PAGE_BYTES - DecodedPage.INSTRUCTION_BYTES)) != 0) {
                    DecodedPage next = pe.decodedAt(target);
                    if (next == null) {
                        executed = (total - left) >> 1;
                        return FETCH;
                    }
                    code = next.code;
                    pageVa = target & -DecodedPage.PAGE_BYTES;
                    offset = target - pageVa;
                }
                i = (int) offset >> 1;
                lineStart = i;
                continue;
            }
            ctx.pc = pageVa + 2L * i;
            executed = (total - left + i - lineStart) >> 1;
            lastWord = code[i];
            return reason;
        }
    }

    /// The two loads of LDP: registers change only when both were made.
    private void loadPair(long[] x, long word, long va) {
        long first = mmu.load64(va);
        if (mmu.faulted()) {
            return;
        }
        long second = mmu.load64(va + Long.BYTES);
        if (mmu.faulted()) {
            return;
        }
        x[(int) (word >>> 16) & 63] = first;
        x[ra(word)] = second;
    }

    /// The two stores of STP, where a second page could fault by the way that makes neither or both.
    private void storePair(long[] x, long word, long va) {
        long first = x[(int) (word >>> 16) & 63];
        long second = x[ra(word)];
        if ((va & (DecodedPage.PAGE_BYTES - 1)) > DecodedPage.PAGE_BYTES - 2 * Long.BYTES) {
            mmu.storePair(va, first, second, aux(word));
            return;
        }
        mmu.store64(va, first);
        if (!mmu.faulted()) {
            mmu.store64(va + Long.BYTES, second);
        }
    }
}

package dev.ipanema.machine.cpu;

import dev.ipanema.arm.a64.Access;
import dev.ipanema.arm.a64.Op;
import dev.ipanema.arm.a64.PreDecoded;
import dev.ipanema.machine.mmu.AtomicOp;
import dev.ipanema.machine.mmu.Mmu;

/// Loads and stores that are not in the hot loop: pairs, unprivileged, exclusive, ordered, and LSE atomics. A faulting
/// instruction changes no register.
///
/// Source: Arm ARM DDI 0487, C6.2 by name.
final class MemoryInstructions {
    private final Mmu mmu;

    MemoryInstructions(Mmu mmu) {
        this.mmu = mmu;
    }

    /// Executes one instruction.
    ///
    /// @return [Interpreter#NEXT], or [Interpreter#FAULT] with the fault in the MMU
    int execute(CpuContext ctx, int op, long word, long imm) {
        long base = ctx.x[PreDecoded.rn(word)];
        if (op <= Op.LDRSW_LIT) {
            return single(ctx, op, word, base, imm) ? Interpreter.NEXT : Interpreter.FAULT;
        }
        boolean done = switch (op) {
            case Op.LDP_X_IMM, Op.LDP_W_IMM, Op.LDPSW_IMM -> loadPair(ctx, word, base + imm);
            case Op.STP_X_IMM, Op.STP_W_IMM -> storePair(ctx, word, base + imm);
            case Op.LDP_X_POST, Op.LDP_W_POST, Op.LDPSW_POST ->
                loadPair(ctx, word, base) && writeBack(ctx, word, base + imm, true);
            case Op.STP_X_POST, Op.STP_W_POST -> storePair(ctx, word, base) && writeBack(ctx, word, base + imm, false);
            case Op.LDP_X_PRE, Op.LDP_W_PRE, Op.LDPSW_PRE ->
                loadPair(ctx, word, base + imm) && writeBack(ctx, word, base + imm, true);
            case Op.STP_X_PRE, Op.STP_W_PRE ->
                storePair(ctx, word, base + imm) && writeBack(ctx, word, base + imm, false);
            case Op.LDTR, Op.LDAR, Op.LDAPR -> load(ctx, word, base + imm);
            case Op.STTR, Op.STLR -> store(ctx, word, base + imm);
            case Op.LDXR -> loadExclusive(ctx, word, base);
            case Op.STXR -> storeExclusive(ctx, word, base);
            case Op.LDXP -> loadExclusivePair(ctx, word, base);
            case Op.STXP -> storeExclusivePair(ctx, word, base);
            case Op.CAS -> compareAndSwap(ctx, word, base);
            case Op.CASP -> compareAndSwapPair(ctx, word, base);
            default -> atomic(ctx, op, word, base);
        };
        return done ? Interpreter.NEXT : Interpreter.FAULT;
    }

    /// Loads and stores of one general register that the hot loop leaves; by addressing mode.
    private boolean single(CpuContext ctx, int op, long word, long base, long imm) {
        int aux = PreDecoded.aux(word);
        boolean post = op >= Op.LDR_X_POST && op <= Op.STRH_POST;
        boolean pre = op >= Op.LDR_X_PRE && op <= Op.STRH_PRE;
        long va;
        if (post) {
            va = base;
        } else if (op >= Op.LDR_X_REG && op <= Op.STRH_REG) {
            va = base + (ctx.x[PreDecoded.rm(word)] << Access.indexShift(aux));
        } else if (op >= Op.LDR_X_EXT && op <= Op.STRH_EXT) {
            va = base + PreDecoded.extend(ctx.x[PreDecoded.rm(word)], aux);
        } else if (op >= Op.LDR_X_LIT && op <= Op.LDRSW_LIT) {
            va = ctx.pc + imm;
        } else {
            va = base + imm;
        }
        boolean write = (aux & Access.WRITE) != 0;
        if (!(write ? store(ctx, word, va) : load(ctx, word, va))) {
            return false;
        }
        if ((post || pre) && (write || PreDecoded.rn(word) != PreDecoded.rd(word))) {
            ctx.x[PreDecoded.rn(word)] = base + imm;
        }
        return true;
    }

    /// A loaded register that is also the base keeps the loaded value (CONSTRAINED UNPREDICTABLE in the architecture).
    private static boolean writeBack(CpuContext ctx, long word, long address, boolean load) {
        int base = PreDecoded.rn(word);
        if (!load || (base != PreDecoded.rd(word) && base != PreDecoded.ra(word))) {
            ctx.x[base] = address;
        }
        return true;
    }

    private static long extended(long value, int aux) {
        if ((aux & Access.SIGNED) == 0) {
            return value;
        }
        int unused = 64 - (8 << Access.log2Size(aux));
        long signed = value << unused >> unused;
        return (aux & Access.SF) != 0 ? signed : signed & Integers.LOW32;
    }

    private boolean loadPair(CpuContext ctx, long word, long va) {
        int aux = PreDecoded.aux(word);
        if (!mmu.loadPair(va, aux)) {
            return false;
        }
        ctx.x[PreDecoded.rd(word)] = extended(mmu.low(), aux);
        ctx.x[PreDecoded.ra(word)] = extended(mmu.high(), aux);
        return true;
    }

    private boolean storePair(CpuContext ctx, long word, long va) {
        return mmu.storePair(va, ctx.x[PreDecoded.rd(word)], ctx.x[PreDecoded.ra(word)], PreDecoded.aux(word));
    }

    private boolean load(CpuContext ctx, long word, long va) {
        int aux = PreDecoded.aux(word);
        long value = mmu.load(va, aux);
        if (mmu.faulted()) {
            return false;
        }
        ctx.x[PreDecoded.rd(word)] = extended(value, aux);
        return true;
    }

    private boolean store(CpuContext ctx, long word, long va) {
        mmu.store(va, ctx.x[PreDecoded.rd(word)], PreDecoded.aux(word));
        return !mmu.faulted();
    }

    private boolean loadExclusive(CpuContext ctx, long word, long va) {
        long value = mmu.loadExclusive(va, PreDecoded.aux(word));
        if (mmu.faulted()) {
            return false;
        }
        ctx.x[PreDecoded.rd(word)] = value;
        return true;
    }

    private boolean storeExclusive(CpuContext ctx, long word, long va) {
        int status = mmu.storeExclusive(va, ctx.x[PreDecoded.rd(word)], PreDecoded.aux(word));
        if (mmu.faulted()) {
            return false;
        }
        ctx.x[PreDecoded.rm(word)] = status;
        return true;
    }

    private boolean loadExclusivePair(CpuContext ctx, long word, long va) {
        if (!mmu.loadExclusivePair(va, PreDecoded.aux(word))) {
            return false;
        }
        ctx.x[PreDecoded.rd(word)] = mmu.low();
        ctx.x[PreDecoded.ra(word)] = mmu.high();
        return true;
    }

    private boolean storeExclusivePair(CpuContext ctx, long word, long va) {
        int status = mmu.storeExclusivePair(
                va, ctx.x[PreDecoded.rd(word)], ctx.x[PreDecoded.ra(word)], PreDecoded.aux(word));
        if (mmu.faulted()) {
            return false;
        }
        ctx.x[PreDecoded.rm(word)] = status;
        return true;
    }

    private boolean compareAndSwap(CpuContext ctx, long word, long va) {
        long old = mmu.compareAndSwap(va, ctx.x[PreDecoded.ra(word)], ctx.x[PreDecoded.rd(word)], PreDecoded.aux(word));
        if (mmu.faulted()) {
            return false;
        }
        ctx.x[PreDecoded.rm(word)] = old;
        return true;
    }

    /// The second register of each pair follows the first; X31 behind X30 reads as zero and takes no write.
    private boolean compareAndSwapPair(CpuContext ctx, long word, long va) {
        int expected = PreDecoded.ra(word);
        int desired = PreDecoded.rd(word);
        if (!mmu.compareAndSwapPair(
                va, ctx.x[expected], ctx.x[expected + 1], ctx.x[desired], ctx.x[desired + 1], PreDecoded.aux(word))) {
            return false;
        }
        int result = PreDecoded.rm(word);
        ctx.x[result] = mmu.low();
        if (result + 1 != PreDecoded.ZR) {
            ctx.x[result + 1] = mmu.high();
        }
        return true;
    }

    /// The operations of [Op] from LDADD to SWP are numbered as those of [AtomicOp].
    private boolean atomic(CpuContext ctx, int op, long word, long va) {
        long old = mmu.atomic(op - Op.LDADD + AtomicOp.ADD, va, ctx.x[PreDecoded.rm(word)], PreDecoded.aux(word));
        if (mmu.faulted()) {
            return false;
        }
        ctx.x[PreDecoded.rd(word)] = old;
        return true;
    }
}

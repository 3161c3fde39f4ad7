package dev.ipanema.machine.cpu;

import dev.ipanema.arm.a64.PreDecoded;
import dev.ipanema.arm.cpu.CpuFeature;
import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.register.AtOp;
import dev.ipanema.arm.register.CacheOp;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.arm.register.TlbiOp;
import dev.ipanema.machine.memory.CacheOperation;
import dev.ipanema.machine.memory.PhysicalMemory;
import dev.ipanema.machine.mmu.Mmu;

/// SYS of one processing element: cache maintenance, address translation and TLB maintenance, with what makes them
/// UNDEFINED and what traps them.
///
/// Source: Arm ARM DDI 0487, C5.3 to C5.5, the access pseudocode of each instruction.
final class SystemInstructions {
    private final Mmu mmu;
    private final PhysicalMemory physicalMemory;
    private final Exceptions exceptions;
    private final CpuModel model;

    SystemInstructions(Mmu mmu, PhysicalMemory memory, Exceptions exceptions, CpuModel model) {
        this.mmu = mmu;
        this.physicalMemory = memory;
        this.exceptions = exceptions;
        this.model = model;
    }

    /// Executes SYS; see [Interpreter] for the answer.
    int sys(CpuContext ctx, long word) {
        int key = PreDecoded.aux(word);
        long operand = ctx.x[PreDecoded.rd(word)];
        CacheOp cache = CacheOp.of(key);
        if (cache != null) {
            return cache(ctx, cache, word, operand);
        }
        TlbiOp tlbi = TlbiOp.of(key);
        if (tlbi != null) {
            return tlbi(ctx, tlbi, word, operand);
        }
        AtOp at = AtOp.of(key);
        if (at != null) {
            return at(ctx, at, operand);
        }
        int crn = SysReg.crn(key);
        boolean implementationDefined = crn == 11 || crn == 15;
        return implementationDefined && ctx.el() == 1 && (ctx.translation().hcrEl2 & HcrEl2.TIDCP) != 0
                ? trap(word)
                : exceptions.undefined(ctx);
    }

    private int trap(long word) {
        return exceptions.trap(SystemRegisters.syndrome(PreDecoded.aux(word), PreDecoded.rd(word), false));
    }

    private int cache(CpuContext ctx, CacheOp op, long word, long operand) {
        if (!exists(op)) {
            return exceptions.undefined(ctx);
        }
        if (ctx.el() == 0) {
            if (!op.allowedAtEl0()) {
                return exceptions.undefined(ctx);
            }
            long needed = op == CacheOp.DC_ZVA ? SctlrEl1.DZE : SctlrEl1.UCI;
            if ((ctx.translation().sctlrEl1 & needed) == 0) {
                return exceptions.synchronous(
                        ctx, SystemRegisters.syndrome(PreDecoded.aux(word), PreDecoded.rd(word), false));
            }
        }
        if ((ctx.translation().hcrEl2 & trapOf(op)) != 0) {
            return trap(word);
        }
        return switch (op.operand()) {
            case VA -> byAddress(op, operand);
            case NONE -> wholeInstructionCache(ctx, op);
            case SET_WAY -> bySetAndWay(op, operand);
        };
    }

    private int bySetAndWay(CacheOp op, long operand) {
        mmu.maintain(op, SetWayOperand.decode(model, operand));
        return mmu.faulted() ? Interpreter.FAULT : Interpreter.NEXT;
    }

    private int byAddress(CacheOp op, long va) {
        if (op == CacheOp.DC_ZVA) {
            mmu.dcZva(va);
        } else {
            mmu.maintain(op, va);
        }
        return mmu.faulted() ? Interpreter.FAULT : Interpreter.NEXT;
    }

    private int wholeInstructionCache(CpuContext ctx, CacheOp op) {
        boolean everywhere = op == CacheOp.IC_IALLUIS || (ctx.translation().hcrEl2 & HcrEl2.FB) != 0;
        CacheOperation operation = everywhere ? CacheOperation.IC_INVAL_ALL_POU_IS : CacheOperation.IC_INVAL_ALL_POU;
        physicalMemory.maintenance().done(operation, mmu.fetchOrigin(), 0, 0);
        ctx.pc += DecodedPage.INSTRUCTION_BYTES;
        return Interpreter.RESUME;
    }

    private boolean exists(CacheOp op) {
        return switch (op) {
            case DC_CVAP -> model.guestHas(CpuFeature.DPB);
            case DC_CVADP -> model.guestHas(CpuFeature.DPB2);
            default -> true;
        };
    }

    private static long trapOf(CacheOp op) {
        return switch (op) {
            case DC_ISW, DC_CSW, DC_CISW -> HcrEl2.TSW;
            case DC_ZVA -> HcrEl2.TDZ;
            case IC_IALLU, IC_IVAU, DC_CVAU -> HcrEl2.TPU | HcrEl2.TOCU;
            case IC_IALLUIS -> HcrEl2.TPU | HcrEl2.TICAB;
            case DC_IVAC, DC_CVAC, DC_CIVAC, DC_CVAP, DC_CVADP -> HcrEl2.TPCP;
        };
    }

    private int tlbi(CpuContext ctx, TlbiOp op, long word, long operand) {
        if (ctx.el() == 0 || !op.allowedAtEl1() || !exists(op)) {
            return exceptions.undefined(ctx);
        }
        long traps = switch (op.reach()) {
            case LOCAL -> HcrEl2.TTLB;
            case INNER -> HcrEl2.TTLB | HcrEl2.TTLBIS;
            case OUTER -> HcrEl2.TTLB | HcrEl2.TTLBOS;
        };
        if ((ctx.translation().hcrEl2 & traps) != 0) {
            return trap(word);
        }
        mmu.tlbi(op, operand);
        return Interpreter.NEXT;
    }

    private boolean exists(TlbiOp op) {
        return (!op.kind().isRange() || model.guestHas(CpuFeature.TLBIRANGE))
                && (op.reach() != TlbiOp.Reach.OUTER || model.guestHas(CpuFeature.TLBIOS));
    }

    private int at(CpuContext ctx, AtOp op, long operand) {
        if (ctx.el() == 0 || op.bothStages() || (op.honoursPan() && !model.guestHas(CpuFeature.PAN2))) {
            return exceptions.undefined(ctx);
        }
        long par = mmu.at(op, operand);
        if (mmu.faulted()) {
            return Interpreter.FAULT;
        }
        ctx.sys[SysReg.PAR_EL1.index()] = par;
        return Interpreter.NEXT;
    }
}

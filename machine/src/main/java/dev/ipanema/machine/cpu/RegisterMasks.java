package dev.ipanema.machine.cpu;

import static dev.ipanema.arm.register.SctlrEl1.A;
import static dev.ipanema.arm.register.SctlrEl1.BT0;
import static dev.ipanema.arm.register.SctlrEl1.BT1;
import static dev.ipanema.arm.register.SctlrEl1.C;
import static dev.ipanema.arm.register.SctlrEl1.DSSBS;
import static dev.ipanema.arm.register.SctlrEl1.DZE;
import static dev.ipanema.arm.register.SctlrEl1.ENDA;
import static dev.ipanema.arm.register.SctlrEl1.ENDB;
import static dev.ipanema.arm.register.SctlrEl1.ENIA;
import static dev.ipanema.arm.register.SctlrEl1.ENIB;
import static dev.ipanema.arm.register.SctlrEl1.EPAN;
import static dev.ipanema.arm.register.SctlrEl1.I;
import static dev.ipanema.arm.register.SctlrEl1.M;
import static dev.ipanema.arm.register.SctlrEl1.NAA;
import static dev.ipanema.arm.register.SctlrEl1.NTWE;
import static dev.ipanema.arm.register.SctlrEl1.NTWI;
import static dev.ipanema.arm.register.SctlrEl1.SA;
import static dev.ipanema.arm.register.SctlrEl1.SA0;
import static dev.ipanema.arm.register.SctlrEl1.SPAN;
import static dev.ipanema.arm.register.SctlrEl1.UCI;
import static dev.ipanema.arm.register.SctlrEl1.UCT;
import static dev.ipanema.arm.register.SctlrEl1.UMA;
import static dev.ipanema.arm.register.SctlrEl1.WXN;

import dev.ipanema.arm.cpu.CpuFeature;
import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.fp.FpStatus;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.arm.register.TcrEl1;

/// Which bits a guest's write to a register of one model changes (the others are RES0, RES1 or read-only), and which
/// bits are RES1: the part that depends on what the guest's identification registers promise.
final class RegisterMasks {
    private static final long SCTLR_ALWAYS = M | A | C | SA | SA0 | UMA | I | DZE | UCT | NTWI | NTWE | WXN | UCI;

    private final long[] writable = new long[SysReg.COUNT];
    private final long[] res1 = new long[SysReg.COUNT];
    private final boolean ecv;

    RegisterMasks(CpuModel model) {
        ecv = model.guestHas(CpuFeature.ECV);
        for (SysReg reg : SysReg.values()) {
            writable[reg.index()] = reg.writable();
        }
        writable[SysReg.SCTLR_EL1.index()] = SCTLR_ALWAYS
                | when(model, CpuFeature.LSE2, NAA)
                | when(model, CpuFeature.SSBS, DSSBS)
                | when(model, CpuFeature.PAN, SPAN)
                | when(model, CpuFeature.PAN3, EPAN)
                | when(model, CpuFeature.BTI, BT0 | BT1)
                | (model.pauthLevel() > 0 ? ENIA | ENIB | ENDA | ENDB : 0);
        res1[SysReg.SCTLR_EL1.index()] = SctlrEl1.RES1 | (model.guestHas(CpuFeature.PAN) ? 0 : SPAN);
        writable[SysReg.FPCR.index()] = FpStatus.FPCR_BASE | when(model, CpuFeature.FP16, FpStatus.FZ16);
        long tcr = TcrEl1.BASE
                | when(model, CpuFeature.HPDS, TcrEl1.HPD)
                | when(model, CpuFeature.E0PD, TcrEl1.E0PD)
                | when(model, CpuFeature.LPA2, TcrEl1.DS)
                | when(model, CpuFeature.HAFDBS, TcrEl1.HA | TcrEl1.HD)
                | (model.pauthLevel() > 0 ? TcrEl1.TBID : 0);
        writable[SysReg.TCR_EL1.index()] = tcr;
    }

    private static long when(CpuModel model, CpuFeature feature, long bits) {
        return model.guestHas(feature) ? bits : 0;
    }

    /// {@return whether the guest has the self-synchronised counter views}
    boolean ecv() {
        return ecv;
    }

    /// {@return what the register holds after a guest wrote `value`}
    long written(SysReg reg, long value) {
        int index = reg.index();
        return (value & writable[index]) | res1[index];
    }
}

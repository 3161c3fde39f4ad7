package dev.ipanema.machine.mmu;

import dev.ipanema.arm.cpu.CpuFeature;
import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.memory.Stage1Output;
import dev.ipanema.arm.pgtable.VtcrEl2;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.TcrEl1;
import dev.ipanema.arm.register.TtbrEl1;
import dev.ipanema.arm.register.VttbrEl2;

/// The EL1&0 regime of the bound context, decoded. [#update] follows the registers; what depends only on
/// registers that seldom change is decoded again only when one of them did.
///
/// Those registers together are the *configuration*; each one met gets a small number, which tags TLB
/// entries.
final class Regime {
    /// Configurations told apart before the TLBs are emptied and numbering starts again.
    static final int MAX_CONFIGS = 64;

    private static final int CONFIG_REGISTERS = 5;

    private final CpuModel model;
    private final long[] configs = new long[MAX_CONFIGS * CONFIG_REGISTERS];
    private int configCount;

    boolean stage1On;
    boolean stage2On;

    /// TTBR0's half, TTBR1's half.
    Stage1Half lower;

    Stage1Half upper;
    Stage2Regime stage2;
    int config;
    int vmid;
    int asid;
    long sctlr;
    long mair;
    long hcr;
    boolean hardwareAf;
    boolean hardwareDirty;
    boolean wxn;
    boolean epan;
    long lowerBase;
    long upperBase;
    long stage2Base;

    private long tcr;
    private long vtcr;

    Regime(CpuModel model) {
        this.model = model;
        this.lower = Stage1Half.of(0, 0, 0, model);
        this.upper = Stage1Half.of(0, 0, 1, model);
        this.stage2 = Stage2Regime.of(0, 0, model);
    }

    /// Follows the registers.
    ///
    /// @return whether the numbers of configurations ran out, so that all TLB entries must go
    boolean update(TranslationContext ctx) {
        boolean exhausted = false;
        long newSctlr = ctx.sctlrEl1 & SctlrEl1.TRANSLATION_BITS;
        long newHcr = ctx.hcrEl2 & HcrEl2.TRANSLATION_BITS;
        if (configCount == 0
                || newSctlr != sctlr
                || newHcr != hcr
                || ctx.tcrEl1 != tcr
                || ctx.vtcrEl2 != vtcr
                || ctx.mairEl1 != mair) {
            sctlr = newSctlr;
            hcr = newHcr;
            tcr = ctx.tcrEl1;
            vtcr = ctx.vtcrEl2;
            mair = ctx.mairEl1;
            exhausted = decode();
        }
        vmid = VttbrEl2.vmid(ctx.vttbrEl2, VtcrEl2.vs(vtcr) && model.has(CpuFeature.VMID16));
        asid = TtbrEl1.asid((tcr & TcrEl1.A1) != 0 ? ctx.ttbr1El1 : ctx.ttbr0El1, (tcr & TcrEl1.AS) != 0);
        lowerBase = lower.base(ctx.ttbr0El1);
        upperBase = upper.base(ctx.ttbr1El1);
        stage2Base = stage2.base(ctx.vttbrEl2);
        return exhausted;
    }

    private boolean decode() {
        stage1On = Stage1Output.isEnabled(is(SctlrEl1.M), (hcr & HcrEl2.TGE) != 0, (hcr & HcrEl2.DC) != 0);
        stage2On = Stage1Output.isStage2Enabled((hcr & HcrEl2.VM) != 0, (hcr & HcrEl2.DC) != 0);
        lower = Stage1Half.of(tcr, sctlr, 0, model);
        upper = Stage1Half.of(tcr, sctlr, 1, model);
        stage2 = Stage2Regime.of(vtcr, hcr, model);
        boolean hafdbs = model.has(CpuFeature.HAFDBS);
        hardwareAf = (tcr & TcrEl1.HA) != 0 && hafdbs;
        hardwareDirty = hardwareAf && (tcr & TcrEl1.HD) != 0;
        wxn = is(SctlrEl1.WXN);
        epan = is(SctlrEl1.EPAN) && model.has(CpuFeature.PAN3);
        return numberConfig();
    }

    private boolean numberConfig() {
        for (int i = 0; i < configCount; i++) {
            int at = i * CONFIG_REGISTERS;
            if (configs[at] == sctlr
                    && configs[at + 1] == tcr
                    && configs[at + 2] == mair
                    && configs[at + 3] == hcr
                    && configs[at + 4] == vtcr) {
                config = i;
                return false;
            }
        }
        boolean exhausted = configCount == MAX_CONFIGS;
        if (exhausted) {
            configCount = 0;
        }
        config = configCount++;
        int at = config * CONFIG_REGISTERS;
        configs[at] = sctlr;
        configs[at + 1] = tcr;
        configs[at + 2] = mair;
        configs[at + 3] = hcr;
        configs[at + 4] = vtcr;
        return exhausted;
    }

    /// {@return whether a bit of SCTLR_EL1 is set}
    boolean is(long sctlrBit) {
        return (sctlr & sctlrBit) != 0;
    }

    /// {@return the half that an address lies in, by bit 55}
    Stage1Half half(long va) {
        return isUpper(va) ? upper : lower;
    }

    static boolean isUpper(long va) {
        return va << 8 < 0;
    }
}

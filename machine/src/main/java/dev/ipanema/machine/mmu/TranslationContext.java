package dev.ipanema.machine.mmu;

import org.jspecify.annotations.Nullable;

/// The registers that decide how the EL1&0 regime of one virtual or physical processor translates
/// addresses.
///
/// Fields are plain and written by the owner's thread; after a write the owner calls [#changed()] (any
/// register) or [#privilegeChanged()] (only `el`, `pan`, `uao`), and the [Mmu] to which the context is
/// bound, if any, follows.
public final class TranslationContext {
    /// `SCTLR_EL1`.
    public long sctlrEl1;
    /// `TCR_EL1`.
    public long tcrEl1;
    /// `TTBR0_EL1`.
    public long ttbr0El1;
    /// `TTBR1_EL1`.
    public long ttbr1El1;
    /// `MAIR_EL1`.
    public long mairEl1;
    /// `HCR_EL2`.
    public long hcrEl2;
    /// `VTCR_EL2`.
    public long vtcrEl2;
    /// `VTTBR_EL2`.
    public long vttbrEl2;
    /// The exception level, 0 or 1.
    public int el = 1;
    /// `PSTATE.PAN`.
    public boolean pan;
    /// `PSTATE.UAO`: unprivileged loads and stores at EL1 act as privileged.
    public boolean uao;

    @Nullable
    Mmu mmu;

    /// Tells the bound MMU that a register changed. Nothing is invalidated: entries made under the old
    /// values stay invisible until the same values return or a TLBI removes them.
    public void changed() {
        Mmu bound = mmu;
        if (bound != null) {
            bound.contextChanged();
        }
    }

    /// Tells the bound MMU that `el`, `pan` or `uao` changed; a cheap subset of [#changed()].
    public void privilegeChanged() {
        Mmu bound = mmu;
        if (bound != null) {
            bound.privilegeChanged();
        }
    }
}

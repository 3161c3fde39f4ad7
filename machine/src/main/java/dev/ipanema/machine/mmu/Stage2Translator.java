package dev.ipanema.machine.mmu;

import dev.ipanema.arm.memory.AccessKind;
import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.arm.memory.Shareability;
import dev.ipanema.arm.pgtable.Stage2Descriptor;
import dev.ipanema.machine.memory.Origin;
import dev.ipanema.machine.memory.PhysicalMemory;

/// Stage 2 for one address at a time: the stage-2 entries of the TLB, behind them the walker, and the
/// hardware updates of access flag and dirty state. Only while stage 2 is on. The result stands in the
/// fields.
final class Stage2Translator {
    private final Regime regime;
    private final Stage2Walker walker;
    private final Stage2Tlb tlb;

    /// The leaf, its level and log2 of the bytes it covers.
    long descriptor;

    int level;
    int shift;

    /// Physical address that belongs to the intermediate one.
    long pa;

    /// Why [#find] failed: a fault status.
    int fault;

    private long ipa;
    private boolean cached;

    Stage2Translator(PhysicalMemory memory, Regime regime, Stage2Tlb tlb, Origin origin) {
        this.regime = regime;
        this.walker = new Stage2Walker(memory, regime, origin);
        this.tlb = tlb;
    }

    /// Finds the leaf of an address.
    ///
    /// @param needsAf whether a clear access flag that hardware does not set is a fault
    /// @return false for a fault, whose status is then in [#fault]
    boolean find(long address, boolean needsAf) {
        ipa = address;
        int entry = tlb.find(address, regime.vmid, regime.config);
        if (entry == Stage2Tlb.NONE) {
            return walk(needsAf);
        }
        cached = true;
        descriptor = tlb.descriptor(entry);
        level = tlb.level(entry);
        shift = tlb.shift(entry);
        pa = tlb.pa(entry) | (address & (1L << shift) - 1);
        return true;
    }

    private boolean walk(boolean needsAf) {
        cached = false;
        if (!walker.walk(ipa, needsAf)) {
            fault = walker.fault;
            level = walker.level;
            return false;
        }
        descriptor = walker.descriptor;
        level = walker.level;
        shift = walker.shift;
        pa = walker.pa | (ipa & (1L << shift) - 1);
        return true;
    }

    /// Caches the leaf found by a walk; one whose access flag is clear never is.
    void cache() {
        if (!cached && Stage2Descriptor.af(descriptor)) {
            tlb.insert(ipa, regime.vmid, regime.config, shift, walker.pa, descriptor, level);
            cached = true;
        }
    }

    /// {@return whether reads are allowed}
    boolean readable() {
        return Stage2Descriptor.isReadable(descriptor);
    }

    /// {@return whether writes are allowed, at once or by a hardware update}
    boolean writable() {
        return Stage2Descriptor.isWritable(descriptor) || clean();
    }

    /// {@return whether the first write makes the leaf writable}
    boolean clean() {
        return regime.stage2.hardwareDirty()
                && (descriptor & (Stage2Descriptor.DBM | Stage2Descriptor.S2AP_W)) == Stage2Descriptor.DBM;
    }

    boolean executableAtEl1() {
        return Stage2Descriptor.isExecutableAtEl1(descriptor, regime.stage2.xnx());
    }

    boolean executableAtEl0() {
        return Stage2Descriptor.isExecutableAtEl0(descriptor, regime.stage2.xnx());
    }

    /// {@return the type that the leaf gives to an access, see
    /// [dev.ipanema.arm.memory.Stage2Modifiers#leafType]}
    MemoryAttributes leafType(MemoryAttributes s1) {
        return regime.stage2.modifiers().leafType(s1, Stage2Descriptor.memAttr(descriptor), shareability());
    }

    /// {@return the final type, see [dev.ipanema.arm.memory.Stage2Modifiers#result]}
    MemoryAttributes result(AccessKind kind, MemoryAttributes s1, MemoryAttributes leafType) {
        return regime.stage2
                .modifiers()
                .result(
                        kind,
                        s1,
                        leafType,
                        Stage2Descriptor.memAttr(descriptor),
                        shareability(),
                        Stage2Descriptor.fnxs(descriptor));
    }

    private Shareability shareability() {
        return regime.stage2.shFromVtcr()
                ? regime.stage2.vtcrShareability()
                : Stage2Descriptor.shareability(descriptor);
    }

    /// {@return whether the leaf has to be updated in memory before an access that has passed all checks}
    boolean needsUpdate(boolean write) {
        return (regime.stage2.hardwareAf() && !Stage2Descriptor.af(descriptor)) || (write && clean());
    }

    /// Makes the updates of [#needsUpdate] in memory.
    ///
    /// @return false when the leaf was changed by others meanwhile, or is not the one the TLB showed:
    ///     nothing was written, find it again and repeat the checks
    boolean update(boolean write) {
        if (cached) {
            tlb.removeIpa(regime.vmid, ipa, 1);
            return false;
        }
        long wanted = descriptor | Stage2Descriptor.AF | (write && clean() ? Stage2Descriptor.S2AP_W : 0);
        if (!walker.update(wanted)) {
            return false;
        }
        descriptor = wanted;
        return true;
    }
}

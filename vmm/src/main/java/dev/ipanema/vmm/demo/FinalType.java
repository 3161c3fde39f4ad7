package dev.ipanema.vmm.demo;

import dev.ipanema.arm.exception.Par;
import dev.ipanema.arm.memory.AccessKind;
import dev.ipanema.arm.memory.Cacheability;
import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.arm.memory.Shareability;
import dev.ipanema.arm.memory.Stage1Output;
import dev.ipanema.arm.memory.Stage2Modifiers;
import dev.ipanema.arm.pgtable.Stage2Descriptor;
import dev.ipanema.kvm.stage2.Stage2Leaf;

/// The memory type that accesses of a guest have, as both stages of translation make it: the guest's
/// PAR_EL1, KVM's leaf, and the rules by which the machine puts them together.
///
/// @param stage1 what the guest asks for
/// @param stage2 what KVM's leaf says, in the words of the recordings
/// @param type what accesses have
public record FinalType(MemoryAttributes stage1, String stage2, MemoryAttributes type) {
    /// {@return the type of loads and stores at an address}
    ///
    /// @param par PAR_EL1 of the guest's translation
    static FinalType ofData(long par, Stage2Leaf leaf, boolean fwb) {
        return of(AccessKind.DATA, Par.attributes(par), leaf, fwb);
    }

    /// {@return the type of fetches while the guest's MMU and instruction cache are off}
    static FinalType ofFetchWithMmuOff(Stage2Leaf leaf, boolean fwb) {
        return of(AccessKind.FETCH, Stage1Output.disabled(AccessKind.FETCH, false, false, false), leaf, fwb);
    }

    private static FinalType of(AccessKind kind, MemoryAttributes stage1, Stage2Leaf leaf, boolean fwb) {
        if (!leaf.isMapped()) {
            throw new IllegalStateException("KVM has not mapped what the guest has accessed");
        }
        // As KVM runs guests: PTW set, CD and ID clear.
        Stage2Modifiers modifiers = new Stage2Modifiers(fwb, true, false, false, false);
        Shareability shareability = Stage2Descriptor.shareability(leaf.descriptor());
        MemoryAttributes leafType = modifiers.leafType(stage1, leaf.memAttr(), shareability);
        MemoryAttributes type = modifiers.result(
                kind, stage1, leafType, leaf.memAttr(), shareability, Stage2Descriptor.fnxs(leaf.descriptor()));
        return new FinalType(stage1, leaf.type(fwb), type);
    }

    /// {@return whether accesses see what is in the caches}
    public boolean isCacheable() {
        return isCacheable(type);
    }

    /// {@return whether stage 2 has made cacheable what the guest wanted uncached, which takes
    /// FEAT_S2FWB}
    public boolean isForced() {
        return isCacheable() && !isCacheable(stage1);
    }

    private static boolean isCacheable(MemoryAttributes type) {
        return !type.isDevice()
                && (type.inner().cacheability() != Cacheability.NC
                        || type.outer().cacheability() != Cacheability.NC);
    }

    /// {@return a type without hints and shareability, as `Normal-WB` or `Device-nGnRE`}
    static String word(MemoryAttributes type) {
        return type.isDevice()
                ? type.deviceType().armName()
                : "Normal-" + type.inner().cacheability();
    }

    /// {@return the type, as `Normal-WB`}
    public String word() {
        return word(type);
    }

    /// {@return all three, as `Device-nGnRE (stage 1 Normal-WB, stage 2 DEVICE_nGnRE)`}
    @Override
    public String toString() {
        return word(type) + " (stage 1 " + word(stage1) + ", stage 2 " + stage2 + ")";
    }
}

package dev.ipanema.host.mm;

import dev.ipanema.arm.memory.Mair;
import dev.ipanema.arm.memory.MemoryAttributes;

/// The memory attribute index of a host page-table entry (`PTE_ATTRINDX`), which is what `vm_page_prot`
/// carries and what KVM tests.
///
/// | index | pgprot helper |
/// |---|---|
/// | `MT_NORMAL` | default user mapping |
/// | `MT_NORMAL_TAGGED` | `pgprot_tagged`, `PROT_MTE` |
/// | `MT_NORMAL_NC` | `pgprot_writecombine` |
/// | `MT_DEVICE_nGnRnE` | `pgprot_noncached` |
/// | `MT_DEVICE_nGnRE` | `pgprot_device` |
///
/// Source: Linux `arch/arm64/include/asm/memory.h`, `asm/pgtable.h`, `mm/proc.S`.
public enum PteAttrIndex {
    MT_NORMAL(0),
    MT_NORMAL_TAGGED(1),
    MT_NORMAL_NC(2),
    MT_DEVICE_nGnRnE(3),
    MT_DEVICE_nGnRE(4);

    private static final PteAttrIndex[] VALUES = values();

    private final int index;

    PteAttrIndex(int index) {
        this.index = index;
    }

    /// {@return the index, 0 to 4}
    public int index() {
        return index;
    }

    /// {@return the attribute of an index, 0 to 4}
    public static PteAttrIndex of(int index) {
        return VALUES[index];
    }

    /// {@return the byte that Linux puts into `MAIR_EL1` for the index, on a host with MTE set up}
    public int mairByte() {
        return Mair.encode(memoryAttributes());
    }

    /// {@return the type of a physical access through such an entry}
    public MemoryAttributes memoryAttributes() {
        return switch (this) {
            case MT_NORMAL -> MemoryAttributes.NORMAL_WB;
            case MT_NORMAL_TAGGED -> MemoryAttributes.NORMAL_WB_TAGGED;
            case MT_NORMAL_NC -> MemoryAttributes.NORMAL_NC;
            case MT_DEVICE_nGnRnE -> MemoryAttributes.DEVICE_nGnRnE;
            case MT_DEVICE_nGnRE -> MemoryAttributes.DEVICE_nGnRE;
        };
    }

    /// {@return whether accesses through such an entry are Device accesses, which must be aligned}
    public boolean isDevice() {
        return memoryAttributes().isDevice();
    }
}

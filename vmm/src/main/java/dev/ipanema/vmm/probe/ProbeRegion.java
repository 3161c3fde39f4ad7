package dev.ipanema.vmm.probe;

/// The kinds of memory that the default guest is given, and where it finds them. Guest-physical addresses lie inside
/// the default 40-bit IPA space and inside the 39 bits that the payload's stage 1 maps.
public enum ProbeRegion {
    /// Ordinary memory: anonymous pages of the VMM.
    RAM("ram", 0x8000_0000L),
    /// Memory of the coherent GPU through a cacheable `VM_PFNMAP` VMA, as nvgrace-gpu maps USEMEM.
    GPU_USEMEM("gpu-usemem", 0x20_0000_0000L),
    /// Memory of the GPU through a Normal-NC VMA with `VM_ALLOW_ANY_UNCACHED`, as nvgrace-gpu maps RESMEM.
    NC("nc", 0x14_0000_0000L),
    /// Registers of the GPU: a Device-nGnRnE VMA with `VM_ALLOW_ANY_UNCACHED`, as vfio-pci maps a BAR.
    BAR0("bar0", 0x10_0000_0000L);

    private final String word;
    private final long ipa;

    ProbeRegion(String word, long ipa) {
        this.word = word;
        this.ipa = ipa;
    }

    /// {@return its name in reports}
    public String word() {
        return word;
    }

    /// {@return where the guest sees it}
    public long ipa() {
        return ipa;
    }
}

package dev.ipanema.host.driver;

import dev.ipanema.host.mm.HostPte;
import dev.ipanema.host.mm.PageProt;
import dev.ipanema.host.mm.PfnInsertion;
import dev.ipanema.host.mm.PteAttrIndex;
import dev.ipanema.host.mm.VmFault;
import dev.ipanema.host.mm.VmFlags;
import dev.ipanema.host.mm.VmOperations;

/// Fault handlers that insert special PFNs of one contiguous range: a page at a time, or 2 MiB where
/// address and PFN agree on the alignment and the block lies inside the VMA.
final class PfnFaults implements VmOperations {
    private final long firstPfn;
    private final long firstPgoff;
    private final PteAttrIndex pteProt;
    private final boolean huge;
    private final DeviceMapping.Gate gate;
    private final Object deviceLock;

    /// @param firstPfn the PFN behind page offset `firstPgoff` of the VMA
    /// @param huge whether 2 MiB leaves are made
    /// @param gate whether the device may be accessed now; otherwise an access is SIGBUS
    /// @param deviceLock held from that question to the insertion; who revokes access holds it too
    PfnFaults(
            long firstPfn,
            long firstPgoff,
            PteAttrIndex pteProt,
            boolean huge,
            DeviceMapping.Gate gate,
            Object deviceLock) {
        this.firstPfn = firstPfn;
        this.firstPgoff = firstPgoff;
        this.pteProt = pteProt;
        this.huge = huge;
        this.gate = gate;
        this.deviceLock = deviceLock;
    }

    private long pfn(VmFault fault) {
        return firstPfn + fault.pgoff() - firstPgoff;
    }

    @Override
    public int fault(VmFault fault) {
        gate.beforeFault();
        synchronized (deviceLock) {
            return gate.usable() ? insertPage(fault) : VmFault.VM_FAULT_SIGBUS;
        }
    }

    private int insertPage(VmFault fault) {
        if (fault.vma().has(VmFlags.VM_MIXEDMAP)) {
            return PfnInsertion.vmfInsertMixed(fault.mm(), fault.vma(), fault.hva(), pfn(fault));
        }
        PageProt prot = fault.vma().vmPageProt().withAttr(pteProt);
        return PfnInsertion.vmfInsertPfnProt(fault.mm(), fault.vma(), fault.hva(), pfn(fault), prot);
    }

    @Override
    public boolean hasHugeFault() {
        return huge;
    }

    @Override
    public int hugeFault(VmFault fault) {
        long pfn = pfn(fault);
        if (!huge || !PfnInsertion.pmdFits(fault.vma(), fault.hva(), pfn)) {
            return VmFault.VM_FAULT_FALLBACK;
        }
        gate.beforeFault();
        long pages = 1L << (HostPte.PMD_SHIFT - HostPte.PAGE_SHIFT);
        synchronized (deviceLock) {
            return gate.usable() ? PfnInsertion.vmfInsertPfnPmd(fault, pfn & -pages) : VmFault.VM_FAULT_SIGBUS;
        }
    }
}

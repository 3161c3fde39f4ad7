package dev.ipanema.host.driver;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.HostPte;
import dev.ipanema.host.mm.PfnInsertion;
import dev.ipanema.host.mm.VmFlags;
import dev.ipanema.host.mm.VmOperations;
import dev.ipanema.host.mm.Vma;

/// What vfio-pci and nvgrace-gpu do when a part of a device is mapped, and in the faults that follow.
///
/// @param kind what the device has there
/// @param phys physical address of the region's first byte
/// @param length bytes that can be mapped
/// @param atMmap whether memory is mapped whole at mmap, as up to 6.17; without effect on a BAR
/// @param gate whether the device may be accessed when a fault happens
/// @param deviceLock held from that question to the insertion; who revokes access holds it too
///
/// Source: Linux 7.3 `drivers/vfio/pci/vfio_pci_core.c:vfio_pci_core_mmap`,
/// `drivers/vfio/pci/nvgrace-gpu/main.c:nvgrace_gpu_mmap`.
public record DeviceMapping(
        DeviceRegion.Kind kind, long phys, long length, boolean atMmap, Gate gate, Object deviceLock) {

    /// Decides on faults.
    @FunctionalInterface
    public interface Gate {
        /// {@return whether the device may be accessed now; otherwise the access is SIGBUS}
        boolean usable();

        /// A fault is about to take the device's lock: what may take long and needs no lock is done here.
        default void beforeFault() {}
    }

    /// {@return whether its mappings are made at mmap and stay}
    public boolean isMappedAtMmap() {
        return atMmap && kind != DeviceRegion.Kind.BAR;
    }

    /// Prepares a VMA.
    ///
    /// @param offset bytes from the start of the region
    /// @return 0; -EINVAL behind the end, for a BAR that is not mapped shared, and for a private writable
    ///     mapping that faults would fill; -EOVERFLOW when offset and length wrap
    public int mmap(AddressSpace mm, Vma vma, long offset) {
        if (kind == DeviceRegion.Kind.BAR && !vma.has(VmFlags.VM_SHARED)) {
            return Errno.EINVAL.negated();
        }
        if (offset < 0 || offset > Long.MAX_VALUE - vma.size()) {
            return Errno.EOVERFLOW.negated();
        }
        long mappable = (length + AddressSpace.PAGE_SIZE - 1) & -AddressSpace.PAGE_SIZE;
        // What is mapped at mmap may be private: remap_pfn_range then makes it read-only.
        if (offset + vma.size() > mappable || (vma.isCowMapping() && !isMappedAtMmap())) {
            return Errno.EINVAL.negated();
        }
        vma.setPageProt(kind.attr());
        vma.setFlags(kind.vmFlags());
        long firstPfn = (phys + offset) >>> HostPte.PAGE_SHIFT;
        if (isMappedAtMmap()) {
            vma.setOps(VmOperations.NO_FAULT);
            int result = PfnInsertion.remapPfnRange(mm, vma, vma.start(), firstPfn, vma.size(), vma.vmPageProt());
            vma.setPgoff(firstPfn);
            return result;
        }
        vma.setOps(new PfnFaults(firstPfn, vma.pgoff(), kind.attr(), true, gate, deviceLock));
        return 0;
    }
}

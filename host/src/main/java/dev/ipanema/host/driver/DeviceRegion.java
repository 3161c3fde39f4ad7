package dev.ipanema.host.driver;

import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.HostPte;
import dev.ipanema.host.mm.KernelMemory;
import dev.ipanema.host.mm.MappableFile;
import dev.ipanema.host.mm.PteAttrIndex;
import dev.ipanema.host.mm.VmFlags;
import dev.ipanema.host.mm.Vma;

/// A region of a GPU that was handed to user space, as one file that can be mapped: a [DeviceMapping] without the VFIO
/// interface around it.
///
/// | kind | attribute | flags beside `VM_IO`, `VM_PFNMAP`, `VM_DONTEXPAND`, `VM_DONTDUMP` | source |
/// |---|---|---|---|
/// | `USEMEM` | `MT_NORMAL` | – | nvgrace-gpu, memory the guest uses as RAM |
/// | `RESMEM` | `MT_NORMAL_NC` | `VM_ALLOW_ANY_UNCACHED` | nvgrace-gpu, memory the guest's driver maps uncached |
/// | `BAR` | `MT_DEVICE_nGnRnE` | `VM_ALLOW_ANY_UNCACHED` | vfio-pci, registers |
///
/// Faults insert a page or 2 MiB. Up to 6.17 the two memory regions were mapped whole at mmap by
/// `remap_pfn_range`. While the device is suspended, not ready or has its memory decoding off, faults are
/// SIGBUS.
///
/// Source: Linux 7.3 `drivers/vfio/pci/vfio_pci_core.c:vfio_pci_core_mmap`,
/// `drivers/vfio/pci/nvgrace-gpu/main.c:nvgrace_gpu_mmap`.
public final class DeviceRegion implements MappableFile {
    private final KernelMemory kernel;
    private final String name;
    private final DeviceMapping mapping;
    private final Object deviceLock = new Object();
    private boolean memoryEnabled = true;
    private boolean suspended;
    private boolean ready = true;

    /// What a region is made of.
    public enum Kind {
        USEMEM(PteAttrIndex.MT_NORMAL, 0),
        RESMEM(PteAttrIndex.MT_NORMAL_NC, VmFlags.VM_ALLOW_ANY_UNCACHED),
        BAR(PteAttrIndex.MT_DEVICE_nGnRnE, VmFlags.VM_ALLOW_ANY_UNCACHED);

        private final PteAttrIndex attr;
        private final long flags;

        Kind(PteAttrIndex attr, long flags) {
            this.attr = attr;
            this.flags = flags;
        }

        /// {@return the attribute of its VMAs}
        public PteAttrIndex attr() {
            return attr;
        }

        /// {@return all the flags its driver gives a VMA}
        public long vmFlags() {
            return VmFlags.REMAP_FLAGS | flags;
        }
    }

    /// @param name the path that smaps shows
    /// @param phys physical address of its first byte, page-aligned
    /// @param length bytes
    /// @param atMmap whether the memory kinds are mapped whole at mmap, as up to 6.17; without effect on a
    ///     BAR
    public DeviceRegion(KernelMemory kernel, String name, Kind kind, long phys, long length, boolean atMmap) {
        this.kernel = kernel;
        this.name = name;
        this.mapping = new DeviceMapping(kind, phys, length, atMmap, this::usable, deviceLock);
    }

    @Override
    public String name() {
        return name;
    }

    /// {@return what it is made of}
    public Kind kind() {
        return mapping.kind();
    }

    /// {@return the physical address of its first byte}
    public long phys() {
        return mapping.phys();
    }

    /// {@return its length in bytes}
    public long length() {
        return mapping.length();
    }

    /// @return what [DeviceMapping#mmap] says
    @Override
    public int mmap(AddressSpace mm, Vma vma) {
        return mapping.mmap(mm, vma, vma.pgoff() << HostPte.PAGE_SHIFT);
    }

    private boolean usable() {
        return memoryEnabled && !suspended && ready;
    }

    /// Switches the device's memory decoding. Off: all mappings are removed and accesses are SIGBUS until
    /// it is on.
    public void setMemoryEnabled(boolean enabled) {
        synchronized (deviceLock) {
            memoryEnabled = enabled;
            zapUnlessUsable();
        }
    }

    /// Suspends or resumes the device (runtime power management).
    public void setSuspended(boolean isSuspended) {
        synchronized (deviceLock) {
            suspended = isSuspended;
            zapUnlessUsable();
        }
    }

    /// Says whether the memory is ready after a reset.
    public void setReady(boolean isReady) {
        synchronized (deviceLock) {
            ready = isReady;
            zapUnlessUsable();
        }
    }

    private void zapUnlessUsable() {
        if (!usable() && !mapping.isMappedAtMmap()) {
            kernel.unmapMappingRange(this, 0, mapping.length());
        }
    }
}

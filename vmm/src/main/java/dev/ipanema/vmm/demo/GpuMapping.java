package dev.ipanema.vmm.demo;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.guests.program.CacheProgram;
import dev.ipanema.host.driver.DeviceRegion;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.Mman;
import dev.ipanema.host.platform.Host;
import dev.ipanema.kvm.version.KernelVersion;

/// The memory of a GPU as a VMM has it from its driver: PFNs, mapped write-back.
final class GpuMapping {
    private GpuMapping() {}

    /// {@return the first bytes of the GPU's memory, as many as a guest of the demonstrations has room
    /// for}
    static DeviceRegion memory(Host host, KernelVersion version) {
        return host.gpuMemory(DeviceRegion.Kind.USEMEM, 0, CacheProgram.MEMORY_SIZE, version.mapsGpuMemoryAtMmap());
    }

    /// Maps a region.
    ///
    /// @return where, a multiple of its length
    static long map(AddressSpace mm, DeviceRegion region) {
        long hva = mm.mmap(
                mm.unmappedArea(region.length(), region.length()),
                region.length(),
                Mman.PROT_READ | Mman.PROT_WRITE,
                Mman.MAP_SHARED | Mman.MAP_FIXED,
                region,
                0);
        if (hva < 0) {
            throw new IllegalStateException("mmap of GPU memory failed: " + Errno.render((int) hva));
        }
        return hva;
    }
}

package dev.ipanema.vmm.passthrough;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.devices.bus.LittleEndian;
import dev.ipanema.devices.pci.PciFunction;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.Mman;
import dev.ipanema.host.vfio.VfioDevice;
import dev.ipanema.host.vfio.VfioRegionInfo;
import dev.ipanema.host.vfio.VfioUapi;
import java.util.ArrayList;
import java.util.List;

/// A VFIO device as the VMM holds it: its file, what it says of its regions, and their mappings. It outlives the
/// resets of the guest.
final class OpenFunction implements AutoCloseable {
    /// The BAR that `nvgrace-gpu` makes of the coherent memory.
    static final int COHERENT_BAR = VfioUapi.VFIO_PCI_BAR4_REGION_INDEX;

    private static final String COHERENT_DRIVER = "nvgrace-gpu";

    private final VfioDevice device;
    private final List<VfioRegionInfo> bars = new ArrayList<>();
    private final List<Area> areas = new ArrayList<>();

    /// A part of a BAR that the VMM has mapped.
    ///
    /// @param offset bytes into the BAR
    record Area(int bar, long offset, long size, long hva) {}

    /// @param device open, closed with this
    /// @throws BadInput when a region cannot be mapped
    OpenFunction(VfioDevice device, AddressSpace mm) {
        this.device = device;
        for (int bar = 0; bar < PciFunction.BARS; bar++) {
            int result = device.regionInfo(bar, bars::add);
            if (result != 0) {
                throw new BadInput(
                        device.bdf() + ": VFIO_DEVICE_GET_REGION_INFO of BAR " + bar + ": " + Errno.render(result),
                        BadInput.FINDING);
            }
            map(mm, bars.get(bar));
        }
    }

    private void map(AddressSpace mm, VfioRegionInfo info) {
        if ((info.flags() & VfioUapi.VFIO_REGION_INFO_FLAG_MMAP) == 0 || info.size() == 0) {
            return;
        }
        List<VfioRegionInfo.SparseArea> parts =
                info.sparse().isEmpty() ? List.of(new VfioRegionInfo.SparseArea(0, info.size())) : info.sparse();
        for (VfioRegionInfo.SparseArea part : parts) {
            long alignment = Math.max(AddressSpace.PAGE_SIZE, Math.min(Long.lowestOneBit(part.size()), Sizes.GIB));
            long hva = mm.mmap(
                    mm.unmappedArea(part.size(), alignment),
                    part.size(),
                    Mman.PROT_READ | Mman.PROT_WRITE,
                    Mman.MAP_SHARED | Mman.MAP_FIXED,
                    device,
                    info.offset() + part.offset());
            if (hva < 0) {
                throw new BadInput(
                        device.bdf() + ": mmap of BAR " + info.index() + ": " + Errno.render((int) hva),
                        BadInput.FINDING);
            }
            areas.add(new Area(info.index(), part.offset(), part.size(), hva));
        }
    }

    private int config16(int offset) {
        byte[] bytes = new byte[Short.BYTES];
        device.pread(VfioUapi.offsetOf(VfioUapi.VFIO_PCI_CONFIG_REGION_INDEX) + offset, bytes, 0, bytes.length);
        return LittleEndian.get16(bytes, 0);
    }

    /// {@return its PCI vendor id}
    int vendor() {
        return config16(0);
    }

    /// {@return its PCI device id}
    int deviceId() {
        return config16(Short.BYTES);
    }

    /// {@return the device's file}
    VfioDevice device() {
        return device;
    }

    /// {@return what the device says of a BAR; its size is 0 when it is not there}
    VfioRegionInfo bar(int index) {
        return bars.get(index);
    }

    /// {@return what of its BARs is mapped}
    List<Area> areas() {
        return areas;
    }

    /// {@return whether one of its BARs is coherent memory: what a user of the device has to know, since no ioctl
    /// tells}
    boolean isCoherent() {
        return device.driver().equals(COHERENT_DRIVER) && device.trouble().isEmpty();
    }

    /// {@return the mapping of its coherent memory}
    ///
    /// @throws BadInput when it has none
    Area coherentMemory() {
        if (isCoherent()) {
            for (Area area : areas) {
                if (area.bar() == COHERENT_BAR) {
                    return area;
                }
            }
        }
        throw new BadInput(
                device.bdf() + " has no coherent memory: "
                        + (device.trouble().isEmpty() ? "its driver is " + device.driver() : device.trouble()),
                BadInput.FINDING);
    }

    @Override
    public void close() {
        device.close();
    }
}

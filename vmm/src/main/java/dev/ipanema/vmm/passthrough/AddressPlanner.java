package dev.ipanema.vmm.passthrough;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.devices.pci.PciFunction;
import dev.ipanema.host.platform.Host;
import dev.ipanema.host.platform.HostProfile;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Finds places in a guest for the large things of the host's devices: the high PCI window grows until their BARs fit,
/// and memory outside of PCI lies behind it.
final class AddressPlanner {
    private static final long MEMORY_ALIGNMENT = Sizes.GIB;

    /// BARs of a smaller size fit beside others wherever.
    private static final long LARGE = 256 * Sizes.MIB;

    private final Host host;
    private final List<HostDevice> devices;
    private final Map<String, OpenFunction> open;
    private final List<MemorySlots.Wanted> memory = new ArrayList<>();

    /// @param open the open device of each address on the host's bus
    AddressPlanner(Host host, List<HostDevice> devices, Map<String, OpenFunction> open) {
        this.host = host;
        this.devices = devices;
        this.open = open;
    }

    private OpenFunction function(HostDevice device) {
        OpenFunction function = open.get(device.bdf());
        if (function == null) {
            throw new IllegalStateException(device.bdf() + " is not open");
        }
        return function;
    }

    /// {@return the memory of the plan, as it was mapped}
    List<MemorySlots.Wanted> memory() {
        return List.copyOf(memory);
    }

    /// {@return the plan}
    ///
    /// @throws BadInput when something cannot be placed
    AddressPlan plan(long highMmio, long highMmioEnd) {
        long end = highMmioEnd;
        boolean preset = false;
        while (end - highMmio < 2 * largeBars()) {
            end *= 2;
        }
        for (HostDevice device : devices) {
            if (device instanceof HostDevice.Function function && function.identityMap()) {
                preset = true;
                long base = identity(function);
                while (end
                        < base + function(device).bar(OpenFunction.COHERENT_BAR).size()) {
                    end *= 2;
                }
                if (base < highMmio) {
                    throw new BadInput("--device " + device.name() + ": identity-map: the host has the memory at "
                            + Sizes.hex(base) + ", below the guest's PCI window at " + Sizes.hex(highMmio));
                }
            }
        }
        return new AddressPlan(highMmio, end, nodes(end), preset);
    }

    private List<AddressPlan.NodeMemory> nodes(long from) {
        List<AddressPlan.NodeMemory> nodes = new ArrayList<>();
        long at = from;
        for (HostDevice device : devices) {
            if (device instanceof HostDevice.Memory wanted) {
                OpenFunction.Area area = function(device).coherentMemory();
                long size = wanted.size() == 0 ? area.size() : wanted.size();
                if (size > area.size()) {
                    throw new BadInput("--device " + device.name() + ": size=" + Sizes.format(size)
                            + " is more than its memory, which has " + Sizes.format(area.size()));
                }
                nodes.add(new AddressPlan.NodeMemory(wanted.node(), at, size, wanted.isPersistent()));
                memory.add(new MemorySlots.Wanted(device.bdf(), "memory", at, size, area.hva()));
                at = (at + size + MEMORY_ALIGNMENT - 1) & -MEMORY_ALIGNMENT;
            }
        }
        return nodes;
    }

    /// {@return bytes of all BARs that belong into the high window}
    private long largeBars() {
        long sum = 0;
        for (HostDevice device : devices) {
            for (int bar = 0; device instanceof HostDevice.Function && bar < PciFunction.BARS; bar++) {
                long size = function(device).bar(bar).size();
                sum += size > LARGE ? size : 0;
            }
        }
        return sum;
    }

    /// {@return the host-physical address of a device's coherent memory}
    ///
    /// @throws BadInput when a BAR cannot have it
    long identity(HostDevice.Function device) {
        function(device).coherentMemory();
        long base = host.profile().gpus().stream()
                .filter(gpu -> gpu.bdf().equals(device.bdf()))
                .mapToLong(HostProfile.Gpu::memoryBase)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException(device.bdf() + " is no GPU"));
        long size = function(device).bar(OpenFunction.COHERENT_BAR).size();
        if ((base & (size - 1)) != 0) {
            throw new BadInput(
                    "--device " + device.name() + ": identity-map: the host has the memory at " + Sizes.hex(base)
                            + ", which a BAR of " + Sizes.format(size) + " cannot have",
                    BadInput.FINDING);
        }
        return base;
    }
}

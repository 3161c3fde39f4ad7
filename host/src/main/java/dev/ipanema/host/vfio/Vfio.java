package dev.ipanema.host.vfio;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.time.Ticker;
import dev.ipanema.host.mm.KernelMemory;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// The devices of a host that can be handed to a process, and the drivers that do it. Thread-safe.
public final class Vfio {
    private final KernelMemory kernel;
    private final List<PhysicalFunction> functions;
    private final Ticker ticker;
    private final Delay delay;
    private final Set<String> opened = new HashSet<>();

    /// @param functions on the host's PCI bus
    /// @param ticker measures how long a driver waits for a device
    /// @param delay how it waits
    public Vfio(KernelMemory kernel, List<PhysicalFunction> functions, Ticker ticker, Delay delay) {
        this.kernel = kernel;
        this.functions = List.copyOf(functions);
        this.ticker = ticker;
        this.delay = delay;
    }

    /// {@return where the devices are, in the order of the bus}
    public List<String> devices() {
        return functions.stream().map(PhysicalFunction::bdf).toList();
    }

    /// {@return an IOMMU without mappings, for one process or virtual machine}
    public VfioContainer newContainer() {
        return new VfioContainer(kernel);
    }

    /// Binds a device to its driver, which looks whether the device is ready, and opens it.
    ///
    /// @param mapsAtMmap whether GPU memory is mapped whole at mmap, as up to 6.17
    /// @return the device; -ENODEV for none there; -EBUSY while it is open; what the driver's probe returned
    public VfioOpening open(String bdf, boolean mapsAtMmap) {
        PhysicalFunction function =
                functions.stream().filter(f -> f.bdf().equals(bdf)).findFirst().orElse(null);
        if (function == null) {
            String there = functions.isEmpty() ? "no device" : String.join(", ", devices());
            return VfioOpening.refused(
                    Errno.ENODEV.negated(), "The host has no device " + bdf + " to hand over, but " + there);
        }
        synchronized (opened) {
            if (!opened.add(bdf)) {
                return VfioOpening.refused(Errno.EBUSY.negated(), "Device " + bdf + " is open already");
            }
        }
        VfioOpening opening = new DriverProbe(kernel, function, ticker, delay, mapsAtMmap, () -> closed(bdf)).run();
        if (opening.device() == null) {
            closed(bdf);
        }
        return opening;
    }

    private void closed(String bdf) {
        synchronized (opened) {
            opened.remove(bdf);
        }
    }
}

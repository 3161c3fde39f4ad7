package dev.ipanema.host.vfio;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.time.Ticker;
import dev.ipanema.devices.pci.PciConfig;
import dev.ipanema.devices.pci.PciFunction;
import dev.ipanema.host.mm.KernelMemory;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/// The devices of a host that can be handed to a process, and the drivers that do it. Thread-safe.
public final class Vfio {
    private static final long BUS_ADDRESS_32 = 0x4000_0000L;

    private final KernelMemory kernel;
    private final List<PhysicalFunction> functions;
    private final Ticker ticker;
    private final Delay delay;
    private final Map<String, MsixVectors> slots = new HashMap<>();
    private final Set<String> opened = new HashSet<>();

    /// @param functions on the host's PCI bus
    /// @param ticker measures how long a driver waits for a device
    /// @param delay how it waits
    public Vfio(KernelMemory kernel, List<PhysicalFunction> functions, Ticker ticker, Delay delay) {
        this.kernel = kernel;
        this.functions = List.copyOf(functions);
        this.ticker = ticker;
        this.delay = delay;
        for (PhysicalFunction hardware : functions) {
            PciFunction function = hardware.function();
            MsixVectors slot = new MsixVectors(function, PciConfig.capability(function, PciConfig.CAP_MSIX));
            slots.put(hardware.bdf(), slot);
            function.plugged(slot);
            assignBars(hardware);
        }
    }

    /// What firmware does: each BAR gets the address at which the bus serves it. A BAR of 32 bits gets one of the bus's
    /// own, which the host bridge translates; each device has a segment to itself.
    private static void assignBars(PhysicalFunction hardware) {
        PciFunction function = hardware.function();
        hardware.barBases().forEach((index, base) -> {
            int at = PciConfig.BASE_ADDRESS_0 + Integer.BYTES * index;
            boolean wide = (function.readConfig(at, Integer.BYTES) & PciConfig.BAR_64) != 0;
            function.writeConfig(at, Integer.BYTES, wide ? base & 0xffff_ffffL : BUS_ADDRESS_32);
            if (wide) {
                function.writeConfig(at + Integer.BYTES, Integer.BYTES, base >>> Integer.SIZE);
            }
        });
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
        VfioOpening opening = new DriverProbe(
                        kernel,
                        function,
                        Objects.requireNonNull(slots.get(bdf)),
                        ticker,
                        delay,
                        mapsAtMmap,
                        () -> closed(bdf))
                .run();
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

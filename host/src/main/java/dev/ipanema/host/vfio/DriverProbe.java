package dev.ipanema.host.vfio;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.base.time.Ticker;
import dev.ipanema.devices.gpu.CoherentGpu;
import dev.ipanema.devices.gpu.GpuModel;
import dev.ipanema.devices.pci.PciConfig;
import dev.ipanema.devices.pci.PciFunction;
import dev.ipanema.host.mm.KernelMemory;
import dev.ipanema.machine.memory.PhysicalMemory;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/// Binds a device to the driver that its identity names, and opens it.
///
/// | device | driver |
/// |---|---|
/// | no coherent GPU of NVIDIA's | `vfio-pci` |
/// | its memory does not become ready | none: -ETIME, -ENODEV, -EINTR |
/// | its memory properties are missing, out of range or say size 0 | as `vfio-pci` |
/// | else | `nvgrace-gpu`, or -EOVERFLOW, -EINVAL when the memory cannot be divided |
///
/// Source: Linux 7.3 `drivers/vfio/pci/nvgrace-gpu/main.c:nvgrace_gpu_probe`.
final class DriverProbe {
    private static final Set<Integer> DEVICE_IDS = deviceIds();
    private static final int MIG_WORD = 0xa;
    private static final int MIG_FIXED = 1;

    private final KernelMemory kernel;
    private final PhysicalFunction hardware;
    private final PciFunction function;
    private final MsixVectors msix;
    private final Ticker ticker;
    private final Delay delay;
    private final boolean mapsAtMmap;
    private final Runnable onClose;
    private final Object memoryLock = new Object();

    DriverProbe(
            KernelMemory kernel,
            PhysicalFunction hardware,
            MsixVectors msix,
            Ticker ticker,
            Delay delay,
            boolean mapsAtMmap,
            Runnable onClose) {
        this.kernel = kernel;
        this.hardware = hardware;
        this.function = hardware.function();
        this.msix = msix;
        this.ticker = ticker;
        this.delay = delay;
        this.mapsAtMmap = mapsAtMmap;
        this.onClose = onClose;
    }

    /// The table of the driver, and the models that this project adds.
    private static Set<Integer> deviceIds() {
        Set<Integer> ids = new HashSet<>(Set.of(0x2342, 0x2345, 0x2348, 0x2941, 0x31c2));
        Arrays.stream(GpuModel.values()).map(GpuModel::deviceId).forEach(ids::add);
        return Set.copyOf(ids);
    }

    VfioOpening run() {
        long vendor = function.readConfig(PciConfig.VENDOR, Short.BYTES);
        int device = (int) function.readConfig(PciConfig.DEVICE, Short.BYTES);
        if (vendor != CoherentGpu.VENDOR || !DEVICE_IDS.contains(device)) {
            return plain("nvgrace-gpu does not know " + Sizes.hex(vendor) + ":" + Sizes.hex(device));
        }
        DeviceReadiness readiness = new DeviceReadiness(function, memoryLock, ticker, delay);
        int ready = awaitReady(readiness);
        if (ready != 0) {
            return VfioOpening.refused(ready, notReady(readiness, ready));
        }
        PhysicalFunction.MemoryProperties memory = hardware.properties();
        String trouble = trouble(memory);
        if (!trouble.isEmpty()) {
            return plain(trouble);
        }
        MemRegion.Layout layout = MemRegion.divide(memory.base(), memory.size(), hasMigBug());
        MemRegion usemem = layout.usemem();
        if (usemem == null) {
            return VfioOpening.refused(
                    layout.errno(),
                    "Of " + Sizes.format(memory.size()) + " GPU memory of " + hardware.bdf()
                            + " nothing is left beside the 1G that the MIG bug takes");
        }
        return opened(new NvgraceGpu(
                kernel, hardware, msix, memoryLock, usemem, layout.resmem(), readiness, mapsAtMmap, onClose));
    }

    /// BAR0 answers only while memory decoding is on.
    private int awaitReady(DeviceReadiness readiness) {
        long command = function.readConfig(PciConfig.COMMAND, Short.BYTES);
        function.writeConfig(PciConfig.COMMAND, Short.BYTES, command | PciConfig.COMMAND_MEMORY);
        int ready = readiness.await();
        function.writeConfig(PciConfig.COMMAND, Short.BYTES, command);
        return ready;
    }

    private String notReady(DeviceReadiness readiness, int errno) {
        String where = readiness.isCxl()
                ? "its CXL DVSEC does not show the memory as active"
                : "its registers do not show the C2C link up and HBM trained";
        return "nvgrace-gpu does not take " + hardware.bdf() + " (" + Errno.render(errno) + "): " + where;
    }

    private String trouble(PhysicalFunction.MemoryProperties memory) {
        if (!memory.present()) {
            return "ACPI does not have nvidia,gpu-mem-base-pa and nvidia,gpu-mem-size for " + hardware.bdf();
        }
        if (memory.size() == 0) {
            return "ACPI says nvidia,gpu-mem-size 0 for " + hardware.bdf() + ": the C2C link was down at boot";
        }
        long limit = 1L << PhysicalMemory.MAX_ADDRESS_BITS;
        boolean inRange = memory.base() >= 0 && memory.size() > 0 && memory.size() <= limit - memory.base();
        if (!inRange || !kernel.memory().contains(memory.base(), memory.size())) {
            return "ACPI says that the memory of " + hardware.bdf() + " is " + Sizes.format(memory.size()) + " at "
                    + Sizes.hex(memory.base()) + ", where it is not";
        }
        return "";
    }

    private boolean hasMigBug() {
        int at = PciConfig.dvsec(function, CoherentGpu.VENDOR, CoherentGpu.NVIDIA_DVSEC);
        return at == 0 || (function.readConfig(at + MIG_WORD, Short.BYTES) & MIG_FIXED) == 0;
    }

    private VfioOpening plain(String trouble) {
        return opened(new VfioPciDevice(kernel, hardware, msix, memoryLock, trouble, onClose));
    }

    private static VfioOpening opened(VfioPciDevice device) {
        device.enable();
        return new VfioOpening(0, "", device);
    }
}

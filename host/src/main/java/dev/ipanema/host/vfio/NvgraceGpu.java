package dev.ipanema.host.vfio;

import static dev.ipanema.host.vfio.VfioUapi.VFIO_PCI_CONFIG_REGION_INDEX;
import static dev.ipanema.host.vfio.VfioUapi.VFIO_REGION_INFO_FLAG_CAPS;
import static dev.ipanema.host.vfio.VfioUapi.VFIO_REGION_INFO_FLAG_MMAP;
import static dev.ipanema.host.vfio.VfioUapi.VFIO_REGION_INFO_FLAG_READ;
import static dev.ipanema.host.vfio.VfioUapi.VFIO_REGION_INFO_FLAG_WRITE;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.devices.pci.PciConfig;
import dev.ipanema.host.driver.DeviceMapping;
import dev.ipanema.host.driver.DeviceRegion;
import dev.ipanema.host.mm.HostPte;
import dev.ipanema.host.mm.KernelMemory;
import dev.ipanema.host.mm.PfnSpace;
import dev.ipanema.machine.memory.Agent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A coherent GPU as `nvgrace-gpu` gives it away: its memory appears as 64-bit BARs that the hardware does not have,
/// cacheable as USEMEM in BAR 4, and with the MIG bug uncached as RESMEM in BAR 2.
///
/// After a reset the first access waits until the memory is ready again, and errors in the memory reach its users;
/// neither was so up to 6.17, when the memory was mapped whole at mmap.
///
/// Source: Linux 7.3 `drivers/vfio/pci/nvgrace-gpu/main.c`.
final class NvgraceGpu extends VfioPciDevice {
    private static final int FILLER = 0xff;
    private static final int BAR_BYTES = Long.BYTES;

    private final List<EmulatedBar> bars = new ArrayList<>();
    private final DeviceReadiness readiness;
    private final boolean mapsAtMmap;
    private final List<PfnSpace> registered = new ArrayList<>();
    private boolean resetLatched;
    private int resets;

    /// A BAR that the hardware does not have.
    private static final class EmulatedBar {
        private final MemRegion region;
        private final int register;
        private long written;

        EmulatedBar(MemRegion region) {
            this.region = region;
            this.register = PciConfig.BASE_ADDRESS_0 + Integer.BYTES * region.index();
        }

        long value() {
            return (written & -region.barSize()) | PciConfig.BAR_64 | PciConfig.BAR_PREFETCHABLE;
        }

        boolean intersects(long position, int length) {
            return position < register + BAR_BYTES && position + length > register;
        }
    }

    NvgraceGpu(
            KernelMemory kernel,
            PhysicalFunction hardware,
            MsixVectors msix,
            Object memoryLock,
            MemRegion usemem,
            @Nullable MemRegion resmem,
            DeviceReadiness readiness,
            boolean mapsAtMmap,
            Runnable onClose) {
        super(kernel, hardware, msix, memoryLock, "", onClose);
        if (resmem != null) {
            bars.add(new EmulatedBar(resmem));
        }
        bars.add(new EmulatedBar(usemem));
        this.readiness = readiness;
        this.mapsAtMmap = mapsAtMmap;
    }

    @Override
    public String driver() {
        return "nvgrace-gpu";
    }

    @Override
    void opened() {
        bars.forEach(bar -> bar.written = 0);
        if (mapsAtMmap) {
            return;
        }
        for (EmulatedBar bar : bars) {
            PfnSpace space = new PfnSpace(
                    this,
                    bar.region.phys() >>> HostPte.PAGE_SHIFT,
                    bar.region.length() >>> HostPte.PAGE_SHIFT,
                    VfioUapi.offsetOf(bar.region.index()) >>> HostPte.PAGE_SHIFT);
            registered.add(space);
            kernel.register(space);
        }
    }

    @Override
    void released() {
        registered.forEach(kernel::unregister);
        registered.clear();
    }

    @Override
    void resetDone() {
        resetLatched = !mapsAtMmap;
        resets++;
    }

    @Override
    public int reset() {
        synchronized (memoryLock) {
            bars.forEach(bar -> bar.written = 0);
            return super.reset();
        }
    }

    private @Nullable EmulatedBar bar(int index) {
        for (EmulatedBar bar : bars) {
            if (bar.region.index() == index) {
                return bar;
            }
        }
        return null;
    }

    @Override
    public int regionInfo(int index, Consumer<VfioRegionInfo> to) {
        EmulatedBar bar = bar(index);
        if (bar == null) {
            return super.regionInfo(index, to);
        }
        to.accept(new VfioRegionInfo(
                index,
                VFIO_REGION_INFO_FLAG_READ
                        | VFIO_REGION_INFO_FLAG_WRITE
                        | VFIO_REGION_INFO_FLAG_MMAP
                        | VFIO_REGION_INFO_FLAG_CAPS,
                bar.region.barSize(),
                VfioUapi.offsetOf(index),
                List.of(new VfioRegionInfo.SparseArea(0, bar.region.length())),
                false));
        return 0;
    }

    // ---- reading and writing ---------------------------------------------------------------------------------------

    @Override
    int beforeAccess(int index, long position) {
        EmulatedBar bar = bar(index);
        return bar != null && position < bar.region.length() ? awaitCxl() : 0;
    }

    /// CXL's wait after a reset is long: others are not kept from the device meanwhile.
    ///
    /// @return 0, or a negated errno when the memory did not become ready
    private int awaitCxl() {
        if (!readiness.isCxl()) {
            return 0;
        }
        int waitedFor;
        synchronized (memoryLock) {
            if (!resetLatched || isSuspended() || !isMemoryEnabled()) {
                return 0;
            }
            waitedFor = resets;
        }
        int ready = readiness.await();
        synchronized (memoryLock) {
            // Another reset may have come meanwhile, which nobody has waited for yet.
            resetLatched &= ready != 0 || resets != waitedFor;
        }
        return ready;
    }

    @Override
    long accessRegion(int index, long position, byte[] buffer, int at, int length, boolean write) {
        EmulatedBar bar = bar(index);
        if (bar != null) {
            return accessMemory(bar.region, position, buffer, at, length, write);
        }
        if (index != VFIO_PCI_CONFIG_REGION_INDEX) {
            return super.accessRegion(index, position, buffer, at, length, write);
        }
        return write ? writeConfig(position, buffer, at, length) : readConfig(position, buffer, at, length);
    }

    private long accessMemory(MemRegion region, long position, byte[] buffer, int at, int length, boolean write) {
        if (position >= region.barSize()) {
            return Errno.EINVAL.negated();
        }
        int count = (int) Math.min(length, region.barSize() - position);
        int inMemory = Math.clamp(region.length() - position, 0, count);
        if (inMemory > 0) {
            int ready = checkReady();
            if (ready != 0) {
                return ready;
            }
            // memremap of the one, ioremap_wc of the other.
            boolean cached = region.kind() == DeviceRegion.Kind.USEMEM;
            MemoryAttributes type = cached ? MemoryAttributes.NORMAL_WB : MemoryAttributes.NORMAL_NC;
            long pa = region.phys() + position;
            if (write) {
                kernel.memory().write(Agent.HOST_KERNEL, type, pa, buffer, at, inMemory);
            } else {
                kernel.memory().read(Agent.HOST_KERNEL, type, pa, buffer, at, inMemory);
            }
        }
        if (!write) {
            Arrays.fill(buffer, at + inMemory, at + count, (byte) FILLER);
        }
        return count;
    }

    private long readConfig(long position, byte[] buffer, int at, int length) {
        long result = super.accessRegion(VFIO_PCI_CONFIG_REGION_INDEX, position, buffer, at, length, false);
        if (result < 0) {
            return result;
        }
        for (EmulatedBar bar : bars) {
            for (int i = 0; i < BAR_BYTES; i++) {
                long to = bar.register + i - position;
                if (to >= 0 && to < length) {
                    buffer[at + (int) to] = (byte) (bar.value() >>> (Byte.SIZE * i));
                }
            }
        }
        return result;
    }

    /// A write that touches an emulated BAR stops there: it answers how many bytes that BAR took.
    private long writeConfig(long position, byte[] buffer, int at, int length) {
        for (EmulatedBar bar : bars) {
            if (bar.intersects(position, length)) {
                return writeBar(bar, position, buffer, at, length);
            }
        }
        return super.accessRegion(VFIO_PCI_CONFIG_REGION_INDEX, position, buffer, at, length, true);
    }

    private static long writeBar(EmulatedBar bar, long position, byte[] buffer, int at, int length) {
        int taken = 0;
        for (int i = 0; i < BAR_BYTES; i++) {
            long from = bar.register + i - position;
            if (from >= 0 && from < length) {
                int shift = Byte.SIZE * i;
                bar.written = (bar.written & ~(0xffL << shift)) | (buffer[at + (int) from] & 0xffL) << shift;
                taken++;
            }
        }
        return taken;
    }

    // ---- mapping ---------------------------------------------------------------------------------------------------

    @Override
    @Nullable
    DeviceMapping mapping(int index) {
        EmulatedBar bar = bar(index);
        if (bar == null) {
            return super.mapping(index);
        }
        MemRegion region = bar.region;
        return new DeviceMapping(
                region.kind(), region.phys(), region.length(), mapsAtMmap, new FaultGate(), memoryLock);
    }

    private final class FaultGate implements DeviceMapping.Gate {
        @Override
        public void beforeFault() {
            // What comes of it is seen by usable().
            int ignored = awaitCxl();
            assert ignored <= 0;
        }

        @Override
        public boolean usable() {
            if (isSuspended()) {
                return false;
            }
            boolean ready = readiness.isCxl() ? !resetLatched : checkReady() == 0;
            return ready && isMemoryEnabled();
        }
    }

    /// {@return 0 when the memory is ready, for the first time after a reset after waiting; -EIO while it does not
    /// decode; what [DeviceReadiness#await()] says}
    private int checkReady() {
        if (!resetLatched) {
            return 0;
        }
        if (!isMemoryEnabled()) {
            return Errno.EIO.negated();
        }
        int ready = readiness.await();
        resetLatched = ready != 0;
        return ready;
    }
}

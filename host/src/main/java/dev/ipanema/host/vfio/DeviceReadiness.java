package dev.ipanema.host.vfio;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.time.Ticker;
import dev.ipanema.devices.gpu.CoherentGpu;
import dev.ipanema.devices.gpu.GpuBar0;
import dev.ipanema.devices.pci.PciConfig;
import dev.ipanema.devices.pci.PciFunction;
import java.util.function.BooleanSupplier;

/// Waits until a coherent GPU's memory may be accessed: a CXL device says so in its DVSEC, others in two registers of
/// BAR0.
///
/// Time is what the clock says or what was slept, whichever is more, so that a clock that stands still ends no wait
/// never. How long it sleeps between two looks at a DVSEC is this project's choice.
///
/// Source: Linux 7.3 `drivers/vfio/pci/nvgrace-gpu/main.c:nvgrace_gpu_wait_device_ready`; Compute Express Link 3.1,
/// section 8.1.3.8.
final class DeviceReadiness {
    private static final long POLL_MILLIS = 1000;
    private static final long TIMEOUT_MILLIS = 30_000;
    private static final long CXL_POLL_MILLIS = 100;
    private static final long CXL_INFO_MILLIS = 1000;
    private static final int CXL_SIZE_LOW = 0x1c;
    private static final int CXL_ACTIVE_TIMEOUT_SHIFT = 13;
    private static final int CXL_ACTIVE_TIMEOUT_MASK = 7;
    private static final int CXL_LONGEST = 4;
    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final long GONE = 0xffff_ffffL;

    private final PciFunction function;
    private final Object configLock;
    private final Ticker ticker;
    private final Delay delay;
    private final int cxl;

    /// @param configLock held for each look at the configuration space
    DeviceReadiness(PciFunction function, Object configLock, Ticker ticker, Delay delay) {
        this.function = function;
        this.configLock = configLock;
        this.ticker = ticker;
        this.delay = delay;
        this.cxl = PciConfig.dvsec(function, CoherentGpu.CXL_VENDOR, CoherentGpu.CXL_DVSEC);
    }

    /// {@return whether the DVSEC is what tells}
    boolean isCxl() {
        return cxl != 0;
    }

    /// {@return 0; -ETIME; -EINTR when told to end; -ENODEV when the device does not answer}
    int await() {
        return isCxl() ? awaitCxl() : poll(this::registersAreReady, POLL_MILLIS, TIMEOUT_MILLIS);
    }

    private boolean registersAreReady() {
        return function.readBar(CoherentGpu.REGISTER_BAR, GpuBar0.C2C_LINK_STATUS, Integer.BYTES) == GpuBar0.READY
                && function.readBar(CoherentGpu.REGISTER_BAR, GpuBar0.HBM_TRAINING_STATUS, Integer.BYTES)
                        == GpuBar0.READY;
    }

    private int awaitCxl() {
        int valid = poll(() -> sizeLowHas(CoherentGpu.CXL_MEM_INFO_VALID), CXL_POLL_MILLIS, CXL_INFO_MILLIS);
        if (valid != 0 || isGone()) {
            return valid != 0 ? valid : Errno.ENODEV.negated();
        }
        int exponent = (int) (sizeLow() >>> CXL_ACTIVE_TIMEOUT_SHIFT) & CXL_ACTIVE_TIMEOUT_MASK;
        long millis = CXL_INFO_MILLIS << (2 * Math.min(exponent, CXL_LONGEST));
        int active = poll(() -> sizeLowHas(CoherentGpu.CXL_MEM_ACTIVE), CXL_POLL_MILLIS, millis);
        return active == 0 && isGone() ? Errno.ENODEV.negated() : active;
    }

    private long sizeLow() {
        synchronized (configLock) {
            return function.readConfig(cxl + CXL_SIZE_LOW, Integer.BYTES);
        }
    }

    /// All ones have every bit.
    private boolean sizeLowHas(int bit) {
        return (sizeLow() & bit) != 0;
    }

    private boolean isGone() {
        return sizeLow() == GONE;
    }

    private int poll(BooleanSupplier ready, long stepMillis, long timeoutMillis) {
        long start = ticker.nanos();
        long slept = 0;
        while (!ready.getAsBoolean()) {
            long elapsed = Math.max(slept, (ticker.nanos() - start) / NANOS_PER_MILLI);
            if (elapsed > timeoutMillis) {
                return Errno.ETIME.negated();
            }
            if (!delay.sleep(stepMillis)) {
                return Errno.EINTR.negated();
            }
            slept += stepMillis;
        }
        return 0;
    }
}

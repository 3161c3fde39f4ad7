package dev.ipanema.host.vfio;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.time.Ticker;
import dev.ipanema.host.mm.KernelMemory;

/// Binds a device to the driver that its identity names.
final class DriverProbe {
    private final KernelMemory kernel;
    private final PhysicalFunction hardware;
    private final Ticker ticker;
    private final Delay delay;
    private final boolean mapsAtMmap;
    private final Runnable onClose;

    DriverProbe(
            KernelMemory kernel,
            PhysicalFunction hardware,
            Ticker ticker,
            Delay delay,
            boolean mapsAtMmap,
            Runnable onClose) {
        this.kernel = kernel;
        this.hardware = hardware;
        this.ticker = ticker;
        this.delay = delay;
        this.mapsAtMmap = mapsAtMmap;
        this.onClose = onClose;
    }

    VfioOpening run() {
        return VfioOpening.refused(
                Errno.ENODEV.negated(), "No driver takes " + hardware.bdf() + " of " + kernel + ticker + delay + mapsAtMmap + onClose);
    }
}

package dev.ipanema.devices.pci;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A function whose configuration space is a [PciConfigSpace] and whose interrupt is a pin or MSI-X messages.
public abstract class EmulatedPciFunction implements PciFunction {
    private final PciConfigSpace config;
    private @Nullable PciSlot slot;
    private boolean pending;

    /// @param config the subclass adds BARs and capabilities to it before it is plugged in
    protected EmulatedPciFunction(PciConfigSpace config) {
        this.config = config;
    }

    /// {@return its configuration space}
    protected final PciConfigSpace config() {
        return config;
    }

    @Override
    public final void plugged(PciSlot where) {
        if (slot != null) {
            throw new IllegalStateException("The function is in a slot already");
        }
        slot = where;
    }

    private PciSlot slot() {
        return Objects.requireNonNull(slot, "The function is in no slot yet");
    }

    /// Asks for an interrupt by the pin, or takes that back.
    protected final void intx(boolean level) {
        pending = level;
        config.interruptStatus(level);
        slot().intx(level && (config.command() & PciConfig.COMMAND_INTX_DISABLE) == 0);
    }

    /// Sends a message, if the function may.
    protected final void msi(long address, int data) {
        if ((config.command() & PciConfig.COMMAND_MASTER) != 0) {
            slot().msi(address, data);
        }
    }

    /// The guest is about to read the configuration space.
    protected void beforeConfigRead(int offset, int bytes) {}

    /// The guest has written the configuration space.
    protected void afterConfigWrite(int offset, int bytes) {}

    @Override
    public final long readConfig(int offset, int bytes) {
        beforeConfigRead(offset, bytes);
        return config.get(offset, bytes);
    }

    @Override
    public final void writeConfig(int offset, int bytes, long value) {
        int before = config.command();
        long bars = barSum();
        config.write(offset, bytes, value);
        afterConfigWrite(offset, bytes);
        if (config.command() != before && slot != null) {
            intx(pending);
        }
        if (barSum() != bars) {
            slot().barsChanged();
        }
    }

    /// Takes the configuration space back to what it was, as a reset does.
    protected final void restoreConfig(PciConfigSpace.State state) {
        long bars = barSum();
        config.restore(state);
        if (slot != null) {
            intx(false);
            if (barSum() != bars) {
                slot.barsChanged();
            }
        }
    }

    /// {@return a number that differs when a BAR has moved}
    private long barSum() {
        long sum = 0;
        for (int i = 0; i < BARS; i++) {
            sum = sum * 31 + barAddress(i);
        }
        return sum;
    }

    @Override
    public final long barAddress(int bar) {
        return config.barAddress(bar);
    }

    @Override
    public final long barSize(int bar) {
        return config.barSize(bar);
    }

    @Override
    public final Space barSpace(int bar) {
        return config.barSpace(bar);
    }
}

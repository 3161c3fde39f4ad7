package dev.ipanema.devices.virtio;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A type of virtio device: what it offers, its configuration space, and what it does with requests. A transport makes
/// it reachable; a device has exactly one.
///
/// Devices have no threads. A transport calls them under the VMM's lock, and input from outside comes in under it too.
public abstract class VirtioDevice {
    private static final int QUEUE_SIZE = 256;

    private final int type;
    private final int queues;
    private @Nullable VirtioRegisters registers;

    /// @param type the device id of VIRTIO 1.3, section 5
    /// @param queues how many virtqueues it has
    protected VirtioDevice(int type, int queues) {
        this.type = type;
        this.queues = queues;
    }

    /// {@return the device id of VIRTIO 1.3, section 5}
    public final int type() {
        return type;
    }

    /// {@return how many virtqueues it has}
    public final int queues() {
        return queues;
    }

    /// {@return a name for the device's type}
    public final String typeName() {
        return getClass().getSimpleName();
    }

    final void attach(VirtioRegisters to) {
        if (registers != null) {
            throw new IllegalStateException("The " + typeName() + " has a transport already");
        }
        registers = to;
    }

    private VirtioRegisters registers() {
        return Objects.requireNonNull(registers, "The device has no transport yet");
    }

    // ---- what a device is ------------------------------------------------------------------------------------------

    /// {@return the feature bits of this type that it offers}
    protected abstract long features();

    /// {@return the most descriptors of a queue, a power of two}
    protected int maxQueueSize(int queue) {
        return QUEUE_SIZE;
    }

    /// {@return a byte of the configuration space, 0 behind its end}
    protected int configByte(int offset) {
        return 0;
    }

    /// Takes a byte that the driver writes to the configuration space; read-only fields ignore it.
    protected void writeConfigByte(int offset, int value) {}

    /// The driver is ready: queues that it set up may be used.
    protected void activate() {}

    /// Back to the state after power on. Requests in flight are dropped.
    protected void reset() {}

    /// The driver has put requests into a queue.
    protected abstract void notified(int queue);

    /// Time has passed: what comes from outside may be given to the driver.
    protected void poll() {}

    // ---- what a device uses ----------------------------------------------------------------------------------------

    /// {@return a queue}
    protected final Virtqueue queue(int index) {
        return registers().queue(index);
    }

    /// {@return whether the driver accepted a feature}
    protected final boolean negotiated(long feature) {
        return (registers().driverFeatures() & feature) != 0;
    }

    /// {@return whether the driver may be given something that has come from outside: it is ready and no error has
    /// happened}
    protected final boolean wake() {
        return registers != null && registers.wake();
    }

    /// Tells the driver of the requests pushed to a queue, if it wants that.
    protected final void signal(int queue) {
        registers().signal(queue);
    }

    /// Tells the driver that the configuration space changed.
    protected final void configChanged() {
        if (registers != null) {
            registers.configChanged();
        }
    }

    /// The driver broke the rules: the device stops and says that it needs a reset.
    protected final void fail(String why) {
        registers().fail(why);
    }
}

package dev.ipanema.vmm.device;

import dev.ipanema.devices.virtio.VirtioDevice;
import java.io.Closeable;
import java.io.IOException;
import java.util.Locale;
import java.util.function.Supplier;

/// A virtio device that a user has given to a guest: how it is reached, and the connection to the outside, a file for
/// example, which outlives the guest's resets.
///
/// @param name what the user asked for, for messages
/// @param transport how the guest reaches it
/// @param model makes the device as it is after power on, with the connection
/// @param backend the connection, closed with the machine
public record GuestDevice(String name, Transport transport, Supplier<VirtioDevice> model, Closeable backend)
        implements Closeable {
    /// How a guest reaches a virtio device.
    public enum Transport {
        /// Registers in a window of the platform bus (virtio 1.2, 4.2).
        MMIO,
        /// A function on the PCI bus (virtio 1.2, 4.1).
        PCI;

        /// {@return how a user spells it}
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// {@return a device without a connection to the outside}
    public static GuestDevice of(String name, Transport transport, Supplier<VirtioDevice> model) {
        return new GuestDevice(name, transport, model, () -> {});
    }

    @Override
    public void close() throws IOException {
        backend.close();
    }
}

package dev.ipanema.devices.virtio;

/// The driver's side of a transport.
public interface DriverTransport {
    long deviceFeatures();

    void driverFeatures(long features);

    int status();

    void status(int value);

    int maxQueueSize(int queue);

    /// Sets a queue up and enables it.
    void queue(int index, int size, long descriptors, long driver, long device);

    void kick(int queue);

    long config(int offset, int bytes);
}

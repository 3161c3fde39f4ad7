package dev.ipanema.devices.virtio;

/// Feature bits that do not depend on the type of device (VIRTIO 1.3, section 6).
public final class VirtioFeature {
    /// A descriptor may point at a table of descriptors.
    public static final long INDIRECT_DESC = 1L << 28;

    /// Notifications are asked for by index.
    public static final long EVENT_IDX = 1L << 29;

    /// The device follows version 1 of the standard.
    public static final long VERSION_1 = 1L << 32;

    /// A single queue may be reset.
    public static final long RING_RESET = 1L << 40;

    /// What every device here offers.
    static final long COMMON = INDIRECT_DESC | EVENT_IDX | VERSION_1 | RING_RESET;

    private VirtioFeature() {}
}

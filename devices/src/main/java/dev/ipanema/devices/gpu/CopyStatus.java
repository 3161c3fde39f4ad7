package dev.ipanema.devices.gpu;

/// How a copy of a [CopyEngine] ended, or what stopped its ring.
public enum CopyStatus {
    /// All bytes were moved.
    DONE(1),
    /// The length is 0.
    NO_LENGTH(2),
    /// The length is more than [CopyEngine#MAX_LENGTH].
    TOO_LONG(3),
    /// The source is not wholly memory that the engine reaches.
    NO_SOURCE(4),
    /// The destination is not wholly memory that the engine reaches and may write.
    NO_DESTINATION(5),
    /// A side is system memory, and the function may not be a bus master.
    NO_MASTER(6),
    /// The engine was reset or its ring stopped under way.
    STOPPED(7),
    /// The address of the ring is no multiple of [CopyEngine#DESCRIPTOR_SIZE].
    RING_MISALIGNED(8),
    /// The ring has fewer than 2 or more than [CopyEngine#MAX_ENTRIES] descriptors.
    RING_SIZE(9),
    /// PUT is no descriptor of the ring.
    RING_PUT(10),
    /// A descriptor of the ring is no memory that the engine reaches and may write.
    RING_NO_MEMORY(11);

    private final int code;

    CopyStatus(int code) {
        this.code = code;
    }

    /// {@return its number in registers and descriptors; 0 means that nothing has ended yet}
    public int code() {
        return code;
    }
}

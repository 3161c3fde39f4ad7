package dev.ipanema.machine.cache;

/// What went wrong between two views of memory.
public enum FindingKind {
    /// A read got bytes that differ from what another view holds by a later write.
    STALE_READ("stale-read"),
    /// A dirty line was written back over bytes that were stored past it.
    LOST_WRITE("lost-write"),
    /// An instruction was executed that memory no longer, or not yet, holds.
    STALE_FETCH("stale-fetch"),
    /// A page came to be accessed both cacheable and not.
    MISMATCHED_ALIAS("mismatched-alias"),
    /// An exclusive or atomic access past the caches to memory that others access through them.
    EXCLUSIVE_ON_NC("exclusive-on-nc"),
    /// A [#STALE_READ] by a device that does not snoop.
    DMA_STALE("dma-stale");

    private final String text;

    FindingKind(String text) {
        this.text = text;
    }

    /// {@return its name in reports}
    public String text() {
        return text;
    }
}

package dev.ipanema.machine.memory;

import dev.ipanema.base.text.Sizes;

/// An access to a physical address at which nothing is, or of a kind that what is there does not take. The
/// caller could have asked [PhysicalMemory#contains]: an access of a guest must never end here.
public final class BusErrorException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final long pa;

    BusErrorException(String what, long pa, long bytes) {
        super(what + ": " + Sizes.hex(pa) + ", " + bytes + " bytes");
        this.pa = pa;
    }

    /// {@return the physical address of the access}
    public long pa() {
        return pa;
    }
}

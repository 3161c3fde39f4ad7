package dev.ipanema.kvm.vm;

import dev.ipanema.base.errno.Errno;

/// An ioctl that makes something, or yields a value, and failed; also every ioctl on a VM whose host kernel has
/// made itself unusable.
public final class KvmError extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int errno;

    KvmError(int errno, String what) {
        super(what + ": " + Errno.render(errno), null, false, false);
        this.errno = errno;
    }

    /// {@return the negated errno}
    public int errno() {
        return errno;
    }
}

package dev.ipanema.host.mm;

/// What would be a `BUG_ON` or an oops on a real host: a driver or KVM broke a rule of the mm.
public final class KernelBug extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /// @param message a sentence that names the rule and the values
    public KernelBug(String message) {
        super(message);
    }
}

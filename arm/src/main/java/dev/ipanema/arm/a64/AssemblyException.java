package dev.ipanema.arm.a64;

/// An instruction that cannot be encoded as asked: an operand out of range, a label never bound, an unknown
/// name.
public final class AssemblyException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /// @param message one sentence with the numbers in it
    public AssemblyException(String message) {
        super(message);
    }
}

package dev.ipanema.arm.a64;

/// The low bits of `aux` of SIMD and floating-point data processing: what the elements are and how many.
///
/// Bits 1:0 log2 of an element's bytes (0 B, 1 H, 2 S, 3 D), 2 [#Q], 3 [#SCALAR]; bits 15:4 are the
/// operation's own ([#free(int)]). Operations whose operands differ in size (long, wide, narrow, pairwise long)
/// carry the smaller of the two.
public final class VectorShape {
    /// The vector is 128 bits long, else 64.
    public static final int Q = 1 << 2;
    /// One element in a register of its size; the rest of the destination becomes zero.
    public static final int SCALAR = 1 << 3;

    private static final int FREE_SHIFT = 4;

    private VectorShape() {}

    /// {@return log2 of the bytes of one element, 0–3}
    public static int log2Size(int aux) {
        return aux & 3;
    }

    /// {@return the bits of one element, 8–64}
    public static int bits(int aux) {
        return 8 << (aux & 3);
    }

    /// {@return whether the vector has 128 bits}
    public static boolean isQ(int aux) {
        return (aux & Q) != 0;
    }

    /// {@return whether it is one element and no vector}
    public static boolean isScalar(int aux) {
        return (aux & SCALAR) != 0;
    }

    /// {@return the number of elements, 1–16}
    public static int lanes(int aux) {
        return isScalar(aux) ? 1 : (isQ(aux) ? 16 : 8) >> log2Size(aux);
    }

    /// {@return the 12 bits that belong to the operation}
    public static int free(int aux) {
        return aux >>> FREE_SHIFT;
    }

    /// {@return the bits of aux}
    ///
    /// @param log2Size 0–3
    /// @param flags [#Q], [#SCALAR] or 0
    /// @param free 12 bits
    static int of(int log2Size, int flags, int free) {
        return log2Size | flags | free << FREE_SHIFT;
    }
}

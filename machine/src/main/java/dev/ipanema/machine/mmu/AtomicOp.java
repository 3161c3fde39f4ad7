package dev.ipanema.machine.mmu;

/// The operations of [Mmu#atomic]: what memory becomes, from its old value and the operand.
///
/// Numbered as `opc` with `o3` of the LSE encoding, so that a decoder's fields may be passed through.
public final class AtomicOp {
    /// old + operand.
    public static final int ADD = 0;
    /// old & ~operand.
    public static final int CLR = 1;
    /// old ^ operand.
    public static final int EOR = 2;
    /// old | operand.
    public static final int SET = 3;
    /// The larger, signed in the access size.
    public static final int SMAX = 4;
    /// The smaller, signed in the access size.
    public static final int SMIN = 5;
    /// The larger, unsigned.
    public static final int UMAX = 6;
    /// The smaller, unsigned.
    public static final int UMIN = 7;
    /// operand.
    public static final int SWP = 8;

    private AtomicOp() {}

    /// {@return the value after operation `op`, unmasked; both arguments zero-extended from `8 <<
    /// log2Size` bits}
    static long apply(int op, int log2Size, long old, long operand) {
        int unused = 64 - (8 << log2Size);
        return switch (op) {
            case ADD -> old + operand;
            case CLR -> old & ~operand;
            case EOR -> old ^ operand;
            case SET -> old | operand;
            case SMAX -> old << unused > operand << unused ? old : operand;
            case SMIN -> old << unused < operand << unused ? old : operand;
            case UMAX -> Long.compareUnsigned(old, operand) > 0 ? old : operand;
            case UMIN -> Long.compareUnsigned(old, operand) < 0 ? old : operand;
            case SWP -> operand;
            default -> throw new IllegalArgumentException("Atomic operation " + op + " does not exist");
        };
    }
}

package dev.ipanema.arm.register;

/// Fields of a list register, `ICH_LR<n>_EL2`: one interrupt that is presented to a guest.
///
/// Source: Arm IHI 0069 (GICv3 and GICv4), "ICH_LR<n>_EL2".
public final class IchLrEl2 {
    /// Interrupt number of the guest.
    public static final long VIRTUAL_ID = 0xffff_ffffL;

    /// A software interrupt raises a maintenance interrupt when it ends; shares bits with the physical number.
    public static final long EOI = 1L << 41;

    /// The interrupt is of group 1.
    public static final long GROUP = 1L << 60;

    /// Deactivation by the guest deactivates a physical interrupt.
    public static final long HW = 1L << 61;

    public static final long PENDING = 1L << 62;
    public static final long ACTIVE = 1L << 63;

    /// Both state bits; none set means that the register is free.
    public static final long STATE = PENDING | ACTIVE;

    private static final int PHYSICAL_ID_SHIFT = 32;
    private static final long PHYSICAL_ID = 0x1fff;
    private static final int PRIORITY_SHIFT = 48;

    private IchLrEl2() {}

    /// {@return the number of the guest's interrupt}
    public static int virtualId(long lr) {
        return (int) lr;
    }

    /// {@return the field with the number of a physical interrupt, 0 to 8191}
    public static long physicalId(int intid) {
        return (intid & PHYSICAL_ID) << PHYSICAL_ID_SHIFT;
    }

    /// {@return the number of the physical interrupt}
    public static int physicalIdOf(long lr) {
        return (int) (lr >>> PHYSICAL_ID_SHIFT & PHYSICAL_ID);
    }

    /// {@return the field with a priority, 0 to 255}
    public static long priority(int priority) {
        return (priority & 0xffL) << PRIORITY_SHIFT;
    }

    /// {@return the priority}
    public static int priorityOf(long lr) {
        return (int) (lr >>> PRIORITY_SHIFT) & 0xff;
    }

    /// {@return whether the register has ended a software interrupt whose end is to be told: a bit of `ICH_EISR_EL2`}
    public static boolean isEnded(long lr) {
        return (lr & (STATE | HW | EOI)) == EOI;
    }
}

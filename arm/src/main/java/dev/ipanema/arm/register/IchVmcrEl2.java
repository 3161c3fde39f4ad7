package dev.ipanema.arm.register;

/// Fields of `ICH_VMCR_EL2`: the guest's CPU interface registers as a hypervisor saves them.
///
/// Source: Arm IHI 0069 (GICv3 and GICv4), "ICH_VMCR_EL2".
public final class IchVmcrEl2 {
    public static final long VENG0 = 1;
    public static final long VENG1 = 1L << 1;

    /// Reading ICC_IAR0 acknowledges group 1 too: GICv2 only.
    public static final long VACKCTL = 1L << 2;

    /// Group 0 is signalled as FIQ.
    public static final long VFIQEN = 1L << 3;

    /// One binary point for both groups.
    public static final long VCBPR = 1L << 4;

    /// EOI drops the priority only; deactivation is by ICC_DIR_EL1.
    public static final long VEOIM = 1L << 9;

    private static final int BPR1_SHIFT = 18;
    private static final int BPR0_SHIFT = 21;
    private static final int PMR_SHIFT = 24;
    private static final long BPR = 7;
    private static final long PMR = 0xff;

    private IchVmcrEl2() {}

    /// {@return the binary point of group 1}
    public static int bpr1(long vmcr) {
        return (int) (vmcr >>> BPR1_SHIFT & BPR);
    }

    /// {@return the binary point of group 0}
    public static int bpr0(long vmcr) {
        return (int) (vmcr >>> BPR0_SHIFT & BPR);
    }

    /// {@return the priority mask}
    public static int pmr(long vmcr) {
        return (int) (vmcr >>> PMR_SHIFT & PMR);
    }

    /// {@return `vmcr` with another binary point of group 1}
    public static long withBpr1(long vmcr, int bpr) {
        return (vmcr & ~(BPR << BPR1_SHIFT)) | (bpr & BPR) << BPR1_SHIFT;
    }

    /// {@return `vmcr` with another binary point of group 0}
    public static long withBpr0(long vmcr, int bpr) {
        return (vmcr & ~(BPR << BPR0_SHIFT)) | (bpr & BPR) << BPR0_SHIFT;
    }

    /// {@return `vmcr` with another priority mask}
    public static long withPmr(long vmcr, int pmr) {
        return (vmcr & ~(PMR << PMR_SHIFT)) | (pmr & PMR) << PMR_SHIFT;
    }
}

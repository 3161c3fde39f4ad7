package dev.ipanema.machine.cpu;

import dev.ipanema.arm.gic.Gicc;
import dev.ipanema.arm.register.IchVmcrEl2;

/// The registers of a GICv2 virtual CPU interface, `GICV_*`, over the state of a [VirtualCpuInterface].
///
/// Source: Arm IHI 0048 (GICv2), 5.5 "Virtual CPU interface".
public final class GicvRegisters {
    private static final long WORD = 0xffff_ffffL;
    private static final int INTID = 0x1fff;

    private GicvRegisters() {}

    /// {@return GICV_CTLR that `ICH_VMCR_EL2` stands for}
    public static long ctlr(long vmcr) {
        return ((vmcr & IchVmcrEl2.VENG0) != 0 ? Gicc.CTLR_ENABLE_GRP0 : 0)
                | ((vmcr & IchVmcrEl2.VENG1) != 0 ? Gicc.CTLR_ENABLE_GRP1 : 0)
                | ((vmcr & IchVmcrEl2.VACKCTL) != 0 ? Gicc.CTLR_ACK_CTL : 0)
                | ((vmcr & IchVmcrEl2.VFIQEN) != 0 ? Gicc.CTLR_FIQ_EN : 0)
                | ((vmcr & IchVmcrEl2.VCBPR) != 0 ? Gicc.CTLR_CBPR : 0)
                | ((vmcr & IchVmcrEl2.VEOIM) != 0 ? Gicc.CTLR_EOI_MODE_NS : 0);
    }

    /// {@return `ICH_VMCR_EL2` after GICV_CTLR was written}
    public static long withCtlr(long vmcr, long value) {
        long fields = IchVmcrEl2.VENG0
                | IchVmcrEl2.VENG1
                | IchVmcrEl2.VACKCTL
                | IchVmcrEl2.VFIQEN
                | IchVmcrEl2.VCBPR
                | IchVmcrEl2.VEOIM;
        return (vmcr & ~fields)
                | ((value & Gicc.CTLR_ENABLE_GRP0) != 0 ? IchVmcrEl2.VENG0 : 0)
                | ((value & Gicc.CTLR_ENABLE_GRP1) != 0 ? IchVmcrEl2.VENG1 : 0)
                | ((value & Gicc.CTLR_ACK_CTL) != 0 ? IchVmcrEl2.VACKCTL : 0)
                | ((value & Gicc.CTLR_FIQ_EN) != 0 ? IchVmcrEl2.VFIQEN : 0)
                | ((value & Gicc.CTLR_CBPR) != 0 ? IchVmcrEl2.VCBPR : 0)
                | ((value & Gicc.CTLR_EOI_MODE_NS) != 0 ? IchVmcrEl2.VEOIM : 0);
    }

    /// Reads a register; what is none reads as zero.
    ///
    /// @param offset bytes from the start of the frame
    /// @return 32 bits, zero-extended
    public static long read(VirtualCpuInterface gic, int offset) {
        return WORD
                & switch (offset) {
                    case Gicc.CTLR -> ctlr(gic.vmcr());
                    case Gicc.PMR -> gic.pmr();
                    case Gicc.BPR -> gic.bpr(false);
                    case Gicc.ABPR -> gic.bpr(true);
                    case Gicc.IAR -> acknowledge(gic);
                    case Gicc.AIAR -> gic.acknowledge(true);
                    case Gicc.HPPIR -> gic.highestPending(false);
                    case Gicc.AHPPIR -> gic.highestPending(true);
                    case Gicc.RPR -> gic.rpr();
                    case Gicc.APR -> gic.ap0r() | gic.ap1r();
                    case Gicc.IIDR -> Gicc.IIDR_VALUE;
                    default -> 0;
                };
    }

    /// GICV_IAR acknowledges group 0, and with AckCtl also group 1.
    private static int acknowledge(VirtualCpuInterface gic) {
        int intid = gic.acknowledge(false);
        boolean both = (gic.vmcr() & IchVmcrEl2.VACKCTL) != 0;
        return intid == VirtualCpuInterface.SPURIOUS && both ? gic.acknowledge(true) : intid;
    }

    /// Writes a register; writes to what is none are ignored.
    ///
    /// @param offset bytes from the start of the frame
    public static void write(VirtualCpuInterface gic, int offset, long value) {
        switch (offset) {
            case Gicc.CTLR -> {
                gic.setVmcr(withCtlr(gic.vmcr(), value));
                gic.changed();
            }
            case Gicc.PMR -> gic.setPmr(value);
            case Gicc.BPR -> gic.setBpr(false, value);
            case Gicc.ABPR -> gic.setBpr(true, value);
            case Gicc.EOIR -> gic.endOfInterrupt((int) value & INTID, gic.isActiveGroup1());
            case Gicc.AEOIR -> gic.endOfInterrupt((int) value & INTID, true);
            case Gicc.DIR -> gic.deactivateInterrupt((int) value & INTID);
            default -> {
                // Read-only.
            }
        }
    }
}

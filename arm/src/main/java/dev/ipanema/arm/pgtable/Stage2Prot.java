package dev.ipanema.arm.pgtable;

import dev.ipanema.arm.memory.Stage2MemAttr;
import dev.ipanema.base.errno.Errno;

/// Protections of a stage-2 mapping as bit flags, and their encoding as attribute bits of a leaf descriptor
/// (Linux `enum kvm_pgtable_prot` in `arch/arm64/include/asm/kvm_pgtable.h`; encoding `stage2_set_prot_attr`,
/// `stage2_set_xn_attr` in `arch/arm64/kvm/hyp/pgtable.c`).
///
/// The flags are this project's own bits; software bits SW0 to SW3 lie in the descriptor's software field.
public final class Stage2Prot {
    /// Execution at EL1.
    public static final int PX = 1;
    /// Execution at EL0.
    public static final int UX = 1 << 1;
    /// Execution at both Exception levels.
    public static final int X = PX | UX;
    /// Write.
    public static final int W = 1 << 2;
    /// Read.
    public static final int R = 1 << 3;
    /// Device-nGnRE memory.
    public static final int DEVICE = 1 << 4;
    /// Normal Non-cacheable memory.
    public static final int NORMAL_NC = 1 << 5;
    /// Software bit 0.
    public static final int SW0 = 1 << 6;
    /// Software bit 1.
    public static final int SW1 = 1 << 7;
    /// Software bit 2.
    public static final int SW2 = 1 << 8;
    /// Software bit 3.
    public static final int SW3 = 1 << 9;
    /// Read and write.
    public static final int RW = R | W;
    /// All permissions.
    public static final int RWX = R | W | X;
    /// All software bits.
    public static final int SOFTWARE = SW0 | SW1 | SW2 | SW3;

    private static final int SOFTWARE_SHIFT = Integer.numberOfTrailingZeros(SW0);

    private Stage2Prot() {}

    /// The attribute bits of a leaf: MemAttr, S2AP, SH, AF, XN and software bits.
    ///
    /// Execution of Device or Non-cacheable memory, and both types at once, are refused, and so are
    /// different execution permissions for EL1 and EL0 without FEAT_XNX.
    ///
    /// @param prot flags of this class
    /// @param fwb whether the host uses FEAT_S2FWB
    /// @param lpa2 whether VTCR_EL2.DS is set, which leaves no SH field in the descriptor
    /// @param xnx whether the host has FEAT_XNX
    /// @return the bits, never negative, or `-EINVAL`
    public static long encode(int prot, boolean fwb, boolean lpa2, boolean xnx) {
        int memAttr = memAttr(prot, fwb);
        if (memAttr < 0) {
            return memAttr;
        }
        boolean px = (prot & PX) != 0;
        boolean ux = (prot & UX) != 0;
        if (px != ux && !xnx) {
            return Errno.EINVAL.negated();
        }
        long bits = Stage2Descriptor.memAttrBits(memAttr)
                | Stage2Descriptor.AF
                | Stage2Descriptor.xnBits(px, ux)
                | Stage2Descriptor.softwareBits((prot & SOFTWARE) >> SOFTWARE_SHIFT);
        if ((prot & R) != 0) {
            bits |= Stage2Descriptor.S2AP_R;
        }
        if ((prot & W) != 0) {
            bits |= Stage2Descriptor.S2AP_W;
        }
        return lpa2 ? bits : bits | Stage2Descriptor.SH_INNER;
    }

    /// {@return MemAttr of a mapping, or `-EINVAL`}
    private static int memAttr(int prot, boolean fwb) {
        boolean executable = (prot & X) != 0;
        return switch (prot & (DEVICE | NORMAL_NC)) {
            case 0 -> fwb ? Stage2MemAttr.FWB_NORMAL_WB : Stage2MemAttr.NORMAL_WB;
            case DEVICE -> executable ? Errno.EINVAL.negated() : Stage2MemAttr.DEVICE_nGnRE;
            case NORMAL_NC -> executable ? Errno.EINVAL.negated() : Stage2MemAttr.NORMAL_NC;
            default -> Errno.EINVAL.negated();
        };
    }

    /// {@return the flags of a leaf: permissions, software bits and memory type}
    /// @param desc a valid leaf descriptor that [#encode] produced the attributes of
    /// @param fwb whether the host uses FEAT_S2FWB
    /// @param xnx whether the host has FEAT_XNX
    public static int decode(long desc, boolean fwb, boolean xnx) {
        int prot = permissions(desc, xnx) | Stage2Descriptor.software(desc) << SOFTWARE_SHIFT;
        int normal = fwb ? Stage2MemAttr.FWB_NORMAL_WB : Stage2MemAttr.NORMAL_WB;
        int memAttr = Stage2Descriptor.memAttr(desc);
        if (memAttr == normal) {
            return prot;
        }
        return prot | (memAttr == Stage2MemAttr.NORMAL_NC ? NORMAL_NC : DEVICE);
    }

    /// {@return the flags R, W, PX and UX of a leaf}
    public static int permissions(long desc, boolean xnx) {
        return (Stage2Descriptor.isReadable(desc) ? R : 0)
                | (Stage2Descriptor.isWritable(desc) ? W : 0)
                | (Stage2Descriptor.isExecutableAtEl1(desc, xnx) ? PX : 0)
                | (Stage2Descriptor.isExecutableAtEl0(desc, xnx) ? UX : 0);
    }

    /// {@return the flags in words, for example `RWX`, `RW- NORMAL_NC`}
    public static String describe(int prot) {
        StringBuilder text = new StringBuilder();
        text.append((prot & R) != 0 ? 'R' : '-').append((prot & W) != 0 ? 'W' : '-');
        text.append(
                switch (prot & X) {
                    case X -> "X";
                    case PX -> "PX";
                    case UX -> "UX";
                    default -> "-";
                });
        text.append((prot & DEVICE) != 0 ? " DEVICE" : "").append((prot & NORMAL_NC) != 0 ? " NORMAL_NC" : "");
        for (int bit = 0; bit < 4; bit++) {
            text.append((prot & SW0 << bit) != 0 ? " SW" + bit : "");
        }
        return text.toString();
    }
}

package dev.ipanema.kvm.vgic;

import dev.ipanema.arm.gic.Gicd;
import dev.ipanema.arm.gic.Gicr;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.kvm.vgic.VgicRegion.Kind;

/// The redistributor of one vCPU (`vgic-mmio-v3.c:vgic_v3_rd_registers`): both frames.
final class VgicRedist extends VgicFrame {
    /// The address of a redistributor that is nowhere.
    static final long UNDEFINED = -1;

    private static final int PRIVATE_LENGTH = 4;
    private static final int PRIORITY_LENGTH = 32;
    private static final int CONFIG_LENGTH = 8;

    private static final VgicRegion[] REGIONS = {
        VgicRegion.own(Gicr.CTLR, 4, VgicRegion.WORD),
        VgicRegion.own(Gicr.IIDR, 4, VgicRegion.WORD),
        VgicRegion.own(Gicr.TYPER, 8, VgicRegion.WORD_LONG),
        new VgicRegion(Gicr.STATUSR, 4, 0, VgicRegion.WORD, Kind.RAZ),
        new VgicRegion(Gicr.WAKER, 4, 0, VgicRegion.WORD, Kind.RAZ),
        VgicRegion.own(Gicr.PROPBASER, 8, VgicRegion.WORD_LONG),
        VgicRegion.own(Gicr.PENDBASER, 8, VgicRegion.WORD_LONG),
        VgicRegion.own(Gicr.INVLPIR, 8, VgicRegion.WORD_LONG),
        VgicRegion.own(Gicr.INVALLR, 8, VgicRegion.WORD_LONG),
        VgicRegion.own(Gicr.SYNCR, 4, VgicRegion.WORD),
        VgicRegion.own(Gicd.IDREGS, Gicd.IDREGS_SIZE, VgicRegion.WORD),
        bits(Gicd.IGROUPR, PRIVATE_LENGTH, 1, VgicRegion.WORD, Kind.GROUP),
        bits(Gicd.ISENABLER, PRIVATE_LENGTH, 1, VgicRegion.WORD, Kind.ISENABLE),
        bits(Gicd.ICENABLER, PRIVATE_LENGTH, 1, VgicRegion.WORD, Kind.ICENABLE),
        bits(Gicd.ISPENDR, PRIVATE_LENGTH, 1, VgicRegion.WORD, Kind.ISPEND),
        bits(Gicd.ICPENDR, PRIVATE_LENGTH, 1, VgicRegion.WORD, Kind.ICPEND),
        bits(Gicd.ISACTIVER, PRIVATE_LENGTH, 1, VgicRegion.WORD, Kind.ISACTIVE),
        bits(Gicd.ICACTIVER, PRIVATE_LENGTH, 1, VgicRegion.WORD, Kind.ICACTIVE),
        bits(Gicd.IPRIORITYR, PRIORITY_LENGTH, 8, VgicRegion.BYTE_WORD, Kind.PRIORITY),
        bits(Gicd.ICFGR, CONFIG_LENGTH, 2, VgicRegion.WORD, Kind.CONFIG),
        bits(Gicd.IGRPMODR, PRIVATE_LENGTH, 1, VgicRegion.WORD, Kind.RAZ),
        bits(Gicr.NSACR, PRIVATE_LENGTH, 2, VgicRegion.WORD, Kind.RAZ),
    };

    private final VgicVcpu vcpu;
    private final VgicLpis lpis;

    /// Where it lies in the guest, [#UNDEFINED] for nowhere; under [Vgic#configLock()].
    long base = UNDEFINED;

    VgicRedist(VgicVcpu vcpu) {
        super(vcpu.vgic, REGIONS);
        this.vcpu = vcpu;
        this.lpis = new VgicLpis(vcpu);
    }

    private static VgicRegion bits(int offset, int length, int bits, int sizes, Kind kind) {
        return new VgicRegion(Gicr.SGI_BASE + offset, length, bits, sizes, kind);
    }

    /// {@return its LPIs}
    VgicLpis lpis() {
        return lpis;
    }

    @Override
    VgicVcpu bank(int accessing) {
        return vcpu;
    }

    @Override
    long readOwn(int accessing, int at, int len) {
        return switch (at & -Long.BYTES) {
            case Gicr.TYPER -> part(typer(), at, len);
            case Gicr.PROPBASER -> part(vgic.propbaser(), at, len);
            case Gicr.PENDBASER -> part(lpis.pendbaser(), at, len);
            default ->
                switch (at) {
                    case Gicr.CTLR -> (lpis.areEnabled() ? Gicr.CTLR_ENABLE_LPIS : 0) | Gicr.CTLR_CES | Gicr.CTLR_IR;
                    case Gicr.IIDR -> VgicDistV3.iidr();
                    case Gicd.PIDR2 -> Gicd.PIDR2_GICV3;
                    default -> 0;
                };
        };
    }

    private long typer() {
        return Gicr.typer(vcpu.port.affinity(), vcpu.id())
                | (vgic.hasIts() ? Gicr.TYPER_PLPIS : 0)
                | (vgic.redistRegions().isLast(vcpu) ? Gicr.TYPER_LAST : 0);
    }

    @Override
    void writeOwn(int accessing, int at, int len, long value) {
        switch (at & -Long.BYTES) {
            case Gicr.CTLR -> {
                if (at == Gicr.CTLR) {
                    lpis.setEnabled((value & Gicr.CTLR_ENABLE_LPIS) != 0);
                }
            }
            case Gicr.PROPBASER -> {
                // Fixed while LPIs are on.
                if (!lpis.areEnabled()) {
                    vgic.setPropbaser(withPart(vgic.propbaser(), at, len, value));
                }
            }
            case Gicr.PENDBASER -> {
                if (!lpis.areEnabled()) {
                    lpis.setPendbaser(withPart(lpis.pendbaser(), at, len, value));
                }
            }
            case Gicr.INVLPIR -> {
                if (at == Gicr.INVLPIR) {
                    lpis.invalidate((int) value);
                }
            }
            case Gicr.INVALLR -> {
                if (at == Gicr.INVALLR) {
                    lpis.invalidateAll();
                }
            }
            default -> {
                // Read-only.
            }
        }
    }

    @Override
    int writeOwnByUser(int accessing, int at, int len, long value) {
        if (at == Gicr.IIDR) {
            return VgicDistV3.isRestorableIidr(value) ? 0 : Errno.EINVAL.negated();
        }
        writeOwn(accessing, at, len, value);
        return 0;
    }
}

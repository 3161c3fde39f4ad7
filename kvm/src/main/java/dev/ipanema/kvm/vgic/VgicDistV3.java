package dev.ipanema.kvm.vgic;

import dev.ipanema.arm.gic.Gicd;
import dev.ipanema.arm.register.MpidrEl1;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.kvm.vgic.VgicRegion.Kind;
import org.jspecify.annotations.Nullable;

/// The distributor of a GICv3 (`vgic-mmio-v3.c:vgic_v3_dist_registers`): affinity routing is always on, there is one
/// security state, private interrupts are the redistributors'.
final class VgicDistV3 extends VgicFrame {
    /// `PRODUCT_ID_KVM`.
    private static final int PRODUCT_ID = 0x4b;

    /// `IMPLEMENTER_ARM`.
    private static final int IMPLEMENTER = 0x43b;

    /// `KVM_VGIC_IMP_REV_3`.
    private static final int REVISION = 3;

    private static final int INTID_BITS_SPIS = 10;
    private static final int INTID_BITS_ITS = 16;
    private static final int ROUTER_BYTES = 8;

    private static final VgicRegion[] REGIONS = {
        VgicRegion.own(Gicd.CTLR, 16, VgicRegion.WORD),
        new VgicRegion(Gicd.STATUSR, 4, 0, VgicRegion.WORD, Kind.RAO),
        VgicRegion.perIrq(Gicd.IGROUPR, 1, VgicRegion.WORD, Kind.GROUP),
        VgicRegion.perIrq(Gicd.ISENABLER, 1, VgicRegion.WORD, Kind.ISENABLE),
        VgicRegion.perIrq(Gicd.ICENABLER, 1, VgicRegion.WORD, Kind.ICENABLE),
        VgicRegion.perIrq(Gicd.ISPENDR, 1, VgicRegion.WORD, Kind.ISPEND),
        VgicRegion.perIrq(Gicd.ICPENDR, 1, VgicRegion.WORD, Kind.ICPEND),
        VgicRegion.perIrq(Gicd.ISACTIVER, 1, VgicRegion.WORD, Kind.ISACTIVE),
        VgicRegion.perIrq(Gicd.ICACTIVER, 1, VgicRegion.WORD, Kind.ICACTIVE),
        VgicRegion.perIrq(Gicd.IPRIORITYR, 8, VgicRegion.BYTE_WORD, Kind.PRIORITY),
        VgicRegion.perIrq(Gicd.ITARGETSR, 8, VgicRegion.BYTE_WORD, Kind.RAZ),
        VgicRegion.perIrq(Gicd.ICFGR, 2, VgicRegion.WORD, Kind.CONFIG),
        VgicRegion.perIrq(Gicd.IGRPMODR, 1, VgicRegion.WORD, Kind.RAZ),
        VgicRegion.perIrq(Gicd.IROUTER, 64, VgicRegion.WORD_LONG, Kind.ROUTER),
        VgicRegion.own(Gicd.IDREGS, Gicd.IDREGS_SIZE, VgicRegion.WORD),
    };

    VgicDistV3(Vgic vgic) {
        super(vgic, REGIONS);
    }

    /// {@return what GICD_IIDR and GICR_IIDR say}
    static long iidr() {
        return Gicd.iidr(PRODUCT_ID, REVISION, IMPLEMENTER);
    }

    /// {@return whether a value can be restored into an IIDR: this implementation or an older revision of it}
    static boolean isRestorableIidr(long value) {
        int revision = Gicd.iidrRevision(value);
        return Gicd.iidrWithoutRevision(value) == Gicd.iidrWithoutRevision(iidr())
                && revision >= 1
                && revision <= REVISION;
    }

    @Override
    @Nullable
    VgicVcpu bank(int vcpu) {
        return null;
    }

    @Override
    long readOwn(int vcpu, int at, int len) {
        if (at >= Gicd.IROUTER && at < Gicd.IDREGS) {
            VgicIrq irq = vgic.irq((at - Gicd.IROUTER) / ROUTER_BYTES);
            if (irq == null) {
                return 0;
            }
            synchronized (irq) {
                return part(irq.mpidr, at, len);
            }
        }
        return switch (at) {
            case Gicd.CTLR -> (vgic.isForwarding() ? Gicd.CTLR_ENABLE_SS_G1 : 0) | Gicd.CTLR_ARE_NS | Gicd.CTLR_DS;
            case Gicd.TYPER ->
                Gicd.typerLines(vgic.lines())
                        | (vgic.hasIts()
                                ? Gicd.typerIdBits(INTID_BITS_ITS) | Gicd.TYPER_LPIS
                                : Gicd.typerIdBits(INTID_BITS_SPIS));
            case Gicd.IIDR -> iidr();
            case Gicd.PIDR2 -> Gicd.PIDR2_GICV3;
            default -> 0;
        };
    }

    @Override
    void writeOwn(int vcpu, int at, int len, long value) {
        if (at == Gicd.CTLR) {
            vgic.setForwarding((value & Gicd.CTLR_ENABLE_SS_G1) != 0);
        } else if (at >= Gicd.IROUTER && at < Gicd.IDREGS) {
            VgicIrq irq = vgic.irq((at - Gicd.IROUTER) / ROUTER_BYTES);
            // There is no affinity level 3.
            if (irq != null && (at & Integer.BYTES) == 0) {
                synchronized (irq) {
                    irq.mpidr = (int) MpidrEl1.lowLevels(value);
                    irq.targetVcpu = vgic.byAffinity(irq.mpidr);
                }
            }
        }
    }

    @Override
    int writeOwnByUser(int vcpu, int at, int len, long value) {
        if (at == Gicd.IIDR) {
            return isRestorableIidr(value) ? 0 : Errno.EINVAL.negated();
        }
        if (at == Gicd.TYPER2) {
            return value == 0 ? 0 : Errno.EINVAL.negated();
        }
        writeOwn(vcpu, at, len, value);
        return 0;
    }
}

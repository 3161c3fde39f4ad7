package dev.ipanema.kvm.vgic;

import dev.ipanema.arm.gic.Gicd;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.kvm.vgic.VgicRegion.Kind;
import org.jspecify.annotations.Nullable;

/// The distributor of a GICv2 (`vgic-mmio-v2.c`): private interrupts are those of the vCPU that accesses.
final class VgicDistV2 extends VgicFrame {
    private static final int SGI_LENGTH = 16;
    private static final int TO_LIST = 0;
    private static final int TO_OTHERS = 1;
    private static final int TO_SELF = 2;

    private static final VgicRegion[] REGIONS = {
        VgicRegion.own(Gicd.CTLR, 12, VgicRegion.WORD),
        VgicRegion.perIrq(Gicd.IGROUPR, 1, VgicRegion.WORD, Kind.GROUP),
        VgicRegion.perIrq(Gicd.ISENABLER, 1, VgicRegion.WORD, Kind.ISENABLE),
        VgicRegion.perIrq(Gicd.ICENABLER, 1, VgicRegion.WORD, Kind.ICENABLE),
        VgicRegion.perIrq(Gicd.ISPENDR, 1, VgicRegion.WORD, Kind.ISPEND),
        VgicRegion.perIrq(Gicd.ICPENDR, 1, VgicRegion.WORD, Kind.ICPEND),
        VgicRegion.perIrq(Gicd.ISACTIVER, 1, VgicRegion.WORD, Kind.ISACTIVE),
        VgicRegion.perIrq(Gicd.ICACTIVER, 1, VgicRegion.WORD, Kind.ICACTIVE),
        VgicRegion.perIrq(Gicd.IPRIORITYR, 8, VgicRegion.BYTE_WORD, Kind.PRIORITY),
        VgicRegion.perIrq(Gicd.ITARGETSR, 8, VgicRegion.BYTE_WORD, Kind.TARGET),
        VgicRegion.perIrq(Gicd.ICFGR, 2, VgicRegion.WORD, Kind.CONFIG),
        VgicRegion.own(Gicd.SGIR, 4, VgicRegion.WORD),
        new VgicRegion(Gicd.CPENDSGIR, SGI_LENGTH, 8, VgicRegion.BYTE_WORD, Kind.SGI_CLEAR),
        new VgicRegion(Gicd.SPENDSGIR, SGI_LENGTH, 8, VgicRegion.BYTE_WORD, Kind.SGI_SET),
    };

    VgicDistV2(Vgic vgic) {
        super(vgic, REGIONS);
    }

    @Override
    @Nullable
    VgicVcpu bank(int vcpu) {
        return vgic.byId(vcpu);
    }

    @Override
    long readOwn(int vcpu, int at, int len) {
        return switch (at) {
            case Gicd.CTLR -> vgic.isForwarding() ? Gicd.CTLR_ENABLE : 0;
            case Gicd.TYPER ->
                Gicd.typerLines(vgic.lines()) | Gicd.typerCpus(vgic.vcpus().size());
            case Gicd.IIDR -> VgicDistV3.iidr();
            default -> 0;
        };
    }

    @Override
    void writeOwn(int vcpu, int at, int len, long value) {
        switch (at) {
            case Gicd.CTLR -> vgic.setForwarding((value & Gicd.CTLR_ENABLE) != 0);
            case Gicd.SGIR -> sendSgi(vcpu, value);
            default -> {
                // Read-only.
            }
        }
    }

    @Override
    int writeOwnByUser(int vcpu, int at, int len, long value) {
        if (at == Gicd.IIDR) {
            return VgicDistV3.isRestorableIidr(value) ? 0 : Errno.EINVAL.negated();
        }
        writeOwn(vcpu, at, len, value);
        return 0;
    }

    /// `vgic_mmio_write_sgir`.
    private void sendSgi(int sender, long value) {
        int targets;
        switch (Gicd.sgirFilter(value)) {
            case TO_LIST -> targets = Gicd.sgirTargets(value);
            case TO_OTHERS -> targets = ~(1 << sender);
            case TO_SELF -> targets = 1 << sender;
            default -> {
                return;
            }
        }
        for (VgicVcpu vcpu : vgic.vcpus()) {
            if ((targets >>> vcpu.id() & 1) != 0) {
                VgicIrq irq = vcpu.privateIrqs[Gicd.sgirIntid(value)];
                synchronized (irq) {
                    irq.pendingLatch = true;
                    irq.source |= 1 << sender;
                }
                vgic.queue(irq);
            }
        }
    }
}

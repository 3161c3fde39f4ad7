package dev.ipanema.kvm.vgic;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// The LPIs of a VM that translations of an ITS lead to (`vgic_dist.lpi_xa`), by number. For all threads.
final class LpiTable {
    private final ConcurrentHashMap<Integer, VgicIrq> byIntid = new ConcurrentHashMap<>();

    /// {@return an LPI, null when nothing leads to it}
    @Nullable
    VgicIrq get(int intid) {
        return byIntid.get(intid);
    }

    /// {@return an LPI with one more translation that leads to it, made when it is the first (`vgic_add_lpi`)}
    VgicIrq map(int intid, @Nullable VgicVcpu target) {
        return byIntid.compute(intid, (number, present) -> {
            VgicIrq irq = present;
            if (irq == null) {
                irq = new VgicIrq(intid);
                irq.edge = true;
                irq.group1 = true;
                irq.targetVcpu = target;
            }
            irq.mappings++;
            return irq;
        });
    }

    /// Takes one translation away (`vgic_put_irq`).
    ///
    /// @return whether it was the last one
    boolean unmap(VgicIrq irq) {
        return byIntid.computeIfPresent(irq.intid, (number, present) -> --present.mappings == 0 ? null : present)
                == null;
    }

    /// {@return all LPIs}
    List<VgicIrq> all() {
        return new ArrayList<>(byIntid.values());
    }
}

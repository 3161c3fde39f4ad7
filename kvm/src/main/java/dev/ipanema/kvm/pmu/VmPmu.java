package dev.ipanema.kvm.pmu;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.kvm.uapi.KvmPmuEventFilter;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/// What the vCPUs of a VM have in common of their performance monitors: how many counters there are, which
/// events may be
/// counted, and that their interrupts agree. Guarded by itself (`kvm->arch.config_lock`).
public final class VmPmu {
    private static final int EINVAL = Errno.EINVAL.negated();
    private static final int EBUSY = Errno.EBUSY.negated();

    private final HostPmu host;
    private final List<VcpuPmu> vcpus = new CopyOnWriteArrayList<>();
    private volatile int counters;
    private @Nullable BitSet filter;

    /// The monitors of a new VM: as many counters as the host has, every event allowed.
    public VmPmu(HostPmu host) {
        this.host = host;
        this.counters = host.counters();
    }

    /// {@return the host's monitors}
    public HostPmu host() {
        return host;
    }

    void add(VcpuPmu vcpu) {
        vcpus.add(vcpu);
    }

    /// {@return how many event counters a guest has (`kvm->arch.nr_pmu_counters`)}
    int counters() {
        return counters;
    }

    /// Sets how many event counters a guest has (`kvm_arm_pmu_v3_set_nr_counters`).
    ///
    /// @return 0, or -EINVAL for more than the host has
    int setCounters(long count) {
        if (count < 0 || count > host.counters()) {
            return EINVAL;
        }
        counters = (int) count;
        return 0;
    }

    /// `KVM_ARM_VCPU_PMU_V3_SET_PMU`.
    ///
    /// @return 0, or -ENXIO for a type of PMU that the host does not have, -EBUSY after a vCPU ran
    int setPmu(long type, boolean hasRun) {
        if (type != HostPmu.TYPE) {
            return Errno.ENXIO.negated();
        }
        if (hasRun) {
            return EBUSY;
        }
        counters = host.counters();
        return 0;
    }

    /// `KVM_ARM_VCPU_PMU_V3_FILTER`. The first filter says what becomes of the events that no filter names:
    /// they are
    /// denied when it allows some, and allowed when it denies some.
    ///
    /// @return 0, or -EINVAL for events that the host has not or an unknown action, -EBUSY after a vCPU ran
    synchronized int addFilter(KvmPmuEventFilter wanted, boolean hasRun) {
        int end = wanted.baseEvent() + wanted.events();
        boolean allow = wanted.action() == KvmPmuEventFilter.KVM_PMU_EVENT_ALLOW;
        if (end > host.eventNumbers() || (!allow && wanted.action() != KvmPmuEventFilter.KVM_PMU_EVENT_DENY)) {
            return EINVAL;
        }
        if (hasRun) {
            return EBUSY;
        }
        BitSet allowed = filter;
        if (allowed == null) {
            allowed = new BitSet(host.eventNumbers());
            allowed.set(0, host.eventNumbers(), !allow);
            filter = allowed;
        }
        allowed.set(wanted.baseEvent(), end, allow);
        return 0;
    }

    /// {@return whether a guest may count an event}
    synchronized boolean allows(int event) {
        BitSet allowed = filter;
        return allowed == null || allowed.get(event);
    }

    /// {@return whether a vCPU may have an interrupt (`pmu_irq_is_valid`): a PPI is the same in every vCPU,
    /// an SPI a
    /// different one in each}
    synchronized boolean isIrqValid(int irq, boolean ppi) {
        for (VcpuPmu vcpu : vcpus) {
            if (vcpu.irq() != VcpuPmu.NO_IRQ && (vcpu.irq() == irq) != ppi) {
                return false;
            }
        }
        return true;
    }
}

package dev.ipanema.kvm.vm;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.platform.Host;
import dev.ipanema.kvm.mmu.CpuCaps;
import dev.ipanema.kvm.mmu.GuestPageMaintenance;
import dev.ipanema.kvm.mmu.HostTablePages;
import dev.ipanema.kvm.mmu.Maintenance;
import dev.ipanema.kvm.mmu.S2Mmu;
import dev.ipanema.kvm.stage2.OutOfTablePagesException;
import dev.ipanema.kvm.trace.KvmTrace;
import dev.ipanema.kvm.uapi.KvmMem;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.machine.cpu.Counter;
import dev.ipanema.machine.memory.PhysicalMemory;
import java.util.Set;

/// KVM of a host: what `/dev/kvm` is to a VMM. One for each host, since VMIDs are the host's.
///
/// Any thread may use it; [#trails] and [#trace] hold for VMs made afterwards.
public final class Kvm {
    private static final int DEFAULT_IPA_BITS = 40;
    private static final int MIN_IPA_BITS = 32;

    private final Host host;
    private final KernelVersion version;
    private final CpuCaps caps;
    private final PhysicalCpus cpus;
    private final HostTablePages tablePages;
    private final Set<Maintenance> leftOut;
    private volatile boolean trails;
    private volatile KvmTrace trace = KvmTrace.NONE;

    /// Loads KVM on a host.
    ///
    /// @param version which kernel it follows
    public Kvm(Host host, KernelVersion version) {
        this(host, version, Set.of());
    }

    /// Loads KVM on a host, without some of the cache maintenance that it should do.
    ///
    /// @param version which kernel it follows
    /// @param leftOut what it does not do
    public Kvm(Host host, KernelVersion version, Set<Maintenance> leftOut) {
        this.host = host;
        this.version = version;
        this.caps = CpuCaps.of(host.cpu());
        this.leftOut = Set.copyOf(leftOut);
        this.cpus = new PhysicalCpus(host.machine());
        this.tablePages = new HostTablePages(host.kernel());
    }

    /// Switches the recording of decisions on or off.
    public void trails(boolean on) {
        trails = on;
    }

    /// Sets who listens to tracepoints.
    public void trace(KvmTrace listener) {
        trace = listener;
    }

    /// {@return which kernel it follows}
    public KernelVersion version() {
        return version;
    }

    /// {@return what every CPU of the host has}
    public CpuCaps caps() {
        return caps;
    }

    /// {@return bytes of stage-2 page tables in use by all VMs}
    public long tableBytes() {
        return tablePages.bytes();
    }

    /// `KVM_CHECK_EXTENSION` on the system fd.
    public int checkExtension(int cap) {
        return Extensions.check(version, caps, cpus.count(), null, cap, DecisionTrail.off());
    }

    /// `KVM_CREATE_VM`.
    ///
    /// @param mm the address space of the VMM
    /// @param type bits 7:0 the IPA size, 0 for 40; all others must be clear: protected VMs need a pKVM host, which
    ///     is not modelled
    /// @throws KvmError with -EINVAL for a type or IPA size that cannot be, -ENOMEM without memory for tables
    public Vm createVm(AddressSpace mm, long type) {
        if ((type & ~KvmMem.KVM_VM_TYPE_ARM_IPA_SIZE_MASK) != 0) {
            throw new KvmError(Errno.EINVAL.negated(), "KVM_CREATE_VM type 0x" + Long.toHexString(type));
        }
        int asked = (int) type;
        int bits = asked == 0 ? DEFAULT_IPA_BITS : asked;
        if (bits < MIN_IPA_BITS || bits > caps.ipaLimitBits()) {
            throw new KvmError(
                    Errno.EINVAL.negated(),
                    "KVM_CREATE_VM with an IPA size of " + bits + " bits, limit " + caps.ipaLimitBits());
        }
        try {
            PhysicalMemory memory = host.machine().physicalMemory();
            GuestPageMaintenance maintenance = new GuestPageMaintenance(
                    memory.maintenance(), caps, host.cpu().ctrEl0(), leftOut, trace);
            S2Mmu mmu = new S2Mmu(memory, tablePages, host.machine().tlbDomain(), maintenance, bits, trace);
            return new Vm(this, host, mm, mmu, maintenance, bits, trace);
        } catch (OutOfTablePagesException e) {
            throw new KvmError(Errno.ENOMEM.negated(), "KVM_CREATE_VM without memory for stage-2 tables");
        }
    }

    /// {@return the counter that all timers read}
    Counter counter() {
        return host.machine().counter();
    }

    /// {@return 64 random bits of the machine's generator}
    long random() {
        return host.machine().nextRandom();
    }

    /// {@return the physical address of the virtual CPU interface of a GICv2, negative when the host's interrupt
    /// controller cannot be one (`kvm_vgic_global_state.vcpu_base`)}
    long gicvBase() {
        return host.gicvBase();
    }

    PhysicalCpus cpus() {
        return cpus;
    }

    /// {@return a trail for a new piece of work}
    DecisionTrail newTrail() {
        return trails ? new DecisionTrail() : DecisionTrail.off();
    }
}

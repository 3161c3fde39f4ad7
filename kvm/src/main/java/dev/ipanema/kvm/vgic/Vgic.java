package dev.ipanema.kvm.vgic;

import dev.ipanema.arm.gic.Gicc;
import dev.ipanema.arm.gic.Gicd;
import dev.ipanema.arm.gic.Gicr;
import dev.ipanema.arm.gic.Intid;
import dev.ipanema.arm.register.IccSgir;
import dev.ipanema.arm.register.MpidrEl1;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.kvm.uapi.KvmDeviceUapi;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/// The interrupt controller of a VM (`struct vgic_dist`) and the way of an interrupt into it (`vgic.c`).
///
/// <h2>Locks</h2>
/// In the order in which they are taken: [#configLock()], the lock of an ITS, [VgicVcpu]'s ap_list lock, the monitor of
/// an interrupt. Interrupts may be raised by any thread.
public final class Vgic {
    /// The address of a frame that is nowhere.
    static final long UNDEFINED = -1;

    private static final int DEFAULT_SPIS = 256 - Intid.PRIVATE;

    private final VgicHost host;
    private final boolean v3;
    private final List<VgicVcpu> vcpus = new CopyOnWriteArrayList<>();
    private final Object configLock = new Object();
    private final LpiTable lpis = new LpiTable();
    private final List<VgicIts> itses = new CopyOnWriteArrayList<>();
    private final RedistRegions redistRegions = new RedistRegions(this);
    private final VgicFrame dist;
    private long distBase = UNDEFINED;
    private long cpuBase = UNDEFINED;
    private boolean mapped;
    private long propbaser = Gicr.initialBaser();
    private volatile boolean hasIts;
    private VgicIrq[] spis = new VgicIrq[0];
    private int nrSpis;
    private volatile boolean initialized;

    /// GICD_CTLR: interrupts are forwarded.
    private volatile boolean enabled;

    /// @param v3 a GICv3; otherwise a GICv2
    public Vgic(VgicHost host, boolean v3) {
        this.host = host;
        this.v3 = v3;
        this.dist = v3 ? new VgicDistV3(this) : new VgicDistV2(this);
    }

    // ---- what it is ------------------------------------------------------------------------------------------------

    VgicHost host() {
        return host;
    }

    /// {@return whether it is a GICv3}
    public boolean isV3() {
        return v3;
    }

    /// {@return `KVM_DEV_TYPE_ARM_VGIC_V2` or `_V3`}
    public int model() {
        return v3 ? KvmDeviceUapi.KVM_DEV_TYPE_ARM_VGIC_V3 : KvmDeviceUapi.KVM_DEV_TYPE_ARM_VGIC_V2;
    }

    /// {@return what guards the configuration (`kvm->arch.config_lock`)}
    Object configLock() {
        return configLock;
    }

    LpiTable lpis() {
        return lpis;
    }

    RedistRegions redistRegions() {
        return redistRegions;
    }

    /// {@return the distributor}
    VgicFrame dist() {
        return dist;
    }

    /// {@return whether the VM has an ITS}
    boolean hasIts() {
        return hasIts;
    }

    /// {@return GICR_PROPBASER, which all redistributors share}
    long propbaser() {
        synchronized (lpis) {
            return propbaser;
        }
    }

    /// Writes GICR_PROPBASER.
    void setPropbaser(long value) {
        synchronized (lpis) {
            propbaser = Gicr.sanitisePropbaser(value);
        }
    }

    /// {@return whether its interrupts exist (`vgic_initialized`)}
    public boolean isInitialized() {
        return initialized;
    }

    /// {@return whether the distributor forwards interrupts}
    boolean isForwarding() {
        return enabled;
    }

    /// Turns forwarding on or off.
    void setForwarding(boolean on) {
        boolean was = enabled;
        enabled = on;
        if (on && !was) {
            queueAll();
        }
    }

    /// Queues what became pending while nothing was forwarded. KVM only kicks the vCPUs (`vgic_kick_vcpus`) and
    /// leaves it until the interrupt is touched again.
    private void queueAll() {
        for (VgicIrq irq : spis) {
            queue(irq);
        }
        for (VgicVcpu vcpu : vcpus) {
            for (VgicIrq irq : vcpu.privateIrqs) {
                queue(irq);
            }
        }
    }

    // ---- frames ----------------------------------------------------------------------------------------------------

    /// {@return where the distributor lies, [#UNDEFINED] for nowhere}
    long distBase() {
        return distBase;
    }

    /// {@return where the CPU interface of a GICv2 lies, [#UNDEFINED] for nowhere}
    public long cpuBase() {
        return cpuBase;
    }

    /// Sets where the distributor lies; under [#configLock()].
    ///
    /// @return 0, or -EINVAL for an unaligned address or one that overlaps, -E2BIG outside the guest's space,
    ///     -EEXIST
    int setDistBase(long base, long size) {
        int result = checkFrame(distBase, base, size, size);
        if (result == 0 && redistRegions.overlaps(base, size)) {
            result = Errno.EINVAL.negated();
        }
        if (result == 0) {
            distBase = base;
        }
        return result;
    }

    /// Sets where the CPU interface of a GICv2 lies; under [#configLock()].
    int setCpuBase(long base) {
        int result = checkFrame(cpuBase, base, Gicc.SIZE, Gicd.SIZE_V2);
        if (result == 0) {
            cpuBase = base;
        }
        return result;
    }

    /// `vgic_check_iorange`.
    private int checkFrame(long present, long base, long size, long alignment) {
        if (present != UNDEFINED) {
            return Errno.EEXIST.negated();
        }
        if ((base & alignment - 1) != 0) {
            return Errno.EINVAL.negated();
        }
        long limit = 1L << host.ipaBits();
        return base < 0 || base > limit - size ? Errno.E2BIG.negated() : 0;
    }

    /// {@return whether a range overlaps the distributor}
    boolean overlapsDist(long base, long size) {
        return v3 && distBase != UNDEFINED && base < distBase + Gicd.SIZE_V3 && distBase < base + size;
    }

    /// Puts the distributor on the bus before a vCPU runs for the first time (`kvm_vgic_map_resources`).
    ///
    /// @return 0, or -ENXIO when the VMM has not said where things are, -EBUSY before [#init], -EEXIST
    public int mapResources() {
        synchronized (configLock) {
            if (mapped) {
                return 0;
            }
            boolean placed = distBase != UNDEFINED && (v3 ? areRedistsPlaced() : cpuBase != UNDEFINED);
            if (!placed) {
                return Errno.ENXIO.negated();
            }
            if (!initialized) {
                int result = v3 ? Errno.EBUSY.negated() : init();
                if (result < 0) {
                    return result;
                }
            }
            int result = host.registerMmio(distBase, v3 ? Gicd.SIZE_V3 : Gicd.SIZE_V2, dist);
            if (result == 0 && !v3) {
                result = host.mapCpuInterface(cpuBase);
            }
            if (result == 0) {
                mapped = true;
            }
            return result;
        }
    }

    private boolean areRedistsPlaced() {
        for (VgicVcpu vcpu : vcpus) {
            if (vcpu.redist.base == VgicRedist.UNDEFINED) {
                return false;
            }
        }
        return true;
    }

    // ---- vCPUs -----------------------------------------------------------------------------------------------------

    /// Gives a new vCPU its interrupts (`kvm_vgic_vcpu_init`).
    public VgicVcpu addVcpu(VcpuPort port) {
        VgicVcpu vcpu = new VgicVcpu(this, port);
        vcpus.add(vcpu);
        synchronized (configLock) {
            redistRegions.place(vcpu);
        }
        return vcpu;
    }

    /// {@return the vCPU of a number, null for none}
    @Nullable
    VgicVcpu byId(int id) {
        for (VgicVcpu vcpu : vcpus) {
            if (vcpu.id() == id) {
                return vcpu;
            }
        }
        return null;
    }

    /// {@return the vCPUs, in the order in which they were made}
    List<VgicVcpu> vcpus() {
        return vcpus;
    }

    /// {@return the vCPU of an affinity, null for none (`kvm_mpidr_to_vcpu`)}
    @Nullable
    VgicVcpu byAffinity(long mpidr) {
        for (VgicVcpu vcpu : vcpus) {
            if (vcpu.port.affinity() == (mpidr & MpidrEl1.AFFINITY)) {
                return vcpu;
            }
        }
        return null;
    }

    // ---- interrupts ------------------------------------------------------------------------------------------------

    /// Sets how many SPIs there will be; before [#init].
    void setNrSpis(int count) {
        nrSpis = count;
    }

    /// {@return how many SPIs there are or will be, 0 while nobody has said}
    int nrSpis() {
        return nrSpis;
    }

    /// {@return how many interrupts there are up to the last SPI}
    int lines() {
        return nrSpis + Intid.PRIVATE;
    }

    /// {@return whether an interrupt is a PPI, or an SPI that is there (`irq_is_ppi`, `vgic_valid_spi`)}
    public boolean isPpiOrSpi(int intid) {
        return !Intid.isSgi(intid) && intid < lines();
    }

    /// Makes an interrupt one that a device inside KVM raises, and the VMM cannot (`kvm_vgic_set_owner`).
    ///
    /// @return 0, or -EAGAIN before the interrupts exist, -EINVAL for one that is not there, -EEXIST for
    ///     one that has
    ///     an owner
    public int setOwner(@Nullable VgicVcpu vcpu, int intid) {
        if (!initialized) {
            return Errno.EAGAIN.negated();
        }
        VgicIrq irq = isPpiOrSpi(intid) ? irq(vcpu, intid) : null;
        if (irq == null) {
            return Errno.EINVAL.negated();
        }
        synchronized (irq) {
            if (irq.owned) {
                return Errno.EEXIST.negated();
            }
            irq.owned = true;
        }
        return 0;
    }

    /// Makes the interrupts (`vgic_init`).
    ///
    /// @return 0, or -EBUSY when a vCPU could run meanwhile, -EINVAL without a vCPU
    int init() {
        synchronized (configLock) {
            if (initialized) {
                return 0;
            }
            if (vcpus.isEmpty()) {
                return Errno.EINVAL.negated();
            }
            if (nrSpis == 0) {
                nrSpis = DEFAULT_SPIS;
            }
            VgicVcpu first = vcpus.getFirst();
            VgicIrq[] made = new VgicIrq[nrSpis];
            for (int i = 0; i < made.length; i++) {
                VgicIrq irq = new VgicIrq(Intid.PRIVATE + i);
                irq.targetVcpu = first;
                irq.group1 = v3;
                made[i] = irq;
            }
            spis = made;
            for (VgicVcpu vcpu : vcpus) {
                vcpu.cpuInterface.reset();
            }
            initialized = true;
            return 0;
        }
    }

    /// {@return an SPI or LPI, null where there is none (`vgic_get_irq`)}
    @Nullable
    VgicIrq irq(int intid) {
        if (intid >= Intid.PRIVATE && intid < Intid.PRIVATE + spis.length) {
            return spis[intid - Intid.PRIVATE];
        }
        return Intid.isLpi(intid) ? lpis.get(intid) : null;
    }

    /// {@return an interrupt as a vCPU sees it, null where there is none (`vgic_get_vcpu_irq`)}
    @Nullable
    VgicIrq irq(@Nullable VgicVcpu vcpu, int intid) {
        if (Intid.isPrivate(intid)) {
            return vcpu == null || intid < 0 ? null : vcpu.privateIrqs[intid];
        }
        return irq(intid);
    }

    /// Puts an interrupt that has changed on the ap_list on which it belongs, and tells the vCPU
    /// (`vgic_queue_irq_unlock`). The caller holds neither an ap_list's lock nor the interrupt's monitor.
    ///
    /// One that is on the list of another vCPU than its target is moved by the thread of that vCPU: that
    /// one has to be told, for it may sleep. KVM tells the target alone.
    void queue(VgicIrq irq) {
        while (true) {
            VgicVcpu target;
            VgicVcpu holder;
            synchronized (irq) {
                target = irq.targetOracle(enabled);
                holder = irq.vcpu;
            }
            if (target == null) {
                return;
            }
            if (holder != null || queueOn(target, irq)) {
                (holder == null ? target : holder).port.kickForInterrupt();
                return;
            }
        }
    }

    private boolean queueOn(VgicVcpu target, VgicIrq irq) {
        synchronized (target.apListLock) {
            synchronized (irq) {
                if (irq.vcpu != null || irq.targetOracle(enabled) != target) {
                    return false;
                }
                target.add(irq);
                return true;
            }
        }
    }

    /// Changes the line of an interrupt (`kvm_vgic_inject_irq`). Any thread may call it.
    ///
    /// @param vcpu whose, for a private interrupt
    /// @param level level of a level-triggered interrupt's line; an edge-triggered one is raised by true
    /// @param byOwner whether the device inside KVM raises it that owns it, and not the VMM
    /// @return 0, or -EINVAL for an interrupt that is not there, -EBUSY before the interrupts exist
    public int inject(@Nullable VgicVcpu vcpu, int intid, boolean level, boolean byOwner) {
        if (!initialized) {
            if (v3) {
                return Errno.EBUSY.negated();
            }
            int result = init();
            if (result < 0) {
                return result;
            }
        }
        VgicIrq irq = irq(vcpu, intid);
        if (irq == null) {
            return Errno.EINVAL.negated();
        }
        synchronized (irq) {
            boolean change = irq.edge ? level : irq.lineLevel != level;
            if (irq.owned != byOwner || !change) {
                return 0;
            }
            if (irq.edge) {
                irq.pendingLatch = true;
            } else {
                irq.lineLevel = level;
            }
        }
        queue(irq);
        return 0;
    }

    // ---- messages --------------------------------------------------------------------------------------------------

    /// Adds an ITS.
    VgicIts addIts() {
        VgicIts its = new VgicIts(this);
        itses.add(its);
        hasIts = true;
        return its;
    }

    /// A device writes a message to an address (`vgic_its_inject_msi`). Any thread may call it.
    ///
    /// @param device number of the device
    /// @param event what it writes
    /// @return 1, 0 when the guest blocks it, -ENODEV without an ITS, -EINVAL for another address, -EBUSY while
    ///     ITS or LPIs are off
    public int signalMsi(long address, long device, long event) {
        if (!hasIts) {
            return Errno.ENODEV.negated();
        }
        for (VgicIts its : itses) {
            if (its.isTranslater(address)) {
                return its.signal(device, event);
            }
        }
        return Errno.EINVAL.negated();
    }

    // ---- SGIs ------------------------------------------------------------------------------------------------------

    /// Sends the SGI that a vCPU wrote to ICC_SGI1R_EL1 or its like (`vgic_v3_dispatch_sgi`).
    ///
    /// @param allowGroup1 whether the register reaches interrupts of group 1, else those of group 0 only
    public void dispatchSgi(VgicVcpu sender, long value, boolean allowGroup1) {
        int sgi = IccSgir.intid(value);
        if ((value & IccSgir.IRM) != 0) {
            for (VgicVcpu vcpu : vcpus) {
                if (vcpu.id() != sender.id()) {
                    sendSgi(vcpu, sgi, allowGroup1);
                }
            }
            return;
        }
        long cluster = IccSgir.cluster(value);
        for (int left = IccSgir.targetList(value); left != 0; left &= left - 1) {
            VgicVcpu vcpu = byAffinity(cluster | Integer.numberOfTrailingZeros(left));
            if (vcpu != null) {
                sendSgi(vcpu, sgi, allowGroup1);
            }
        }
    }

    private void sendSgi(VgicVcpu target, int sgi, boolean allowGroup1) {
        VgicIrq irq = target.privateIrqs[sgi];
        synchronized (irq) {
            if (irq.group1 && !allowGroup1) {
                return;
            }
            irq.pendingLatch = true;
        }
        queue(irq);
    }
}

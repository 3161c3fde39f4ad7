package dev.ipanema.kvm.vm;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.GuestMemfd;
import dev.ipanema.host.platform.Host;
import dev.ipanema.kvm.abort.KvmIoBus;
import dev.ipanema.kvm.abort.KvmIoDevice;
import dev.ipanema.kvm.memslot.DirtyRing;
import dev.ipanema.kvm.mmu.DirtyLog;
import dev.ipanema.kvm.mmu.GuestPageMaintenance;
import dev.ipanema.kvm.mmu.MemslotUpdate;
import dev.ipanema.kvm.mmu.S2Mmu;
import dev.ipanema.kvm.mmu.VmMemory;
import dev.ipanema.kvm.pmu.HostPmu;
import dev.ipanema.kvm.pmu.VmPmu;
import dev.ipanema.kvm.stage2.Stage2PageTable;
import dev.ipanema.kvm.stage2.Vmid;
import dev.ipanema.kvm.timer.TimerIrqs;
import dev.ipanema.kvm.trace.KvmTrace;
import dev.ipanema.kvm.uapi.KvmDevice;
import dev.ipanema.kvm.uapi.KvmIrqRoute;
import dev.ipanema.kvm.uapi.UserspaceMemoryRegion;
import dev.ipanema.kvm.vgic.Vgic;
import dev.ipanema.machine.cpu.InstructionClock;
import dev.ipanema.machine.memory.MmioRegion;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.IntConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// A virtual machine (`struct kvm`). Its methods are the ioctls of a VM's file descriptor, with their return
/// values: zero or positive, or a negated errno.
///
/// Any thread may call them. [#close] only when no vCPU runs.
public final class Vm implements AutoCloseable {
    /// Most vCPUs of a VM, and one more than the largest vCPU id (`KVM_MAX_VCPUS`).
    public static final int MAX_VCPUS = 512;

    private static final int NO_VCPU = -1;

    private final Kvm kvm;
    private final Host host;
    private final VmMemory memory;
    private final GuestPageMaintenance maintenance;
    private final DirtyLog dirtyLog;
    private final MemslotUpdate memslotUpdate;
    private final Psci psci = new Psci(this);
    private final VmInterrupts interrupts;
    private final VmPmu pmu;
    private volatile @Nullable Lockstep lockstep;
    private final IrqRouting routing;
    private final Vmid vmid = new Vmid();
    private final int[] lastVcpuRan;
    private final long counterOffset;
    private final List<Vcpu> vcpus = new CopyOnWriteArrayList<>();
    private final GuestMemfds guestMemfds;
    private final VmCapabilities capabilities;
    private volatile KvmIoBus bus = KvmIoBus.EMPTY;
    private volatile DecisionTrail lastTrail = DecisionTrail.off();

    Vm(Kvm kvm, Host host, AddressSpace mm, S2Mmu mmu, GuestPageMaintenance maintenance, int ipaBits, KvmTrace trace) {
        this.maintenance = maintenance;
        this.kvm = kvm;
        this.host = host;
        this.memory = new VmMemory(kvm.version(), kvm.caps(), mm, mmu, ipaBits, MAX_VCPUS, trace);
        this.guestMemfds = new GuestMemfds(memory, host.kernel());
        this.capabilities = new VmCapabilities(this);
        this.dirtyLog = new DirtyLog(memory);
        this.memslotUpdate = new MemslotUpdate(memory, dirtyLog);
        this.lastVcpuRan = new int[kvm.cpus().count()];
        this.interrupts = new VmInterrupts(this);
        this.pmu = new VmPmu(HostPmu.of(host.cpu()));
        this.routing = new IrqRouting(interrupts);
        this.counterOffset = host.machine().counter().count();
        Arrays.fill(lastVcpuRan, NO_VCPU);
    }

    // ---- capabilities ----------------------------------------------------------------------------------------------

    /// `KVM_CHECK_EXTENSION` on the VM's fd.
    public int checkExtension(int cap) {
        return checkExtension(cap, DecisionTrail.off());
    }

    /// `KVM_CHECK_EXTENSION` on the VM's fd, with the reasons of an answer that depends on the CPU or the kernel.
    public int checkExtension(int cap, DecisionTrail trail) {
        return Extensions.check(kvm.version(), kvm.caps(), kvm.cpus().count(), this, cap, trail);
    }

    /// `KVM_ENABLE_CAP` on the VM's fd.
    ///
    /// @param args up to four arguments, missing ones are 0
    public int enableCap(int cap, long flags, long... args) {
        requireUsable();
        return capabilities.enable(cap, flags, args.length > 0 ? args[0] : 0);
    }

    // ---- memory ----------------------------------------------------------------------------------------------------

    /// `KVM_SET_USER_MEMORY_REGION`. Its reasons are in [#lastTrail()].
    public int setUserMemoryRegion(UserspaceMemoryRegion region) {
        return setRegion(region, false);
    }

    /// `KVM_SET_USER_MEMORY_REGION2`. Its reasons are in [#lastTrail()].
    public int setUserMemoryRegion2(UserspaceMemoryRegion region) {
        return setRegion(region, true);
    }

    private int setRegion(UserspaceMemoryRegion region, boolean version2) {
        requireUsable();
        DecisionTrail trail = kvm.newTrail();
        lastTrail = trail;
        return memslotUpdate.set(region, version2, guestMemfds::find, trail);
    }

    /// `KVM_CREATE_GUEST_MEMFD`.
    ///
    /// @return a file descriptor for [UserspaceMemoryRegion#guestMemfd()] and [#guestMemfd], or a negated errno
    public int createGuestMemfd(long size, long flags) {
        requireUsable();
        return guestMemfds.create(size, flags);
    }

    /// {@return the file of a descriptor that [#createGuestMemfd] gave, for mmap}
    public GuestMemfd guestMemfd(int fd) {
        return guestMemfds.file(fd);
    }

    /// Puts a device that KVM emulates itself on the VM's MMIO bus.
    ///
    /// @throws IllegalArgumentException when the range overlaps another device's
    public synchronized void registerMmio(long ipa, long size, MmioRegion device) {
        bus = bus.with(ipa, size, new KvmIoDevice() {
            @Override
            public long read(int vcpu, long offset, int len) {
                return device.read(offset, len);
            }

            @Override
            public void write(int vcpu, long offset, int len, long value) {
                device.write(offset, len, value);
            }
        });
    }

    /// Puts a device on the VM's MMIO bus that knows which vCPU accesses it.
    ///
    /// @return 0, or -EEXIST when the range overlaps another device's
    synchronized int registerDevice(long ipa, long size, KvmIoDevice device) {
        if (bus.overlaps(ipa, size)) {
            return Errno.EEXIST.negated();
        }
        bus = bus.with(ipa, size, device);
        return 0;
    }

    /// `KVM_GET_DIRTY_LOG`.
    ///
    /// @param bitmap takes one bit a page
    public int getDirtyLog(int slot, long[] bitmap) {
        requireUsable();
        memory.slotsLock().lock();
        try {
            return dirtyLog.get(slot, bitmap);
        } finally {
            memory.slotsLock().unlock();
        }
    }

    /// `KVM_CLEAR_DIRTY_LOG`.
    ///
    /// @param bitmap bit n stands for page `firstPage` + n
    public int clearDirtyLog(int slot, long firstPage, long numPages, long[] bitmap) {
        requireUsable();
        memory.slotsLock().lock();
        try {
            return dirtyLog.clear(slot, firstPage, numPages, bitmap);
        } finally {
            memory.slotsLock().unlock();
        }
    }

    /// `KVM_RESET_DIRTY_RINGS`.
    ///
    /// @return how many entries were taken back, or a negated errno
    public int resetDirtyRings() {
        requireUsable();
        if (memory.logging().ringEntries() == 0) {
            return Errno.EINVAL.negated();
        }
        memory.slotsLock().lock();
        try {
            int count = 0;
            for (Vcpu vcpu : vcpus) {
                DirtyRing ring = vcpu.dirtyRing();
                count += ring == null ? 0 : ring.reset(dirtyLog::protectAgain);
            }
            if (count != 0) {
                dirtyLog.flushAfterReset();
            }
            return count;
        } finally {
            memory.slotsLock().unlock();
        }
    }

    // ---- vCPUs -----------------------------------------------------------------------------------------------------

    /// `KVM_CREATE_VCPU`.
    ///
    /// @throws KvmError with -EINVAL for an id that is too large, -EEXIST for one that is taken
    public synchronized Vcpu createVcpu(int id) {
        requireUsable();
        if (id < 0 || id >= interrupts.maxVcpus()) {
            throw new KvmError(Errno.EINVAL.negated(), "KVM_CREATE_VCPU id " + id);
        }
        for (Vcpu vcpu : vcpus) {
            if (vcpu.id() == id) {
                throw new KvmError(Errno.EEXIST.negated(), "KVM_CREATE_VCPU id " + id);
            }
        }
        Vcpu vcpu = new Vcpu(this, id, host.cpu());
        Vgic controller = interrupts.vgic();
        if (controller != null) {
            vcpu.interrupts().attach(controller);
        }
        vcpus.add(vcpu);
        return vcpu;
    }

    /// {@return the vCPUs, in the order in which they were made}
    public List<Vcpu> vcpus() {
        return vcpus;
    }

    // ---- interrupts ------------------------------------------------------------------------------------------------

    /// `KVM_CREATE_DEVICE`.
    ///
    /// @param type `KVM_DEV_TYPE_ARM_VGIC_…` of [dev.ipanema.kvm.uapi.KvmDeviceUapi]
    /// @throws KvmError with -ENODEV for a type that the host does not have, -EEXIST for a second vGIC, -EBUSY
    ///     when a vCPU has run, -E2BIG for too many vCPUs
    public KvmDevice createDevice(int type) {
        requireUsable();
        return interrupts.create(type);
    }

    /// `KVM_IRQ_LINE`: drives a line. Any thread may call it.
    ///
    /// @param irq kind, vCPU and number, see [dev.ipanema.kvm.uapi.KvmDeviceUapi#KVM_ARM_IRQ_TYPE_SHIFT]
    /// @return 0, or -EINVAL, -ENXIO as the kernel's
    public int irqLine(int irq, boolean level) {
        requireUsable();
        return interrupts.irqLine(irq, level);
    }

    /// `KVM_SIGNAL_MSI`: a device's message. Any thread may call it.
    ///
    /// @param flags `KVM_MSI_VALID_DEVID` of [dev.ipanema.kvm.uapi.KvmDeviceUapi], without which no ITS takes it
    /// @param deviceId number of the device, as PCIe's requester ID
    /// @return 1, 0 when the guest blocks it, or a negated errno: -ENODEV without an ITS, -EINVAL for another
    ///     address
    public int signalMsi(long address, int data, int flags, int deviceId) {
        requireUsable();
        return interrupts.signalMsi(address, data, flags, deviceId);
    }

    /// `KVM_SET_GSI_ROUTING`: where interrupts go that [#irqfd] raises. Before, number n is SPI n.
    ///
    /// @return 0, or -EINVAL for a number or pin that cannot be, -E2BIG for too many
    public int setGsiRouting(List<KvmIrqRoute> routes) {
        requireUsable();
        return routing.set(routes);
    }

    /// What a write to an irqfd does: raises or lowers an interrupt by its number. Any thread may call it.
    ///
    /// @return what [#irqLine] or [#signalMsi] returns, -EINVAL for a number without a route
    public int irqfd(int gsi, boolean level) {
        requireUsable();
        return routing.raise(gsi, level);
    }

    /// Adds who is told, on a vCPU's thread, that the guest has ended a level-triggered SPI
    /// (`kvm_register_irq_ack_notifier`, the resampling of `KVM_IRQFD`).
    ///
    /// @param listener takes the number of the interrupt less 32
    public void onSpiAck(IntConsumer listener) {
        interrupts.onAck(listener);
    }

    /// {@return whether the vGIC is a GICv3}
    boolean hasVgicV3() {
        Vgic controller = interrupts.vgic();
        return controller != null && controller.isV3();
    }

    /// {@return the vGIC, null when there is none}
    @Nullable
    Vgic vgic() {
        return interrupts.vgic();
    }

    /// {@return what its vCPUs have in common of their performance monitors}
    VmPmu pmu() {
        return pmu;
    }

    TimerIrqs timerIrqs() {
        return interrupts.timerIrqs();
    }

    // ---- reports ---------------------------------------------------------------------------------------------------

    /// {@return why the last memory-region ioctl ended as it did; empty unless trails are on}
    public DecisionTrail lastTrail() {
        return lastTrail;
    }

    /// {@return the defect of the followed kernel that has made the VMM's address space unusable, if one did: a
    /// leaked `mmap_lock`. Every later ioctl throws [KvmError]}
    public Optional<String> kernelDefect() {
        return Optional.ofNullable(memory.defect());
    }

    /// {@return how many page references the followed kernel has leaked}
    public long leakedPages() {
        return memory.leakedPages();
    }

    /// {@return the stage-2 tables, for reading}
    public Stage2PageTable stage2() {
        return memory.mmu().pageTable();
    }

    /// {@return the memory side of the VM}
    public VmMemory memory() {
        return memory;
    }

    /// {@return the IPA size in bits}
    public int ipaBits() {
        return memory.ipaBits();
    }

    /// @throws KvmError when the host kernel has left `mmap_lock` held: on a real host this call would hang
    void requireUsable() {
        String defect = memory.defect();
        if (defect != null) {
            throw new KvmError(Errno.EIO.negated(), "The host kernel hangs: " + defect);
        }
    }

    Kvm kvm() {
        return kvm;
    }

    /// {@return whether a vCPU has ever run}
    boolean hasRunOnce() {
        for (Vcpu vcpu : vcpus) {
            if (vcpu.hasRunOnce()) {
                return true;
            }
        }
        return false;
    }

    /// Sets the real time that the guest is told by KVM's PTP call; the host's by default.
    ///
    /// @param nanos nanoseconds since 1970
    public void setRealTime(LongSupplier nanos) {
        psci.hypercalls().setRealTime(nanos);
    }

    /// Makes the run repeat exactly: one vCPU runs at a time, in turns of 10 000 instructions that WFE, WFI and
    /// YIELD end, and time is what the host's machine executes. After the vCPUs are made and before they are
    /// initialised; every vCPU needs a processing element of its own, each vCPU its own thread, and whatever
    /// else goes into the guest has to come from its own exits.
    ///
    /// @param clock the ticker that the host was made with
    public void runInLockstep(InstructionClock clock) {
        lockstep = new Lockstep(this, clock);
        setRealTime(clock::nanos);
        for (Vcpu vcpu : vcpus) {
            vcpu.pvTime().ignoreHostTime();
        }
    }

    @Nullable
    Lockstep lockstep() {
        return lockstep;
    }

    /// Something has changed for a vCPU.
    void wakeLockstep() {
        Lockstep turns = lockstep;
        if (turns != null) {
            turns.wake();
        }
    }

    KvmIoBus bus() {
        return bus;
    }

    Psci psci() {
        return psci;
    }

    MemslotUpdate memslotUpdate() {
        return memslotUpdate;
    }

    /// {@return what is done to the caches for guest pages}
    GuestPageMaintenance maintenance() {
        return maintenance;
    }

    Vmid vmid() {
        return vmid;
    }

    /// {@return what the virtual counter lags behind the physical one: it starts at 0 with the VM}
    long counterOffset() {
        return counterOffset;
    }

    /// Notes which vCPU runs on a processing element.
    ///
    /// @return whether another one of this VM ran there last, whose TLB entries must go
    boolean runsOn(int processingElement, int vcpu) {
        int last = lastVcpuRan[processingElement];
        lastVcpuRan[processingElement] = vcpu;
        return last != vcpu && last != NO_VCPU;
    }

    /// `kvm_destroy_vm`: frees tables and slots.
    @Override
    public void close() {
        for (Vcpu vcpu : vcpus) {
            vcpu.close();
        }
        memory.close();
        guestMemfds.close();
    }
}

package dev.ipanema.kvm.vm;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.MpidrEl1;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.kvm.abort.ExceptionInjector;
import dev.ipanema.kvm.abort.GuestAborts;
import dev.ipanema.kvm.memslot.DirtyRing;
import dev.ipanema.kvm.mmu.GuestBytes;
import dev.ipanema.kvm.mmu.Maintenance;
import dev.ipanema.kvm.pmu.PmuAttributes;
import dev.ipanema.kvm.pmu.PmuRegisters;
import dev.ipanema.kvm.pmu.VcpuPmu;
import dev.ipanema.kvm.uapi.KvmGuestDebug;
import dev.ipanema.kvm.uapi.KvmRun;
import dev.ipanema.kvm.uapi.VcpuEvents;
import dev.ipanema.machine.cpu.CpuContext;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// A virtual CPU (`struct kvm_vcpu`). Its methods are the ioctls of a vCPU's file descriptor; one thread at a time
/// is inside, others wait, but for [#kick()], [#powerOn] and [#powerOff()].
public final class Vcpu implements AutoCloseable {
    /// `KVM_ARM_VCPU_POWER_OFF`: the vCPU starts when another one turns it on.
    public static final int KVM_ARM_VCPU_POWER_OFF = 1;

    /// `KVM_ARM_VCPU_PSCI_0_2`, always given here.
    public static final int KVM_ARM_VCPU_PSCI_0_2 = 1 << 2;

    /// `KVM_SET_MP_STATE`: on.
    public static final int KVM_MP_STATE_RUNNABLE = 0;

    /// `KVM_SET_MP_STATE`: powered off.
    public static final int KVM_MP_STATE_STOPPED = 5;

    private static final int AFF0_VCPUS = 16;

    private final Vm vm;
    private final int id;
    private final CpuContext cpu;
    private final KvmRun run = new KvmRun();
    private final @Nullable DirtyRing dirtyRing;
    private final GuestAborts aborts;
    private final GuestIds guestIds;
    private final VcpuRun loop;
    private final OneReg oneReg;
    private final GuestDebug guestDebug;
    private final VcpuPmu pmu;
    private final PmuAttributes pmuAttributes;
    private final ReentrantLock mutex = new ReentrantLock();
    private int features = -1;

    private final VcpuRequests requests = new VcpuRequests();
    private final VcpuInterrupts interrupts;
    private final PvTime pvTime;

    Vcpu(Vm vm, int id, CpuModel model) {
        this.vm = vm;
        this.id = id;
        this.cpu = new CpuContext(model);
        this.dirtyRing = vm.memory().logging().newRing();
        this.aborts = new GuestAborts(vm.memory(), cpu, run, id, dirtyRing);
        this.guestIds = new GuestIds(vm, cpu);
        this.pmu = new VcpuPmu(cpu, vm.pmu());
        this.pmuAttributes = new PmuAttributes(pmu);
        PmuRegisters pmuRegisters = new PmuRegisters(pmu);
        this.oneReg = new OneReg(cpu, guestIds, vm.psci(), pmuRegisters, vm::hasRunOnce);
        this.pvTime = new PvTime(new GuestBytes(vm.memory()));
        this.guestDebug = new GuestDebug(cpu);
        this.interrupts = new VcpuInterrupts(vm, this, requests, pmu);
        SysRegTraps sysRegs = new SysRegTraps(vm, cpu, guestIds, interrupts, pmuRegisters);
        this.loop = new VcpuRun(this, aborts, sysRegs, guestDebug, pmu, interrupts, pvTime);
    }

    // ---- identity --------------------------------------------------------------------------------------------------

    /// {@return its virtual machine}
    Vm vm() {
        return vm;
    }

    /// {@return its number, which MPIDR_EL1 shows}
    public int id() {
        return id;
    }

    /// {@return its MPIDR_EL1 affinity: at most 16 vCPUs share affinity level 0}
    long affinity() {
        return MpidrEl1.of(id % AFF0_VCPUS, id / AFF0_VCPUS, 0);
    }

    /// {@return the structure that is shared with the VMM}
    public KvmRun kvmRun() {
        return run;
    }

    /// {@return the guest's state, to look at while the vCPU does not run}
    public CpuContext cpu() {
        return cpu;
    }

    /// {@return how often the guest was left, whatever for (`kvm_stat`: exits)}
    public long exits() {
        return loop.exits();
    }

    /// {@return how many faults on guest memory KVM has handled for it}
    public long faults() {
        return aborts.faults();
    }

    /// {@return its dirty ring, null when the VM has none}
    public @Nullable DirtyRing dirtyRing() {
        return dirtyRing;
    }

    /// {@return why the aborts of the last [#run] ended as they did, until the next one; empty unless trails are on}
    public DecisionTrail lastTrail() {
        return loop.lastTrail();
    }

    /// Takes the SIGBUS that a lost page has made pending for the VMM's thread: [#run] returns -EINTR until then.
    public Optional<GuestAborts.HwpoisonSignal> takeSignal() {
        return Optional.ofNullable(aborts.takeSignal());
    }

    // ---- init and registers ----------------------------------------------------------------------------------------

    /// `KVM_ARM_VCPU_INIT` without optional features.
    public int init() {
        return init(KVM_ARM_VCPU_PSCI_0_2);
    }

    /// `KVM_ARM_VCPU_INIT`: puts the vCPU into reset state. Again, after it has run, it makes the guest's memory
    /// fit for a guest that starts with its caches off.
    ///
    /// @param newFeatures `KVM_ARM_VCPU_…`
    /// @return 0, or -EINVAL for features that are not there or differ from the first time
    public int init(int newFeatures) {
        vm.requireUsable();
        int kept = newFeatures & ~KVM_ARM_VCPU_POWER_OFF;
        if (!VcpuFeatures.areValid(kept, cpu.model()) || (features >= 0 && features != kept)) {
            return Errno.EINVAL.negated();
        }
        mutex.lock();
        try {
            features = kept;
            guestIds.init(kept);
            pmu.setPresent(VcpuFeatures.performanceMonitors(kept));
            reset();
            if (loop.hasRunOnce() && vm.maintenance().does(Maintenance.REINIT)) {
                if (vm.kvm().caps().fwb()) {
                    vm.maintenance().icacheInvalAllPou();
                } else {
                    vm.memslotUpdate().unmapVm();
                }
            }
            requests.power((newFeatures & KVM_ARM_VCPU_POWER_OFF) != 0);
            return 0;
        } finally {
            mutex.unlock();
        }
    }

    /// Puts the registers into reset state.
    void reset() {
        aborts.mmio().abandon();
        VcpuReset.reset(cpu, vm.kvm().caps(), vm.memory().hasMte());
        pmu.reset(VcpuReset.UNKNOWN);
        cpu.set(SysReg.VMPIDR_EL2, MpidrEl1.RES1 | affinity());
        cpu.set(SysReg.CNTVOFF_EL2, vm.counterOffset());
        cpu.set(SysReg.VTCR_EL2, vm.stage2().vtcr());
        if (vm.lockstep() != null) {
            // WFE and YIELD end the turn.
            cpu.setYieldEndsRun(true);
            cpu.set(SysReg.HCR_EL2, cpu.get(SysReg.HCR_EL2) | HcrEl2.TWE);
        }
        if (VcpuFeatures.pointerAuthentication(features)) {
            cpu.set(SysReg.HCR_EL2, cpu.get(SysReg.HCR_EL2) | HcrEl2.API | HcrEl2.APK);
        }
    }

    /// `KVM_SET_ONE_REG` of a register of up to 64 bits.
    ///
    /// @param reg identifier, see [dev.ipanema.kvm.uapi.KvmReg]
    /// @return 0, -ENOENT for an unknown register, -EINVAL for a value it cannot have, -ENOEXEC before [#init()]
    public int setOneReg(long reg, long value) {
        return setOneReg(reg, value, 0);
    }

    /// `KVM_SET_ONE_REG` of a register of up to 128 bits.
    public int setOneReg(long reg, long low, long high) {
        mutex.lock();
        try {
            return features < 0 ? Errno.ENOEXEC.negated() : oneReg.set(reg, low, high);
        } finally {
            mutex.unlock();
        }
    }

    /// `KVM_GET_ONE_REG`: the register, or the low half of one of 128 bits.
    ///
    /// @throws KvmError with -ENOENT for an unknown register, -ENOEXEC before [#init()]
    public long getOneReg(long reg) {
        return getOneReg(reg, 0);
    }

    /// `KVM_GET_ONE_REG` of one half of a register.
    ///
    /// @param half 0 for bits 63:0, 1 for bits 127:64
    /// @throws KvmError with -ENOENT for an unknown register, -ENOEXEC before [#init()]
    public long getOneReg(long reg, int half) {
        mutex.lock();
        try {
            if (features < 0) {
                throw new KvmError(Errno.ENOEXEC.negated(), "KVM_GET_ONE_REG");
            }
            return oneReg.get(reg, half);
        } finally {
            mutex.unlock();
        }
    }

    /// `KVM_SET_VCPU_EVENTS`: injects an SError or a synchronous external data abort. The latter drops the MMIO
    /// access that waits for the VMM.
    public int setVcpuEvents(VcpuEvents events) {
        mutex.lock();
        try {
            return features < 0 ? Errno.ENOEXEC.negated() : inject(events);
        } finally {
            mutex.unlock();
        }
    }

    private int inject(VcpuEvents events) {
        ExceptionInjector injector = aborts.injector();
        if (events.serrorPending()) {
            if (events.serrorHasEsr()) {
                if (!vm.kvm().caps().ras() || Esr.iss(events.serrorEsr()) != events.serrorEsr()) {
                    return Errno.EINVAL.negated();
                }
                injector.injectSerror((int) events.serrorEsr());
            } else {
                injector.injectSerror();
            }
        }
        if (events.extDabtPending()) {
            aborts.mmio().abandon();
            injector.injectSea(false, aborts.fault().far());
        }
        return 0;
    }

    /// {@return what `KVM_GET_VCPU_EVENTS` says}
    public VcpuEvents vcpuEvents() {
        boolean pending = aborts.injector().isSerrorPending();
        boolean hasEsr = pending && vm.kvm().caps().ras();
        return new VcpuEvents(pending, hasEsr, false, hasEsr ? cpu.get(SysReg.VSESR_EL2) : 0);
    }

    /// `KVM_SET_GUEST_DEBUG`.
    ///
    /// @return 0, or -EINVAL for what is unknown or the host does not have
    public int setGuestDebug(KvmGuestDebug debug) {
        mutex.lock();
        try {
            return guestDebug.set(debug);
        } finally {
            mutex.unlock();
        }
    }

    // ---- running ---------------------------------------------------------------------------------------------------

    /// `KVM_RUN`: runs the guest until it needs the VMM.
    ///
    /// @return 0 with `exit_reason` set, or a negated errno
    public int run() {
        vm.requireUsable();
        if (features < 0) {
            return Errno.ENOEXEC.negated();
        }
        mutex.lock();
        try {
            return loop.run();
        } finally {
            mutex.unlock();
        }
    }

    // ---- waiting and power -----------------------------------------------------------------------------------------

    /// Sleeps until an interrupt is pending or somebody wants the vCPU, as WFI does.
    void waitForInterrupt() {
        loop.waitForInterrupt();
    }

    /// {@return whether an SError is pending}
    boolean hasSerror() {
        return aborts.injector().isSerrorPending();
    }

    /// Makes the current or next [#run] return -EINTR, as a signal does. Any thread may call it.
    public void kick() {
        requests.kick();
        vm.wakeLockstep();
    }

    /// Stops the vCPU (`kvm_arm_vcpu_power_off`): [#run] waits until it is turned on. Any thread may call it.
    void powerOff() {
        requests.powerOff();
    }

    /// Turns a stopped vCPU on (PSCI CPU_ON): it starts in reset state. Any thread may call it.
    ///
    /// @param pc where it starts
    /// @param x0 its first argument
    /// @return false when it was on already
    boolean powerOn(long pc, long x0) {
        return requests.powerOn(pc, x0);
    }

    /// {@return whether it is powered off}
    public boolean isStopped() {
        return requests.isStopped();
    }

    /// {@return what other threads want of it}
    VcpuRequests requests() {
        return requests;
    }

    /// {@return its interrupts}
    VcpuInterrupts interrupts() {
        return interrupts;
    }

    /// {@return whether it has ever run}
    boolean hasRunOnce() {
        return loop.hasRunOnce();
    }

    /// Takes its file descriptor when nobody uses it (`mutex_trylock(&vcpu->mutex)`).
    boolean tryLock() {
        return mutex.tryLock();
    }

    /// Gives it back.
    void unlock() {
        mutex.unlock();
    }

    /// {@return Xn, for calls of the guest}
    long x(int n) {
        return cpu.x(n);
    }

    /// Sets the results of a call: X0, and X1 to X3 to 0 (`smccc_set_retval`).
    void setResult(long value) {
        setResults(new long[] {value, 0, 0, 0});
    }

    /// Sets the results of a call: X0 to X3.
    void setResults(long[] values) {
        for (int n = 0; n < values.length; n++) {
            cpu.setX(n, values[n]);
        }
    }

    /// {@return the attributes of its performance monitors}
    PmuAttributes pmuAttributes() {
        return pmuAttributes;
    }

    /// {@return its stolen time}
    PvTime pvTime() {
        return pvTime;
    }

    // ---- attributes and power for the VMM --------------------------------------------------------------------------

    /// `KVM_SET_DEVICE_ATTR` on the vCPU's fd: timers, paravirtual time and performance monitors.
    ///
    /// @param group `KVM_ARM_VCPU_…_CTRL` of [dev.ipanema.kvm.uapi.KvmDeviceUapi]
    /// @return 0 or a negated errno, -ENXIO for an attribute that is not there
    public int setDeviceAttr(int group, long attr, long value) {
        mutex.lock();
        try {
            return VcpuAttributes.set(vm, this, group, attr, value);
        } finally {
            mutex.unlock();
        }
    }

    /// `KVM_GET_DEVICE_ATTR` on the vCPU's fd.
    ///
    /// @param value element 0 takes the value
    /// @return 0, or -ENXIO for an attribute that is not there
    public int getDeviceAttr(int group, long attr, long[] value) {
        mutex.lock();
        try {
            return VcpuAttributes.get(vm, this, group, attr, value);
        } finally {
            mutex.unlock();
        }
    }

    /// `KVM_HAS_DEVICE_ATTR` on the vCPU's fd.
    public boolean hasDeviceAttr(int group, long attr) {
        return VcpuAttributes.has(this, group, attr);
    }

    /// {@return what `KVM_GET_MP_STATE` says: [#KVM_MP_STATE_RUNNABLE] or [#KVM_MP_STATE_STOPPED]}
    public int mpState() {
        return isStopped() ? KVM_MP_STATE_STOPPED : KVM_MP_STATE_RUNNABLE;
    }

    /// `KVM_SET_MP_STATE`: turns the vCPU on, where it is, or off.
    ///
    /// @return 0, or -EINVAL for another state
    public int setMpState(int state) {
        if (state != KVM_MP_STATE_RUNNABLE && state != KVM_MP_STATE_STOPPED) {
            return Errno.EINVAL.negated();
        }
        mutex.lock();
        try {
            requests.power(state == KVM_MP_STATE_STOPPED);
            return 0;
        } finally {
            mutex.unlock();
        }
    }

    /// {@return whether HCR_EL2.TVM traps writes to the registers of translation}
    boolean trapsVmRegisters() {
        return (cpu.get(SysReg.HCR_EL2) & HcrEl2.TVM) != 0;
    }

    @Override
    public void close() {
        aborts.close();
    }
}

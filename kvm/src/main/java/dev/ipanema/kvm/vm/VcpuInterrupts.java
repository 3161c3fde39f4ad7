package dev.ipanema.kvm.vm;

import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.kvm.pmu.VcpuPmu;
import dev.ipanema.kvm.timer.ArchTimer;
import dev.ipanema.kvm.uapi.KvmRun;
import dev.ipanema.kvm.vgic.VcpuPort;
import dev.ipanema.kvm.vgic.Vgic;
import dev.ipanema.kvm.vgic.VgicVcpu;
import dev.ipanema.machine.cpu.CpuContext;
import dev.ipanema.machine.cpu.El1Timer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// The interrupts of one vCPU: its part of the vGIC, its timers, and the lines that a VMM drives when there is no vGIC.
final class VcpuInterrupts {
    private final Vm vm;
    private final Vcpu vcpu;
    private final CpuContext cpu;
    private final VcpuRequests requests;
    private final ArchTimer timer;
    private final VcpuPmu pmu;
    private @Nullable VgicVcpu vgic;
    private boolean enabled;

    /// While the vCPU sleeps in a [Lockstep]: what is left of its time. Guarded by the lockstep.
    private volatile @Nullable LongSupplier asleep;

    /// HCR_EL2.VI and VF as `KVM_IRQ_LINE` set them (`vcpu->arch.hcr_el2`).
    private volatile long lines;

    VcpuInterrupts(Vm vm, Vcpu vcpu, VcpuRequests requests, VcpuPmu pmu) {
        this.pmu = pmu;
        this.vm = vm;
        this.vcpu = vcpu;
        this.cpu = vcpu.cpu();
        this.requests = requests;
        this.timer = new ArchTimer(cpu, vm.kvm().counter(), vm.timerIrqs());
    }

    /// What the vGIC sees of the vCPU.
    private final class Port implements VcpuPort {
        @Override
        public int id() {
            return vcpu.id();
        }

        @Override
        public long affinity() {
            return vcpu.affinity();
        }

        @Override
        public CpuContext cpu() {
            return cpu;
        }

        @Override
        public boolean hasRunOnce() {
            return vcpu.hasRunOnce();
        }

        @Override
        public void kickForInterrupt() {
            requests.kickForInterrupt();
            vm.wakeLockstep();
        }
    }

    /// Gives the vCPU its part of the VM's vGIC.
    void attach(Vgic controller) {
        vgic = controller.addVcpu(new Port());
    }

    /// {@return its part of the vGIC, null when the VM has none}
    @Nullable
    VgicVcpu vgic() {
        return vgic;
    }

    /// Prepares the first run (`kvm_arch_vcpu_run_pid_change`).
    ///
    /// @return 0, or a negated errno when the vGIC is not complete
    int enable() {
        Vgic controller = vm.vgic();
        if (enabled) {
            return 0;
        }
        if (controller == null || vgic == null) {
            return pmu.enable(null, null) ? 0 : Errno.EINVAL.negated();
        }
        int result = controller.mapResources();
        if (result < 0) {
            return result;
        }
        if (!vm.timerIrqs().fix() || isTimerIrqTaken() || !pmu.enable(controller, vgic)) {
            return Errno.EINVAL.negated();
        }
        timer.enable(controller, vgic);
        enabled = true;
        return 0;
    }

    /// An interrupt has one owner (`timer_irqs_are_valid`).
    private boolean isTimerIrqTaken() {
        return pmu.owns(vm.timerIrqs().of(El1Timer.VIRTUAL))
                || pmu.owns(vm.timerIrqs().of(El1Timer.PHYSICAL));
    }

    // ---- around the guest ------------------------------------------------------------------------------------------

    void load() {
        if (vgic != null) {
            vgic.load();
        }
        timer.load();
    }

    void put() {
        if (vgic != null) {
            vgic.put();
        }
    }

    void flush() {
        if (vgic != null) {
            vgic.flush();
        }
        long hcr = cpu.get(SysReg.HCR_EL2);
        long wanted = (hcr & ~(HcrEl2.VI | HcrEl2.VF)) | lines;
        if (hcr != wanted) {
            cpu.set(SysReg.HCR_EL2, wanted);
        }
    }

    void sync() {
        if (vgic != null) {
            vgic.sync();
        }
    }

    /// Takes the interrupts of the timers of the processing element.
    void timerInterrupt() {
        timer.interrupt();
    }

    /// Drives the vCPU's own interrupt inputs (`vcpu_interrupt_line`).
    void line(long bit, boolean level) {
        synchronized (this) {
            lines = level ? lines | bit : lines & ~bit;
        }
        requests.kickForInterrupt();
        vm.wakeLockstep();
    }

    // ---- sleeping --------------------------------------------------------------------------------------------------

    /// Sleeps until an interrupt is pending, somebody wants something or a time is over; the vCPU is not loaded.
    ///
    /// @param limit nanoseconds that are left, `Long.MAX_VALUE` for no limit
    void sleep(LongSupplier limit) {
        while (true) {
            requests.clearInterrupt();
            if (vgic != null) {
                // What has another target by now is not to sleep here.
                vgic.prune();
            }
            timer.updateLines();
            if (isPending() || (timer.isUnheard() && isLineNews())) {
                return;
            }
            long left = limit.getAsLong();
            if (left <= 0 || requests.sleep(Math.min(left, timer.nanosToNextRise())) == VcpuRequests.Woken.REQUEST) {
                return;
            }
        }
    }

    /// Begins a sleep of which [Lockstep] decides when it ends.
    ///
    /// @param limit nanoseconds that are left of it, `Long.MAX_VALUE` for no limit
    void beginSleep(LongSupplier limit) {
        asleep = limit;
    }

    /// Ends it.
    void endSleep() {
        asleep = null;
    }

    /// {@return nanoseconds until the virtual count reaches a value, 0 when it has}
    long nanosUntil(long virtualCount) {
        return timer.nanosUntil(virtualCount);
    }

    /// {@return whether the vCPU does not sleep, or has reason to wake; for the holder of the [Lockstep]}
    boolean isAwake() {
        LongSupplier limit = asleep;
        if (limit == null) {
            return true;
        }
        timer.updateLines();
        return isPending() || vcpu.hasSerror() || limit.getAsLong() <= 0;
    }

    /// {@return nanoseconds until something wakes it without another's doing}
    long nanosToWake() {
        LongSupplier limit = asleep;
        return limit == null ? 0 : Math.min(limit.getAsLong(), timer.nanosToNextRise());
    }

    private boolean isPending() {
        return lines != 0 || (vgic != null && vgic.isInterruptPending());
    }

    // ---- a VMM with its own interrupt controller -------------------------------------------------------------------

    /// {@return whether the VMM has not been told of a line of the timers or the performance monitors yet
    /// (`kvm_timer_should_notify_user`, `kvm_pmu_should_notify_user`)}
    boolean isLineNews() {
        return vm.vgic() == null && vcpu.kvmRun().deviceIrqLevel != lineLevels();
    }

    /// Tells the VMM the lines of timers and performance monitors (`kvm_timer_update_run`,
    /// `kvm_pmu_update_run`).
    void tellLines() {
        if (vm.vgic() == null) {
            vcpu.kvmRun().deviceIrqLevel = lineLevels();
        }
    }

    private int lineLevels() {
        return (timer.level(El1Timer.VIRTUAL) ? KvmRun.KVM_ARM_DEV_EL1_VTIMER : 0)
                | (timer.level(El1Timer.PHYSICAL) ? KvmRun.KVM_ARM_DEV_EL1_PTIMER : 0)
                | (pmu.level() ? KvmRun.KVM_ARM_DEV_PMU : 0);
    }
}

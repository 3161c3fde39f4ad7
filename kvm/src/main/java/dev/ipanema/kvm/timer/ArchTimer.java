package dev.ipanema.kvm.timer;

import dev.ipanema.kvm.vgic.Vgic;
import dev.ipanema.kvm.vgic.VgicVcpu;
import dev.ipanema.machine.cpu.Counter;
import dev.ipanema.machine.cpu.CpuContext;
import dev.ipanema.machine.cpu.El1Timer;
import org.jspecify.annotations.Nullable;

/// The timers of one vCPU (`struct arch_timer_cpu`): virtual and physical, both of which the guest drives itself, as on
/// a host with VHE. Used by the vCPU's thread.
///
/// With a vGIC the physical interrupt of a timer is forwarded: it stays active on the processing element, and cannot
/// interrupt again, until the guest deactivates its virtual one. Without a vGIC it is masked in that way as long as the
/// line is high, and the VMM is told of the line.
public final class ArchTimer {
    private static final El1Timer[] TIMERS = El1Timer.values();

    private final CpuContext cpu;
    private final Counter counter;
    private final TimerIrqs irqs;
    private @Nullable Vgic vgic;
    private @Nullable VgicVcpu vgicVcpu;
    private int lines;

    /// The timers of a vCPU.
    ///
    /// @param irqs which interrupts the VM's timers raise
    public ArchTimer(CpuContext cpu, Counter counter, TimerIrqs irqs) {
        this.cpu = cpu;
        this.counter = counter;
        this.irqs = irqs;
    }

    /// Connects the timers to the vGIC before the vCPU runs for the first time (`kvm_timer_enable`).
    public void enable(Vgic controller, VgicVcpu vcpu) {
        vgic = controller;
        vgicVcpu = vcpu;
        for (El1Timer timer : TIMERS) {
            vcpu.mapPhysical(timer.intid(), irqs.of(timer), () -> timer.line(cpu, counter.count()));
        }
    }

    /// Brings interrupts and lines together when the vCPU is put on a processing element
    /// (`kvm_timer_vcpu_load`).
    public void load() {
        for (El1Timer timer : TIMERS) {
            boolean level = timer.line(cpu, counter.count());
            update(timer, level);
            VgicVcpu vcpu = vgicVcpu;
            boolean active = vcpu != null && vcpu.isMappedActive(irqs.of(timer));
            cpu.gic().setForwarded(timer.intid(), active || level);
        }
    }

    /// Takes the physical interrupts of timers whose line is high (`kvm_arch_timer_handler`).
    public void interrupt() {
        for (El1Timer timer : TIMERS) {
            boolean active = (cpu.gic().forwarded() >>> timer.intid() & 1) != 0;
            if (!active && timer.line(cpu, counter.count())) {
                cpu.gic().setForwarded(timer.intid(), true);
                update(timer, true);
            }
        }
    }

    /// `kvm_timer_update_irq`.
    private void update(El1Timer timer, boolean level) {
        int bit = 1 << timer.intid();
        lines = level ? lines | bit : lines & ~bit;
        Vgic controller = vgic;
        if (controller != null) {
            controller.inject(vgicVcpu, irqs.of(timer), level, true);
        }
    }

    /// Looks at the lines while the vCPU sleeps.
    public void updateLines() {
        for (El1Timer timer : TIMERS) {
            update(timer, timer.line(cpu, counter.count()));
        }
    }

    /// {@return whether the line of a timer is high that nobody but the VMM hears}
    public boolean isUnheard() {
        return vgic == null && lines != 0;
    }

    /// {@return whether a timer's line was high when it was last looked at}
    public boolean level(El1Timer timer) {
        return (lines >>> timer.intid() & 1) != 0;
    }

    /// {@return nanoseconds until the virtual count reaches a value, 0 when it has, [El1Timer#NEVER] for never}
    public long nanosUntil(long value) {
        long left = value - El1Timer.VIRTUAL.view(cpu, counter.count());
        if (Long.compareUnsigned(El1Timer.VIRTUAL.view(cpu, counter.count()), value) >= 0) {
            return 0;
        }
        return left < 0 ? El1Timer.NEVER : Counter.nanos(left);
    }

    /// {@return nanoseconds until a line rises that was low when it was last looked at
    /// (`kvm_timer_earliest_exp`): 0 when it has risen since, [El1Timer#NEVER] for none}
    ///
    /// What counts is the line that was noted, not the one of now: a line that rises between
    /// [#updateLines()] and this call has been told to nobody, and its vCPU must not sleep for ever.
    public long nanosToNextRise() {
        long count = counter.count();
        long earliest = El1Timer.NEVER;
        for (El1Timer timer : TIMERS) {
            if (!level(timer)) {
                earliest = Math.min(earliest, timer.delay(cpu, count));
            }
        }
        return earliest == El1Timer.NEVER ? earliest : Counter.nanos(earliest);
    }
}

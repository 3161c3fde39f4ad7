package dev.ipanema.kvm.pmu;

import dev.ipanema.arm.register.PmcrEl0;
import dev.ipanema.arm.register.PmevtyperEl0;
import dev.ipanema.arm.register.PmuEvent;
import dev.ipanema.kvm.vgic.Vgic;
import dev.ipanema.kvm.vgic.VgicVcpu;
import dev.ipanema.machine.cpu.CpuContext;
import dev.ipanema.machine.cpu.EventCounts;
import org.jspecify.annotations.Nullable;

/// The performance monitors of one vCPU (`struct kvm_pmu`, `pmu-emul.c`). Used by whoever holds the vCPU's
/// mutex.
///
/// A counter that runs stands for the kernel's perf event: it adds what [EventCounts] has counted since it
/// was looked at
/// last. All are brought up to date whenever the guest is left. [#budget] ends a run where the next counter
/// overflows,
/// which is what the host's overflow interrupt does for the kernel.
public final class VcpuPmu {
    /// The interrupt of a vCPU that has been given none.
    static final int NO_IRQ = 0;

    /// Number of the cycle counter (`ARMV8_PMU_CYCLE_IDX`).
    static final int CYCLE = 31;

    private static final long CYCLE_BIT = 1L << CYCLE;
    private static final int COUNTERS = 32;
    private static final long LOW32 = 0xffff_ffffL;

    /// How late an overflow may be noticed of a counter that does not count with each instruction.
    private static final long SKID = 1_000;

    private final CpuContext cpu;
    private final VmPmu vm;
    private boolean present;

    /// `PMEVCNTR<n>_EL0` and, last, PMCCNTR_EL0; `PMEVTYPER<n>_EL0` and PMCCFILTR_EL0.
    final long[] counters = new long[COUNTERS];

    final long[] types = new long[COUNTERS];
    final PmuState state = new PmuState();

    /// Counters that run, a bit each, and what the total of their event was when they were looked at last.
    private long running;

    private final long[] seen = new long[COUNTERS];
    private boolean reload;

    private int irq = NO_IRQ;
    private boolean created;
    private boolean level;
    private @Nullable Vgic vgic;
    private @Nullable VgicVcpu vgicVcpu;

    /// The monitors of a vCPU, which has none until [#setPresent].
    public VcpuPmu(CpuContext cpu, VmPmu vm) {
        this.cpu = cpu;
        this.vm = vm;
        vm.add(this);
    }

    /// Says whether the vCPU has performance monitors (`KVM_ARM_VCPU_PMU_V3`).
    public void setPresent(boolean on) {
        present = on;
    }

    /// {@return whether the vCPU has them (`kvm_vcpu_has_pmu`)}
    public boolean isPresent() {
        return present;
    }

    VmPmu vm() {
        return vm;
    }

    // ---- interrupt -------------------------------------------------------------------------------------------------

    int irq() {
        return irq;
    }

    void setIrq(int intid) {
        irq = intid;
    }

    /// {@return whether an interrupt is the overflow interrupt}
    public boolean owns(int intid) {
        return created && irq == intid;
    }

    boolean isCreated() {
        return created;
    }

    void create() {
        created = true;
    }

    /// Connects the monitors before the vCPU runs for the first time (`kvm_arm_pmu_v3_enable`).
    ///
    /// @param controller null when the VMM has the interrupt controller
    /// @return whether they can be used: initialised, and with an interrupt exactly when there is a vGIC
    ///     that has it
    public boolean enable(@Nullable Vgic controller, @Nullable VgicVcpu vcpu) {
        vgic = controller;
        vgicVcpu = vcpu;
        boolean hasLine = controller == null ? irq == NO_IRQ : controller.isPpiOrSpi(irq);
        return !present || (created && hasLine);
    }

    /// {@return the level of the overflow interrupt as it was told last, for a VMM with its own interrupt
    /// controller}
    public boolean level() {
        return level;
    }

    /// {@return whether a counter has overflowed whose interrupt is on (`kvm_pmu_overflow_status`)}
    private boolean isOverflowing() {
        return (state.control & PmcrEl0.E) != 0 && (state.overflowed & state.interrupts) != 0;
    }

    /// `kvm_pmu_update_state`.
    private void updateState() {
        boolean now = isOverflowing();
        if (level == now) {
            return;
        }
        level = now;
        Vgic controller = vgic;
        if (controller != null) {
            controller.inject(vgicVcpu, irq, now, true);
        }
    }

    // ---- around the guest ------------------------------------------------------------------------------------------

    /// Prepares for the guest (`kvm_vcpu_reload_pmu`, `kvm_pmu_flush_hwstate`).
    public void flush() {
        if (!present) {
            return;
        }
        if (reload) {
            reload = false;
            long mask = implemented();
            state.overflowed &= mask;
            state.interrupts &= mask;
            state.enabled &= mask;
            reprogram(-1);
        }
        sync();
    }

    /// Brings counters and interrupt up to date (`kvm_pmu_sync_hwstate`).
    public void sync() {
        if (present) {
            for (long left = running; left != 0; left &= left - 1) {
                update(Long.numberOfTrailingZeros(left));
            }
            updateState();
        }
    }

    /// {@return after how many instructions a run should end at the latest, so that an overflow is noticed
    /// in time}
    ///
    /// @param most when nothing counts
    public long budget(long most) {
        long budget = most;
        for (long left = running; left != 0; left &= left - 1) {
            int n = Long.numberOfTrailingZeros(left);
            long period = period(n);
            if (period > 0) {
                budget = Math.min(budget, countsEachInstruction(n) ? period : Math.max(period, SKID));
            }
        }
        return budget;
    }

    /// {@return how much a counter is away from its overflow (`compute_period`); 0 or negative for more
    /// than 2^63}
    private long period(int n) {
        long left = -counters[n];
        if (overflowsAt64(n)) {
            return left;
        }
        return (left & LOW32) == 0 ? LOW32 + 1 : left & LOW32;
    }

    private boolean countsEachInstruction(int n) {
        int event = event(n);
        return (event == PmuEvent.INST_RETIRED || event == PmuEvent.CPU_CYCLES)
                && PmevtyperEl0.countsEl1(types[n])
                && PmevtyperEl0.countsEl0(types[n]);
    }

    /// Puts the registers into the state of a vCPU that starts (`sys_regs.c:reset_pmu_reg` and its like).
    ///
    /// @param unknown what registers hold that have no reset value
    public void reset(long unknown) {
        running = 0;
        for (int n = 0; n < CYCLE; n++) {
            counters[n] = unknown & LOW32;
            types[n] = unknown & typeMask();
        }
        counters[CYCLE] = unknown;
        types[CYCLE] = 0;
        state.reset(unknown & implemented(), unknown);
        requestReload();
    }

    /// Makes the next entry look at all counters (`KVM_REQ_RELOAD_PMU`).
    void requestReload() {
        reload = true;
    }

    // ---- counters --------------------------------------------------------------------------------------------------

    /// {@return PMCR_EL0 (`kvm_vcpu_read_pmcr`)}
    long control() {
        return PmcrEl0.withN(state.control, vm.counters());
    }

    /// {@return the counters that there are (`kvm_pmu_implemented_counter_mask`)}
    long implemented() {
        return ((1L << vm.counters()) - 1) | CYCLE_BIT;
    }

    /// {@return whether there is a counter of this number}
    boolean isImplemented(int n) {
        return (implemented() >>> n & 1) != 0;
    }

    /// {@return the bits of `PMEVTYPER<n>_EL0` that a guest has (`kvm_pmu_evtyper_mask`): there is neither
    /// EL2 nor EL3}
    private long typeMask() {
        return PmevtyperEl0.P | PmevtyperEl0.U | (vm.host().guestEvents() - 1);
    }

    private int event(int n) {
        return n == CYCLE ? PmuEvent.CPU_CYCLES : (int) types[n] & (vm.host().guestEvents() - 1);
    }

    private boolean is64Bit(int n) {
        return n == CYCLE || vm.host().hasLongCounters();
    }

    private boolean overflowsAt64(int n) {
        return (state.control & (n == CYCLE ? PmcrEl0.LC : PmcrEl0.LP)) != 0;
    }

    /// {@return whether the overflow of a counter is the event of the next (`kvm_pmu_counter_can_chain`)}
    private boolean canChain(int n) {
        return (n & 1) == 0 && n + 1 < CYCLE && !overflowsAt64(n);
    }

    private long total(int n) {
        return cpu.events().total(event(n), PmevtyperEl0.countsEl1(types[n]), PmevtyperEl0.countsEl0(types[n]));
    }

    /// Adds what has happened since a running counter was looked at last.
    private void update(int n) {
        long total = total(n);
        long more = total - seen[n];
        if (more != 0) {
            seen[n] = total;
            advance(n, more);
        }
    }

    /// Adds to a counter, with its overflow, which may be the event of the next one.
    private void advance(int n, long more) {
        long old = counters[n];
        long sum = old + more;
        boolean carried = Long.compareUnsigned(sum, old) < 0;
        long overflows = overflowsAt64(n) ? (carried ? 1 : 0) : ((old & LOW32) + more) >>> Integer.SIZE;
        counters[n] = is64Bit(n) ? sum : sum & LOW32;
        if (overflows != 0) {
            state.overflowed |= 1L << n;
            if (canChain(n)) {
                increment(2L << n, PmuEvent.CHAIN, overflows);
            }
        }
    }

    /// Adds to those of some counters that count an event of software (`kvm_pmu_counter_increment`).
    void increment(long mask, int event, long more) {
        if ((state.control & PmcrEl0.E) == 0) {
            return;
        }
        for (long left = mask & state.enabled & ~CYCLE_BIT; left != 0; left &= left - 1) {
            int n = Long.numberOfTrailingZeros(left);
            if (event(n) == event) {
                advance(n, more);
            }
        }
    }

    /// Lets counters run or stand still as their registers now say (`kvm_pmu_reprogram_counter_mask`).
    void reprogram(long mask) {
        for (long left = mask & LOW32; left != 0; left &= left - 1) {
            program(Long.numberOfTrailingZeros(left));
        }
    }

    /// `kvm_pmu_create_perf_event`.
    private void program(int n) {
        long bit = 1L << n;
        if ((running & bit) != 0) {
            update(n);
            running &= ~bit;
        }
        boolean on = (state.control & PmcrEl0.E) != 0 && (state.enabled & implemented() & bit) != 0;
        if (on && vm.allows(event(n))) {
            seen[n] = total(n);
            running |= bit;
        }
    }

    /// {@return a counter's value (`kvm_pmu_get_counter_value`)}
    long counter(int n) {
        if ((running >>> n & 1) != 0) {
            update(n);
        }
        return is64Bit(n) ? counters[n] : counters[n] & LOW32;
    }

    /// Sets a counter (`kvm_pmu_set_counter_value`).
    void setCounter(int n, long value) {
        running &= ~(1L << n);
        counters[n] = value;
        program(n);
    }

    /// Sets a counter for the VMM (`kvm_pmu_set_counter_value_user`).
    void setCounterForUser(int n, long value) {
        running &= ~(1L << n);
        counters[n] = value;
        requestReload();
    }

    /// Says what a counter counts (`kvm_pmu_set_counter_event_type`).
    void setType(int n, long value) {
        if ((running >>> n & 1) != 0) {
            update(n);
            running &= ~(1L << n);
        }
        types[n] = value & typeMask();
        program(n);
    }

    /// Stores what a counter counts for the VMM, as it is.
    void setTypeForUser(int n, long value) {
        if ((running >>> n & 1) != 0) {
            update(n);
            running &= ~(1L << n);
            requestReload();
        }
        types[n] = value;
    }

    /// {@return PMCEID0_EL0 or PMCEID1_EL0 (`kvm_pmu_get_pmceid`): what the hardware counts and CHAIN, less
    /// what the
    /// filter denies}
    long pmceid(int n) {
        long hardware = EventCounts.pmceid(n) | (n == 0 ? 1L << PmuEvent.CHAIN : 0);
        long bits = 0;
        for (long left = hardware; left != 0; left &= left - 1) {
            int bit = Long.numberOfTrailingZeros(left);
            int base = bit < PmuEvent.PER_WORD ? 0 : PmuEvent.EXTENDED;
            bits |= vm.allows(base + n * PmuEvent.PER_WORD + bit % PmuEvent.PER_WORD) ? 1L << bit : 0;
        }
        return bits;
    }

    /// Writes PMCR_EL0 (`kvm_pmu_handle_pmcr`).
    ///
    /// @param value without the bits that a guest cannot write
    void writeControl(long value) {
        if (((state.control ^ value) & PmcrEl0.E) != 0) {
            requestReload();
        }
        for (long left = running; left != 0; left &= left - 1) {
            update(Long.numberOfTrailingZeros(left));
        }
        setControl(value);
        if ((value & PmcrEl0.C) != 0) {
            setCounter(CYCLE, 0);
        }
        if ((value & PmcrEl0.P) != 0) {
            for (int n = 0; n < vm.counters(); n++) {
                setCounter(n, 0);
            }
        }
    }

    /// Stores PMCR_EL0: LC is RES1, as no exception level has AArch32, and LP needs FEAT_PMUv3p5.
    void setControl(long value) {
        long kept = value & ~(PmcrEl0.C | PmcrEl0.P);
        state.control = (vm.host().hasLongCounters() ? kept : kept & ~PmcrEl0.LP) | PmcrEl0.LC;
    }
}

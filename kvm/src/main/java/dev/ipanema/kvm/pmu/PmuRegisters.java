package dev.ipanema.kvm.pmu;

import dev.ipanema.arm.register.PmcrEl0;
import dev.ipanema.arm.register.PmuEvent;
import dev.ipanema.arm.register.PmuserenrEl0;
import dev.ipanema.arm.register.SysReg;
import java.util.OptionalLong;

/// Accesses to the registers of a vCPU's performance monitors: those of the guest, which are trapped, and
/// those of the
/// VMM (`arch/arm64/kvm/sys_regs.c:access_pmcr` and its like, `get_pmreg`, `set_pmreg`).
public final class PmuRegisters {
    private final VcpuPmu pmu;
    private final PmuState state;

    /// The registers of a vCPU.
    public PmuRegisters(VcpuPmu pmu) {
        this.pmu = pmu;
        this.state = pmu.state;
    }

    // ---- the guest's -----------------------------------------------------------------------------------------------

    /// {@return what a trapped read gives; empty when it is UNDEFINED}
    ///
    /// @param el0 whether the guest is at EL0
    public OptionalLong read(SysReg reg, boolean el0) {
        if (reg == SysReg.PMMIR_EL1) {
            return OptionalLong.of(0);
        }
        if (!isAllowed(reg, true, el0)) {
            return OptionalLong.empty();
        }
        return switch (reg) {
            case PMCR_EL0 -> OptionalLong.of(pmu.control());
            case PMCNTENSET_EL0, PMCNTENCLR_EL0 -> OptionalLong.of(state.enabled);
            case PMINTENSET_EL1, PMINTENCLR_EL1 -> OptionalLong.of(state.interrupts);
            case PMOVSSET_EL0, PMOVSCLR_EL0 -> OptionalLong.of(state.overflowed);
            case PMSELR_EL0 -> OptionalLong.of(selected());
            case PMUSERENR_EL0 -> OptionalLong.of(state.userAccess & SysReg.PMUSERENR_EL0.writable());
            case PMCEID0_EL0 -> OptionalLong.of(pmu.pmceid(0));
            case PMCEID1_EL0 -> OptionalLong.of(pmu.pmceid(1));
            default -> readCounter(reg);
        };
    }

    private OptionalLong readCounter(SysReg reg) {
        int n = index(reg);
        if (n < 0 || !pmu.isImplemented(n)) {
            return OptionalLong.empty();
        }
        return OptionalLong.of(isType(reg) ? pmu.types[n] : pmu.counter(n));
    }

    /// Makes a trapped write.
    ///
    /// @param el0 whether the guest is at EL0
    /// @return false when it is UNDEFINED
    public boolean write(SysReg reg, long value, boolean el0) {
        if (!isAllowed(reg, false, el0)) {
            return false;
        }
        long counters = value & pmu.implemented();
        switch (reg) {
            case PMCR_EL0 -> pmu.writeControl(value & SysReg.PMCR_EL0.writable());
            case PMCNTENSET_EL0 -> enable(state.enabled | counters, counters);
            case PMCNTENCLR_EL0 -> enable(state.enabled & ~counters, counters);
            case PMINTENSET_EL1 -> state.interrupts |= counters;
            case PMINTENCLR_EL1 -> state.interrupts &= ~counters;
            case PMOVSSET_EL0 -> state.overflowed |= counters;
            case PMOVSCLR_EL0 -> state.overflowed &= ~counters;
            case PMSELR_EL0 -> state.selected = value;
            case PMUSERENR_EL0 -> state.userAccess = value & SysReg.PMUSERENR_EL0.writable();
            case PMSWINC_EL0 -> pmu.increment(counters, PmuEvent.SW_INCR, 1);
            default -> {
                return writeCounter(reg, value);
            }
        }
        return true;
    }

    private void enable(long enabled, long changed) {
        state.enabled = enabled;
        pmu.reprogram(changed);
    }

    private boolean writeCounter(SysReg reg, long value) {
        int n = index(reg);
        if (n < 0 || !pmu.isImplemented(n)) {
            return false;
        }
        if (isType(reg)) {
            pmu.setType(n, value);
        } else {
            pmu.setCounter(n, value);
        }
        return true;
    }

    private boolean isAllowed(SysReg reg, boolean read, boolean el0) {
        return pmu.isPresent() && (!el0 || PmuserenrEl0.allows(state.userAccess, reg, read));
    }

    private int selected() {
        return (int) (state.selected & SysReg.PMSELR_EL0.writable());
    }

    /// {@return the counter that a register is of, the selected one or the one it names; negative for
    /// another register}
    private int index(SysReg reg) {
        return reg == SysReg.PMXEVCNTR_EL0 || reg == SysReg.PMXEVTYPER_EL0 ? selected() : reg.pmuIndex();
    }

    private static boolean isType(SysReg reg) {
        return reg == SysReg.PMXEVTYPER_EL0 || (reg.pmuIndex() >= 0 && reg == SysReg.pmuEventType(reg.pmuIndex()));
    }

    // ---- the VMM's -------------------------------------------------------------------------------------------------

    /// {@return whether a VMM reaches a register: not those that stand for others or hold no state}
    public boolean isOneReg(SysReg reg) {
        return pmu.isPresent()
                && switch (reg) {
                    case PMMIR_EL1, PMCEID0_EL0, PMCEID1_EL0, PMXEVCNTR_EL0, PMXEVTYPER_EL0 -> false;
                    default -> reg.isPmu();
                };
    }

    /// `KVM_GET_ONE_REG` of a register of [#isOneReg].
    public long get(SysReg reg) {
        return switch (reg) {
            case PMCR_EL0 -> pmu.control();
            case PMCNTENSET_EL0, PMCNTENCLR_EL0 -> state.enabled & pmu.implemented();
            case PMINTENSET_EL1, PMINTENCLR_EL1 -> state.interrupts & pmu.implemented();
            case PMOVSSET_EL0, PMOVSCLR_EL0 -> state.overflowed & pmu.implemented();
            case PMSELR_EL0 -> state.selected;
            case PMUSERENR_EL0 -> state.userAccess;
            case PMSWINC_EL0 -> 0;
            default -> isType(reg) ? pmu.types[reg.pmuIndex()] : pmu.counter(reg.pmuIndex());
        };
    }

    /// `KVM_SET_ONE_REG` of a register of [#isOneReg].
    ///
    /// @param hasRun whether a vCPU of the VM has run: until then PMCR_EL0.N says how many counters the VM
    ///     has
    public void set(SysReg reg, long value, boolean hasRun) {
        switch (reg) {
            case PMCR_EL0 -> setControl(value, hasRun);
            case PMCNTENSET_EL0, PMCNTENCLR_EL0 -> state.enabled = value & pmu.implemented();
            case PMINTENSET_EL1, PMINTENCLR_EL1 -> state.interrupts = value & pmu.implemented();
            case PMOVSSET_EL0, PMOVSCLR_EL0 -> state.overflowed = value & pmu.implemented();
            case PMSELR_EL0 -> state.selected = value;
            case PMUSERENR_EL0 -> state.userAccess = value;
            case PMSWINC_EL0 -> {
                // Ignored.
            }
            default -> {
                if (isType(reg)) {
                    pmu.setTypeForUser(reg.pmuIndex(), value);
                } else {
                    pmu.setCounterForUser(reg.pmuIndex(), value);
                }
            }
        }
        pmu.requestReload();
    }

    private void setControl(long value, boolean hasRun) {
        if (!hasRun) {
            // More than the host has are ignored.
            pmu.vm().setCounters(PmcrEl0.n(value));
        }
        pmu.setControl(value & SysReg.PMCR_EL0.writable());
    }
}

package dev.ipanema.kvm.vm;

import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.register.CacheOp;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.IccSreEl1;
import dev.ipanema.arm.register.OslsrEl1;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.kvm.mmu.Maintenance;
import dev.ipanema.kvm.pmu.PmuRegisters;
import dev.ipanema.kvm.vgic.Vgic;
import dev.ipanema.kvm.vgic.VgicVcpu;
import dev.ipanema.machine.cpu.CpuContext;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// Trapped system registers and instructions (`arch/arm64/kvm/sys_regs.c`): identification, cache geometry, set/way
/// maintenance, and on hosts without FWB the registers that turn the guest's caches on.
final class SysRegTraps {
    private static final int ZERO_REGISTER = 31;
    private static final long SRE = IccSreEl1.DFB | IccSreEl1.DIB | IccSreEl1.SRE;

    private final Vm vm;
    private final CpuContext cpu;
    private final GuestIds ids;
    private final VcpuInterrupts interrupts;
    private final PmuRegisters pmu;

    SysRegTraps(Vm vm, CpuContext cpu, GuestIds ids, VcpuInterrupts interrupts, PmuRegisters pmu) {
        this.pmu = pmu;
        this.vm = vm;
        this.cpu = cpu;
        this.ids = ids;
        this.interrupts = interrupts;
    }

    /// Emulates a trapped access.
    ///
    /// @return false when the guest must take an UNDEFINED exception
    boolean handle(long esr) {
        int op0 = Esr.sysOp0(esr);
        int encoding = SysReg.encoding(op0, Esr.sysOp1(esr), Esr.sysCrn(esr), Esr.sysCrm(esr), Esr.sysOp2(esr));
        boolean read = Esr.sysIsRead(esr);
        if (op0 == 1) {
            return !read && setWay(CacheOp.of(encoding));
        }
        SysReg reg = SysReg.of(encoding);
        int rt = Esr.sysRt(esr);
        if (op0 == 2) {
            return reg != null && debugRegister(reg, rt, read);
        }
        if (reg != null && reg.isPmu()) {
            return performanceMonitors(reg, rt, read);
        }
        return read ? read(encoding, reg, rt) : reg != null && write(reg, rt);
    }

    /// Debug registers are trapped while the VMM debugs; what is here are the guest's own (`trap_debug_regs`).
    private boolean debugRegister(SysReg reg, int rt, boolean read) {
        if (read) {
            setRegister(rt, reg == SysReg.OSLSR_EL1 ? osLockStatus() : cpu.get(reg));
        } else {
            cpu.set(reg, register(rt));
        }
        return true;
    }

    private long osLockStatus() {
        return OslsrEl1.IMPLEMENTED | (cpu.get(SysReg.OSLAR_EL1) != 0 ? OslsrEl1.OSLK : 0);
    }

    private boolean performanceMonitors(SysReg reg, int rt, boolean read) {
        boolean el0 = cpu.el() == 0;
        if (!read) {
            return pmu.write(reg, register(rt), el0);
        }
        OptionalLong value = pmu.read(reg, el0);
        value.ifPresent(found -> setRegister(rt, found));
        return value.isPresent();
    }

    private boolean read(int encoding, @Nullable SysReg reg, int rt) {
        if (SysReg.isFeatureIdSpace(encoding)) {
            // What the guest must not know, and what has no meaning yet, reads as zero.
            setRegister(rt, reg == null ? 0 : ids.read(reg));
            return true;
        }
        if (reg == null) {
            return false;
        }
        return switch (reg) {
            case REVIDR_EL1, AIDR_EL1, CTR_EL0, CCSIDR_EL1, CLIDR_EL1, CSSELR_EL1, ACTLR_EL1 -> {
                setRegister(rt, cpu.get(reg));
                yield true;
            }
            case ERRIDR_EL1, ERRSELR_EL1 -> {
                setRegister(rt, 0);
                yield true;
            }
            case ICC_SRE_EL1 -> {
                setRegister(rt, SRE);
                yield vm.hasVgicV3();
            }
            default -> false;
        };
    }

    private boolean write(SysReg reg, int rt) {
        switch (reg) {
            case CSSELR_EL1 -> cpu.set(reg, register(rt));
            case ICC_SRE_EL1 -> {
                // Fixed.
                return vm.hasVgicV3();
            }
            case ICC_SGI0R_EL1, ICC_SGI1R_EL1, ICC_ASGI1R_EL1 -> {
                return sendSgi(reg, register(rt));
            }
            case ICC_DIR_EL1 -> {
                return deactivate(register(rt));
            }
            case ACTLR_EL1, ERRSELR_EL1 -> {
                // Ignored.
            }
            case SCTLR_EL1,
                    TTBR0_EL1,
                    TTBR1_EL1,
                    TCR_EL1,
                    ESR_EL1,
                    FAR_EL1,
                    AFSR0_EL1,
                    AFSR1_EL1,
                    MAIR_EL1,
                    AMAIR_EL1,
                    CONTEXTIDR_EL1 -> accessVmReg(reg, register(rt));
            default -> {
                return false;
            }
        }
        return true;
    }

    // ---- interrupts ------------------------------------------------------------------------------------------------

    /// `access_gic_sgi`. ICC_SGI1R_EL1 sends group 1 interrupts; the other two, of a system with one security state,
    /// send group 0.
    private boolean sendSgi(SysReg reg, long value) {
        Vgic vgic = vm.vgic();
        VgicVcpu sender = interrupts.vgic();
        if (vgic == null || !vgic.isV3() || sender == null) {
            return false;
        }
        vgic.dispatchSgi(sender, value, reg == SysReg.ICC_SGI1R_EL1);
        return true;
    }

    /// ICC_DIR_EL1, trapped while an active interrupt has no list register (`access_gic_dir`).
    private boolean deactivate(long value) {
        VgicVcpu vcpu = interrupts.vgic();
        if (!vm.hasVgicV3() || vcpu == null) {
            return false;
        }
        vcpu.deactivate((int) (value & SysReg.ICC_DIR_EL1.writable()));
        return true;
    }

    // ---- caches ----------------------------------------------------------------------------------------------------

    /// `access_vm_reg`: the write is made, and the memory cleaned when it turned the guest's caches on or off.
    private void accessVmReg(SysReg reg, long value) {
        boolean was = cachesEnabled();
        cpu.set(reg, value);
        boolean now = cachesEnabled();
        if (was != now && vm.maintenance().does(Maintenance.TOGGLE)) {
            vm.memslotUpdate().flushVm();
        }
        if (now) {
            cpu.set(SysReg.HCR_EL2, cpu.get(SysReg.HCR_EL2) & ~HcrEl2.TVM);
        }
        vm.memory().trace().kvmToggleCache(cpu.pc(), was, now);
    }

    /// `access_dcsw`, `kvm_set_way_flush`: the first maintenance by set and way flushes everything and waits for
    /// the caches to be switched.
    private boolean setWay(@Nullable CacheOp op) {
        if (op == null || op.operand() != CacheOp.Operand.SET_WAY) {
            return false;
        }
        long hcr = cpu.get(SysReg.HCR_EL2);
        if (!vm.kvm().caps().fwb() && (hcr & HcrEl2.TVM) == 0) {
            vm.memory().trace().kvmSetWayFlush(cpu.pc(), cachesEnabled());
            if (vm.maintenance().does(Maintenance.SET_WAY)) {
                vm.memslotUpdate().flushVm();
            }
            cpu.set(SysReg.HCR_EL2, hcr | HcrEl2.TVM);
        }
        return true;
    }

    private boolean cachesEnabled() {
        long on = SctlrEl1.M | SctlrEl1.C;
        return (cpu.get(SysReg.SCTLR_EL1) & on) == on;
    }

    private long register(int rt) {
        return rt == ZERO_REGISTER ? 0 : cpu.x(rt);
    }

    private void setRegister(int rt, long value) {
        if (rt != ZERO_REGISTER) {
            cpu.setX(rt, value);
        }
    }
}

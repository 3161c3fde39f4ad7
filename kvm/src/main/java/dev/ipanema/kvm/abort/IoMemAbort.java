package dev.ipanema.kvm.abort;

import dev.ipanema.arm.exception.Esr;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.kvm.mmu.VmMemory;
import dev.ipanema.kvm.uapi.KvmExit;
import dev.ipanema.kvm.uapi.KvmRun;
import dev.ipanema.machine.cpu.CpuContext;

/// A data access to no memory (`arch/arm64/kvm/mmio.c`): decoded from its syndrome, tried on the devices inside
/// KVM, else handed to the VMM and completed at the next `KVM_RUN`.
public final class IoMemAbort {
    private static final String SOURCE = "arch/arm64/kvm/mmio.c:io_mem_abort";
    private static final int RESUME = 1;
    private static final int EXIT = 0;
    private static final int ZERO_REGISTER = 31;
    private static final int INSTRUCTION_BYTES = 4;

    private final VmMemory vm;
    private final CpuContext cpu;
    private final KvmRun run;
    private final FaultInfo fault;
    private final int vcpu;
    private boolean mmioNeeded;

    IoMemAbort(VmMemory vm, CpuContext cpu, KvmRun run, FaultInfo fault, int vcpu) {
        this.vm = vm;
        this.cpu = cpu;
        this.run = run;
        this.fault = fault;
        this.vcpu = vcpu;
    }

    /// {@return 1 to resume the guest, 0 to leave for the VMM, or a negated errno}
    int handle(KvmIoBus bus, DecisionTrail trail) {
        long esr = fault.esr();
        long ipa = fault.fullIpa();
        boolean isv = Esr.isv(esr);
        if (!isv) {
            vm.trace().kvmMmioNisv(cpu.pc(), esr, fault.far(), ipa);
        }
        MmioRoute route = MmioRoute.of(vm.version(), isv, vm.nisvToUser(), Esr.isLoadStore64Bytes(esr), trail);
        return switch (route) {
            case ENOSYS -> {
                trail.outcome("no syndrome", "-ENOSYS", SOURCE);
                yield Errno.ENOSYS.negated();
            }
            case EXIT_NISV, EXIT_LDST64B -> {
                run.exitReason =
                        route == MmioRoute.EXIT_NISV ? KvmExit.KVM_EXIT_ARM_NISV : KvmExit.KVM_EXIT_ARM_LDST64B;
                run.armNisv.esrIss = Esr.abortIss(fault.fsc(), Esr.iss(esr) & (Esr.CM | Esr.WNR));
                run.armNisv.faultIpa = ipa;
                trail.outcome(KvmExit.name(run.exitReason), Sizes.hex(ipa), SOURCE);
                yield EXIT;
            }
            case EMULATE -> emulate(bus, esr, ipa, trail);
        };
    }

    private int emulate(KvmIoBus bus, long esr, long ipa, DecisionTrail trail) {
        vm.trace().kvmMmioEmulate(cpu.pc(), 0, cpu.pstate());
        boolean write = Esr.wnr(esr);
        int len = Esr.accessBytes(esr);
        long data = write ? register(Esr.srt(esr)) & mask(len) : 0;
        run.mmio.physAddr = ipa;
        run.mmio.len = len;
        run.mmio.isWrite = write;
        run.mmio.setValue(data);
        mmioNeeded = true;
        if (bus.covers(ipa, len)) {
            if (write) {
                bus.write(vcpu, ipa, len, data);
            } else {
                run.mmio.setValue(bus.read(vcpu, ipa, len));
            }
            trail.outcome("in-kernel MMIO", DecisionTrail.HEX, ipa, 0, SOURCE);
            complete();
            return RESUME;
        }
        run.exitReason = KvmExit.KVM_EXIT_MMIO;
        trail.outcome("KVM_EXIT_MMIO", DecisionTrail.HEX, ipa, 0, SOURCE);
        return EXIT;
    }

    /// Finishes the access that the VMM has served: a read goes into its register, and the instruction is over
    /// (`kvm_handle_mmio_return`). Nothing is done when no access is waiting.
    public void complete() {
        if (!mmioNeeded) {
            return;
        }
        mmioNeeded = false;
        long esr = fault.esr();
        if (!run.mmio.isWrite) {
            long data = run.mmio.value();
            int unused = Long.SIZE - Byte.SIZE * run.mmio.len;
            if (Esr.sse(esr)) {
                data = data << unused >> unused;
            }
            if (!Esr.sf(esr)) {
                data &= 0xffff_ffffL;
            }
            setRegister(Esr.srt(esr), data);
        }
        cpu.setPc(cpu.pc() + INSTRUCTION_BYTES);
    }

    /// Drops the access that is waiting: the VMM answered it with an external abort.
    public void abandon() {
        mmioNeeded = false;
    }

    private long register(int n) {
        return n == ZERO_REGISTER ? 0 : cpu.x(n);
    }

    private void setRegister(int n, long value) {
        if (n != ZERO_REGISTER) {
            cpu.setX(n, value);
        }
    }

    private static long mask(int bytes) {
        return -1L >>> (Long.SIZE - Byte.SIZE * bytes);
    }
}

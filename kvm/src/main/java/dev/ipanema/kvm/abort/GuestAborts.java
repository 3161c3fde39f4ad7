package dev.ipanema.kvm.abort;

import dev.ipanema.arm.exception.Esr;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.host.mm.HostPte;
import dev.ipanema.kvm.memslot.DirtyRing;
import dev.ipanema.kvm.memslot.GuestMemory;
import dev.ipanema.kvm.memslot.Memslot;
import dev.ipanema.kvm.mmu.VmMemory;
import dev.ipanema.kvm.stage2.TablePageCache;
import dev.ipanema.kvm.uapi.KvmRun;
import dev.ipanema.machine.cpu.CpuContext;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;

/// The aborts of one vCPU (`arch/arm64/kvm/mmu.c:kvm_handle_guest_abort`): finds the facts, asks [AbortRouter],
/// does what it says. Used by the vCPU's thread alone.
public final class GuestAborts implements AutoCloseable {
    private static final int RESUME = 1;
    private static final int INSTRUCTION_BYTES = 4;
    private static final DecisionTrail.Form IPA = (ipa, valid) -> valid != 0 ? Sizes.hex(ipa) : "invalid";

    private final VmMemory vm;
    private final CpuContext cpu;
    private final int vcpu;
    private final TablePageCache memcache;
    private final FaultInfo fault = new FaultInfo();
    private final ExceptionInjector injector;
    private final Stage1DescriptorSearch stage1;
    private final IoMemAbort mmio;
    private final GuestSea sea;
    private final UserMemAbort userMem;
    private final GmemAbort gmem;
    private @Nullable HwpoisonSignal signal;
    private long faults;
    private boolean bugged;

    /// SIGBUS with code BUS_MCEERR_AR: the guest touched memory that is lost.
    ///
    /// @param hva where, in the VMM
    /// @param lsb log2 of the bytes that are lost
    public record HwpoisonSignal(long hva, int lsb) {}

    /// The aborts of a vCPU.
    ///
    /// @param vcpu the vCPU's number, a reader of the VM's slots
    /// @param ring its dirty ring, null when it has none
    public GuestAborts(VmMemory vm, CpuContext cpu, KvmRun run, int vcpu, @Nullable DirtyRing ring) {
        this.vm = vm;
        this.cpu = cpu;
        this.vcpu = vcpu;
        this.memcache = vm.mmu().newCache();
        this.injector = new ExceptionInjector(cpu);
        this.stage1 = new Stage1DescriptorSearch(vm, cpu);
        this.mmio = new IoMemAbort(vm, cpu, run, fault, vcpu);
        this.sea = new GuestSea(vm, run, fault, injector);
        VcpuEffects effects = new Effects(ring);
        this.userMem = new UserMemAbort(vm, memcache, effects);
        this.gmem = new GmemAbort(vm, run, memcache, effects);
    }

    private final class Effects implements VcpuEffects {
        private final @Nullable DirtyRing ring;

        Effects(@Nullable DirtyRing ring) {
            this.ring = ring;
        }

        @Override
        public void injectExclusiveAtomic() {
            injector.injectExclusiveAtomic(fault.far());
        }

        @Override
        public void sendHwpoisonSignal(long hva, int lsb) {
            signal = new HwpoisonSignal(hva, lsb);
        }

        @Override
        public void markPageDirty(Memslot slot, long gfn) {
            VmMemory.markPageDirty(slot, gfn, ring);
        }
    }

    /// {@return how many aborts were faults on guest memory; MMIO is not among them}
    public long faults() {
        return faults;
    }

    /// {@return what the last trap told; populated by the run loop}
    public FaultInfo fault() {
        return fault;
    }

    /// {@return the MMIO access that waits for the VMM, if one does}
    public IoMemAbort mmio() {
        return mmio;
    }

    /// {@return how exceptions are given to the guest}
    public ExceptionInjector injector() {
        return injector;
    }

    /// {@return the signal that the VMM's thread has pending, null for none; it is delivered by being taken}
    public @Nullable HwpoisonSignal takeSignal() {
        HwpoisonSignal taken = signal;
        signal = null;
        return taken;
    }

    /// {@return whether a signal is pending}
    public boolean isSignalPending() {
        return signal != null;
    }

    /// {@return whether KVM met a state that cannot be (`KVM_BUG_ON`): the VM is dead}
    public boolean isBugged() {
        return bugged;
    }

    /// Handles the abort in [#fault()].
    ///
    /// @param bus devices inside KVM
    /// @return 1 to resume the guest, 0 to leave for the VMM as `kvm_run` says, or a negated errno
    public int handle(KvmIoBus bus, DecisionTrail trail) {
        if (fault.ipaValid()) {
            vm.trace().kvmGuestFault(cpu.pc(), fault.esr(), fault.far(), fault.ipa());
        }
        vm.srcu().readLock(vcpu);
        try {
            return handleProtected(bus, trail);
        } finally {
            vm.srcu().readUnlock(vcpu);
        }
    }

    private int handleProtected(KvmIoBus bus, DecisionTrail trail) {
        long ipa = fault.ipa();
        long gfn = ipa >>> HostPte.PAGE_SHIFT;
        Memslot slot = fault.ipaValid() ? vm.memslots().find(gfn) : null;
        AbortFacts facts = new AbortFacts(
                fault.fsc(),
                fault.iabt(),
                fault.s1ptw(),
                Esr.cm(fault.esr()) && !fault.iabt(),
                Esr.wnr(fault.esr()) && !fault.iabt(),
                fault.ipaValid(),
                IpaZone.of(ipa, vm.ipaBits(), vm.caps().ipaLimitBits()),
                SlotState.of(slot),
                slot != null && slot.gmem() != null);
        if (trail.enabled()) {
            trail.fact("PC", DecisionTrail.HEX, cpu.pc(), "guest");
            trail.fact("FAR_EL2", DecisionTrail.HEX, fault.far(), "hardware");
            trail.fact("IPA", IPA, ipa, fault.ipaValid() ? 1 : 0, "hardware");
        }
        return switch (AbortRouter.route(vm.version(), facts, trail)) {
            case HANDLE_SEA -> sea.handle(trail);
            case BUGGED -> bug(trail);
            case INJECT_ADDRESS_SIZE -> {
                injector.injectAddressSize(facts.iabt(), fault.fullIpa());
                yield RESUME;
            }
            case INJECT_SEA_AT_IPA -> injectSea(facts.iabt(), fault.fullIpa(), trail);
            case UNSUPPORTED_FSC -> {
                trail.outcome("KVM_RUN", "-EFAULT", vm.version().source("kvm_handle_guest_abort"));
                yield Errno.EFAULT.negated();
            }
            case INJECT_SEA_IABT -> injectSea(true, fault.far(), trail);
            case INJECT_SEA_TTW -> injectSea(false, fault.far(), trail);
            case SKIP_INSTRUCTION -> {
                cpu.setPc(cpu.pc() + INSTRUCTION_BYTES);
                yield RESUME;
            }
            case IO_MEM_ABORT -> mmio.handle(bus, trail);
            case ACCESS_FAULT -> accessFault(ipa);
            case GMEM_ABORT, USER_MEM_ABORT -> memoryFault(facts, ipa, slot, trail);
        };
    }

    private int memoryFault(AbortFacts facts, long ipa, @Nullable Memslot slot, DecisionTrail trail) {
        if (slot == null) {
            throw new IllegalStateException("A memory fault without a slot at " + Sizes.hex(ipa));
        }
        faults++;
        long hva = slot.hva(ipa >>> HostPte.PAGE_SHIFT, HostPte.PAGE_SHIFT);
        S2FaultDesc desc = new S2FaultDesc(ipa, hva, slot, facts.fsc(), facts.write(), facts.exec());
        GuestMemory file = slot.gmem();
        int result = file != null ? gmem.handle(desc, file, trail) : userMem.handle(desc, trail);
        if (result == Errno.ENOEXEC.negated()) {
            return injectSea(true, fault.far(), trail);
        }
        return result == 0 ? RESUME : result;
    }

    /// `handle_access_fault`: sets the access flag, and resumes whether a leaf was there or not.
    private int accessFault(long ipa) {
        vm.trace().kvmAccessFault(ipa);
        Lock lock = vm.mmu().faultLock();
        lock.lock();
        try {
            vm.mmu().mkYoung(ipa);
        } finally {
            lock.unlock();
        }
        return RESUME;
    }

    /// `kvm_inject_sea`: of a table walk with the level of the descriptor, if it is still there.
    private int injectSea(boolean iabt, long far, DecisionTrail trail) {
        String source = "arch/arm64/kvm/inject_fault.c:kvm_inject_sea";
        if (!fault.s1ptw()) {
            injector.injectSea(iabt, far);
            trail.outcome("inject", iabt ? "external abort on fetch" : "external data abort", source);
            return RESUME;
        }
        int level = stage1.levelOf(fault.far(), fault.ipa());
        if (level == Stage1DescriptorSearch.NOT_FOUND) {
            trail.outcome("inject", "nothing: the guest's tables have changed", source);
            return RESUME;
        }
        injector.injectSeaTtw(iabt, level, far);
        trail.outcome("inject", "external abort on table walk, level " + level, source);
        return RESUME;
    }

    private int bug(DecisionTrail trail) {
        bugged = true;
        trail.outcome(
                "KVM_BUG_ON", "no IPA for the abort: -EFAULT", vm.version().source("kvm_handle_guest_abort"));
        return Errno.EFAULT.negated();
    }

    /// Gives the vCPU's table pages back.
    @Override
    public void close() {
        memcache.close();
    }
}

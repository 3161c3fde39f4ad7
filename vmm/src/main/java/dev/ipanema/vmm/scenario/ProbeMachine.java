package dev.ipanema.vmm.scenario;

import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.exception.Par;
import dev.ipanema.arm.register.Pstate;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.guests.program.Operation;
import dev.ipanema.guests.program.ProbePayload;
import dev.ipanema.guests.program.Stage1;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.MappableFile;
import dev.ipanema.host.mm.Mman;
import dev.ipanema.host.platform.Host;
import dev.ipanema.kvm.mmu.Maintenance;
import dev.ipanema.kvm.uapi.KvmCap;
import dev.ipanema.kvm.uapi.KvmExit;
import dev.ipanema.kvm.uapi.KvmReg;
import dev.ipanema.kvm.uapi.KvmRun;
import dev.ipanema.kvm.uapi.UserspaceMemoryRegion;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.kvm.vm.Kvm;
import dev.ipanema.kvm.vm.Vcpu;
import dev.ipanema.kvm.vm.Vm;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A VMM with one virtual machine that runs the [ProbePayload]: VM type 0, one vCPU, the payload in slot 0.
///
/// Used by one thread.
public final class ProbeMachine implements AutoCloseable {
    /// What the VMM answers to reads of memory that is not there.
    public static final long MMIO_ANSWER = 0xdead_beef_cafe_f00dL;

    private static final int CODE_SLOT = 0;
    /// Bytes of the payload's memory.
    public static final long CODE_SIZE = 1L << 20;

    private static final long CODE_HVA = 0x4000_0000_0000L;
    private static final long PAGE = 4096;
    private static final int IPA_BITS = 40;
    private static final int MAX_EXITS = 64;
    private static final int MAX_SECONDS = 20;

    private final AddressSpace mm;
    private final Kvm kvm;
    private final Vm vm;
    private final Vcpu vcpu;
    private final boolean fwb;
    private final Stage2Calls stage2Calls = new Stage2Calls();
    private final List<DecisionTrail.Step> steps = new ArrayList<>();

    /// Creates the virtual machine in a new process of the host.
    ///
    /// @param mte whether `KVM_CAP_ARM_MTE` is enabled
    /// @param trails whether KVM records its decisions
    public ProbeMachine(Host host, KernelVersion version, boolean mte, boolean trails) {
        this(host, version, mte, trails, null, Set.of());
    }

    /// Creates the virtual machine with the payload in memory of one's choice.
    ///
    /// @param code what the payload's memory is a shared mapping of, 1 MiB; null: anonymous memory
    public ProbeMachine(Host host, KernelVersion version, boolean mte, boolean trails, @Nullable MappableFile code) {
        this(host, version, mte, trails, code, Set.of());
    }

    /// Creates the virtual machine under a KVM that leaves cache maintenance out.
    ///
    /// @param code what the payload's memory is a shared mapping of, 1 MiB; null: anonymous memory
    /// @param leftOut what KVM does not do
    public ProbeMachine(
            Host host,
            KernelVersion version,
            boolean mte,
            boolean trails,
            @Nullable MappableFile code,
            Set<Maintenance> leftOut) {
        fwb = host.fwb();
        mm = host.newAddressSpace();
        kvm = new Kvm(host, version, leftOut);
        kvm.trails(trails);
        kvm.trace(stage2Calls);
        vm = kvm.createVm(mm, 0);
        if (mte) {
            succeed("KVM_CAP_ARM_MTE", vm.enableCap(KvmCap.KVM_CAP_ARM_MTE, 0));
        }
        vcpu = vm.createVcpu(0);
        succeed("KVM_ARM_VCPU_INIT", vcpu.init());
        loadPayload(code);
    }

    private void loadPayload(@Nullable MappableFile code) {
        int prot = Mman.PROT_READ | Mman.PROT_WRITE;
        long hva = code == null
                ? mm.mmap(CODE_HVA, CODE_SIZE, prot, Mman.MAP_PRIVATE | Mman.MAP_ANONYMOUS | Mman.MAP_FIXED)
                : mm.mmap(CODE_HVA, CODE_SIZE, prot, Mman.MAP_SHARED | Mman.MAP_FIXED, code, 0);
        succeed("mmap of the payload", hva < 0 ? (int) hva : 0);
        byte[] image = ProbePayload.instance().image();
        mm.userMemory().write(hva, image, 0, image.length);
        succeed(
                "slot of the payload",
                vm.setUserMemoryRegion(new UserspaceMemoryRegion(CODE_SLOT, 0, ProbePayload.BASE, CODE_SIZE, hva)));
    }

    private static void succeed(String what, int result) {
        if (result < 0) {
            throw new IllegalStateException(what + " failed: " + Errno.render(result));
        }
    }

    /// {@return the VMM's address space}
    public AddressSpace mm() {
        return mm;
    }

    /// {@return the system fd, `/dev/kvm`}
    public Kvm kvm() {
        return kvm;
    }

    /// {@return the virtual machine}
    public Vm vm() {
        return vm;
    }

    /// {@return its vCPU}
    public Vcpu vcpu() {
        return vcpu;
    }

    /// {@return the stage-2 leaf at an IPA}
    public LeafState leaf(long ipa) {
        if (ipa >>> IPA_BITS != 0) {
            return LeafState.UNMAPPED;
        }
        return LeafState.of(vm.stage2().leaf(ipa), fwb);
    }

    /// {@return why KVM did what it did during the last run, oldest step first; empty unless trails are on}
    public List<DecisionTrail.Step> steps() {
        return List.copyOf(steps);
    }

    /// What a run did.
    ///
    /// @param mmio the first exits on the way, at most [RunOutcome#MAX_MMIO]
    /// @param trail what KVM decided about aborts at the page of the run, when it records its decisions
    public record Run(
            RunOutcome.End end, List<RunOutcome.Mmio> mmio, List<String> stage2Calls, List<DecisionTrail.Step> trail) {}

    /// Runs the payload until it reports or `KVM_RUN` ends otherwise.
    public Run run(Operation operation, Stage1 stage1, long ipa) {
        long[] x = ProbePayload.instance().registers(operation, stage1, ipa);
        for (int i = 0; i < x.length; i++) {
            vcpu.setOneReg(KvmReg.x(i), x[i]);
        }
        vcpu.setOneReg(KvmReg.CORE_PSTATE, Pstate.EL1H | Pstate.DAIF);
        vcpu.setOneReg(KvmReg.CORE_PC, ProbePayload.ENTRY);
        List<RunOutcome.Mmio> mmio = new ArrayList<>();
        steps.clear();
        stage2Calls.listenFor(ipa);
        RunOutcome.End end = runToEnd(operation, mmio);
        stage2Calls.stop();
        return new Run(end, mmio, stage2Calls.calls(), AbortTrail.at(ipa, steps));
    }

    private RunOutcome.End runToEnd(Operation operation, List<RunOutcome.Mmio> mmio) {
        for (int exits = 0; exits < MAX_EXITS; exits++) {
            int result = enter();
            if (result == Errno.EINTR.negated()) {
                return new RunOutcome.Endless("the guest runs for more than " + MAX_SECONDS + " s");
            }
            if (result < 0) {
                return new RunOutcome.RunFailed(-result);
            }
            KvmRun run = vcpu.kvmRun();
            if (run.exitReason != KvmExit.KVM_EXIT_MMIO) {
                return new RunOutcome.OtherExit(run.exitReason);
            }
            if (run.mmio.isWrite && (run.mmio.physAddr & -PAGE) == ProbePayload.REPORT_IPA) {
                return report(operation, run.mmio.value());
            }
            if (mmio.size() < RunOutcome.MAX_MMIO) {
                mmio.add(new RunOutcome.Mmio(run.mmio.physAddr, run.mmio.len, run.mmio.isWrite));
            }
            if (!run.mmio.isWrite) {
                run.mmio.setValue(MMIO_ANSWER);
            }
        }
        return new RunOutcome.Endless(MAX_EXITS + " MMIO exits");
    }

    /// `KVM_RUN`, kicked out when the guest does not come to an end.
    private int enter() {
        ScheduledFuture<?> watchdog = Watchdog.after(MAX_SECONDS, TimeUnit.SECONDS, vcpu::kick);
        try {
            return vcpu.run();
        } finally {
            watchdog.cancel(false);
            vcpu.kvmRun().immediateExit = false;
            steps.addAll(vcpu.lastTrail().steps());
        }
    }

    /// Reads the report, and lets KVM complete the store that made it.
    private RunOutcome.End report(Operation operation, long reason) {
        vcpu.kvmRun().immediateExit = true;
        int result = vcpu.run();
        vcpu.kvmRun().immediateExit = false;
        if (result != Errno.EINTR.negated()) {
            throw new IllegalStateException("KVM_RUN with immediate_exit gave " + Errno.render(result));
        }
        if (reason == ProbePayload.REPORT_EXCEPTION) {
            long esr = x(ProbePayload.SYNDROME);
            return new RunOutcome.GuestException(Esr.ec(esr), Esr.fsc(esr), x(ProbePayload.FAULT_ADDRESS));
        }
        long first = x(ProbePayload.FIRST_RESULT);
        long second = x(ProbePayload.SECOND_RESULT);
        return operation == Operation.AT_S1E1R
                ? new RunOutcome.Reported(first & ~Par.NS, second)
                : new RunOutcome.Reported(first, second);
    }

    private long x(int n) {
        return vcpu.getOneReg(KvmReg.x(n));
    }

    @Override
    public void close() {
        vm.close();
        mm.close();
    }
}

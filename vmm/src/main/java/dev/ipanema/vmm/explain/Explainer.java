package dev.ipanema.vmm.explain;

import dev.ipanema.arm.exception.FaultStatus;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.guests.program.ProbePage;
import dev.ipanema.guests.program.Stage1;
import dev.ipanema.host.mm.Mman;
import dev.ipanema.host.mm.PteAttrIndex;
import dev.ipanema.host.mm.VmFlags;
import dev.ipanema.host.platform.Host;
import dev.ipanema.host.platform.MemoryRange;
import dev.ipanema.kvm.uapi.UserspaceMemoryRegion;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.machine.memory.MemoryLoader;
import dev.ipanema.vmm.scenario.HostDescription;
import dev.ipanema.vmm.scenario.ProbeMachine;
import dev.ipanema.vmm.scenario.RecordingHost;
import dev.ipanema.vmm.scenario.RunOutcome;
import java.util.List;

/// Answers questions about memory by making the host, the virtual machine, the slot and the access, and looking what
/// happens.
///
/// The host has the recordings' memory map and the CPU features that the question names.
public final class Explainer {
    private static final int SLOT = 1;
    private static final long IPA = 0x8000_0000L;
    private static final long SIZE = 1L << 21;
    private static final long HVA = 0x6000_0020_0000L;
    private static final int ORDER_2M = 9;
    private static final int ORDER_1M = 8;

    private final HostDescription description;

    /// @param description the host that the question is about
    public Explainer(HostDescription description) {
        this.description = description;
    }

    /// {@return what becomes of the access, with the reasons}
    public Explanation explain(ExplainRequest request, KernelVersion version) {
        try (Host host = RecordingHost.of(description);
                ProbeMachine machine = new ProbeMachine(host, version, false, true, code(host))) {
            map(host, machine, request);
            int slotErrno = setSlot(machine, request);
            List<DecisionTrail.Step> slotTrail =
                    List.copyOf(machine.vm().lastTrail().steps());
            boolean swapped = slotErrno != 0;
            if (swapped && !swap(host, machine, request)) {
                return new Explanation(
                        version.name(),
                        slotErrno,
                        slotTrail,
                        false,
                        "there can be no such slot",
                        "",
                        0,
                        machine.leaf(IPA),
                        List.of());
            }
            ProbeMachine.Run run = machine.run(request.access().operation(), Stage1.WB, IPA);
            return new Explanation(
                    version.name(),
                    slotErrno,
                    slotTrail,
                    swapped,
                    words(run),
                    pfnClass(version, run.trail()),
                    run.end() instanceof RunOutcome.RunFailed failed ? -failed.errno() : 0,
                    machine.leaf(IPA),
                    run.trail());
        }
    }

    /// Memory for the guest's own code: RAM that the VMM maps Non-cacheable. On a host without FEAT_S2FWB or DIC
    /// `series-v7/4` and `/5` refuse everything that is mapped cacheable, and the question is about other memory.
    private static ExplainedMemory code(Host host) {
        return new ExplainedMemory(kernelMemory(host, ORDER_1M), 0, PteAttrIndex.MT_NORMAL_NC);
    }

    private static long kernelMemory(Host host, int order) {
        long pa = host.kernel().allocKernelPages(order);
        if (pa < 0) {
            throw new IllegalStateException("no memory: " + Errno.render((int) pa));
        }
        return pa;
    }

    private static String words(ProbeMachine.Run run) {
        if (!run.mmio().isEmpty()) {
            return "KVM_EXIT_MMIO, " + run.mmio().getFirst();
        }
        return switch (run.end()) {
            case RunOutcome.Reported _ -> "the guest goes on";
            case RunOutcome.GuestException taken
            when taken.fsc() == FaultStatus.SYNC_EXTERNAL_ABORT ->
                "external abort in the guest (EC 0x" + Integer.toHexString(taken.ec()) + ")";
            case RunOutcome.End end -> end.toString();
        };
    }

    private static String pfnClass(KernelVersion version, List<DecisionTrail.Step> trail) {
        for (DecisionTrail.Step step : trail) {
            if (step.subject().equals(version.classificationRule())) {
                return step.value();
            }
        }
        return "";
    }

    private static int setSlot(ProbeMachine machine, ExplainRequest request) {
        return machine.vm().setUserMemoryRegion(new UserspaceMemoryRegion(SLOT, request.slotFlags(), IPA, SIZE, HVA));
    }

    /// Puts the refused memory under a slot that was created over ordinary memory before.
    ///
    /// @return false when the slot is refused whatever is behind it
    private static boolean swap(Host host, ProbeMachine machine, ExplainRequest request) {
        anonymous(machine);
        if (setSlot(machine, request) != 0) {
            return false;
        }
        map(host, machine, request);
        return true;
    }

    private static void map(Host host, ProbeMachine machine, ExplainRequest request) {
        boolean special = (request.vmFlags() & ExplainedMemory.OWN_FLAGS & ~VmFlags.VM_MTE_ALLOWED) != 0;
        boolean anonymous = !special && request.mapMemory() && request.attribute() == PteAttrIndex.MT_NORMAL;
        if (anonymous) {
            anonymous(machine);
            return;
        }
        long phys = phys(host, request);
        new MemoryLoader(host.machine().physicalMemory()).write(phys, ProbePage.content(), 0, ProbePage.SIZE);
        boolean shared = (request.vmFlags() & VmFlags.VM_SHARED) != 0;
        long result = machine.mm()
                .mmap(
                        HVA,
                        SIZE,
                        Mman.PROT_READ | Mman.PROT_WRITE,
                        Mman.MAP_FIXED | (shared ? Mman.MAP_SHARED : Mman.MAP_PRIVATE),
                        new ExplainedMemory(phys, request.vmFlags(), request.attribute()),
                        0);
        if (result < 0) {
            throw new BadInput("such memory cannot be mapped: " + Errno.render((int) result));
        }
    }

    private static void anonymous(ProbeMachine machine) {
        long result = machine.mm()
                .mmap(
                        HVA,
                        SIZE,
                        Mman.PROT_READ | Mman.PROT_WRITE,
                        Mman.MAP_FIXED | Mman.MAP_PRIVATE | Mman.MAP_ANONYMOUS);
        if (result < 0) {
            throw new IllegalStateException("mmap failed: " + Errno.render((int) result));
        }
        machine.mm().userMemory().write(HVA, ProbePage.content(), 0, ProbePage.SIZE);
    }

    /// Memory of the kind asked for: the kernel's own, memory it does not know, or memory that has struct pages without
    /// being the kernel's.
    private static long phys(Host host, ExplainRequest request) {
        if (request.mapMemory()) {
            return kernelMemory(host, ORDER_2M);
        }
        if ((request.vmFlags() & VmFlags.VM_PFNMAP) != 0) {
            return RecordingHost.base(host, MemoryRange.Kind.DEVICE_MEMORY);
        }
        long pa = RecordingHost.base(host, MemoryRange.Kind.NOMAP_VALID);
        host.kernel().claimReserved(pa, SIZE);
        return pa;
    }
}

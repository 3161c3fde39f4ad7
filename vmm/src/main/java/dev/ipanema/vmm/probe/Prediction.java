package dev.ipanema.vmm.probe;

import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.exception.FaultStatus;
import dev.ipanema.arm.memory.AccessKind;
import dev.ipanema.arm.memory.AlignmentRules;
import dev.ipanema.arm.memory.AlignmentRules.AccessClass;
import dev.ipanema.arm.memory.ExclusiveRules;
import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.arm.memory.Shareability;
import dev.ipanema.arm.memory.Stage1Output;
import dev.ipanema.arm.memory.Stage2Modifiers;
import dev.ipanema.arm.pgtable.Stage2Descriptor;
import dev.ipanema.arm.pgtable.Stage2Prot;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.guests.program.Operation;
import dev.ipanema.guests.program.Stage1;
import dev.ipanema.host.mm.PteAttrIndex;
import dev.ipanema.host.mm.VmFlags;
import dev.ipanema.kvm.abort.AbortFacts;
import dev.ipanema.kvm.abort.AbortRoute;
import dev.ipanema.kvm.abort.AbortRouter;
import dev.ipanema.kvm.abort.FaultDecision;
import dev.ipanema.kvm.abort.FaultFacts;
import dev.ipanema.kvm.abort.FaultOutcome;
import dev.ipanema.kvm.abort.IpaZone;
import dev.ipanema.kvm.abort.SlotState;
import dev.ipanema.kvm.memslot.PrepareMemoryRegion;
import dev.ipanema.kvm.memslot.RegionChange;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.kvm.version.VmaInfo;
import dev.ipanema.machine.mmu.ExclusivePolicy;
import java.util.List;

/// What should become of a guest's first access to a page, worked out from the facts alone: the slot's check, the
/// stage-1 type, KVM's decision about the fault, the type of both stages, in the order in which an access meets them
/// (Arm ARM DDI 0487, fault priority within a translation; spec of `kvm_handle_guest_abort`).
///
/// Every rule is asked of the code that runs guests; only their order is written here. A run that ends otherwise than
/// predicted is a defect of one of the two.
public final class Prediction {
    /// The host, as far as a prediction depends on it.
    ///
    /// @param fwb FEAT_S2FWB on every CPU
    /// @param dic CTR_EL0.DIC on every CPU
    /// @param lse FEAT_LSE, as the guest sees it: without it an LSE atomic is UNDEFINED
    /// @param exclusives what exclusives and atomics do on other than write-back memory
    public record HostFacts(boolean fwb, boolean dic, boolean lse, ExclusivePolicy exclusives) {}

    /// The memory, as far as a prediction depends on it.
    ///
    /// @param pfnIsMapMemory `pfn_is_map_memory` of its pages
    public record MemoryFacts(VmaInfo vma, boolean pfnIsMapMemory) {}

    /// The memory that the guest's program stands in: anonymous pages.
    private static final MemoryFacts CODE = new MemoryFacts(
            VmaInfo.of(VmFlags.VM_READ | VmFlags.VM_WRITE | VmFlags.VM_MAYWRITE, PteAttrIndex.MT_NORMAL), true);

    private static final String ARCHITECTURE = "Arm ARM DDI 0487, alignment of data accesses";

    private final KernelVersion version;
    private final HostFacts host;
    private final DecisionTrail trail;
    private final Stage2Modifiers modifiers;

    /// @param trail takes the chain of reasons
    public Prediction(KernelVersion version, HostFacts host, DecisionTrail trail) {
        this.version = version;
        this.host = host;
        this.trail = trail;
        this.modifiers = new Stage2Modifiers(host.fwb(), true, false, false, false);
    }

    /// {@return what should become of a probe}
    public ProbeOutcome of(Probe probe, MemoryFacts memory) {
        int slot = slotErrno(memory);
        if (slot != 0) {
            return ProbeOutcome.slotRefused(slot);
        }
        if (fault(CODE, false, true, false) instanceof FaultOutcome.Refuse refuse) {
            trail.outcome("the guest's own code cannot be fetched", refuse, "");
            return ProbeOutcome.kvmErrno(refuse.errno());
        }
        return probe.operation() == Operation.X ? fetch(probe, memory) : data(probe, memory);
    }

    /// {@return what `KVM_SET_USER_MEMORY_REGION` should return for a slot over this memory}
    public int slotErrno(MemoryFacts memory) {
        return PrepareMemoryRegion.check(
                version,
                new PrepareMemoryRegion.Facts(
                        RegionChange.CREATE,
                        true,
                        PrepareMemoryRegion.Gmem.NONE,
                        false,
                        false,
                        host.fwb() && host.dic()),
                List.of(memory.vma()),
                trail);
    }

    private ProbeOutcome fetch(Probe probe, MemoryFacts memory) {
        FaultOutcome fault = fault(memory, false, true, false);
        return switch (fault) {
            case FaultOutcome.Refuse refuse -> ProbeOutcome.kvmErrno(refuse.errno());
            case FaultOutcome.InjectSeaIabt _ ->
                ProbeOutcome.guestException(
                        Esr.instructionAbort(false, Esr.abortIss(FaultStatus.SYNC_EXTERNAL_ABORT, 0)));
            case FaultOutcome.InjectExclusiveAtomic _ ->
                throw new IllegalStateException("A fetch is not atomic: " + probe);
            case FaultOutcome.Map _ -> ProbeOutcome.OK;
        };
    }

    private ProbeOutcome data(Probe probe, MemoryFacts memory) {
        Operation operation = probe.operation();
        if (operation == Operation.LDADD && !host.lse()) {
            trail.outcome("LDADD is UNDEFINED", "the CPU has no FEAT_LSE", "Arm ARM DDI 0487, FEAT_LSE");
            return ProbeOutcome.guestException(Esr.unknown());
        }
        AccessClass accessClass = accessClass(operation);
        boolean aligned = operation != Operation.RU && operation != Operation.WU;
        boolean write = isWrite(operation);
        MemoryAttributes s1 = Stage1Output.translated(stage1Type(probe.stage1()), AccessKind.DATA, true, true);
        trail.fact("stage-1 type", s1, "MAIR_EL1");
        if (AlignmentRules.faultsByType(accessClass, aligned, s1)) {
            trail.outcome("alignment fault to the guest", "the stage-1 type is Device", ARCHITECTURE);
            return abortToGuest(FaultStatus.ALIGNMENT, write);
        }
        FaultOutcome fault = fault(memory, write, false, false);
        if (fault instanceof FaultOutcome.Refuse refuse) {
            return ProbeOutcome.kvmErrno(refuse.errno());
        }
        if (!(fault instanceof FaultOutcome.Map map)) {
            throw new IllegalStateException("A first data access ends in " + fault);
        }
        int memAttr = Stage2Descriptor.memAttr(Stage2Prot.encode(map.prot(), host.fwb(), false, false));
        MemoryAttributes leafType = modifiers.leafType(s1, memAttr, Shareability.ISH);
        trail.fact("stage-2 type", leafType, "MemAttr 0b" + Integer.toBinaryString(memAttr));
        if (AlignmentRules.faultsByType(accessClass, aligned, leafType)) {
            trail.outcome("alignment fault to EL2", "the stage-2 type is Device", ARCHITECTURE);
            return routed(FaultStatus.ALIGNMENT, write, memory);
        }
        MemoryAttributes type = modifiers.result(AccessKind.DATA, s1, leafType, memAttr, Shareability.ISH, false);
        trail.outcome("memory type of the access", type, "Arm ARM DDI 0487, combining stage 1 and stage 2 attributes");
        if (accessClass == AccessClass.EXCLUSIVE_OR_ATOMIC && !ExclusiveRules.isGuaranteed(type)) {
            return notGuaranteed(s1, write, memory);
        }
        return ProbeOutcome.OK;
    }

    private ProbeOutcome notGuaranteed(MemoryAttributes s1, boolean write, MemoryFacts memory) {
        trail.fact("exclusives and atomics on such memory", host.exclusives(), "IMPLEMENTATION DEFINED");
        return switch (host.exclusives()) {
            case WORK -> ProbeOutcome.OK;
            case FAULT_0X35 ->
                ExclusiveRules.faultStage(s1) == 1
                        ? abortToGuest(FaultStatus.UNSUPPORTED_EXCLUSIVE_ATOMIC, write)
                        : routed(FaultStatus.UNSUPPORTED_EXCLUSIVE_ATOMIC, write, memory);
            case EXTERNAL_ABORT -> abortToGuest(FaultStatus.SYNC_EXTERNAL_ABORT, write);
        };
    }

    /// A stage-2 fault other than a translation fault, on memory that is there.
    private ProbeOutcome routed(int fsc, boolean write, MemoryFacts memory) {
        AbortRoute route = AbortRouter.route(
                version,
                new AbortFacts(fsc, false, false, false, write, true, IpaZone.INSIDE, SlotState.READ_WRITE, false),
                trail);
        if (route == AbortRoute.UNSUPPORTED_FSC) {
            return ProbeOutcome.kvmErrno(Errno.EFAULT.negated());
        }
        FaultOutcome outcome = fault(memory, write, false, true);
        return outcome instanceof FaultOutcome.InjectExclusiveAtomic
                ? abortToGuest(fsc, write)
                : outcome instanceof FaultOutcome.Refuse refuse
                        ? ProbeOutcome.kvmErrno(refuse.errno())
                        : ProbeOutcome.OK;
    }

    private FaultOutcome fault(MemoryFacts memory, boolean write, boolean exec, boolean exclusiveAtomic) {
        return FaultDecision.decide(
                version,
                new FaultFacts(
                        memory.vma(),
                        memory.pfnIsMapMemory(),
                        true,
                        false,
                        write,
                        exec,
                        false,
                        exclusiveAtomic,
                        false,
                        host.fwb(),
                        host.dic()),
                trail);
    }

    private static ProbeOutcome abortToGuest(int fsc, boolean write) {
        return ProbeOutcome.guestException(Esr.dataAbort(false, true, Esr.abortIss(fsc, write ? Esr.WNR : 0)));
    }

    private static MemoryAttributes stage1Type(Stage1 stage1) {
        return switch (stage1) {
            case WB -> MemoryAttributes.NORMAL_WB;
            case NC -> MemoryAttributes.NORMAL_NC;
            case DEVICE_NGNRNE, OFF -> MemoryAttributes.DEVICE_nGnRnE;
            case DEVICE_NGNRE -> MemoryAttributes.DEVICE_nGnRE;
        };
    }

    private static AccessClass accessClass(Operation operation) {
        return switch (operation) {
            case R, W, RU, WU, R32, LDP, STP, LDR_POST, R_W -> AccessClass.PLAIN;
            case LDXR_STXR, LDADD -> AccessClass.EXCLUSIVE_OR_ATOMIC;
            case DCZVA -> AccessClass.DC_ZVA;
            case DCCIVAC, DCIVAC, ICIVAU, AT_S1E1R -> AccessClass.CACHE_MAINTENANCE;
            case X, W_X, X_W, R_X -> AccessClass.FETCH;
        };
    }

    private static boolean isWrite(Operation operation) {
        return switch (operation) {
            case W, WU, STP, LDADD, DCZVA -> true;
            case R, RU, R32, LDP, LDR_POST, LDXR_STXR, R_W -> false;
            case DCCIVAC, DCIVAC, ICIVAU, AT_S1E1R, X, W_X, X_W, R_X -> false;
        };
    }
}

package dev.ipanema.vmm.table;

import dev.ipanema.arm.exception.FaultStatus;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.kvm.abort.AbortFacts;
import dev.ipanema.kvm.abort.AbortRoute;
import dev.ipanema.kvm.abort.AbortRouter;
import dev.ipanema.kvm.abort.FaultDecision;
import dev.ipanema.kvm.abort.FaultFacts;
import dev.ipanema.kvm.abort.FaultOutcome;
import dev.ipanema.kvm.abort.IpaZone;
import dev.ipanema.kvm.abort.MmioRoute;
import dev.ipanema.kvm.abort.SlotState;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.kvm.version.VmaInfo;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// `fault-routing`: where `kvm_handle_guest_abort` sends an abort.
final class FaultRoutingForm implements TableForm {
    private static final List<String> CLASSES =
            List.of("TRANS", "ACCESS", "PERM", "ADDRSIZE", "SEA", "ALIGNMENT", "TLBCONFLICT", "EXCL_ATOMIC", "OTHER");
    private static final List<String> ZONES = List.of("inside", "between-vm-ipa-and-limit", "beyond-ipa-limit");
    private static final List<IpaZone> ZONE_OF_WORD =
            List.of(IpaZone.INSIDE, IpaZone.BETWEEN_VM_IPA_AND_LIMIT, IpaZone.BEYOND_IPA_LIMIT);
    private static final List<String> CLASSES_OF_EXCEPTION = List.of("IABT", "DABT");
    private static final List<String> SLOTS = List.of("none", "invalid", "readonly", "read-write");
    private static final List<SlotState> SLOT_OF_WORD =
            List.of(SlotState.NONE, SlotState.INVALID, SlotState.READ_ONLY, SlotState.READ_WRITE);
    private static final int LEVEL = 3;

    private static final KernelVersion VERSION = KernelVersion.parse("linux-7.3");

    @Override
    public String name() {
        return "fault-routing";
    }

    @Override
    public Set<String> inputs() {
        return Set.of(
                "fsc_class",
                "ipa_zone",
                "ec",
                "s1ptw",
                "cm",
                "wnr",
                "memslot",
                "isv",
                "nisv_to_user_cap",
                "in_kernel_device");
    }

    @Override
    public List<String> anyOf(String column) {
        return switch (column) {
            case "fsc_class" -> CLASSES;
            case "ipa_zone" -> ZONES;
            case "ec" -> CLASSES_OF_EXCEPTION;
            case "memslot" -> SLOTS;
            default -> VmaColumns.BITS;
        };
    }

    @Override
    public @Nullable Outcome outcome(String column) {
        return switch (column) {
            case "outcome", "outcome_7.3" -> FaultRoutingForm::route;
            default -> null;
        };
    }

    private static String route(Row row) {
        AbortFacts facts = new AbortFacts(
                fsc(row),
                row.oneOf("ec", CLASSES_OF_EXCEPTION) == CLASSES_OF_EXCEPTION.indexOf("IABT"),
                row.bit("s1ptw"),
                row.bit("cm"),
                row.bit("wnr"),
                true,
                ZONE_OF_WORD.get(row.oneOf("ipa_zone", ZONES)),
                SLOT_OF_WORD.get(row.oneOf("memslot", SLOTS)),
                false);
        AbortRoute route = AbortRouter.route(VERSION, facts, DecisionTrail.off());
        return switch (route) {
            case HANDLE_SEA -> "kvm_handle_guest_sea";
            case BUGGED -> "KVM_RUN -EFAULT (VM bugged)";
            case INJECT_ADDRESS_SIZE -> "inject address-size fault (FSC 0x00); resume";
            case INJECT_SEA_AT_IPA -> "inject SEA " + (facts.iabt() ? "iabt" : "dabt") + " at IPA; resume";
            case UNSUPPORTED_FSC -> "KVM_RUN -EFAULT (unsupported FSC)";
            case INJECT_SEA_IABT -> "inject SEA iabt (FSC per S1PTW); resume";
            case INJECT_SEA_TTW -> "inject SEA dabt on TTW; resume";
            case SKIP_INSTRUCTION -> "skip instruction; resume";
            case IO_MEM_ABORT -> mmio(row);
            case ACCESS_FAULT -> "make young; resume";
            case GMEM_ABORT -> "gmem_abort";
            case USER_MEM_ABORT -> userMemAbort(facts);
        };
    }

    private static int fsc(Row row) {
        return switch (CLASSES.get(row.oneOf("fsc_class", CLASSES))) {
            case "TRANS" -> FaultStatus.of(FaultStatus.TRANSLATION, LEVEL);
            case "ACCESS" -> FaultStatus.of(FaultStatus.ACCESS_FLAG, LEVEL);
            case "PERM" -> FaultStatus.of(FaultStatus.PERMISSION, LEVEL);
            case "ADDRSIZE" -> FaultStatus.of(FaultStatus.ADDRESS_SIZE, LEVEL);
            case "SEA" -> FaultStatus.SYNC_EXTERNAL_ABORT;
            case "ALIGNMENT" -> FaultStatus.ALIGNMENT;
            case "TLBCONFLICT" -> FaultStatus.TLB_CONFLICT;
            case "EXCL_ATOMIC" -> FaultStatus.UNSUPPORTED_EXCLUSIVE_ATOMIC;
            default -> FaultStatus.IMPDEF_LOCKDOWN;
        };
    }

    private static String mmio(Row row) {
        MmioRoute route =
                MmioRoute.of(VERSION, row.bit("isv"), row.bit("nisv_to_user_cap"), false, DecisionTrail.off());
        return switch (route) {
            case EXIT_NISV -> "KVM_EXIT_ARM_NISV";
            case ENOSYS -> "KVM_RUN -ENOSYS";
            case EXIT_LDST64B -> "KVM_EXIT_ARM_LDST64B";
            case EMULATE -> row.bit("in_kernel_device") ? "in-kernel MMIO; resume" : "KVM_EXIT_MMIO";
        };
    }

    /// Ordinary RAM behind the slot: what remains is what kind of access it is.
    private static String userMemAbort(AbortFacts facts) {
        VmaInfo ram = new VmaInfo(false, false, false, false, false, true);
        boolean exclusiveAtomic = facts.fsc() == FaultStatus.UNSUPPORTED_EXCLUSIVE_ATOMIC;
        FaultFacts fault = new FaultFacts(
                ram, true, true, false, facts.write(), facts.exec(), false, exclusiveAtomic, false, true, true);
        if (FaultDecision.decide(VERSION, fault, DecisionTrail.off()) instanceof FaultOutcome.InjectExclusiveAtomic) {
            return "user_mem_abort: resolve pfn then inject DABT FSC 0x35; resume";
        }
        return "user_mem_abort(write=" + (facts.write() ? 1 : 0) + " exec=" + (facts.exec() ? 1 : 0) + ")";
    }
}

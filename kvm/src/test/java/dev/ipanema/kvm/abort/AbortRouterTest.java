package dev.ipanema.kvm.abort;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.exception.FaultStatus;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.kvm.version.KernelVersion;
import org.junit.jupiter.api.Test;

class AbortRouterTest {
    private static final int TRANSLATION_3 = FaultStatus.TRANSLATION + 3;
    private static final int PERMISSION_3 = FaultStatus.PERMISSION + 3;

    private static AbortRoute route(String version, AbortFacts facts) {
        return AbortRouter.route(KernelVersion.parse(version), facts, DecisionTrail.off());
    }

    private static AbortFacts data(int fsc, boolean write, SlotState slot) {
        return new AbortFacts(fsc, false, false, false, write, true, IpaZone.INSIDE, slot, false);
    }

    @Test
    void translationFaultOfASlotIsUserMemory() {
        assertThat(route("linux-7.3", data(TRANSLATION_3, false, SlotState.READ_WRITE)))
                .isEqualTo(AbortRoute.USER_MEM_ABORT);
    }

    @Test
    void writeToAReadOnlySlotIsMmioAndAReadIsMemory() {
        assertThat(route("linux-7.3", data(PERMISSION_3, true, SlotState.READ_ONLY)))
                .isEqualTo(AbortRoute.IO_MEM_ABORT);
        assertThat(route("linux-7.3", data(TRANSLATION_3, false, SlotState.READ_ONLY)))
                .isEqualTo(AbortRoute.USER_MEM_ABORT);
    }

    @Test
    void invalidSlotIsTreatedAsNone() {
        assertThat(route("linux-7.3", data(TRANSLATION_3, false, SlotState.INVALID)))
                .isEqualTo(AbortRoute.IO_MEM_ABORT);
    }

    @Test
    void alignmentFaultIsUnsupported() {
        assertThat(route("linux-7.3", data(FaultStatus.ALIGNMENT, false, SlotState.READ_WRITE)))
                .isEqualTo(AbortRoute.UNSUPPORTED_FSC);
    }

    @Test
    void unsupportedExclusiveIsKnownSince73() {
        AbortFacts facts = data(FaultStatus.UNSUPPORTED_EXCLUSIVE_ATOMIC, false, SlotState.READ_WRITE);
        assertThat(route("linux-7.3", facts)).isEqualTo(AbortRoute.USER_MEM_ABORT);
        assertThat(route("linux-6.18", facts)).isEqualTo(AbortRoute.UNSUPPORTED_FSC);
    }

    @Test
    void fetchFromNoSlotIsAnExternalAbort() {
        AbortFacts facts =
                new AbortFacts(TRANSLATION_3, true, false, false, false, true, IpaZone.INSIDE, SlotState.NONE, false);
        assertThat(route("linux-7.3", facts)).isEqualTo(AbortRoute.INJECT_SEA_IABT);
    }

    @Test
    void walkThroughNoSlotIsAnExternalAbortOnWalk() {
        AbortFacts facts =
                new AbortFacts(TRANSLATION_3, false, true, false, false, true, IpaZone.INSIDE, SlotState.NONE, false);
        assertThat(route("linux-7.3", facts)).isEqualTo(AbortRoute.INJECT_SEA_TTW);
    }

    @Test
    void maintenanceOfNoSlotIsSkippedAndOfAReadOnlySlotIsNot() {
        AbortFacts none =
                new AbortFacts(TRANSLATION_3, false, false, true, true, true, IpaZone.INSIDE, SlotState.NONE, false);
        AbortFacts readOnly = new AbortFacts(
                TRANSLATION_3, false, false, true, true, true, IpaZone.INSIDE, SlotState.READ_ONLY, false);
        assertThat(route("linux-7.3", none)).isEqualTo(AbortRoute.SKIP_INSTRUCTION);
        assertThat(route("linux-7.3", readOnly)).isEqualTo(AbortRoute.IO_MEM_ABORT);
    }

    @Test
    void addressesBeyondTheIpaSizesAreInjected() {
        AbortFacts between = new AbortFacts(
                TRANSLATION_3, false, false, false, false, true, IpaZone.of(1L << 41, 40, 48), SlotState.NONE, false);
        AbortFacts beyond = new AbortFacts(
                TRANSLATION_3, false, false, false, false, true, IpaZone.of(1L << 49, 40, 48), SlotState.NONE, false);
        assertThat(route("linux-7.3", between)).isEqualTo(AbortRoute.INJECT_SEA_AT_IPA);
        assertThat(route("linux-7.3", beyond)).isEqualTo(AbortRoute.INJECT_ADDRESS_SIZE);
    }

    @Test
    void externalAbortComesFirst() {
        AbortFacts facts = new AbortFacts(
                FaultStatus.SYNC_EXTERNAL_ABORT,
                false,
                false,
                false,
                false,
                false,
                IpaZone.INSIDE,
                SlotState.NONE,
                false);
        assertThat(route("linux-7.3", facts)).isEqualTo(AbortRoute.HANDLE_SEA);
    }

    @Test
    void unknownIpaMarksTheVmBugged() {
        AbortFacts facts = new AbortFacts(
                FaultStatus.ALIGNMENT, false, false, false, false, false, IpaZone.INSIDE, SlotState.NONE, false);
        assertThat(route("linux-7.3", facts)).isEqualTo(AbortRoute.BUGGED);
    }

    @Test
    void tableWalkCountsAsWriteOnlyByItsPermissionFault() {
        AbortFacts permission = new AbortFacts(
                PERMISSION_3, true, true, false, false, true, IpaZone.INSIDE, SlotState.READ_WRITE, false);
        AbortFacts translation = new AbortFacts(
                TRANSLATION_3, true, true, false, true, true, IpaZone.INSIDE, SlotState.READ_WRITE, false);
        assertThat(permission.write()).isTrue();
        assertThat(permission.exec()).isFalse();
        assertThat(translation.write()).isFalse();
    }

    @Test
    void accessWithoutSyndromeIsEnosysUnlessTheVmmAsked() {
        KernelVersion version = KernelVersion.newest();
        DecisionTrail off = DecisionTrail.off();
        assertThat(MmioRoute.of(version, false, false, false, off)).isEqualTo(MmioRoute.ENOSYS);
        assertThat(MmioRoute.of(version, false, true, false, off)).isEqualTo(MmioRoute.EXIT_NISV);
        assertThat(MmioRoute.of(version, true, false, false, off)).isEqualTo(MmioRoute.EMULATE);
        assertThat(MmioRoute.of(version, true, false, true, off)).isEqualTo(MmioRoute.EXIT_LDST64B);
    }
}

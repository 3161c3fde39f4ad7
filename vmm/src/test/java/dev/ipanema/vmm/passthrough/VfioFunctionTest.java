package dev.ipanema.vmm.passthrough;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.exception.ExceptionClass;
import dev.ipanema.arm.exception.FaultStatus;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.devices.gpu.CopyEngine;
import dev.ipanema.devices.gpu.CopyStatus;
import dev.ipanema.devices.gpu.GpuModel;
import dev.ipanema.devices.pci.PciConfig;
import dev.ipanema.guests.program.Operation;
import dev.ipanema.guests.program.ProbePayload;
import dev.ipanema.guests.program.Stage1;
import dev.ipanema.host.platform.Host;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.machine.mmu.ExclusivePolicy;
import dev.ipanema.vmm.scenario.LeafState;
import dev.ipanema.vmm.scenario.ProbeMachine;
import dev.ipanema.vmm.scenario.RunOutcome;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A GPU on the guest's bus, as its configuration space is written and its memory is accessed.
@Timeout(120)
class VfioFunctionTest {
    private static final long MEMORY = 96 * Sizes.MIB;
    private static final long BAR4_SIZE = 128 * Sizes.MIB;
    private static final long BAR0_AT = GuestBus.LOW + 0x100_0000L;
    private static final long BAR2_AT = GuestBus.HIGH_END / 2 + GuestBus.HIGH / 2;
    private static final long BAR4_AT = GuestBus.HIGH;
    private static final long ENGINE = BAR0_AT + CopyEngine.BASE;
    private static final long MSIX_TABLE = BAR0_AT + 0xb9_0000;
    private static final long MSIX_PENDING = BAR0_AT + 0xba_0000;
    private static final int ON = PciConfig.COMMAND_MEMORY | PciConfig.COMMAND_MASTER;
    private static final int CAP_POWER = 0x01;
    private static final int CAP_MSIX = 0x11;
    private static final int MSIX_ENABLE = 1 << 15;
    private static final int MSIX_MASK = 1 << 14;

    /// Where the guest's interrupt controller takes messages, as far as the device knows.
    private static final long DOORBELL = 0x0808_0040L;

    private static Host host(int gpus) {
        return host(gpus, ExclusivePolicy.FAULT_0X35);
    }

    private static Host host(int gpus, ExclusivePolicy exclusives) {
        HostProfile.Gpu[] all = new HostProfile.Gpu[gpus];
        for (int i = 0; i < gpus; i++) {
            all[i] = HostProfile.gpuAt(i, GpuModel.GB200, MEMORY);
        }
        HostProfile profile = HostProfile.recording(CpuModel.parse("neoverse-v2"))
                .withGpus(List.of(all))
                .withExclusives(exclusives);
        return Host.builder(profile).devicesOnCallersThread(true).build();
    }

    private static GuestBus bus(Host host, String policy) {
        HostDevice[] devices = host.pciDevices().stream()
                .map(bdf -> new HostDevice.Function(bdf, false, true))
                .toArray(HostDevice[]::new);
        return new GuestBus(host, policy, devices);
    }

    private static void place(GuestBus bus, int device) {
        bus.config(device, GuestBus.BAR0, Integer.BYTES, BAR0_AT);
        bus.place(device, GuestBus.BAR2, BAR2_AT);
        bus.place(device, GuestBus.BAR4, BAR4_AT);
        bus.command(device, ON);
    }

    private static RunOutcome.End run(GuestBus bus, Operation operation, long ipa) {
        return bus.machine.run(operation, Stage1.WB, ipa).end();
    }

    // ---- slots follow BARs -----------------------------------------------------------------------------------------

    @Test
    void nothingIsMappedBeforeTheGuestSwitchesDecodingOn() {
        try (Host host = host(1);
                GuestBus bus = bus(host, "linux-7.3")) {
            bus.place(0, GuestBus.BAR4, BAR4_AT);
            assertThat(bus.deviceSlots()).isEmpty();

            bus.command(0, ON);

            assertThat(bus.deviceSlots()).containsExactly(new GuestBus.Range(BAR4_AT, MEMORY));
        }
    }

    @Test
    void theHostsOwnAddressesAreNotTheGuests() {
        try (Host host = host(1);
                GuestBus bus = bus(host, "linux-7.3")) {
            assertThat(bus.config(0, GuestBus.BAR0, Integer.BYTES)).isZero();
            assertThat(bus.config(0, GuestBus.BAR2, Integer.BYTES)).isEqualTo(0xc);
            assertThat(bus.config(0, GuestBus.BAR4, Integer.BYTES)).isEqualTo(0xc);
            assertThat(bus.config(0, GuestBus.BAR4 + 4, Integer.BYTES)).isZero();
        }
    }

    @Test
    void aFunctionWhoseMemoryIsRamTooIsRefused() {
        HostDevice function = GpuRun.function(GpuRun.FIRST);
        HostDevice memory = new HostDevice.Memory(GpuRun.FIRST, 1, 0, false, false);
        try (Host host = host(1)) {
            assertThatThrownBy(() -> new GuestBus(host, "linux-7.3", function, memory))
                    .isInstanceOf(BadInput.class)
                    .hasMessageContaining("has this device already");
        }
    }

    @Test
    void anAddressOf64BitsIsNoPlace() {
        try (Host host = host(1);
                GuestBus bus = bus(host, "linux-7.3")) {
            bus.place(0, GuestBus.BAR4, Long.MIN_VALUE);
            bus.command(0, PciConfig.COMMAND_MEMORY);

            assertThat(bus.deviceSlots()).noneMatch(range -> range.ipa() < 0);
        }
    }

    @Test
    void aSizingSequenceSaysThePowerOfTwoAbove() {
        try (Host host = host(1);
                GuestBus bus = bus(host, "linux-7.3")) {
            bus.place(0, GuestBus.BAR4, -1);

            assertThat(bus.config(0, GuestBus.BAR4, Integer.BYTES)).isEqualTo(-BAR4_SIZE & 0xffff_ffffL | 0xc);
            assertThat(bus.config(0, GuestBus.BAR4 + 4, Integer.BYTES)).isEqualTo(0xffff_ffffL);
        }
    }

    @Test
    void theSlotOfAMovedBarMovesWithIt() {
        try (Host host = host(1);
                GuestBus bus = bus(host, "linux-7.3")) {
            place(bus, 0);
            long moved = BAR4_AT + 16 * BAR4_SIZE;
            run(bus, Operation.W, BAR4_AT);

            bus.place(0, GuestBus.BAR4, moved);

            assertThat(bus.machine.leaf(BAR4_AT)).isEqualTo(LeafState.UNMAPPED);
            assertThat(run(bus, Operation.R, BAR4_AT)).isEqualTo(new RunOutcome.Reported(ProbeMachine.MMIO_ANSWER, 0));
            assertThat(run(bus, Operation.R, moved)).isEqualTo(new RunOutcome.Reported(ProbePayload.STORE_VALUE, 0));
            assertThat(bus.machine.leaf(moved).type()).isEqualTo("NORMAL_WB");
            assertThat(bus.deviceSlots())
                    .contains(new GuestBus.Range(moved, MEMORY))
                    .hasSize(5);
        }
    }

    @Test
    void decodingOffTakesEverythingAwayAndOnGivesItBack() {
        try (Host host = host(1);
                GuestBus bus = bus(host, "linux-7.3")) {
            place(bus, 0);
            run(bus, Operation.W, BAR4_AT);

            bus.command(0, 0);
            assertThat(bus.deviceSlots()).isEmpty();
            assertThat(bus.machine.leaf(BAR4_AT)).isEqualTo(LeafState.UNMAPPED);
            assertThat(bus.load(BAR4_AT, 4)).isEqualTo(0xffff_ffffL);

            bus.command(0, ON);
            assertThat(run(bus, Operation.R, BAR4_AT)).isEqualTo(new RunOutcome.Reported(ProbePayload.STORE_VALUE, 0));
        }
    }

    @Test
    void aDeviceThatSleepsAnswersNowhereAndKeepsItsMemory() {
        try (Host host = host(1);
                GuestBus bus = bus(host, "linux-7.3")) {
            place(bus, 0);
            run(bus, Operation.W, BAR4_AT);
            int power = bus.capability(0, CAP_POWER) + 4;

            bus.config(0, power, Short.BYTES, 3);
            assertThat(bus.deviceSlots()).isEmpty();
            assertThat(run(bus, Operation.R, BAR4_AT)).isEqualTo(new RunOutcome.Reported(ProbeMachine.MMIO_ANSWER, 0));
            assertThat(bus.load(BAR4_AT, Integer.BYTES)).isEqualTo(0xffff_ffffL);

            bus.config(0, power, Short.BYTES, 0);
            assertThat(run(bus, Operation.R, BAR4_AT)).isEqualTo(new RunOutcome.Reported(ProbePayload.STORE_VALUE, 0));
        }
    }

    @Test
    void aBarOverTheGuestsRamIsNotDecoded() {
        try (Host host = host(1);
                GuestBus bus = bus(host, "linux-7.3")) {
            bus.config(0, GuestBus.BAR0, Integer.BYTES, GuestBus.RAM);
            bus.place(0, GuestBus.BAR4, ProbePayload.BASE & -BAR4_SIZE);
            bus.command(0, ON);

            assertThat(bus.deviceSlots()).isEmpty();
            assertThat(run(bus, Operation.W, GuestBus.RAM)).isInstanceOf(RunOutcome.Reported.class);
        }
    }

    @Test
    void ofTwoBarsInOnePlaceTheFirstIsThereAndTheOtherIsTold() {
        try (Host host = host(2);
                GuestBus bus = bus(host, "linux-7.3")) {
            place(bus, 0);
            bus.place(1, GuestBus.BAR4, BAR4_AT);
            bus.command(1, ON);

            List<DeviceStatus> status = bus.passthrough.status(bus.machine.vm().stage2(), true);
            assertThat(status.get(1).slots()).isEmpty();
            assertThat(status.get(1).hidden())
                    .containsExactly(new DeviceStatus.Window("0001:01:00.0 BAR 4", BAR4_AT, MEMORY));

            bus.command(0, 0);
            assertThat(bus.deviceSlots()).containsExactly(new GuestBus.Range(BAR4_AT, MEMORY));
        }
    }

    @Test
    void whatLiesBehindTheMemoryReadsAllOnes() {
        try (Host host = host(1);
                GuestBus bus = bus(host, "linux-7.3")) {
            place(bus, 0);

            assertThat(bus.load(BAR4_AT + MEMORY, Long.BYTES)).isEqualTo(-1);
            bus.store(BAR4_AT + BAR4_SIZE - 8, Long.BYTES, 1);
            assertThat(bus.load(BAR4_AT + BAR4_SIZE - 8, Long.BYTES)).isEqualTo(-1);
        }
    }

    @Test
    void theFileAndTheMappingAreOneMemory() {
        try (Host host = host(1);
                GuestBus bus = bus(host, "linux-7.3")) {
            place(bus, 0);
            bus.store(BAR4_AT, Long.BYTES, 0x1234);

            assertThat(run(bus, Operation.R, BAR4_AT)).isEqualTo(new RunOutcome.Reported(0x1234, 0));
        }
    }

    @Test
    void aResetIsAsAfterPowerOn() {
        try (Host host = host(1);
                GuestBus bus = bus(host, "linux-7.3")) {
            place(bus, 0);
            run(bus, Operation.W, BAR4_AT);
            bus.reset();

            assertThat(bus.deviceSlots()).isEmpty();
            assertThat(bus.machine.leaf(BAR4_AT)).isEqualTo(LeafState.UNMAPPED);
            assertThat(bus.config(0, PciConfig.COMMAND, Short.BYTES) & PciConfig.COMMAND_MASTER)
                    .isZero();
            assertThat(bus.config(0, GuestBus.BAR4 + 4, Integer.BYTES)).isZero();

            place(bus, 0);
            assertThat(run(bus, Operation.WU, BAR4_AT)).isInstanceOf(RunOutcome.Reported.class);
            assertThat(host.kernel().audit()).isEmpty();
        }
    }

    // ---- interrupts ------------------------------------------------------------------------------------------------

    private static void vector(GuestBus bus, int vector, int data, int control) {
        long entry = MSIX_TABLE + 16L * vector;
        bus.store(entry, Integer.BYTES, DOORBELL);
        bus.store(entry + 4, Integer.BYTES, 0);
        bus.store(entry + 8, Integer.BYTES, data);
        bus.store(entry + 12, Integer.BYTES, control);
    }

    private static long interruptingCopy(GuestBus bus, int vector) {
        bus.store(ENGINE + CopyEngine.SOURCE, Long.BYTES, GuestBus.RAM);
        bus.store(ENGINE + CopyEngine.DESTINATION, Long.BYTES, GuestBus.RAM + 0x1000);
        bus.store(ENGINE + CopyEngine.LENGTH, Integer.BYTES, 64);
        bus.store(ENGINE + CopyEngine.FLAGS, Integer.BYTES, CopyEngine.INTERRUPT | vector << CopyEngine.VECTOR_SHIFT);
        bus.store(ENGINE + CopyEngine.LAUNCH, Integer.BYTES, 1);
        return bus.load(ENGINE + CopyEngine.RESULT, Integer.BYTES);
    }

    @Test
    void theEndOfACopyIsTheGuestsMessage() {
        try (Host host = host(1);
                GuestBus bus = bus(host, "linux-7.3")) {
            place(bus, 0);
            int msix = bus.capability(0, CAP_MSIX);
            vector(bus, 1, 0x77, 0);
            bus.config(0, msix + 2, Short.BYTES, MSIX_ENABLE);

            assertThat(bus.config(0, msix + 2, Short.BYTES) & (MSIX_ENABLE | MSIX_MASK))
                    .isEqualTo(MSIX_ENABLE);
            assertThat(interruptingCopy(bus, 1)).isEqualTo(CopyStatus.DONE.code());
            assertThat(bus.messages).containsExactly(new GuestBus.Message(DOORBELL, 0x77, 8));
        }
    }

    @Test
    void aMaskedVectorIsPendingUntilItIsUnmasked() {
        try (Host host = host(1);
                GuestBus bus = bus(host, "linux-7.3")) {
            place(bus, 0);
            int msix = bus.capability(0, CAP_MSIX);
            vector(bus, 0, 0x50, 1);
            bus.config(0, msix + 2, Short.BYTES, MSIX_ENABLE);
            interruptingCopy(bus, 0);

            assertThat(bus.messages).isEmpty();
            assertThat(bus.load(MSIX_PENDING, Long.BYTES)).isEqualTo(1);

            bus.store(MSIX_TABLE + 12, Integer.BYTES, 0);
            assertThat(bus.messages).hasSize(1);
            assertThat(bus.load(MSIX_PENDING, Long.BYTES)).isZero();
        }
    }

    @Test
    void afterAResetNoInterruptOfTheOldGuestComes() {
        try (Host host = host(1);
                GuestBus bus = bus(host, "linux-7.3")) {
            place(bus, 0);
            int msix = bus.capability(0, CAP_MSIX);
            vector(bus, 0, 0x50, 0);
            bus.config(0, msix + 2, Short.BYTES, MSIX_ENABLE);
            bus.reset();
            place(bus, 0);

            assertThat(bus.config(0, msix + 2, Short.BYTES) & (MSIX_ENABLE | MSIX_MASK))
                    .isZero();
            assertThat(bus.load(MSIX_TABLE + 12, Integer.BYTES)).isEqualTo(1);
            interruptingCopy(bus, 0);
            assertThat(bus.messages).isEmpty();
        }
    }

    @Test
    void vectorsThatAreNotThereAreNobodys() {
        try (Host host = host(1);
                GuestBus bus = bus(host, "linux-7.3")) {
            place(bus, 0);
            int msix = bus.capability(0, CAP_MSIX);
            bus.config(0, msix + 2, Short.BYTES, MSIX_ENABLE);
            vector(bus, 200, 0x11, 0);

            assertThat(interruptingCopy(bus, 200)).isEqualTo(CopyStatus.DONE.code());
            assertThat(bus.messages).isEmpty();
        }
    }

    @Test
    void whatADeviceSendsBeforeItMayMasterIsLost() {
        try (Host host = host(1);
                GuestBus bus = bus(host, "linux-7.3")) {
            place(bus, 0);
            bus.command(0, PciConfig.COMMAND_MEMORY);

            assertThat(interruptingCopy(bus, 0)).isEqualTo(CopyStatus.NO_MASTER.code());
        }
    }

    // ---- before 6.17 -----------------------------------------------------------------------------------------------

    private static RunOutcome.End before617(Operation operation, ExclusivePolicy exclusives) {
        try (Host host = host(1, exclusives);
                GuestBus bus = bus(host, "linux-6.16")) {
            place(bus, 0);
            assertThat(run(bus, Operation.W, BAR4_AT)).isInstanceOf(RunOutcome.Reported.class);
            assertThat(bus.machine.leaf(BAR4_AT).type()).isEqualTo("DEVICE_nGnRE");
            return run(bus, operation, BAR4_AT);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Operation.class,
            names = {"RU", "WU", "DCZVA"})
    void alignmentFaultsOfStage2EndKvmRun(Operation operation) {
        try (Host host = host(1);
                GuestBus bus = bus(host, "linux-6.16")) {
            place(bus, 0);
            run(bus, Operation.W, BAR4_AT);

            ProbeMachine.Run run = bus.machine.run(operation, Stage1.WB, BAR4_AT);

            assertThat(run.end()).isEqualTo(new RunOutcome.RunFailed(-Errno.EFAULT.negated()));
            assertThat(run.trail().toString()).contains("alignment fault", "unsupported FSC, -EFAULT");
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Operation.class,
            names = {"LDXR_STXR", "LDADD"})
    void exclusivesAndAtomicsDoWhatTheHostsBusDoes(Operation operation) {
        assertThat(before617(operation, ExclusivePolicy.WORK)).isInstanceOf(RunOutcome.Reported.class);
        assertThat(before617(operation, ExclusivePolicy.FAULT_0X35))
                .isEqualTo(new RunOutcome.RunFailed(-Errno.EFAULT.negated()));
    }

    @Test
    void aFetchIsAnExternalAbortOfTheGuests() {
        RunOutcome.End end = before617(Operation.X, ExclusivePolicy.WORK);

        assertThat(end)
                .isEqualTo(new RunOutcome.GuestException(
                        ExceptionClass.INSTRUCTION_ABORT_SAME,
                        FaultStatus.SYNC_EXTERNAL_ABORT,
                        BAR4_AT + ProbePayload.CODE_OFFSET));
    }
}

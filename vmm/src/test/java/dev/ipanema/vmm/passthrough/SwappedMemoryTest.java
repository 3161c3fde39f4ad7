package dev.ipanema.vmm.passthrough;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.guests.program.Operation;
import dev.ipanema.guests.program.Stage1;
import dev.ipanema.host.driver.DeviceRegion;
import dev.ipanema.host.mm.Mman;
import dev.ipanema.host.platform.Host;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.kvm.uapi.UserspaceMemoryRegion;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.vmm.scenario.LeafState;
import dev.ipanema.vmm.scenario.ProbeMachine;
import dev.ipanema.vmm.scenario.RunOutcome;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A VMM that puts coherent memory under a slot which KVM has taken over ordinary memory.
class SwappedMemoryTest {
    private static final long IPA = 0x20_0000_0000L;
    private static final long SIZE = 4 * Sizes.MIB;
    private static final int READ_WRITE = Mman.PROT_READ | Mman.PROT_WRITE;
    private static final int ANONYMOUS = Mman.MAP_PRIVATE | Mman.MAP_ANONYMOUS;

    private final KernelVersion version = KernelVersion.parse("linux-7.3");

    @ParameterizedTest
    @ValueSource(strings = {"altra", "a710"})
    void isCaughtAtTheFaultWhereStage2CannotFollow(String name) {
        try (Host host = Host.builder(HostProfile.parse(name)).build();
                ProbeMachine machine = new ProbeMachine(host, version, false, true)) {
            long hva = machine.mm().mmap(0, SIZE, READ_WRITE, ANONYMOUS);
            assertThat(machine.vm().setUserMemoryRegion(new UserspaceMemoryRegion(1, 0, IPA, SIZE, hva)))
                    .isZero();
            assertThat(machine.run(Operation.W, Stage1.WB, IPA).end()).isInstanceOf(RunOutcome.Reported.class);

            swap(host, machine, hva);
            assertThat(machine.leaf(IPA)).isEqualTo(LeafState.UNMAPPED);
            ProbeMachine.Run run = machine.run(Operation.W, Stage1.WB, IPA);

            assertThat(run.end()).isEqualTo(new RunOutcome.RunFailed(-Errno.EFAULT.negated()));
            assertThat(run.trail().toString()).contains("VM_PFNMAP cacheable", "FEAT_S2FWB && CTR_EL0.DIC = false");
            assertThat(machine.leaf(IPA)).isEqualTo(LeafState.UNMAPPED);

            assertThat(machine.mm().mmap(hva, SIZE, READ_WRITE, ANONYMOUS | Mman.MAP_FIXED))
                    .isEqualTo(hva);
            assertThat(machine.run(Operation.RU, Stage1.WB, IPA).end()).isEqualTo(new RunOutcome.Reported(0, 0));
            assertThat(host.kernel().audit()).isEmpty();
        }
    }

    @Test
    void isMappedWhereItCan() {
        try (Host host = Host.builder(HostProfile.parse("gb200")).build();
                ProbeMachine machine = new ProbeMachine(host, version, false, true)) {
            long hva = machine.mm().mmap(0, SIZE, READ_WRITE, ANONYMOUS);
            machine.vm().setUserMemoryRegion(new UserspaceMemoryRegion(1, 0, IPA, SIZE, hva));
            swap(host, machine, hva);

            assertThat(machine.run(Operation.WU, Stage1.WB, IPA).end()).isInstanceOf(RunOutcome.Reported.class);
            assertThat(machine.leaf(IPA).type()).isEqualTo("NORMAL_WB");
        }
    }

    private void swap(Host host, ProbeMachine machine, long hva) {
        DeviceRegion memory = host.gpuMemory(DeviceRegion.Kind.USEMEM, 0, SIZE, version.mapsGpuMemoryAtMmap());
        assertThat(machine.mm().mmap(hva, SIZE, READ_WRITE, Mman.MAP_SHARED | Mman.MAP_FIXED, memory, 0))
                .isEqualTo(hva);
    }
}

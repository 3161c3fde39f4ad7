package dev.ipanema.vmm.boot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Label;
import dev.ipanema.arm.a64.Reg;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.base.time.Ticker;
import dev.ipanema.host.platform.Host;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.images.format.GuestImage;
import dev.ipanema.kvm.version.KernelVersion;
import org.junit.jupiter.api.Test;

class VirtMachineTest {
    private static final long RAM_SIZE = 16 * Sizes.MIB;
    private static final long PSCI_SYSTEM_OFF = 0x8400_0008L;
    private static final long NOWHERE = 0x1000_0000L;

    private final StringBuilder console = new StringBuilder();

    @Test
    void aGuestWritesToItsSerialPortAndSwitchesItselfOff() {
        Assembler guest = assembler();
        guest.movImm(Reg.X1, VirtMap.UART);
        guest.movImm(Reg.X2, 'H');
        guest.str(Reg.X2, Reg.X1, 0);
        guest.movImm(Reg.X0, PSCI_SYSTEM_OFF);
        guest.hvc(0);

        GuestEnd end = run(guest, 20);

        assertThat(end.reason()).isEqualTo(GuestEnd.Reason.SYSTEM_OFF);
        assertThat(end.reason().exitCode()).isZero();
        assertThat(console).hasToString("H");
    }

    @Test
    void aGuestThatLoopsIsEndedByItsTime() {
        Assembler guest = assembler();
        Label here = guest.here();
        guest.b(here);

        GuestEnd end = run(guest, 1);

        assertThat(end.reason()).isEqualTo(GuestEnd.Reason.TIME_OUT);
        assertThat(end.reason().exitCode()).isEqualTo(124);
    }

    @Test
    void aGuestWhoseVectorsAreNowhereIsStuck() {
        Assembler guest = assembler();
        guest.quad(0);

        GuestEnd end = run(guest, 20);

        assertThat(end.reason()).isEqualTo(GuestEnd.Reason.STUCK);
        assertThat(end.message()).startsWith("guest stuck");
        assertThat(end.details()).contains("last exception", "pc 0x");
    }

    @Test
    void anAccessThatKvmCannotEmulateEndsTheRunWithItsReasons() {
        Assembler guest = assembler();
        guest.movImm(Reg.X1, NOWHERE);
        guest.ldp(Reg.X2, Reg.X3, Reg.X1, 0);

        GuestEnd end = run(guest, 20);

        assertThat(end.reason()).isEqualTo(GuestEnd.Reason.KVM_ERRNO);
        assertThat(end.message()).contains("-ENOSYS");
        assertThat(end.details()).contains("IPA = 0x10000000");
    }

    private static Assembler assembler() {
        return new Assembler(VirtMap.RAM + GuestImage.FLAT_OFFSET);
    }

    private GuestEnd run(Assembler guest, long seconds) {
        GuestImage image = GuestImage.read("guest.bin", guest.bytes(), true, VirtMap.RAM, RAM_SIZE);
        try (Host host = Host.builder(HostProfile.parse("gb200")).build();
                VirtMachine machine = new VirtMachine(
                        host,
                        KernelVersion.newest(),
                        VirtConfig.builder(image, RAM_SIZE).build(),
                        value -> console.append((char) value),
                        Ticker.system())) {
            return machine.run(seconds);
        }
    }
}

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
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class VirtMachineTest {
    private static final long RAM_SIZE = 16 * Sizes.MIB;
    private static final long PSCI_SYSTEM_OFF = 0x8400_0008L;
    private static final long PSCI_SYSTEM_RESET = 0x8400_0009L;
    private static final long PSCI_CPU_ON = 0xc400_0003L;
    private static final int CPUS = 4;
    private static final int UARTFR = 0x18;
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

    @Test
    void aResetStartsTheMachineAnewWithItsRam() {
        Assembler guest = assembler();
        guest.movImm(Reg.X1, VirtMap.UART);
        guest.movImm(Reg.X3, VirtMap.RAM);
        guest.ldr(Reg.X2, Reg.X3, 0);
        guest.add(Reg.X2, Reg.X2, 1);
        guest.str(Reg.X2, Reg.X3, 0);
        guest.movImm(Reg.X4, '0');
        guest.add(Reg.X4, Reg.X4, Reg.X2);
        guest.str(Reg.X4, Reg.X1, 0);
        guest.movImm(Reg.X5, 3);
        guest.sub(Reg.X5, Reg.X5, Reg.X2);
        Label reset = guest.label();
        guest.cbnz(Reg.X5, reset);
        guest.movImm(Reg.X0, PSCI_SYSTEM_OFF);
        guest.hvc(0);
        guest.bind(reset);
        guest.movImm(Reg.X0, PSCI_SYSTEM_RESET);
        guest.hvc(0);

        GuestEnd end = run(guest, 20);

        assertThat(end.reason()).isEqualTo(GuestEnd.Reason.SYSTEM_OFF);
        assertThat(console).hasToString("123");
    }

    @Test
    void aResetEndsTheRunWhenThatIsWanted() {
        Assembler guest = assembler();
        guest.movImm(Reg.X0, PSCI_SYSTEM_RESET);
        guest.hvc(0);

        GuestEnd end = run(guest, 20, builder -> builder.reboot(false));

        assertThat(end.reason()).isEqualTo(GuestEnd.Reason.SYSTEM_RESET);
        assertThat(end.reason().exitCode()).isEqualTo(1);
    }

    @Test
    void theBootCpuTurnsTheOthersOnAndEachHasItsThread() {
        Assembler guest = assembler();
        Label secondary = guest.label();
        guest.movImm(Reg.X20, 1);
        Label next = guest.here();
        guest.movImm(Reg.X0, PSCI_CPU_ON);
        guest.mov(Reg.X1, Reg.X20);
        guest.adr(Reg.X2, secondary);
        guest.mov(Reg.X3, Reg.X20);
        guest.hvc(0);
        guest.add(Reg.X20, Reg.X20, 1);
        guest.movImm(Reg.X5, CPUS);
        guest.sub(Reg.X5, Reg.X5, Reg.X20);
        guest.cbnz(Reg.X5, next);
        // Waits for all of them: each adds its number to a sum in RAM.
        guest.movImm(Reg.X3, VirtMap.RAM);
        Label wait = guest.here();
        guest.ldar(Reg.X4, Reg.X3);
        guest.movImm(Reg.X5, CPUS * (CPUS - 1) / 2);
        guest.sub(Reg.X5, Reg.X5, Reg.X4);
        guest.cbnz(Reg.X5, wait);
        guest.movImm(Reg.X0, PSCI_SYSTEM_OFF);
        guest.hvc(0);
        guest.bind(secondary);
        guest.movImm(Reg.X3, VirtMap.RAM);
        Label again = guest.here();
        guest.ldaxr(Reg.X4, Reg.X3);
        guest.add(Reg.X4, Reg.X4, Reg.X0);
        guest.stlxr(Reg.W5, Reg.X4, Reg.X3);
        guest.cbnz(Reg.X5, again);
        Label here = guest.here();
        guest.b(here);

        GuestEnd end = run(guest, 20, builder -> builder.cpus(CPUS));

        assertThat(end.reason()).as(end.message()).isEqualTo(GuestEnd.Reason.SYSTEM_OFF);
    }

    @Test
    void whatIsSentIsReadByTheGuestHoweverMuchItIs() {
        Assembler guest = assembler();
        guest.movImm(Reg.X1, VirtMap.UART);
        Label wait = guest.here();
        guest.ldr(Reg.W2, Reg.X1, UARTFR);
        guest.tbnz(Reg.X2, 4, wait);
        guest.ldr(Reg.W0, Reg.X1, 0);
        guest.str(Reg.W0, Reg.X1, 0);
        guest.sub(Reg.X0, Reg.X0, '.');
        guest.cbnz(Reg.X0, wait);
        guest.movImm(Reg.X0, PSCI_SYSTEM_OFF);
        guest.hvc(0);
        String text = "0123456789".repeat(20) + ".";

        GuestImage image = GuestImage.read("guest.bin", guest.bytes(), true, VirtMap.RAM, RAM_SIZE);
        try (Host host = host(1);
                VirtMachine machine =
                        machine(host, VirtConfig.builder(image, RAM_SIZE).build())) {
            machine.send(text.getBytes(StandardCharsets.US_ASCII));
            assertThat(machine.run(20).reason()).isEqualTo(GuestEnd.Reason.SYSTEM_OFF);
            assertThat(machine.waitingInput()).isZero();
        }
        assertThat(console).hasToString(text);
    }

    @Test
    void aStopFromOutsideEndsAllVcpusWithTheirBacktraces() {
        Assembler guest = assembler();
        Label here = guest.here();
        guest.b(here);
        GuestImage image = GuestImage.read("guest.bin", guest.bytes(), true, VirtMap.RAM, RAM_SIZE);
        try (Host host = host(2);
                VirtMachine machine = machine(
                        host, VirtConfig.builder(image, RAM_SIZE).cpus(2).build())) {
            boolean[] paused = new boolean[1];
            GuestEnd end = machine.run(20, () -> {
                if (!paused[0] && machine.instructions() > 0) {
                    paused[0] = true;
                    machine.pauseAll();
                    long before = machine.instructions();
                    assertThat(machine.stage2Rows()).isNotEmpty();
                    assertThat(machine.instructions()).isEqualTo(before);
                    machine.resumeAll();
                    machine.stop(new GuestEnd(GuestEnd.Reason.INTERRUPTED, "enough", ""));
                }
            });
            assertThat(end.reason()).isEqualTo(GuestEnd.Reason.INTERRUPTED);
            assertThat(end.details()).contains("vCPU 0: last exception", "pc 0x40080000", "vCPU 1: powered off");
            assertThat(machine.exits()).isPositive();
            assertThat(machine.faults()).isPositive();
        }
    }

    private static Assembler assembler() {
        return new Assembler(VirtMap.RAM + GuestImage.FLAT_OFFSET);
    }

    private static Host host(int cpus) {
        return Host.builder(HostProfile.parse("gb200")).processingElements(cpus).build();
    }

    private VirtMachine machine(Host host, VirtConfig config) {
        return new VirtMachine(
                host, KernelVersion.newest(), config, value -> console.append((char) value), Ticker.system());
    }

    private GuestEnd run(Assembler guest, long seconds) {
        return run(guest, seconds, builder -> {});
    }

    private GuestEnd run(Assembler guest, long seconds, Consumer<VirtConfig.Builder> more) {
        GuestImage image = GuestImage.read("guest.bin", guest.bytes(), true, VirtMap.RAM, RAM_SIZE);
        VirtConfig.Builder builder = VirtConfig.builder(image, RAM_SIZE);
        more.accept(builder);
        VirtConfig config = builder.build();
        try (Host host = host(config.cpus());
                VirtMachine machine = machine(host, config)) {
            return machine.run(seconds);
        }
    }
}

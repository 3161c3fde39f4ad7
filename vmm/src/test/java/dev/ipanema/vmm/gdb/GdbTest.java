package dev.ipanema.vmm.gdb;

import static dev.ipanema.arm.a64.Reg.X0;
import static dev.ipanema.arm.a64.Reg.X1;
import static dev.ipanema.arm.a64.Reg.X2;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.a64.Label;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.base.time.Ticker;
import dev.ipanema.host.platform.Host;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.images.format.GuestImage;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.machine.cache.CacheOptions;
import dev.ipanema.vmm.boot.GuestEnd;
import dev.ipanema.vmm.boot.VirtConfig;
import dev.ipanema.vmm.boot.VirtMachine;
import dev.ipanema.vmm.boot.VirtMap;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The real `gdb-multiarch` with a guest that counts in X0 and stores each value.
@Timeout(120)
class GdbTest {
    private static final long RAM_SIZE = 16 * Sizes.MIB;
    private static final long ENTRY = VirtMap.RAM + GuestImage.FLAT_OFFSET;
    private static final long COUNTER = VirtMap.RAM + Sizes.MIB;
    private static final long PSCI_SYSTEM_OFF = 0x8400_0008L;

    /// Of the instruction that adds; the store stands behind it.
    private static final long LOOP = ENTRY + 8;

    @BeforeAll
    static void needsGdb() {
        boolean there;
        try {
            there = new ProcessBuilder("gdb-multiarch", "--version")
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            there = false;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        assumeTrue(there || System.getenv("CI") != null, "gdb-multiarch is not installed");
    }

    /// {@return what gdb printed}
    private static String debug(int cpus, String... commands) throws Exception {
        return debug(Host.builder(HostProfile.parse("gb200")), cpus, commands);
    }

    private static String debug(Host.Builder builder, int cpus, String... commands) throws Exception {
        Assembler guest = new Assembler(ENTRY);
        guest.movImm(X1, COUNTER).movImm(X0, 0);
        Label loop = guest.here();
        guest.add(X0, X0, 1).str(X0, X1);
        guest.sub(X2, X0, 2000).cbnz(X2, loop);
        guest.movImm(X0, PSCI_SYSTEM_OFF).hvc(0);
        GuestImage image = GuestImage.read("guest.bin", guest.bytes(), true, VirtMap.RAM, RAM_SIZE);
        VirtConfig config = VirtConfig.builder(image, RAM_SIZE).cpus(cpus).build();
        try (Host host = builder.processingElements(cpus).build();
                VirtMachine machine = new VirtMachine(host, KernelVersion.newest(), config, _ -> {}, Ticker.system());
                GdbServer server = GdbServer.open("tcp::0", machine.debugTarget())) {
            machine.debugTarget().stopAll();
            GuestEnd[] end = new GuestEnd[1];
            Thread runner = Thread.ofPlatform().start(() -> end[0] = machine.run(60));
            String output = gdb(server.port(), commands);
            runner.join();
            assertThat(end[0].reason()).as(output).isIn(GuestEnd.Reason.SYSTEM_OFF, GuestEnd.Reason.INTERRUPTED);
            return output;
        }
    }

    private static String gdb(int port, String... commands) throws Exception {
        List<String> line = new ArrayList<>(List.of("gdb-multiarch", "-nx", "-batch"));
        for (String first : List.of("set architecture aarch64", "set confirm off", "target remote localhost:" + port)) {
            line.add("-ex");
            line.add(first);
        }
        for (String command : commands) {
            line.add("-ex");
            line.add(command);
        }
        Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor(10, TimeUnit.SECONDS);
        return output;
    }

    private static String hex(long address) {
        return "0x" + Long.toHexString(address);
    }

    @Test
    void stepsAndShowsRegisters() throws Exception {
        String output = debug(
                1,
                "p/x $pc",
                "stepi",
                "stepi",
                "stepi",
                "p/x $pc",
                "p $x0",
                "p/x $x1",
                "p $cpsr & 0xf",
                "p $MIDR_EL1 != 0",
                "set $x0 = 1500",
                "set $v3.d.u[1] = 77",
                "p $v3.d.u[1]",
                "stepi",
                "detach");

        assertThat(output)
                .contains("$1 = " + hex(ENTRY), "$2 = " + hex(LOOP + 4), "$3 = 1", "$4 = " + hex(COUNTER))
                .contains("$5 = 5", "$6 = 1", "$7 = 77");
    }

    /// The first store to a page is made anew with its address known, and instruction caches keep what they hold.
    @Test
    void stepsAndBreakpointsStopWithModelledCaches() throws Exception {
        Host.Builder builder =
                Host.builder(HostProfile.parse("max")).processingElements(1).caches(CacheOptions.DEFAULT);

        String output = debug(
                builder,
                1,
                "stepi 4",
                "p/x $pc",
                "p $x0",
                "stepi 8",
                "p $x0",
                "break *" + hex(LOOP + 4),
                "continue",
                "p/x $pc",
                "p *(long *) " + hex(COUNTER),
                "delete",
                "continue");

        assertThat(output)
                .contains("$1 = " + hex(LOOP + 8), "$2 = 1", "$3 = 3", "$4 = " + hex(LOOP + 4), "$5 = 3")
                .contains("exited normally");
    }

    @Test
    void softwareAndHardwareBreakpointsStop() throws Exception {
        String output = debug(
                1,
                "break *" + hex(LOOP + 4),
                "continue",
                "continue",
                "p $x0",
                "delete",
                "hbreak *" + hex(LOOP),
                "continue",
                "p $x0",
                "x/1i $pc",
                "delete",
                "continue");

        assertThat(output)
                .contains("Breakpoint 1", "$1 = 2", "Breakpoint 2", "$2 = 2")
                .contains("add\tx0, x0, #0x1")
                .contains("exited normally");
    }

    @Test
    void watchpointStopsAfterTheStore() throws Exception {
        String output = debug(
                1,
                "stepi",
                "watch *(long *) " + hex(COUNTER),
                "continue",
                "continue",
                "p *(long *) " + hex(COUNTER),
                "delete",
                "x/2xb " + hex(COUNTER),
                "kill");

        assertThat(output)
                .contains("Hardware watchpoint 1", "Old value = 0", "New value = 1", "New value = 2", "$1 = 2");
    }

    @Test
    void threadsAndMonitor() throws Exception {
        String output = debug(
                3,
                "info threads",
                "thread 2",
                "p/x $pc",
                "thread 1",
                "stepi",
                "monitor stage2 " + hex(ENTRY),
                "monitor stage2 0x9000000",
                "monitor tlb",
                "monitor regs",
                "monitor nonsense",
                "x/1xw 0x10000000",
                "detach");

        assertThat(output)
                .contains("vCPU 0, EL1", "vCPU 1, powered off", "vCPU 2, powered off")
                .containsPattern(hex(ENTRY) + ": level [23] \\S+ -> 0x[0-9a-f]+ NORMAL_WB")
                .contains("0x9000000: not mapped", "MPIDR_EL1", "monitor stage2 IPA")
                .contains("Cannot access memory at address 0x10000000");
    }
}

package dev.ipanema.cli;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.time.Ticker;
import dev.ipanema.host.platform.Host;
import dev.ipanema.kvm.stage2.Stage2Dump;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.machine.cache.CacheModel;
import dev.ipanema.vmm.boot.GuestEnd;
import dev.ipanema.vmm.boot.VirtConfig;
import dev.ipanema.vmm.boot.VirtMachine;
import dev.ipanema.vmm.coherence.CoherenceLog;
import dev.ipanema.vmm.coherence.CoherenceReport;
import dev.ipanema.vmm.console.ConsoleScript;
import dev.ipanema.vmm.console.EscapeKeys;
import dev.ipanema.vmm.console.GuestCommand;
import dev.ipanema.vmm.gdb.GdbServer;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// One run of a guest in front of a person or a script: its console on the process's streams, what the user asks for
/// meanwhile, and the report at its end.
final class GuestSession {
    private static final int INPUT_CHUNK = 1024;
    private static final long MAX_WAITING_INPUT = 1 << 16;
    private static final long WAIT_MILLIS = 20;
    private static final long HOOK_SECONDS = 5;

    private final Streams streams;
    private final Options options;
    private final ConsoleScript script;
    private final GuestConsole console;
    private final CountDownLatch finished = new CountDownLatch(1);
    private volatile @Nullable VirtMachine machine;
    private volatile boolean dumpWanted;
    private volatile boolean helpWanted;
    private @Nullable CoherenceLog coherence;

    /// What a session shall do.
    ///
    /// @param seconds after which the guest is ended, 0 for none
    /// @param json print JSON on the standard output, and the guest's console nowhere
    /// @param devices print what became of the host's devices at the end on the standard output, and the guest's
    ///     console on the standard error stream
    /// @param target where the guest might move to, with `devices`; null for nowhere
    /// @param deterministic nothing that this process reads is for the guest
    /// @param steps what is expected on the console
    /// @param dumpStage2 where the stage-2 tables go at the end
    /// @param dumpDtb where the device tree goes at the start
    /// @param gdb where a debugger may come to, null for nowhere
    /// @param waitGdb start the guest only when the debugger says so
    /// @param command what the guest runs in place of a shell, null for its own; its output takes the place of the
    ///     console, which then goes to the standard error stream
    /// @param host name of the host, for JSON
    /// @param coherence what the user wants of modelled caches
    /// @param again the command that repeats the run
    record Options(
            long seconds,
            boolean json,
            boolean devices,
            DeviceReport.@Nullable Target target,
            boolean deterministic,
            List<ConsoleScript.Step> steps,
            @Nullable Path dumpStage2,
            @Nullable Path dumpDtb,
            @Nullable String gdb,
            boolean waitGdb,
            @Nullable GuestCommand command,
            String host,
            CoherenceOptions coherence,
            Again again) {
        /// {@return whether the process's input is the guest's}
        boolean isConnected() {
            return steps.isEmpty() && !json && !devices && !deterministic && command == null;
        }
    }

    GuestSession(Streams streams, Options options) {
        this.streams = streams;
        this.options = options;
        script = new ConsoleScript(options.steps());
        boolean isData = options.command() == null && !options.devices();
        OutputStream shown = !isData ? streams.errorBytes() : options.json() ? null : streams.console();
        console = new GuestConsole(shown, script, this::answer, this::wake);
    }

    private void wake() {
        VirtMachine running = machine;
        if (running != null) {
            running.wake();
        }
    }

    /// Is called by the vCPU whose output has completed a text. Nothing to send behind the last one ends the run there
    /// and then.
    private void answer(byte[] bytes) {
        VirtMachine running = machine;
        if (running == null) {
            return;
        }
        running.send(bytes);
        if (script.isDone() && (options.deterministic() || running.waitingInput() == 0)) {
            running.stop(new GuestEnd(GuestEnd.Reason.EXPECTED, "Every expected text was seen", ""));
        }
    }

    /// Runs the guest.
    ///
    /// @return the exit code
    int run(Host host, KernelVersion version, VirtConfig config) {
        streams.out().flush();
        try (VirtMachine vm = new VirtMachine(host, version, config, console, Ticker.system())) {
            machine = vm;
            CacheModel caches = host.caches();
            coherence = caches == null ? null : new CoherenceLog(caches, vm::symbol);
            if (options.dumpDtb() != null) {
                OutputFiles.write(options.dumpDtb(), vm.deviceTree());
            }
            Thread hook = new Thread(() -> interrupt(vm), "interrupt");
            Runtime.getRuntime().addShutdownHook(hook);
            try (GdbServer _ = debugger(vm)) {
                return runToEnd(vm, version);
            } finally {
                finished.countDown();
                removeHook(hook);
            }
        }
    }

    private @Nullable GdbServer debugger(VirtMachine vm) {
        String where = options.gdb();
        if (where == null) {
            return null;
        }
        GdbServer server = GdbServer.open(where, vm.debugTarget());
        if (options.waitGdb()) {
            vm.debugTarget().stopAll();
            streams.err()
                    .println("ipanema: waiting for a debugger on "
                            + (server.port() < 0 ? where : "tcp::" + server.port()));
            streams.err().flush();
        }
        return server;
    }

    private int runToEnd(VirtMachine vm, KernelVersion version) {
        long start = System.nanoTime();
        GuestEnd end = watched(vm);
        double wall = (System.nanoTime() - start) / 1e9;
        console.flush();
        if (options.dumpStage2() != null) {
            OutputFiles.write(options.dumpStage2(), Stage2Dump.of(vm.stage2()));
        }
        if (Command.interactive() && !console.isAtLineStart()) {
            streams.err().println();
        }
        int code = report(vm, version, end);
        streams.err()
                .printf(
                        "insns %d wall %.3f mips %.1f exits %d faults %d%n",
                        vm.instructions(), wall, vm.instructions() / wall / 1e6, vm.exits(), vm.faults());
        streams.err().flush();
        return code;
    }

    /// Runs with the terminal, if there is one, in raw mode.
    private GuestEnd watched(VirtMachine vm) {
        boolean terminal = Command.interactive();
        BootProgress progress = new BootProgress(streams.err(), terminal);
        DumpSignal.install(() -> {
            dumpWanted = true;
            wake();
        });
        try (RawTerminal raw = terminal && options.isConnected() ? RawTerminal.open() : null) {
            if (options.isConnected()) {
                boolean escapes = raw != null;
                Thread.ofPlatform().name("console-input").daemon(true).start(() -> readInput(vm, escapes));
            }
            GuestEnd end = vm.run(options.seconds(), () -> periodic(vm, progress));
            progress.finish();
            return end;
        } catch (IOException e) {
            throw new BadInput("the terminal cannot be set to raw mode: " + e.getMessage());
        }
    }

    private void periodic(VirtMachine vm, BootProgress progress) {
        progress.update(vm.instructions(), console.isUsed());
        console.flush();
        GuestCommand command = options.command();
        if (console.failure() != null || (command != null && command.failure() != null)) {
            vm.stop(new GuestEnd(GuestEnd.Reason.INTERRUPTED, "The standard output cannot be written", ""));
        }
        if (!options.steps().isEmpty() && script.isDone() && vm.waitingInput() == 0) {
            vm.stop(new GuestEnd(GuestEnd.Reason.EXPECTED, "Every expected text was seen", ""));
        }
        if (dumpWanted) {
            dumpWanted = false;
            vm.pauseAll();
            try {
                streams.err().print(Stage2Dump.of(vm.stage2()));
                streams.err().flush();
            } finally {
                vm.resumeAll();
            }
        }
        if (coherence != null && Command.interactive()) {
            coherence.takeNew().forEach(each -> CoherenceText.finding(streams.err(), each));
            streams.err().flush();
        }
        if (helpWanted) {
            helpWanted = false;
            streams.err().print("\n" + EscapeKeys.HELP);
            streams.err().flush();
        }
    }

    // ---- input -----------------------------------------------------------------------------------------------------

    private void readInput(VirtMachine vm, boolean escapes) {
        byte[] chunk = new byte[INPUT_CHUNK];
        byte[] typed = new byte[INPUT_CHUNK];
        int[] count = new int[1];
        EscapeKeys keys = new EscapeKeys(value -> typed[count[0]++] = (byte) value, action -> act(vm, action));
        try {
            for (int length = streams.in().read(chunk);
                    length >= 0;
                    length = streams.in().read(chunk)) {
                while (vm.waitingInput() > MAX_WAITING_INPUT) {
                    Thread.sleep(WAIT_MILLIS);
                }
                if (!escapes) {
                    vm.send(Arrays.copyOf(chunk, length));
                    continue;
                }
                count[0] = 0;
                for (int i = 0; i < length; i++) {
                    keys.accept(chunk[i] & 0xff);
                }
                vm.send(Arrays.copyOf(typed, count[0]));
            }
        } catch (IOException e) {
            // The guest runs on without input, as it does behind its end.
            System.getLogger(GuestSession.class.getName()).log(System.Logger.Level.DEBUG, "console input", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void act(VirtMachine vm, EscapeKeys.Action action) {
        switch (action) {
            case QUIT -> vm.stop(new GuestEnd(GuestEnd.Reason.QUIT, "The guest was ended from its console", ""));
            case DUMP -> dumpWanted = true;
            case HELP -> helpWanted = true;
        }
        wake();
    }

    /// Ends the guest when the process is to end, and waits until it has been reported.
    private void interrupt(VirtMachine vm) {
        vm.stop(new GuestEnd(GuestEnd.Reason.INTERRUPTED, "Interrupted", ""));
        try {
            finished.await(HOOK_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void removeHook(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The process is ending already, by this very hook.
            System.getLogger(GuestSession.class.getName()).log(System.Logger.Level.DEBUG, "shutdown", e);
        }
    }

    // ---- the end ---------------------------------------------------------------------------------------------------

    private int report(VirtMachine vm, KernelVersion version, GuestEnd ended) {
        GuestEnd end = judge(ended);
        GuestCommand command = options.command();
        int code = command != null && end.reason() != GuestEnd.Reason.TIME_OUT
                ? command.status()
                : end.reason().exitCode();
        CoherenceReport found = coherence == null ? null : coherence.report();
        if (found != null) {
            code = options.coherence().finish(streams.err(), found, each -> options.again(), code);
        }
        CoherenceJson findings = found == null ? null : new CoherenceJson(found, each -> options.again());
        if (options.devices()) {
            DeviceReport report = DeviceReport.of(options.host(), version, vm, options.target());
            report.write(streams.out(), options.json(), findings);
            code = code == 0 && report.keepsTheGuestHere() ? 1 : code;
        } else if (options.json()) {
            RunJson.write(streams.out(), options.host(), version.name(), end, code, vm.stage2Rows(), findings);
        }
        switch (end.reason()) {
            case SYSTEM_OFF, EXPECTED, QUIT -> {
                if (command != null && code == GuestCommand.NO_RECORD) {
                    streams.err().println("ipanema: the guest ended without a record of the command's exit status");
                }
            }
            default -> {
                streams.err().println("ipanema: " + end.message());
                end.details().lines().forEach(line -> streams.err().println("  " + line));
            }
        }
        return code;
    }

    /// With expected texts it counts whether all were seen, however the guest ended.
    private GuestEnd judge(GuestEnd end) {
        if (options.steps().isEmpty()) {
            return end;
        }
        if (script.isDone()) {
            return new GuestEnd(GuestEnd.Reason.EXPECTED, "Every expected text was seen", "");
        }
        String missing = ", and '" + script.missing().orElse("") + "' was not seen";
        GuestEnd.Reason reason = switch (end.reason()) {
            case SYSTEM_OFF, QUIT -> GuestEnd.Reason.EXIT;
            default -> end.reason();
        };
        return new GuestEnd(reason, end.message() + missing, end.details());
    }
}

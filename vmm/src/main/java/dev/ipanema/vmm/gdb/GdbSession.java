package dev.ipanema.vmm.gdb;

import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.exception.ExceptionClass;
import dev.ipanema.arm.register.DebugControl;
import dev.ipanema.kvm.uapi.KvmGuestDebug;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// One debugger's conversation with a machine: commands of the GDB remote serial protocol, all-stop mode, a thread for
/// each processor (thread 1 is processor 0). The machine is stopped when it begins, and runs on when it ends.
///
/// Source: GDB manual, appendix "GDB Remote Serial Protocol".
final class GdbSession {
    private static final String OK = "OK";
    private static final String ERROR = "E01";
    private static final String NO_MEMORY = "E14";
    private static final int SIGINT = 2;
    private static final int SIGTRAP = 5;
    private static final int MAX_TRANSFER = GdbConnection.MAX_PACKET / 4;
    private static final long POLL_MILLIS = 20;

    private final GdbConnection connection;
    private final DebugTarget target;
    private final Breakpoints breakpoints;

    /// The processors that commands about registers and memory, and about running, mean.
    private int generalCpu;

    private int runningCpu = -1;
    private String lastStop = "S05";
    private boolean over;

    GdbSession(GdbConnection connection, DebugTarget target) {
        this.connection = connection;
        this.target = target;
        this.breakpoints = new Breakpoints(target);
    }

    /// Converses until the debugger leaves or the guest ends.
    void run() throws IOException {
        target.stopAll();
        try {
            while (!over) {
                String packet = connection.receive();
                if (packet == null) {
                    break;
                }
                if (!packet.equals(GdbConnection.INTERRUPT)) {
                    handle(packet);
                }
            }
        } finally {
            leave();
        }
    }

    private void leave() {
        breakpoints.clear(generalCpu);
        for (int i = 0; i < target.cpus(); i++) {
            target.setGuestDebug(i, KvmGuestDebug.of(0));
        }
        target.resume(cpu -> true);
    }

    private void handle(String packet) throws IOException {
        if (packet.isEmpty()) {
            connection.send("");
            return;
        }
        String rest = packet.substring(1);
        switch (packet.charAt(0)) {
            case '?' -> connection.send(lastStop);
            case 'g' -> connection.send(allRegisters());
            case 'G' -> connection.send(setAllRegisters(rest));
            case 'p' -> connection.send(register(rest));
            case 'P' -> connection.send(setRegister(rest));
            case 'm' -> connection.send(readMemory(rest));
            case 'M' -> connection.send(writeHex(rest));
            case 'X' -> connection.send(writeBinary(rest));
            case 'H' -> connection.send(selectThread(rest));
            case 'T' -> connection.send(cpuOf(rest) >= 0 ? OK : ERROR);
            case 'Z' -> connection.send(insert(rest));
            case 'z' -> connection.send(remove(rest));
            case 'c' -> continueFrom(rest, false);
            case 's' -> continueFrom(rest, true);
            case 'D' -> {
                over = true;
                connection.send(OK);
            }
            case 'k' -> {
                over = true;
                target.kill();
            }
            case 'q' -> connection.send(query(rest));
            case 'Q' -> setting(rest);
            case 'v' -> verbose(packet);
            default -> connection.send("");
        }
    }

    // ---- threads ---------------------------------------------------------------------------------------------------

    /// {@return the processor of a thread id, 0 for any, -1 when there is none such}
    private int cpuOf(String id) {
        if (id.equals("-1") || id.equals("0")) {
            return 0;
        }
        long number = Hex.number(id, 0);
        return number >= 1 && number <= target.cpus() ? (int) number - 1 : -1;
    }

    private String selectThread(String operation) {
        if (operation.isEmpty()) {
            return ERROR;
        }
        String id = operation.substring(1);
        int cpu = cpuOf(id);
        if (cpu < 0) {
            return ERROR;
        }
        if (operation.charAt(0) == 'g') {
            generalCpu = cpu;
        } else {
            runningCpu = id.equals("-1") || id.equals("0") ? -1 : cpu;
        }
        return OK;
    }

    private String query(String query) {
        if (query.startsWith("Supported")) {
            return "PacketSize=%x;qXfer:features:read+;QStartNoAckMode+;vContSupported+;swbreak+;hwbreak+"
                    .formatted(GdbConnection.MAX_PACKET);
        }
        if (query.startsWith("Xfer:features:read:target.xml:")) {
            return transfer(GdbRegisters.targetXml(), query.substring("Xfer:features:read:target.xml:".length()));
        }
        if (query.equals("fThreadInfo")) {
            StringBuilder list = new StringBuilder("m");
            for (int i = 1; i <= target.cpus(); i++) {
                list.append(i == 1 ? "" : ",").append(Integer.toHexString(i));
            }
            return list.toString();
        }
        if (query.equals("sThreadInfo")) {
            return "l";
        }
        if (query.startsWith("ThreadExtraInfo,")) {
            int cpu = cpuOf(query.substring("ThreadExtraInfo,".length()));
            return cpu < 0 ? ERROR : Hex.of(target.describe(cpu));
        }
        if (query.startsWith("Rcmd,")) {
            byte[] command = Hex.bytes(query.substring("Rcmd,".length()));
            return command == null
                    ? ERROR
                    : answer(target.monitor(generalCpu, new String(command, StandardCharsets.UTF_8)));
        }
        return switch (query) {
            case "C" -> "QC" + Integer.toHexString(generalCpu + 1);
            case "Attached" -> "1";
            case "Symbol::" -> OK;
            default -> "";
        };
    }

    /// {@return as much of a monitor command's text as a packet holds}
    private static String answer(String text) {
        String hex = Hex.of(text.isEmpty() ? "\n" : text);
        return hex.length() <= GdbConnection.MAX_PACKET - 16 ? hex : hex.substring(0, GdbConnection.MAX_PACKET - 16);
    }

    private static String transfer(String document, String range) {
        int comma = range.indexOf(',');
        if (comma < 0) {
            return ERROR;
        }
        long offset = Hex.number(range.substring(0, comma), -1);
        long length = Hex.number(range.substring(comma + 1), -1);
        if (offset < 0 || length < 0) {
            return ERROR;
        }
        if (offset >= document.length()) {
            return "l";
        }
        int end = (int) Math.min(document.length(), offset + Math.min(length, MAX_TRANSFER));
        return (end == document.length() ? "l" : "m") + document.substring((int) offset, end);
    }

    private void setting(String text) throws IOException {
        boolean noAck = text.equals("StartNoAckMode");
        connection.send(noAck ? OK : "");
        if (noAck) {
            connection.stopAcknowledging();
        }
    }

    // ---- registers -------------------------------------------------------------------------------------------------

    private String allRegisters() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < GdbRegisters.COUNT; i++) {
            text.append(GdbRegisters.get(target.cpu(generalCpu), i));
        }
        return text.toString();
    }

    private String setAllRegisters(String text) {
        int at = 0;
        boolean done = true;
        for (int i = 0; i < GdbRegisters.COUNT && at < text.length(); i++) {
            int end = Math.min(text.length(), at + 2 * GdbRegisters.size(i));
            done &= GdbRegisters.set(target.cpu(generalCpu), i, text.substring(at, end));
            at = end;
        }
        return done ? OK : ERROR;
    }

    private String register(String text) {
        long number = Hex.number(text, -1);
        return number >= 0 && number < GdbRegisters.COUNT
                ? GdbRegisters.get(target.cpu(generalCpu), (int) number)
                : ERROR;
    }

    private String setRegister(String text) {
        int equals = text.indexOf('=');
        long number = equals < 0 ? -1 : Hex.number(text.substring(0, equals), -1);
        boolean known = number >= 0 && number < GdbRegisters.COUNT;
        return known && GdbRegisters.set(target.cpu(generalCpu), (int) number, text.substring(equals + 1)) ? OK : ERROR;
    }

    // ---- memory ----------------------------------------------------------------------------------------------------

    /// A place and a length in the form `address,length`.
    private record Range(long va, int length) {
        static @Nullable Range parse(String text) {
            int comma = text.indexOf(',');
            if (comma < 0) {
                return null;
            }
            String length = text.substring(comma + 1);
            long bytes = Hex.number(length, -1);
            boolean valid = isNumber(text.substring(0, comma)) && bytes >= 0 && bytes <= MAX_TRANSFER;
            return valid ? new Range(Hex.number(text.substring(0, comma), 0), (int) bytes) : null;
        }

        private static boolean isNumber(String text) {
            return !text.isEmpty() && text.length() <= 16 && text.chars().allMatch(c -> Character.digit(c, 16) >= 0);
        }
    }

    /// Reads what is mapped: a part when the end is not.
    private String readMemory(String text) {
        Range range = Range.parse(text);
        if (range == null) {
            return ERROR;
        }
        byte[] bytes = new byte[range.length()];
        if (target.read(generalCpu, range.va(), bytes)) {
            return Hex.of(bytes);
        }
        int mapped = 0;
        byte[] one = new byte[1];
        while (mapped < bytes.length && target.read(generalCpu, range.va() + mapped, one)) {
            bytes[mapped++] = one[0];
        }
        return mapped == 0 ? NO_MEMORY : Hex.of(Arrays.copyOf(bytes, mapped));
    }

    private String writeHex(String text) {
        int colon = text.indexOf(':');
        byte[] bytes = colon < 0 ? null : Hex.bytes(text.substring(colon + 1));
        return bytes == null ? ERROR : write(text.substring(0, colon), bytes);
    }

    private String writeBinary(String text) {
        int colon = text.indexOf(':');
        return colon < 0
                ? ERROR
                : write(text.substring(0, colon), text.substring(colon + 1).getBytes(StandardCharsets.ISO_8859_1));
    }

    private String write(String where, byte[] bytes) {
        Range range = Range.parse(where);
        if (range == null || range.length() != bytes.length) {
            return ERROR;
        }
        return bytes.length == 0 || target.write(generalCpu, range.va(), bytes) ? OK : NO_MEMORY;
    }

    // ---- breakpoints -----------------------------------------------------------------------------------------------

    private String insert(String text) {
        Range range = text.length() < 3 ? null : Range.parse(plain(text.substring(2)));
        if (range == null) {
            return ERROR;
        }
        boolean done = switch (text.charAt(0)) {
            case '0' -> breakpoints.insert(generalCpu, range.va());
            case '1' -> breakpoints.insertHardware(range.va());
            case '2', '3', '4' -> breakpoints.watch(watch(text.charAt(0), range));
            default -> false;
        };
        return done ? OK : ERROR;
    }

    private String remove(String text) {
        Range range = text.length() < 3 ? null : Range.parse(plain(text.substring(2)));
        if (range == null) {
            return ERROR;
        }
        switch (text.charAt(0)) {
            case '0' -> {
                return breakpoints.remove(generalCpu, range.va()) ? OK : NO_MEMORY;
            }
            case '1' -> breakpoints.removeHardware(range.va());
            case '2', '3', '4' -> breakpoints.unwatch(watch(text.charAt(0), range));
            default -> {
                return ERROR;
            }
        }
        return OK;
    }

    /// {@return a range without the conditions that may follow it}
    private static String plain(String text) {
        int semicolon = text.indexOf(';');
        return semicolon < 0 ? text : text.substring(0, semicolon);
    }

    private static Breakpoints.Watch watch(char kind, Range range) {
        int kinds = switch (kind) {
            case '2' -> DebugControl.LSC_STORE;
            case '3' -> DebugControl.LSC_LOAD;
            default -> DebugControl.LSC_LOAD | DebugControl.LSC_STORE;
        };
        return new Breakpoints.Watch(range.va(), range.length(), kinds);
    }

    // ---- running ---------------------------------------------------------------------------------------------------

    private void verbose(String packet) throws IOException {
        if (packet.equals("vCont?")) {
            connection.send("vCont;c;C;s;S");
        } else if (packet.startsWith("vCont;")) {
            vCont(packet.substring("vCont;".length()));
        } else if (packet.startsWith("vKill")) {
            connection.send(OK);
            over = true;
            target.kill();
        } else {
            connection.send("");
        }
    }

    private void continueFrom(String address, boolean step) throws IOException {
        int cpu = Math.max(runningCpu, 0);
        if (!address.isEmpty()) {
            target.cpu(cpu).setPc(Hex.number(address, target.cpu(cpu).pc()));
        }
        boolean[] steps = new boolean[target.cpus()];
        boolean[] runs = new boolean[target.cpus()];
        Arrays.fill(runs, !step && runningCpu < 0);
        runs[cpu] = true;
        steps[cpu] = step;
        runAndReport(runs, steps);
    }

    /// Actions by thread, the first that fits a thread counts: `s:1;c` steps the first and lets the others run.
    private void vCont(String actions) throws IOException {
        int cpus = target.cpus();
        boolean[] decided = new boolean[cpus];
        boolean[] runs = new boolean[cpus];
        boolean[] steps = new boolean[cpus];
        for (String action : actions.split(";", -1)) {
            int colon = action.indexOf(':');
            String verb = colon < 0 ? action : action.substring(0, colon);
            String thread = colon < 0 ? "-1" : action.substring(colon + 1);
            boolean step = verb.startsWith("s") || verb.startsWith("S");
            if (!step && !verb.startsWith("c") && !verb.startsWith("C")) {
                connection.send(ERROR);
                return;
            }
            int only = thread.equals("-1") ? -1 : cpuOf(thread);
            for (int i = 0; i < cpus; i++) {
                if (!decided[i] && (only < 0 || only == i)) {
                    decided[i] = true;
                    runs[i] = true;
                    steps[i] = step;
                }
            }
        }
        runAndReport(runs, steps);
    }

    private void runAndReport(boolean[] runs, boolean[] steps) throws IOException {
        while (true) {
            for (int i = 0; i < steps.length; i++) {
                target.setGuestDebug(i, breakpoints.request(steps[i]));
            }
            target.resume(cpu -> runs[cpu]);
            DebugTarget.Stop stop = awaitStop();
            if (stop == null) {
                target.stopAll();
                lastStop = stopped(SIGINT, generalCpu, "");
                break;
            }
            if (stop.ended() != null) {
                over = true;
                lastStop = "W00";
                break;
            }
            if (isGuestsOwn(stop)) {
                target.injectBreakpoint(stop.cpu(), stop.esr());
                continue;
            }
            generalCpu = stop.cpu();
            lastStop = stopped(SIGTRAP, stop.cpu(), reason(stop));
            break;
        }
        connection.send(lastStop);
    }

    /// {@return why the machine stopped; null when the debugger interrupts}
    private DebugTarget.@Nullable Stop awaitStop() throws IOException {
        while (true) {
            DebugTarget.Stop stop = target.awaitStop(POLL_MILLIS);
            if (stop != null) {
                return stop;
            }
            if (connection.isReady()) {
                String packet = connection.receive();
                if (packet == null) {
                    over = true;
                }
                return null;
            }
        }
    }

    private boolean isGuestsOwn(DebugTarget.Stop stop) {
        return Esr.ec(stop.esr()) == ExceptionClass.BRK64
                && !breakpoints.isInserted(target.cpu(stop.cpu()).pc());
    }

    private String reason(DebugTarget.Stop stop) {
        return switch (Esr.ec(stop.esr())) {
            case ExceptionClass.BRK64 -> "swbreak:;";
            case ExceptionClass.BREAKPOINT_LOWER -> "hwbreak:;";
            case ExceptionClass.WATCHPOINT_LOWER -> {
                Breakpoints.Watch watch = breakpoints.hit(stop.far());
                long at = watch == null ? stop.far() : watch.va();
                int kinds = watch == null ? DebugControl.LSC_STORE : watch.kinds();
                String name = switch (kinds) {
                    case DebugControl.LSC_STORE -> "watch";
                    case DebugControl.LSC_LOAD -> "rwatch";
                    default -> "awatch";
                };
                yield name + ":" + Long.toHexString(at) + ";";
            }
            default -> "";
        };
    }

    private static String stopped(int signal, int cpu, String reason) {
        return "T%02xthread:%x;%s".formatted(signal, cpu + 1, reason);
    }
}

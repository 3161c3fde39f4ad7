package dev.ipanema.vmm.console;

import dev.ipanema.devices.virtio.ConsolePort;
import dev.ipanema.devices.virtio.VirtioConsole;
import dev.ipanema.images.catalog.BusyboxInitrd;
import dev.ipanema.vmm.device.GuestDevice;
import dev.ipanema.vmm.device.GuestDevice.Transport;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// One command that a guest runs in place of a shell: its output comes back on virtio-console ports of its own, and
/// its exit status in a record on another, as the `/init` of [BusyboxInitrd] writes them.
public final class GuestCommand {
    /// What the exit code is when the guest has ended without a record.
    public static final int NO_RECORD = 125;

    private static final Pattern RECORD = Pattern.compile("exit (\\d{1,3})\n");
    private static final int MAX_RECORD = 64;
    private static final int MAX_STATUS = 255;

    private final OutputStream out;
    private final OutputStream err;
    private final ByteArrayOutputStream record = new ByteArrayOutputStream();
    private volatile @Nullable IOException failure;

    /// @param out takes the command's standard output
    /// @param err takes the command's standard error stream
    public GuestCommand(OutputStream out, OutputStream err) {
        this.out = out;
        this.err = err;
    }

    /// {@return the device with the ports}
    public GuestDevice device() {
        return GuestDevice.of(
                "--exec",
                Transport.MMIO,
                () -> new VirtioConsole(List.of(
                        ConsolePort.named(BusyboxInitrd.STDOUT, (bytes, length) -> write(out, bytes, length)),
                        ConsolePort.named(BusyboxInitrd.STDERR, (bytes, length) -> write(err, bytes, length)),
                        ConsolePort.named(BusyboxInitrd.EXIT, this::record))));
    }

    private void write(OutputStream to, byte[] bytes, int length) {
        try {
            to.write(bytes, 0, length);
            to.flush();
        } catch (IOException e) {
            failure = e;
        }
    }

    private synchronized void record(byte[] bytes, int length) {
        record.write(bytes, 0, Math.min(length, MAX_RECORD - record.size()));
    }

    /// {@return why its output cannot be written any more, null when it can}
    public @Nullable IOException failure() {
        return failure;
    }

    /// {@return the command's exit status, [#NO_RECORD] when the guest has given none}
    public synchronized int status() {
        Matcher matcher = RECORD.matcher(record.toString(StandardCharsets.US_ASCII));
        int status = matcher.lookingAt() ? Integer.parseInt(matcher.group(1)) : NO_RECORD;
        return status <= MAX_STATUS ? status : NO_RECORD;
    }
}

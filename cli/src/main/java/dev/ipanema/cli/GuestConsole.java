package dev.ipanema.cli;

import dev.ipanema.vmm.console.ConsoleScript;
import java.io.IOException;
import java.io.OutputStream;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// The output of a guest's serial port: into a buffer that is written out from time to time, and to the script that
/// waits for texts in it. Guest bytes come from the vCPUs' threads, one at a time; [#flush()] may run beside them.
final class GuestConsole implements IntConsumer {
    private static final int BUFFER = 1 << 13;

    private final @Nullable OutputStream out;
    private final ConsoleScript script;
    private final Consumer<byte[]> answer;
    private final Runnable wake;
    private final byte[] buffer = new byte[BUFFER];
    private int count;
    private int last = '\n';
    private volatile boolean used;
    private volatile @Nullable IOException failure;

    /// @param out null: the output is not shown
    /// @param answer takes what the script sends, and nothing when it is done
    /// @param wake is called when there is something to flush
    GuestConsole(@Nullable OutputStream out, ConsoleScript script, Consumer<byte[]> answer, Runnable wake) {
        this.out = out;
        this.script = script;
        this.answer = answer;
        this.wake = wake;
    }

    @Override
    public void accept(int value) {
        synchronized (this) {
            if (count == BUFFER) {
                flush();
            }
            if (count == 0) {
                wake.run();
            }
            buffer[count++] = (byte) value;
            last = value;
        }
        used = true;
        if (!script.isDone()) {
            byte[] reply = script.accept(value);
            if (reply.length > 0 || script.isDone()) {
                answer.accept(reply);
            }
        }
    }

    /// Writes out what there is.
    synchronized void flush() {
        int length = count;
        count = 0;
        if (out == null || length == 0 || failure != null) {
            return;
        }
        try {
            out.write(buffer, 0, length);
            out.flush();
        } catch (IOException e) {
            failure = e;
        }
    }

    /// {@return whether the guest's last line has its end}
    synchronized boolean isAtLineStart() {
        return last == '\n';
    }

    /// {@return whether the guest has written anything}
    boolean isUsed() {
        return used;
    }

    /// {@return why nothing can be written any more, null when it can}
    @Nullable
    IOException failure() {
        return failure;
    }
}

package dev.ipanema.devices.virtio;

import java.util.ArrayDeque;

/// One port of a [VirtioConsole]: what the guest writes goes to its output, what is sent waits until the guest takes
/// it. Used under the VMM's lock.
public final class ConsolePort {
    /// Takes what the guest writes.
    @FunctionalInterface
    public interface Output {
        /// Takes bytes; the array is reused afterwards.
        void write(byte[] bytes, int length);

        /// The guest has opened or closed the port.
        default void opened(boolean open) {}
    }

    private final String name;
    private final boolean console;
    private final Output output;
    private final ArrayDeque<byte[]> input = new ArrayDeque<>();
    private int position;
    private boolean open;

    private ConsolePort(String name, boolean console, Output output) {
        this.name = name;
        this.console = console;
        this.output = output;
    }

    /// {@return a port that is a console, `hvc` in Linux}
    public static ConsolePort console(Output output) {
        return new ConsolePort("", true, output);
    }

    /// {@return a port for programs, `/dev/virtio-ports/NAME` in Linux; input waits until one has opened it}
    public static ConsolePort named(String name, Output output) {
        return new ConsolePort(name, false, output);
    }

    /// {@return its name, empty for a console}
    public String name() {
        return name;
    }

    boolean isConsole() {
        return console;
    }

    /// {@return whether the guest has opened it}
    public boolean isOpen() {
        return open;
    }

    void reset() {
        opened(false);
    }

    void opened(boolean now) {
        if (now != open) {
            open = now;
            output.opened(now);
        }
    }

    void write(byte[] bytes, int length) {
        output.write(bytes, length);
    }

    void add(byte[] bytes) {
        if (bytes.length > 0) {
            input.add(bytes.clone());
        }
    }

    /// {@return bytes that the guest has not taken yet}
    public long waitingBytes() {
        long sum = -position;
        for (byte[] bytes : input) {
            sum += bytes.length;
        }
        return sum;
    }

    boolean hasInput() {
        return !input.isEmpty();
    }

    /// {@return how many waiting bytes were put into `to`}
    int peek(byte[] to, long room) {
        byte[] bytes = input.element();
        int n = (int) Math.min(Math.min(to.length, room), bytes.length - position);
        System.arraycopy(bytes, position, to, 0, n);
        return n;
    }

    void consume(int count) {
        position += count;
        if (position == input.element().length) {
            input.remove();
            position = 0;
        }
    }
}

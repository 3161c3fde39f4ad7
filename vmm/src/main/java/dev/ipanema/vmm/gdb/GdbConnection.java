package dev.ipanema.vmm.gdb;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/// Packets of the GDB remote serial protocol on a byte stream: `$data#checksum`, acknowledged until the debugger turns
/// that off, and the single byte 0x03 that interrupts.
///
/// The peer is trusted no more than a guest: a packet longer than [#MAX_PACKET] ends the connection.
final class GdbConnection implements AutoCloseable {
    /// Bytes of the largest packet in either direction.
    static final int MAX_PACKET = 0x4000;

    /// What [#receive] answers for an interrupt.
    static final String INTERRUPT = "\u0003";

    private static final int ESCAPE = '}';
    private static final int ESCAPE_XOR = 0x20;

    private final InputStream in;
    private final OutputStream out;
    /// Packets, and empty behind the last.
    private final BlockingQueue<Optional<String>> received = new LinkedBlockingQueue<>();

    // Guarded by out.
    private boolean acknowledges = true;

    /// Reads from now on, by a thread that ends with the stream: a debugger may interrupt while nobody waits for it.
    GdbConnection(InputStream in, OutputStream out) {
        this.in = new BufferedInputStream(in);
        this.out = new BufferedOutputStream(out);
        Thread.ofPlatform().name("gdb-reader").daemon(true).start(this::readAll);
    }

    private void readAll() {
        try {
            for (String packet = next(); packet != null; packet = next()) {
                received.add(Optional.of(packet));
            }
        } catch (IOException e) {
            // The debugger has gone.
        } finally {
            received.add(Optional.empty());
        }
    }

    /// {@return the next packet's data with escapes undone, one character a byte; [#INTERRUPT]; null at the end}
    @Nullable
    String receive() throws IOException {
        try {
            return received.take().orElse(null);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("Interrupted while waiting for the debugger", e);
        }
    }

    /// {@return whether something can be received without waiting}
    boolean isReady() {
        return !received.isEmpty();
    }

    private @Nullable String next() throws IOException {
        while (true) {
            int first = in.read();
            if (first < 0) {
                return null;
            }
            if (first == INTERRUPT.charAt(0)) {
                return INTERRUPT;
            }
            if (first == '$') {
                String data = packet();
                if (data != null) {
                    return data;
                }
            }
        }
    }

    private @Nullable String packet() throws IOException {
        StringBuilder data = new StringBuilder();
        int sum = 0;
        while (true) {
            int b = read();
            if (b == '#') {
                break;
            }
            sum += b;
            if (b == ESCAPE) {
                int escaped = read();
                sum += escaped;
                b = escaped ^ ESCAPE_XOR;
            }
            if (data.length() >= MAX_PACKET) {
                throw new IOException("A packet is longer than " + MAX_PACKET + " bytes");
            }
            data.append((char) b);
        }
        int expected = Character.digit(read(), 16) << 4 | Character.digit(read(), 16);
        boolean intact = expected == (sum & 0xff);
        synchronized (out) {
            if (acknowledges) {
                out.write(intact ? '+' : '-');
                out.flush();
            }
        }
        return intact ? data.toString() : null;
    }

    private int read() throws IOException {
        int b = in.read();
        if (b < 0) {
            throw new IOException("The debugger has gone in the middle of a packet");
        }
        return b;
    }

    /// Sends a packet.
    void send(String data) throws IOException {
        byte[] bytes = data.getBytes(StandardCharsets.ISO_8859_1);
        synchronized (out) {
            write(bytes);
        }
    }

    private void write(byte[] bytes) throws IOException {
        int sum = 0;
        out.write('$');
        for (byte b : bytes) {
            if (b == '#' || b == '$' || b == ESCAPE || b == '*') {
                out.write(ESCAPE);
                out.write(b ^ ESCAPE_XOR);
                sum += ESCAPE + (b ^ ESCAPE_XOR);
            } else {
                out.write(b);
                sum += b;
            }
        }
        out.write('#');
        out.write("%02x".formatted(sum & 0xff).getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
    }

    /// Turns acknowledgements off (`QStartNoAckMode`).
    void stopAcknowledging() {
        synchronized (out) {
            acknowledges = false;
        }
    }

    @Override
    public void close() throws IOException {
        out.close();
        in.close();
    }
}

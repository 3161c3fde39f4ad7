package dev.ipanema.devices.net;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.devices.bus.LittleEndian;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// A peer that writes down what passes between the guest and another peer, as a pcap file.
///
/// When the file cannot be written any more, recording ends and [#close()] says why; the guest's network goes on.
///
/// Source: the libpcap file format, version 2.4, microseconds, link type Ethernet.
public final class PcapWriter implements NetworkPeer, Closeable {
    static final int MAGIC = 0xa1b2_c3d4;
    static final int HEADER = 24;
    static final int RECORD = 16;
    static final int ETHERNET = 1;
    private static final long MICROS = 1_000_000;

    private final NetworkPeer peer;
    private final OutputStream file;
    private final LongSupplier micros;
    private @Nullable IOException failure;

    /// @param peer who answers the guest
    /// @param micros since 1970-01-01
    /// @throws BadInput when the file cannot be written
    public PcapWriter(NetworkPeer peer, Path path, LongSupplier micros) {
        this.peer = peer;
        this.micros = micros;
        byte[] header = new byte[HEADER];
        LittleEndian.put32(header, 0, MAGIC);
        LittleEndian.put16(header, 4, 2);
        LittleEndian.put16(header, 6, 4);
        LittleEndian.put32(header, 16, MAX_FRAME);
        LittleEndian.put32(header, 20, ETHERNET);
        try {
            file = new BufferedOutputStream(Files.newOutputStream(path));
            file.write(header);
        } catch (IOException e) {
            throw new BadInput("The packet file " + path + " cannot be written: " + e.getMessage());
        }
    }

    private void write(byte[] frame, int length) {
        if (failure != null) {
            return;
        }
        long now = micros.getAsLong();
        byte[] record = new byte[RECORD];
        LittleEndian.put32(record, 0, (int) (now / MICROS));
        LittleEndian.put32(record, 4, (int) (now % MICROS));
        LittleEndian.put32(record, 8, length);
        LittleEndian.put32(record, 12, length);
        try {
            file.write(record);
            file.write(frame, 0, length);
        } catch (IOException e) {
            failure = e;
        }
    }

    @Override
    public void fromGuest(byte[] frame, int length) {
        write(frame, length);
        peer.fromGuest(frame, length);
    }

    @Override
    public byte @Nullable [] next() {
        byte[] frame = peer.next();
        if (frame != null) {
            write(frame, frame.length);
        }
        return frame;
    }

    @Override
    public void close() throws IOException {
        file.close();
        if (failure != null) {
            throw failure;
        }
    }
}

package dev.ipanema.devices.net;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.devices.bus.LittleEndian;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A peer that sends the guest the frames of a pcap file, one after the other as fast as the guest takes them, and
/// drops what the guest sends. Only the little-endian form with Ethernet frames is read.
public final class PcapReplay implements NetworkPeer {
    private static final int NANOSECONDS = 0xa1b2_3c4d;

    private final ArrayDeque<byte[]> frames = new ArrayDeque<>();

    /// @throws BadInput when the file cannot be read or is not such a file
    public PcapReplay(Path path) {
        byte[] file;
        try {
            file = Files.readAllBytes(path);
        } catch (IOException e) {
            throw new BadInput("The packet file " + path + " cannot be read: " + e.getMessage());
        }
        if (file.length < PcapWriter.HEADER
                || (LittleEndian.get32(file, 0) != PcapWriter.MAGIC && LittleEndian.get32(file, 0) != NANOSECONDS)
                || LittleEndian.get32(file, 20) != PcapWriter.ETHERNET) {
            throw new BadInput("The packet file " + path + " is not a little-endian pcap file of Ethernet frames");
        }
        for (int at = PcapWriter.HEADER; at < file.length; ) {
            long length = file.length - at < PcapWriter.RECORD ? -1 : LittleEndian.getU32(file, at + 8);
            if (length < 0 || length > MAX_FRAME || length > file.length - at - PcapWriter.RECORD) {
                throw new BadInput("The packet file " + path + " has a broken record at offset " + at);
            }
            int start = at + PcapWriter.RECORD;
            frames.add(Arrays.copyOfRange(file, start, start + (int) length));
            at = start + (int) length;
        }
    }

    @Override
    public void fromGuest(byte[] frame, int length) {
        // A recording does not answer.
    }

    @Override
    public byte @Nullable [] next() {
        return frames.poll();
    }
}

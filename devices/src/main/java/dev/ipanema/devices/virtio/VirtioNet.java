package dev.ipanema.devices.virtio;

import dev.ipanema.devices.bus.LittleEndian;
import dev.ipanema.devices.net.NetworkPeer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The network device (VIRTIO 1.3, section 5.1) with one pair of queues and no offloads.
public final class VirtioNet extends VirtioDevice {
    private static final int TYPE = 1;
    private static final int RECEIVE = 0;
    private static final int TRANSMIT = 1;

    private static final long F_MTU = 1 << 3;
    private static final long F_MAC = 1 << 5;
    private static final long F_STATUS = 1 << 16;

    private static final int MAC_LENGTH = 6;
    private static final int LINK_UP = 1;
    private static final int MTU = 1500;
    private static final int CONFIG_SIZE = 12;

    /// Bytes of struct virtio_net_hdr, and the field with the number of buffers in it.
    private static final int HEADER = 12;

    private static final int NUM_BUFFERS = 10;

    private final NetworkPeer peer;
    private final byte[] config = new byte[CONFIG_SIZE];
    private final byte[] header = new byte[HEADER];
    private final byte[] frame = new byte[NetworkPeer.MAX_FRAME];

    /// A frame that found no buffer.
    private byte @Nullable [] waiting;

    /// @param mac six bytes
    public VirtioNet(byte[] mac, NetworkPeer peer) {
        super(TYPE, 2);
        this.peer = peer;
        System.arraycopy(Arrays.copyOf(mac, MAC_LENGTH), 0, config, 0, MAC_LENGTH);
        LittleEndian.put16(config, 6, LINK_UP);
        LittleEndian.put16(config, 8, 1);
        LittleEndian.put16(config, 10, MTU);
        LittleEndian.put16(header, NUM_BUFFERS, 1);
    }

    @Override
    protected long features() {
        return F_MAC | F_STATUS | F_MTU;
    }

    @Override
    protected int configByte(int offset) {
        return offset < CONFIG_SIZE ? config[offset] & 0xff : 0;
    }

    @Override
    protected void activate() {
        receive();
    }

    @Override
    protected void reset() {
        waiting = null;
    }

    @Override
    protected void notified(int queue) {
        if (queue == TRANSMIT) {
            transmit();
        }
        receive();
    }

    private void transmit() {
        Virtqueue queue = queue(TRANSMIT);
        for (DescriptorChain request = queue.next(); request != null; request = queue.next()) {
            long length = request.readable() - HEADER;
            // What is no frame is dropped, as a cable would.
            if (length > 0 && length <= frame.length) {
                if (!request.read(HEADER, frame, 0, (int) length)) {
                    fail("a frame outside memory");
                    return;
                }
                peer.fromGuest(frame, (int) length);
            }
            queue.push(request, 0);
        }
        signal(TRANSMIT);
    }

    @Override
    protected void poll() {
        if (wake()) {
            receive();
        }
    }

    /// Gives the guest the frames that its peer has, as far as it has buffers for them.
    private void receive() {
        Virtqueue queue = queue(RECEIVE);
        byte[] next = waiting != null ? waiting : peer.next();
        while (next != null) {
            DescriptorChain request = queue.next();
            if (request == null) {
                break;
            }
            if (request.writable() < HEADER + next.length) {
                // Too long for what the driver expects: dropped, and the buffer stays available.
                queue.putBack();
            } else {
                if (!request.write(0, header, 0, HEADER) || !request.write(HEADER, next, 0, next.length)) {
                    fail("a buffer for a frame outside memory");
                    return;
                }
                queue.push(request, HEADER + next.length);
            }
            next = peer.next();
        }
        waiting = next;
        signal(RECEIVE);
    }
}

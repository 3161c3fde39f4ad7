package dev.ipanema.devices.virtio;

import dev.ipanema.devices.ninep.P9Server;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// The 9P transport device (VIRTIO 1.3, device id 9): a folder of the host, read-only.
///
/// Linux mounts it by `mount -t 9p -o trans=virtio,version=9p2000.L TAG /mnt`.
public final class Virtio9p extends VirtioDevice {
    private static final int TYPE = 9;
    private static final long F_MOUNT_TAG = 1;
    private static final int TAG = 2;

    /// Bytes of an error, the shortest answer that always has room.
    private static final int MIN_REPLY = 11;

    private final byte[] tag;
    private final P9Server server;

    /// @param tag how the guest names the folder
    /// @throws dev.ipanema.base.text.BadInput when it is no folder
    public Virtio9p(String tag, Path root) {
        super(TYPE, 1);
        this.tag = tag.getBytes(StandardCharsets.UTF_8);
        server = new P9Server(root);
    }

    @Override
    protected long features() {
        return F_MOUNT_TAG;
    }

    @Override
    protected int configByte(int offset) {
        if (offset < TAG) {
            return tag.length >>> (Byte.SIZE * offset);
        }
        return offset < TAG + tag.length ? tag[offset - TAG] : 0;
    }

    @Override
    protected void reset() {
        server.reset();
    }

    @Override
    protected void notified(int index) {
        Virtqueue queue = queue(0);
        for (DescriptorChain request = queue.next(); request != null; request = queue.next()) {
            int length = (int) Math.min(request.readable(), P9Server.MAX_MESSAGE);
            int room = (int) Math.min(request.writable(), P9Server.MAX_MESSAGE);
            if (room < MIN_REPLY || !request.read(0, server.request(), 0, length)) {
                fail("a message outside memory or without room for its answer");
                return;
            }
            int answered = server.answer(length, room);
            if (!request.write(0, server.reply(), 0, answered)) {
                fail("an answer outside memory");
                return;
            }
            queue.push(request, answered);
        }
        signal(0);
    }
}

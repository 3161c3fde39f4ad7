package dev.ipanema.devices.virtio;

import java.util.SplittableRandom;

/// The entropy device (VIRTIO 1.3, section 5.4) with a generator that repeats for the same seed.
public final class VirtioRng extends VirtioDevice {
    private static final int TYPE = 4;

    /// Most bytes that are given for one request; the driver takes what it gets.
    private static final int MAX_BYTES = 4096;

    private final SplittableRandom random;
    private final byte[] bytes = new byte[MAX_BYTES];

    public VirtioRng(long seed) {
        super(TYPE, 1);
        random = new SplittableRandom(seed);
    }

    @Override
    protected long features() {
        return 0;
    }

    @Override
    protected void notified(int index) {
        Virtqueue queue = queue(0);
        for (DescriptorChain request = queue.next(); request != null; request = queue.next()) {
            int length = (int) Math.min(request.writable(), MAX_BYTES);
            random.nextBytes(bytes);
            if (!request.write(0, bytes, 0, length)) {
                fail("a buffer outside memory");
                return;
            }
            queue.push(request, length);
        }
        signal(0);
    }
}

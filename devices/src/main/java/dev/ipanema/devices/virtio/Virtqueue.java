package dev.ipanema.devices.virtio;

import dev.ipanema.machine.memory.DmaPort;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/// A split virtqueue as its device sees it (VIRTIO 1.3, section 2.7).
///
/// Whatever the driver puts into the rings, a queue answers in bounded time and touches memory only through its
/// [DmaPort]. Rings that make no sense end in [#error()]; a queue with an error does nothing until it is reset.
/// Requests are only taken as far as a budget lasts, which each notification fills anew: a driver that adds requests as
/// fast as they are served would else hold its VMM for ever. What is left then is served when the VMM polls.
public final class Virtqueue {
    private static final int FLAGS = 0;
    private static final int INDEX = 2;
    private static final int RING = 4;
    private static final int AVAIL_ENTRY = 2;
    private static final int USED_ENTRY = 8;
    private static final int NO_INTERRUPT = 1;
    private static final int U16 = 0xffff;

    /// What one notification may make a device do.
    private static final int BUDGET_REQUESTS = 1024;

    private static final long BUDGET_BYTES = 64L << 20;

    private final DmaPort dma;
    private final DescriptorChain chain;
    private final int maxSize;
    private int size;
    private boolean ready;
    private long descriptors;
    private long driver;
    private long device;
    private boolean indirect;
    private boolean eventIndex;
    private int nextAvail;
    private int nextUsed;
    private int signalled;
    private int requestsLeft;
    private long bytesLeft;

    /// A request may wait because the budget was spent.
    private boolean cutShort;

    private @Nullable String error;

    Virtqueue(DmaPort dma, int maxSize) {
        if (maxSize > DescriptorChain.MAX_BUFFERS || Integer.bitCount(maxSize) != 1) {
            throw new IllegalArgumentException("A queue has a power of two of descriptors up to "
                    + DescriptorChain.MAX_BUFFERS + ", not " + maxSize);
        }
        this.dma = dma;
        this.maxSize = maxSize;
        chain = new DescriptorChain(dma);
        size = maxSize;
    }

    // ---- configuration ---------------------------------------------------------------------------------------------

    /// Back to the state of a queue that was never set up.
    void reset() {
        size = maxSize;
        ready = false;
        descriptors = 0;
        driver = 0;
        device = 0;
        nextAvail = 0;
        nextUsed = 0;
        signalled = 0;
        cutShort = false;
        error = null;
    }

    /// {@return the most descriptors that it can have}
    public int maxSize() {
        return maxSize;
    }

    /// {@return how many descriptors it has}
    public int size() {
        return size;
    }

    /// {@return whether the driver has set it up}
    public boolean isReady() {
        return ready;
    }

    /// {@return what was wrong with its rings, null when nothing was}
    public @Nullable String error() {
        return error;
    }

    /// Sets how many descriptors it has; ignored while it is in use or when the number is not possible.
    void size(int value) {
        if (!ready && value >= 1 && value <= maxSize && Integer.bitCount(value) == 1) {
            size = value;
        }
    }

    /// The three areas of a queue.
    enum Area {
        DESCRIPTORS,
        DRIVER,
        DEVICE
    }

    /// Sets one half of the address of an area; ignored while the queue is in use.
    void address(Area area, boolean high, int value) {
        if (!ready) {
            long old = address(area);
            long now = high
                    ? (old & 0xffff_ffffL) | (long) value << Integer.SIZE
                    : old >>> Integer.SIZE << Integer.SIZE | Integer.toUnsignedLong(value);
            switch (area) {
                case DESCRIPTORS -> descriptors = now;
                case DRIVER -> driver = now;
                case DEVICE -> device = now;
            }
        }
    }

    /// {@return the address of an area}
    long address(Area area) {
        return switch (area) {
            case DESCRIPTORS -> descriptors;
            case DRIVER -> driver;
            case DEVICE -> device;
        };
    }

    /// Takes the queue into use; misaligned areas are an error of the queue.
    void start(long features) {
        if (ready) {
            return;
        }
        indirect = (features & VirtioFeature.INDIRECT_DESC) != 0;
        eventIndex = (features & VirtioFeature.EVENT_IDX) != 0;
        ready = true;
        if ((descriptors & 15) != 0 || (driver & 1) != 0 || (device & 3) != 0) {
            error = "areas that are not aligned";
        }
    }

    /// Takes the queue out of use; it keeps its addresses.
    void stop() {
        ready = false;
        nextAvail = 0;
        nextUsed = 0;
        signalled = 0;
        cutShort = false;
    }

    // ---- requests --------------------------------------------------------------------------------------------------

    /// Fills the budget.
    void refill() {
        requestsLeft = BUDGET_REQUESTS;
        bytesLeft = BUDGET_BYTES;
    }

    /// {@return whether requests may wait that the budget did not suffice for, filled anew since or not}
    boolean isUnfinished() {
        return ready && error == null && cutShort;
    }

    private boolean isSpent() {
        return requestsLeft <= 0 || bytesLeft <= 0;
    }

    /// Takes from the budget what a request costs beyond the bytes of its buffers.
    public void charge(long bytes) {
        bytesLeft -= bytes;
    }

    /// {@return the next request, null when there is none now; valid until the next call}
    public @Nullable DescriptorChain next() {
        if (!ready || error != null) {
            return null;
        }
        cutShort = isSpent();
        if (cutShort || !hasNext()) {
            return null;
        }
        requestsLeft--;
        // The index was read: entries up to it are now what the driver wrote before it.
        VarHandle.acquireFence();
        long head = dma.load(driver + RING + (long) (nextAvail & size - 1) * AVAIL_ENTRY, Short.BYTES);
        if (head < 0) {
            error = "a ring of available descriptors outside memory";
            return null;
        }
        nextAvail = nextAvail + 1 & U16;
        error = chain.collect(descriptors, size, (int) head, indirect);
        if (error != null) {
            return null;
        }
        charge(chain.readable() + chain.writable());
        return chain;
    }

    /// Gives the request that [#next()] returned last back to the queue: it will be returned again.
    public void putBack() {
        nextAvail = nextAvail - 1 & U16;
    }

    private boolean hasNext() {
        if (pending() > 0) {
            return true;
        }
        if (error != null || !eventIndex) {
            return false;
        }
        // The driver is to tell of the next request. It may have added one before it could see that: look again.
        if (!dma.store(device + RING + (long) size * USED_ENTRY, Short.BYTES, nextAvail)) {
            error = "a ring of used descriptors outside memory";
            return false;
        }
        VarHandle.fullFence();
        return pending() > 0;
    }

    /// {@return how many requests wait, negative after an error}
    private int pending() {
        long index = dma.load(driver + INDEX, Short.BYTES);
        if (index < 0) {
            error = "a ring of available descriptors outside memory";
            return -1;
        }
        int pending = (int) index - nextAvail & U16;
        if (pending > size) {
            error = pending + " available requests in a queue of " + size;
            return -1;
        }
        return pending;
    }

    /// Hands a request back to the driver.
    ///
    /// @param written how many bytes of its writable part were written
    public void push(DescriptorChain request, long written) {
        if (error != null) {
            return;
        }
        long entry = device + RING + (long) (nextUsed & size - 1) * USED_ENTRY;
        long value = request.head() | written << Integer.SIZE;
        int next = nextUsed + 1 & U16;
        if (!dma.store(entry, Long.BYTES, value)) {
            error = "a ring of used descriptors outside memory";
            return;
        }
        // The driver must not see the index before the entry and the data.
        VarHandle.releaseFence();
        if (!dma.store(device + INDEX, Short.BYTES, next)) {
            error = "a ring of used descriptors outside memory";
            return;
        }
        nextUsed = next;
    }

    /// {@return whether the driver wants an interrupt for the requests pushed since the last call}
    boolean takeSignal() {
        if (!ready || error != null || nextUsed == signalled) {
            return false;
        }
        VarHandle.fullFence();
        int since = nextUsed - signalled & U16;
        signalled = nextUsed;
        if (eventIndex) {
            long wanted = dma.load(driver + RING + (long) size * AVAIL_ENTRY, Short.BYTES);
            return wanted >= 0 && (nextUsed - (int) wanted - 1 & U16) < since;
        }
        long flags = dma.load(driver + FLAGS, Short.BYTES);
        return flags >= 0 && (flags & NO_INTERRUPT) == 0;
    }
}

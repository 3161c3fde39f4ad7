package dev.ipanema.devices.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.devices.bus.LittleEndian;
import dev.ipanema.devices.bus.TestMemory;

/// A virtio driver as a guest has one: it negotiates, sets queues up in its memory, adds requests and collects what
/// was used. Queue n lies at `BASE + n * STRIDE`: descriptors, 0x1000 behind them the driver's area, 0x2000 behind them
/// the device's; buffers are given out from [#BUFFERS] on.
public final class TestDriver {
    public static final long BASE = 0x4000_0000L;
    public static final int MEMORY = 4 << 20;
    public static final long STRIDE = 0x4000;
    public static final long BUFFERS = BASE + 0x10_0000;
    public static final int QUEUE_SIZE = 16;

    private static final int READY = 1 | 2 | VirtioRegisters.FEATURES_OK;

    private final DriverTransport transport;
    private final TestMemory memory;
    private final int[] nextDescriptor = new int[32];
    private final int[] available = new int[32];
    private final int[] seen = new int[32];
    private long nextBuffer = BUFFERS;
    private long features;

    public TestDriver(DriverTransport transport, TestMemory memory) {
        this.transport = transport;
        this.memory = memory;
    }

    /// {@return memory that a driver's queues fit into}
    public static TestMemory memory() {
        return new TestMemory(BASE, MEMORY);
    }

    /// Probes the device as drivers do and takes all its features but those of the mask.
    public void start(int queues, long without) {
        transport.status(0);
        transport.status(1);
        transport.status(3);
        features = transport.deviceFeatures() & ~without;
        transport.driverFeatures(features);
        transport.status(READY);
        assertThat(transport.status()).isEqualTo(READY);
        for (int i = 0; i < queues; i++) {
            assertThat(transport.maxQueueSize(i)).isGreaterThanOrEqualTo(QUEUE_SIZE);
            transport.queue(i, QUEUE_SIZE, descriptors(i), driverArea(i), deviceArea(i));
        }
        transport.status(READY | VirtioRegisters.DRIVER_OK);
        assertThat(transport.status()).isEqualTo(READY | VirtioRegisters.DRIVER_OK);
    }

    public void start(int queues) {
        start(queues, 0);
    }

    public static long descriptors(int queue) {
        return BASE + queue * STRIDE;
    }

    public static long driverArea(int queue) {
        return descriptors(queue) + 0x1000;
    }

    public static long deviceArea(int queue) {
        return descriptors(queue) + 0x2000;
    }

    public long features() {
        return features;
    }

    /// {@return the address of a new buffer with this content}
    public long buffer(byte... content) {
        long at = nextBuffer;
        nextBuffer += content.length + 15 & ~15;
        assertThat(memory.write(at, content, 0, content.length)).isTrue();
        return at;
    }

    public byte[] bytes(long address, int length) {
        byte[] to = new byte[length];
        assertThat(memory.read(address, to, 0, length)).isTrue();
        return to;
    }

    /// One buffer of a request.
    public record Buffer(long address, int length, boolean write) {}

    public Buffer in(byte... content) {
        return new Buffer(buffer(content), content.length, false);
    }

    public Buffer out(int length) {
        return new Buffer(buffer(new byte[length]), length, true);
    }

    public void descriptor(long table, int index, long address, int length, int flags, int next) {
        byte[] bytes = new byte[16];
        LittleEndian.put64(bytes, 0, address);
        LittleEndian.put32(bytes, 8, length);
        LittleEndian.put16(bytes, 12, flags);
        LittleEndian.put16(bytes, 14, next);
        assertThat(memory.write(table + index * 16L, bytes, 0, 16)).isTrue();
    }

    /// Adds a request without telling the device.
    ///
    /// @return its head
    public int add(int queue, Buffer... buffers) {
        int head = nextDescriptor[queue];
        for (int i = 0; i < buffers.length; i++) {
            int index = (head + i) % QUEUE_SIZE;
            boolean last = i == buffers.length - 1;
            descriptor(
                    descriptors(queue),
                    index,
                    buffers[i].address(),
                    buffers[i].length(),
                    (buffers[i].write() ? 2 : 0) | (last ? 0 : 1),
                    (index + 1) % QUEUE_SIZE);
        }
        nextDescriptor[queue] = (head + buffers.length) % QUEUE_SIZE;
        makeAvailable(queue, head);
        return head;
    }

    /// Puts a descriptor into the ring of available ones.
    public void makeAvailable(int queue, int head) {
        long ring = driverArea(queue);
        memory.store(ring + 4 + 2L * (available[queue] % QUEUE_SIZE), 2, head);
        available[queue] = available[queue] + 1 & 0xffff;
        memory.store(ring + 2, 2, available[queue]);
    }

    /// Asks for an interrupt when the used index passes this one (EVENT_IDX).
    public void interruptBehind(int queue, int index) {
        memory.store(driverArea(queue) + 4 + 2L * QUEUE_SIZE, 2, index);
    }

    /// {@return the index behind which the device wants to be told (EVENT_IDX)}
    public int wantsKickBehind(int queue) {
        return (int) memory.load(deviceArea(queue) + 4 + 8L * QUEUE_SIZE, 2);
    }

    public void kick(int queue) {
        transport.kick(queue);
    }

    /// Adds a request, tells the device and expects it to be used at once.
    ///
    /// @return how many bytes were written
    public int request(int queue, Buffer... buffers) {
        int head = add(queue, buffers);
        kick(queue);
        Used used = used(queue);
        assertThat(used.head()).isEqualTo(head);
        return used.length();
    }

    /// A used request.
    public record Used(int head, int length) {}

    public boolean hasUsed(int queue) {
        return memory.load(deviceArea(queue) + 2, 2) != seen[queue];
    }

    public Used used(int queue) {
        assertThat(hasUsed(queue)).as("a used request").isTrue();
        long entry = deviceArea(queue) + 4 + 8L * (seen[queue] % QUEUE_SIZE);
        seen[queue] = seen[queue] + 1 & 0xffff;
        return new Used((int) memory.load(entry, 4), (int) memory.load(entry + 4, 4));
    }

    public int status() {
        return transport.status();
    }

    public DriverTransport transport() {
        return transport;
    }
}

package dev.ipanema.devices.virtio;

import dev.ipanema.machine.memory.DmaPort;
import org.jspecify.annotations.Nullable;

/// What every transport of a virtio device has: status, features, queues and their configuration (VIRTIO 1.3,
/// sections 2.1 to 2.3 and 3.1). A transport gives it the driver's accesses and takes its interrupts.
public final class VirtioRegisters {
    /// Status: the driver accepts the features.
    public static final int FEATURES_OK = 8;

    /// Status: the driver is ready.
    public static final int DRIVER_OK = 4;

    /// Status: the driver broke the rules, the device has stopped.
    public static final int NEEDS_RESET = 64;

    private static final int DRIVER_BITS = 1 | 2 | DRIVER_OK | FEATURES_OK | 128;

    /// Takes what the device wants to tell its driver.
    public interface Interrupts {
        /// Requests of a queue were used.
        void queue(int index);

        /// The configuration space or the status changed.
        void config();

        /// The device was reset: nothing is pending any more.
        void reset();
    }

    private final VirtioDevice device;
    private final Interrupts interrupts;
    private final Virtqueue[] queues;
    private int status;
    private long driverFeatures;
    private int generation;
    private @Nullable String failure;

    public VirtioRegisters(VirtioDevice device, DmaPort dma, Interrupts interrupts) {
        this.device = device;
        this.interrupts = interrupts;
        queues = new Virtqueue[device.queues()];
        for (int i = 0; i < queues.length; i++) {
            queues[i] = new Virtqueue(dma, device.maxQueueSize(i));
        }
        device.attach(this);
    }

    /// {@return the device behind the registers}
    public VirtioDevice device() {
        return device;
    }

    // ---- status ----------------------------------------------------------------------------------------------------

    /// {@return the device status field}
    public int status() {
        return status;
    }

    /// Writes the device status field: 0 resets, else bits can only be added.
    public void writeStatus(int value) {
        if ((value & 0xff) == 0) {
            reset();
            return;
        }
        int added = value & DRIVER_BITS & ~status;
        if ((added & FEATURES_OK) != 0 && !featuresAcceptable()) {
            added &= ~(FEATURES_OK | DRIVER_OK);
        }
        if ((added & DRIVER_OK) != 0 && ((status | added) & FEATURES_OK) == 0) {
            added &= ~DRIVER_OK;
        }
        status |= added;
        if ((added & DRIVER_OK) != 0) {
            wake();
            device.activate();
            checkQueues();
        }
    }

    private boolean featuresAcceptable() {
        return (driverFeatures & ~deviceFeatures()) == 0 && (driverFeatures & VirtioFeature.VERSION_1) != 0;
    }

    /// Back to the state after power on.
    public void reset() {
        status = 0;
        driverFeatures = 0;
        failure = null;
        for (Virtqueue queue : queues) {
            queue.reset();
        }
        device.reset();
        interrupts.reset();
    }

    boolean isActive() {
        return (status & (DRIVER_OK | NEEDS_RESET)) == DRIVER_OK;
    }

    void fail(String why) {
        if (failure == null) {
            failure = why;
            status |= NEEDS_RESET;
            if ((status & DRIVER_OK) != 0) {
                interrupts.config();
            }
        }
    }

    /// {@return why the device needs a reset, null when it does not}
    public @Nullable String failure() {
        return failure;
    }

    // ---- features --------------------------------------------------------------------------------------------------

    private long deviceFeatures() {
        return device.features() | VirtioFeature.COMMON;
    }

    long driverFeatures() {
        return driverFeatures;
    }

    /// {@return 32 feature bits that the device offers}
    ///
    /// @param select which 32 bits, from the lowest; others than 0 and 1 are all zero
    public int deviceFeatures(int select) {
        return word(deviceFeatures(), select);
    }

    /// {@return 32 feature bits that the driver accepts}
    public int driverFeatures(int select) {
        return word(driverFeatures, select);
    }

    private static int word(long value, int select) {
        return select == 0 ? (int) value : select == 1 ? (int) (value >>> Integer.SIZE) : 0;
    }

    /// Sets 32 feature bits that the driver accepts; ignored once the features are settled.
    public void writeDriverFeatures(int select, int value) {
        if ((status & FEATURES_OK) != 0) {
            return;
        }
        if (select == 0) {
            driverFeatures = driverFeatures >>> Integer.SIZE << Integer.SIZE | Integer.toUnsignedLong(value);
        } else if (select == 1) {
            driverFeatures = (driverFeatures & 0xffff_ffffL) | (long) value << Integer.SIZE;
        }
    }

    // ---- configuration space ---------------------------------------------------------------------------------------

    /// {@return a counter that changes when the configuration space does}
    public int generation() {
        return generation;
    }

    void configChanged() {
        generation++;
        if (isActive()) {
            interrupts.config();
        }
    }

    /// {@return a byte of the configuration space}
    public int configByte(int offset) {
        return device.configByte(offset);
    }

    /// Writes a byte of the configuration space.
    public void writeConfigByte(int offset, int value) {
        device.writeConfigByte(offset, value);
    }

    // ---- queues ----------------------------------------------------------------------------------------------------

    /// {@return how many queues there are}
    public int queues() {
        return queues.length;
    }

    Virtqueue queue(int index) {
        return queues[index];
    }

    /// {@return whether there is a queue with this number}
    public boolean hasQueue(int index) {
        return index >= 0 && index < queues.length;
    }

    /// {@return the most descriptors of a queue, 0 for a queue that is not there}
    public int maxSize(int queue) {
        return hasQueue(queue) ? queues[queue].maxSize() : 0;
    }

    /// {@return the descriptors of a queue, 0 for a queue that is not there}
    public int size(int queue) {
        return hasQueue(queue) ? queues[queue].size() : 0;
    }

    /// Sets the descriptors of a queue.
    public void writeSize(int queue, int size) {
        if (hasQueue(queue)) {
            queues[queue].size(size);
        }
    }

    /// {@return whether a queue is in use}
    public boolean isReady(int queue) {
        return hasQueue(queue) && queues[queue].isReady();
    }

    /// Takes a queue into use, or out of it.
    public void writeReady(int queue, boolean ready) {
        if (!hasQueue(queue)) {
            return;
        }
        if (ready && (status & FEATURES_OK) != 0) {
            queues[queue].start(driverFeatures);
            checkQueue(queue);
        } else if (!ready) {
            queues[queue].stop();
        }
    }

    /// Resets one queue.
    public void resetQueue(int queue) {
        if (hasQueue(queue) && (driverFeatures & VirtioFeature.RING_RESET) != 0) {
            queues[queue].reset();
        }
    }

    /// Addresses of a queue in the order in which transports have them: each low word, then high word, of the
    /// descriptors, the driver's and the device's area.
    private static final Virtqueue.Area[] AREAS = Virtqueue.Area.values();

    /// Sets one 32-bit word of a queue's addresses.
    ///
    /// @param word 0 to 5: low and high word of the descriptors, the driver's area, the device's area
    public void writeAddress(int queue, int word, int value) {
        if (hasQueue(queue)) {
            queues[queue].address(AREAS[word >> 1], (word & 1) != 0, value);
        }
    }

    /// {@return one 32-bit word of a queue's addresses}
    ///
    /// @param word as for [#writeAddress(int, int, int)]
    public int address(int queue, int word) {
        return hasQueue(queue) ? word(queues[queue].address(AREAS[word >> 1]), word & 1) : 0;
    }

    /// The driver has put requests into a queue.
    public void notifyQueue(int queue) {
        if (isReady(queue) && wake()) {
            device.notified(queue);
            checkQueues();
        }
    }

    /// Begins some work for the driver.
    ///
    /// @return false when there is none to be done: the driver is not ready or an error has happened
    boolean wake() {
        if (isActive()) {
            for (Virtqueue queue : queues) {
                queue.refill();
            }
        }
        return isActive();
    }

    /// Goes on with what a notification has left over, and gives the driver what has come from outside. To be called
    /// now and then, 50 times a second for example, under the VMM's lock.
    public void poll() {
        for (int i = 0; i < queues.length; i++) {
            if (queues[i].isUnfinished()) {
                notifyQueue(i);
            }
        }
        device.poll();
    }

    /// Interrupts for the requests pushed to a queue, if the driver wants that.
    void signal(int queue) {
        if (queues[queue].takeSignal()) {
            interrupts.queue(queue);
        }
        checkQueue(queue);
    }

    private void checkQueues() {
        for (int i = 0; i < queues.length; i++) {
            checkQueue(i);
        }
    }

    private void checkQueue(int index) {
        String error = queues[index].error();
        if (error != null) {
            fail("queue " + index + ": " + error);
        }
    }
}

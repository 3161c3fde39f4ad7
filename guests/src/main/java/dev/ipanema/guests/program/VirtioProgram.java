package dev.ipanema.guests.program;

import dev.ipanema.arm.a64.Label;
import dev.ipanema.arm.a64.Reg;

/// A driver of the virtio entropy device (VIRTIO 1.3, sections 4.2 and 5.4) with registers at
/// [#DEVICE]: it asks [#REQUESTS] times for 16 bytes and polls for the answer. Rings and buffers lie in
/// [#DATA] and are only touched through one alias.
///
/// | report | is |
/// |---|---|
/// | [#TRANSLATION] | PAR_EL1 of the rings |
/// | [#USED] + n | the index of the used ring when the n-th request ended, or was given up |
/// | [#BYTES] + n | the first 8 bytes of its buffer then; [#UNTOUCHED] when nothing was seen there |
public final class VirtioProgram extends CacheProgram {
    /// How many requests are made.
    public static final int REQUESTS = 2;

    /// PAR_EL1 of the rings.
    public static final int TRANSLATION = FIRST;

    /// The index of the used ring.
    public static final int USED = FIRST + 1;

    /// What a buffer holds.
    public static final int BYTES = USED + REQUESTS;

    /// What a buffer holds before.
    public static final long UNTOUCHED = 0x5555_5555_5555_5555L;

    private static final int STATUS = 0x70;
    private static final int DRIVER_FEATURES_SELECT = 0x24;
    private static final int DRIVER_FEATURES = 0x20;
    private static final int QUEUE_SIZE = 0x38;
    private static final int QUEUE_READY = 0x44;
    private static final int QUEUE_NOTIFY = 0x50;
    private static final int QUEUE_DESCRIPTORS = 0x80;
    private static final int QUEUE_DRIVER = 0x90;
    private static final int QUEUE_DEVICE = 0xa0;

    private static final int ACKNOWLEDGE = 1;
    private static final int DRIVER = 2;
    private static final int DRIVER_OK = 4;
    private static final int FEATURES_OK = 8;
    /// VIRTIO_F_VERSION_1, in the upper half of the features.
    private static final int VERSION_1 = 1;

    private static final int ENTRIES = 8;
    private static final int DESCRIPTOR_SIZE = 16;
    private static final int DESCRIPTOR_LENGTH = 8;
    private static final int DESCRIPTOR_FLAGS = 12;
    private static final int WRITE = 2;
    private static final int RING_INDEX = 2;
    private static final int RING = 4;
    private static final int LENGTH = 16;
    private static final int POLLS = 1000;

    /// Offsets in [#DATA].
    private static final int AVAILABLE_RING = PAGE;

    private static final int USED_RING = 2 * PAGE;
    private static final int BUFFERS = 3 * PAGE;

    private final boolean uncached;

    /// @param uncached whether the driver maps rings and buffers Non-cacheable, as for a device that
    ///     the device tree does not call dma-coherent
    public VirtioProgram(boolean uncached) {
        this.uncached = uncached;
    }

    /// X9 the rings, X10 the registers, X11 the available ring, X12 the used ring, X13 the buffers.
    @Override
    void body() {
        mmuOn();
        asm.movImm(Reg.X9, uncached ? DATA_UNCACHED : DATA).movImm(Reg.X10, DEVICE);
        asm.add(Reg.X11, Reg.X9, AVAILABLE_RING).add(Reg.X12, Reg.X9, USED_RING);
        asm.movImm(Reg.X13, BUFFERS).add(Reg.X13, Reg.X9, Reg.X13);
        clear();
        start();
        for (int request = 0; request < REQUESTS; request++) {
            request(request);
        }
        reportTranslation(TRANSLATION, Reg.X9);
    }

    /// What a driver does with fresh memory.
    private void clear() {
        mark("clear");
        for (int at = 0; at < ENTRIES * DESCRIPTOR_SIZE; at += Long.BYTES) {
            asm.str(Reg.XZR, Reg.X9, at).str(Reg.XZR, Reg.X11, at).str(Reg.XZR, Reg.X12, at);
        }
        asm.movImm(Reg.X1, UNTOUCHED);
        for (int request = 0; request < REQUESTS; request++) {
            asm.str(Reg.X1, Reg.X13, (long) request * LINE);
        }
        asm.dsb(ISH);
    }

    private void start() {
        mark("start_device");
        register(STATUS, 0);
        register(STATUS, ACKNOWLEDGE | DRIVER);
        register(DRIVER_FEATURES_SELECT, 1);
        register(DRIVER_FEATURES, VERSION_1);
        register(STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK);
        register(QUEUE_SIZE, ENTRIES);
        register(QUEUE_DESCRIPTORS, (int) DATA);
        register(QUEUE_DRIVER, (int) DATA + AVAILABLE_RING);
        register(QUEUE_DEVICE, (int) DATA + USED_RING);
        register(QUEUE_READY, 1);
        register(STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
    }

    private void register(int offset, int value) {
        asm.movImm(Reg.X1, value).str(Reg.W1, Reg.X10, offset);
    }

    private void request(int request) {
        mark("request_" + (request + 1));
        long descriptor = (long) request * DESCRIPTOR_SIZE;
        asm.movImm(Reg.X1, DATA + BUFFERS + (long) request * LINE).str(Reg.X1, Reg.X9, descriptor);
        asm.movImm(Reg.X1, LENGTH).str(Reg.W1, Reg.X9, descriptor + DESCRIPTOR_LENGTH);
        asm.movImm(Reg.X1, WRITE).str(Reg.W1, Reg.X9, descriptor + DESCRIPTOR_FLAGS);
        asm.movImm(Reg.X1, request).strh(Reg.W1, Reg.X11, RING + (long) request * Short.BYTES);
        asm.dsb(ISH);
        asm.movImm(Reg.X1, request + 1).strh(Reg.W1, Reg.X11, RING_INDEX);
        asm.dsb(ISH);
        register(QUEUE_NOTIFY, 0);
        poll(request + 1);
        mark("look_" + (request + 1));
        report(USED + request, Reg.X2);
        asm.ldr(Reg.X1, Reg.X13, (long) request * LINE);
        report(BYTES + request, Reg.X1);
    }

    /// Waits until the index of the used ring, then in X2, is what it should be.
    private void poll(int expected) {
        mark("poll_" + expected);
        Label done = asm.label();
        asm.movImm(Reg.X3, POLLS);
        Label loop = asm.here();
        asm.ldrh(Reg.W2, Reg.X12, RING_INDEX).cmp(Reg.X2, expected).b("eq", done);
        asm.sub(Reg.X3, Reg.X3, 1).cbnz(Reg.X3, loop);
        asm.bind(done).dsb(ISH);
    }
}

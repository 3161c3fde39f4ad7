package dev.ipanema.devices.gpu;

import dev.ipanema.machine.memory.MmioRegion;
import java.util.Arrays;

/// The plain registers in BAR0 of a coherent GPU, those that a host driver and a guest's probes look at: an
/// identity register, the two registers that tell when GPU memory is ready, and scratch registers that keep what is
/// written. All else reads as zero and ignores writes; [CoherentGpu] puts the rest of BAR0 around it.
///
/// | offset | register | access |
/// |---|---|---|
/// | 0x000000 | identity | read |
/// | 0x000008–0x000fff | scratch | read, write |
/// | 0x001498 | state of the chip-to-chip link, 0xff when it is up | read |
/// | 0x0200bc | state of memory training, 0xff when it is done | read |
///
/// The two status registers are those that the Linux driver polls
/// (`drivers/vfio/pci/nvgrace-gpu/main.c:nvgrace_gpu_wait_device_ready`). After [#reset] the first
/// [#READS_UNTIL_READY] looks at them find nothing ready: time that a driver has to wait, counted in its own looks.
/// Thread-safe.
public final class GpuBar0 implements MmioRegion {
    /// Bytes of the BAR.
    public static final long SIZE = 16L << 20;

    /// Offset of the identity register.
    public static final long IDENTITY = 0x0;

    /// First offset of the scratch registers.
    public static final long SCRATCH = 0x8;

    /// Offset behind the scratch registers.
    public static final long SCRATCH_END = 0x1000;

    /// Offset of the status of the chip-to-chip link.
    public static final long C2C_LINK_STATUS = 0x1498;

    /// Offset of the status of memory training.
    public static final long HBM_TRAINING_STATUS = 0x200bc;

    /// What both status registers read when the memory may be used.
    public static final int READY = 0xff;

    /// Looks at a status register after a reset that still find the memory not ready.
    public static final int READS_UNTIL_READY = 3;

    private final int identity;
    private final byte[] scratch = new byte[(int) SCRATCH_END];
    private boolean linkUp = true;
    private boolean trained = true;
    private int settling;

    /// @param identity what the identity register reads
    public GpuBar0(int identity) {
        this.identity = identity;
    }

    /// The device's state at one moment.
    ///
    /// @param scratch the scratch registers, little-endian, from offset 0 on
    /// @param linkUp whether the chip-to-chip link is up
    /// @param trained whether memory training is done
    /// @param settling looks at a status register that will still find nothing ready
    @SuppressWarnings("ArrayRecordComponent") // Copied on the way in and out.
    public record State(byte[] scratch, boolean linkUp, boolean trained, int settling) {
        public State {
            scratch = scratch.clone();
        }

        @Override
        public byte[] scratch() {
            return scratch.clone();
        }
    }

    /// {@return the state now}
    public synchronized State save() {
        return new State(scratch, linkUp, trained, settling);
    }

    /// Takes over a saved state.
    public synchronized void restore(State state) {
        byte[] saved = state.scratch();
        System.arraycopy(saved, 0, scratch, 0, scratch.length);
        linkUp = state.linkUp();
        trained = state.trained();
        settling = state.settling();
    }

    /// Resets the registers: scratch is zero, and the memory gets ready again.
    public synchronized void reset() {
        Arrays.fill(scratch, (byte) 0);
        settling = READS_UNTIL_READY;
    }

    /// {@return whether the link is up, as one look at it finds}
    synchronized boolean lookAtLink() {
        return settled() && linkUp;
    }

    /// {@return whether training is done, as one look at it finds}
    synchronized boolean lookAtTraining() {
        return settled() && trained;
    }

    private boolean settled() {
        if (settling > 0) {
            settling--;
            return false;
        }
        return true;
    }

    /// Sets what the status registers tell: a device that was reset is not ready for a while.
    public synchronized void setReady(boolean isLinkUp, boolean isTrained) {
        linkUp = isLinkUp;
        trained = isTrained;
    }

    @Override
    public synchronized long read(long offset, int bytes) {
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value |= readByte(offset + i) << (Byte.SIZE * i);
        }
        return value;
    }

    private long readByte(long offset) {
        if (offset >= SCRATCH && offset < SCRATCH_END) {
            return scratch[(int) offset] & 0xffL;
        }
        if (offset == C2C_LINK_STATUS) {
            return lookAtLink() ? READY : 0;
        }
        if (offset == HBM_TRAINING_STATUS) {
            return lookAtTraining() ? READY : 0;
        }
        return offset < IDENTITY + Integer.BYTES ? identity >>> (Byte.SIZE * (int) offset) & 0xffL : 0;
    }

    @Override
    public synchronized void write(long offset, int bytes, long value) {
        for (int i = 0; i < bytes; i++) {
            long at = offset + i;
            if (at >= SCRATCH && at < SCRATCH_END) {
                scratch[(int) at] = (byte) (value >>> (Byte.SIZE * i));
            }
        }
    }
}

package dev.ipanema.machine.cpu;

import dev.ipanema.arm.gic.Gicc;
import dev.ipanema.machine.memory.MmioRegion;
import org.jspecify.annotations.Nullable;

/// The virtual CPU interface of a GIC that is compatible with GICv2, as memory (`GICV_*`): a hypervisor maps it at
/// stage 2 where the guest looks for its `GICC_*`. It is banked: each processing element sees its own.
public final class GicvFrame implements MmioRegion {
    /// Bytes.
    public static final long SIZE = Gicc.SIZE;

    private @Nullable Machine machine;

    /// A frame that belongs to no machine yet.
    public GicvFrame() {}

    /// Connects the frame to the processing elements that see it; before any of them runs.
    public void attach(Machine owner) {
        machine = owner;
    }

    private @Nullable VirtualCpuInterface accessing() {
        CpuContext running = machine == null ? null : machine.runningHere();
        return running == null ? null : running.gic();
    }

    @Override
    public long read(long offset, int bytes) {
        VirtualCpuInterface gic = accessing();
        return gic == null || bytes != Integer.BYTES ? 0 : GicvRegisters.read(gic, (int) offset);
    }

    @Override
    public void write(long offset, int bytes, long value) {
        VirtualCpuInterface gic = accessing();
        if (gic != null && bytes == Integer.BYTES) {
            GicvRegisters.write(gic, (int) offset, value);
        }
    }
}

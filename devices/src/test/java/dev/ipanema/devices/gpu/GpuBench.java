package dev.ipanema.devices.gpu;

import dev.ipanema.devices.bus.TestMemory;
import dev.ipanema.devices.pci.PciConfig;
import dev.ipanema.devices.pci.PciFunction;
import dev.ipanema.devices.pci.PciSlot;
import java.util.ArrayList;
import java.util.List;

/// A GPU on a workbench: system memory, HBM, and a slot that remembers messages. Its engine works on the caller's
/// thread.
final class GpuBench {
    static final long SYSTEM = 0x8000_0000L;
    static final long HBM = 0x80_0000_0000L;
    static final int SIZE = 1 << 20;
    static final long RING = SYSTEM + 0x8_0000;
    static final int CONFIG_COMMAND = 4;

    final TestMemory system = new TestMemory(SYSTEM, SIZE);
    final TestMemory hbm = new TestMemory(HBM, SIZE);
    final List<Integer> messages = new ArrayList<>();
    final CoherentGpu gpu;

    GpuBench(GpuModel model) {
        gpu = new CoherentGpu(model, HBM, SIZE, system, hbm, Runnable::run);
        gpu.plugged(new PciSlot() {
            @Override
            public void intx(boolean level) {}

            @Override
            public void msi(long address, int data) {
                messages.add(data);
            }

            @Override
            public void barsChanged() {}
        });
        gpu.writeConfig(CONFIG_COMMAND, 2, 6);
    }

    int config(int offset) {
        return (int) gpu.readConfig(offset, 4);
    }

    /// {@return where a capability is, -1 when it is not there}
    int capability(int id) {
        int at = config(0x34) & 0xff;
        while (at != 0 && (config(at) & 0xff) != id) {
            at = config(at) >>> 8 & 0xff;
        }
        return at == 0 ? -1 : at;
    }

    /// {@return where a DVSEC is, -1 when it is not there}
    int dvsec(int vendor, int id) {
        int at = 0x100;
        while (at != 0) {
            boolean is = (config(at) & 0xffff) == PciConfig.EXT_CAP_DVSEC;
            if (is && (config(at + 4) & 0xffff) == vendor && gpu.readConfig(at + 8, 2) == id) {
                return at;
            }
            at = config(at) >>> 20;
        }
        return -1;
    }

    int engine(int offset) {
        return (int) gpu.bar0().read(CopyEngine.BASE + offset, 4);
    }

    void engine(int offset, long value) {
        gpu.bar0().write(CopyEngine.BASE + offset, 4, value);
    }

    void engine64(int offset, long value) {
        gpu.bar0().write(CopyEngine.BASE + offset, 8, value);
    }

    int launch(long source, long destination, int length, int flags) {
        engine64(CopyEngine.SOURCE, source);
        engine64(CopyEngine.DESTINATION, destination);
        engine(CopyEngine.LENGTH, length);
        engine(CopyEngine.FLAGS, flags);
        engine(CopyEngine.LAUNCH, 1);
        return engine(CopyEngine.RESULT);
    }

    void startRing(long base, int entries) {
        engine64(CopyEngine.RING_BASE, base);
        engine(CopyEngine.RING_ENTRIES, entries);
        engine(CopyEngine.CONTROL, CopyEngine.CONTROL_RING);
    }

    void descriptor(int index, long source, long destination, int length, int flags) {
        long at = RING + (long) index * CopyEngine.DESCRIPTOR_SIZE;
        system.store(at, 8, source);
        system.store(at + 8, 8, destination);
        system.store(at + CopyEngine.DESCRIPTOR_LENGTH, 4, length);
        system.store(at + CopyEngine.DESCRIPTOR_FLAGS, 4, flags);
        system.store(at + CopyEngine.DESCRIPTOR_STATUS, 8, 0);
    }

    int status(int index) {
        return (int) system.load(RING + (long) index * CopyEngine.DESCRIPTOR_SIZE + CopyEngine.DESCRIPTOR_STATUS, 4);
    }

    /// Enables MSI-X with one vector that is not masked.
    void enableVector(int vector, int data) {
        gpu.writeConfig(capability(0x11) + 2, 2, 0x8000);
        long entry = CoherentGpu.MSIX_TABLE + 16L * vector;
        gpu.bar0().write(entry, 8, 0x0808_0040L);
        gpu.bar0().write(entry + 8, 4, data);
        gpu.bar0().write(entry + 12, 4, 0);
    }

    long bar(int index) {
        return gpu.barAddress(index) == PciFunction.NOWHERE ? -1 : gpu.barAddress(index);
    }
}

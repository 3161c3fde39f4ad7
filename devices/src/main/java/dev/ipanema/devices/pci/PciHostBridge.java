package dev.ipanema.devices.pci;

import dev.ipanema.devices.bus.IrqLine;
import dev.ipanema.devices.bus.MsiSink;
import dev.ipanema.devices.bus.Registers;
import dev.ipanema.machine.memory.MmioRegion;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A generic PCI Express host bridge with one bus: configuration by ECAM, windows of memory and I/O ports that lead to
/// wherever the guest has put the BARs, and INTx by four interrupt lines.
///
/// Source: the device tree binding `pci-host-ecam-generic`; PCI Express Base Specification 5.0, sections 7.2.2 and
/// 2.2.8.1 (swizzling). Slot 0 holds the bridge itself.
public final class PciHostBridge {
    /// Slots of the bus.
    public static final int SLOTS = 32;

    /// INTx lines.
    public static final int LINES = 4;

    /// Bytes of a bus in the ECAM window.
    public static final long BUS_SIZE = 1L << 20;

    private static final int FUNCTION_SHIFT = 12;
    private static final int SLOT_SHIFT = 15;
    private static final int DEVFN_SHIFT = 3;

    /// The identity of QEMU's generic host bridge (Red Hat, 0x0008), class "host bridge".
    private static final int VENDOR = 0x1b36;

    private static final int DEVICE = 0x0008;
    private static final int CLASS_HOST = 0x06_00_00;

    /// Is told when the guest moves a BAR, for those that are reached without an exit.
    @FunctionalInterface
    public interface BarListener {
        /// Nobody listens.
        BarListener NONE = () -> {};

        /// Some BAR has moved, appeared or disappeared.
        void barsMoved();
    }

    /// One BAR where it is now.
    ///
    /// @param function whose it is
    /// @param bar 0 to 5
    /// @param space the addresses that it answers
    /// @param address the first of them
    /// @param size bytes
    public record Placed(PciFunction function, int bar, PciFunction.Space space, long address, long size) {
        boolean answers(PciFunction.Space where, long at, int bytes) {
            return space == where && at >= address && at - address <= size - bytes;
        }
    }

    private final @Nullable PciFunction[] functions = new PciFunction[SLOTS];
    private final boolean[] pins = new boolean[SLOTS];
    private final List<IrqLine> lines;
    private final MsiSink msi;
    private final MmioRegion ecam = new Ecam();
    private final MmioRegion memory32;
    private final MmioRegion memory64;
    private final MmioRegion io;
    private BarListener listener = BarListener.NONE;
    private List<Placed> placed = List.of();

    /// @param memory32 where the window below 4 GiB begins; bus addresses are those of the CPU
    /// @param memory64 where the high window begins
    /// @param intx the four lines of INTA to INTD of slot 0
    public PciHostBridge(long memory32, long memory64, List<IrqLine> intx, MsiSink msi) {
        if (intx.size() != LINES) {
            throw new IllegalArgumentException("A host bridge has " + LINES + " lines, not " + intx.size());
        }
        this.lines = List.copyOf(intx);
        this.msi = msi;
        this.memory32 = new Window(PciFunction.Space.MEMORY, memory32);
        this.memory64 = new Window(PciFunction.Space.MEMORY, memory64);
        this.io = new Window(PciFunction.Space.IO, 0);
        add(0, new Root());
    }

    /// Puts function 0 of a device into a slot.
    ///
    /// @throws IllegalArgumentException when the slot is taken or not there
    public void add(int slot, PciFunction function) {
        if (slot < 0 || slot >= SLOTS || functions[slot] != null) {
            throw new IllegalArgumentException("PCI slot " + slot + " is not free");
        }
        functions[slot] = function;
        function.plugged(new PciSlot() {
            @Override
            public void intx(boolean level) {
                pins[slot] = level;
                drive(line(slot));
            }

            @Override
            public void msi(long address, int data) {
                msi.send(address, data, requesterId(slot));
            }

            @Override
            public void barsChanged() {
                place();
            }
        });
        place();
    }

    /// Sets who is told when a BAR moves.
    public void barListener(BarListener to) {
        listener = to;
    }

    /// {@return the id that a slot's messages carry}
    public static int requesterId(int slot) {
        return slot << DEVFN_SHIFT;
    }

    /// {@return which of the four lines INTA of a slot drives} Each slot's pins begin one line further.
    public static int line(int slot) {
        return slot % LINES;
    }

    private void drive(int line) {
        boolean level = false;
        for (int slot = line; slot < SLOTS; slot += LINES) {
            level |= pins[slot];
        }
        lines.get(line).set(level);
    }

    private void place() {
        List<Placed> now = new ArrayList<>();
        for (PciFunction function : functions) {
            for (int bar = 0; function != null && bar < PciFunction.BARS; bar++) {
                long address = function.barAddress(bar);
                if (address != PciFunction.NOWHERE) {
                    now.add(new Placed(function, bar, function.barSpace(bar), address, function.barSize(bar)));
                }
            }
        }
        placed = now;
        listener.barsMoved();
    }

    /// {@return all BARs that answer somewhere}
    public List<Placed> placed() {
        return List.copyOf(placed);
    }

    /// {@return the functions on the bus, by slot}
    public List<PciFunction> functions() {
        List<PciFunction> all = new ArrayList<>();
        for (PciFunction function : functions) {
            if (function != null) {
                all.add(function);
            }
        }
        return all;
    }

    private @Nullable Placed find(PciFunction.Space space, long address, int bytes) {
        for (Placed bar : placed) {
            if (bar.answers(space, address, bytes)) {
                return bar;
            }
        }
        return null;
    }

    // ---- what the guest reaches ------------------------------------------------------------------------------------

    /// {@return the configuration spaces: bus, slot, function and register by address}
    public MmioRegion ecam() {
        return ecam;
    }

    /// {@return the memory window below 4 GiB}
    public MmioRegion memory32() {
        return memory32;
    }

    /// {@return the high memory window}
    public MmioRegion memory64() {
        return memory64;
    }

    /// {@return the window of I/O ports, which begin at 0}
    public MmioRegion io() {
        return io;
    }

    private final class Ecam implements MmioRegion {
        private @Nullable PciFunction function(long offset) {
            boolean there = offset < BUS_SIZE && (offset >>> FUNCTION_SHIFT & 7) == 0;
            return there ? functions[(int) (offset >>> SLOT_SHIFT) & SLOTS - 1] : null;
        }

        @Override
        public long read(long offset, int bytes) {
            PciFunction function = function(offset);
            int register = (int) offset & PciConfig.SIZE - 1;
            if (function == null) {
                return Registers.truncate(-1, bytes);
            }
            if (bytes == Long.BYTES) {
                return function.readConfig(register, Integer.BYTES)
                        | function.readConfig(register + Integer.BYTES, Integer.BYTES) << Integer.SIZE;
            }
            return function.readConfig(register, bytes);
        }

        @Override
        public void write(long offset, int bytes, long value) {
            PciFunction function = function(offset);
            int register = (int) offset & PciConfig.SIZE - 1;
            if (function == null) {
                return;
            }
            if (bytes == Long.BYTES) {
                function.writeConfig(register, Integer.BYTES, value & 0xffff_ffffL);
                function.writeConfig(register + Integer.BYTES, Integer.BYTES, value >>> Integer.SIZE);
            } else {
                function.writeConfig(register, bytes, Registers.truncate(value, bytes));
            }
        }
    }

    private final class Window implements MmioRegion {
        private final PciFunction.Space space;
        private final long base;

        Window(PciFunction.Space space, long base) {
            this.space = space;
            this.base = base;
        }

        @Override
        public long read(long offset, int bytes) {
            Placed bar = find(space, base + offset, bytes);
            return bar == null
                    ? Registers.truncate(-1, bytes)
                    : bar.function().readBar(bar.bar(), base + offset - bar.address(), bytes);
        }

        @Override
        public void write(long offset, int bytes, long value) {
            Placed bar = find(space, base + offset, bytes);
            if (bar != null) {
                bar.function().writeBar(bar.bar(), base + offset - bar.address(), bytes, value);
            }
        }
    }

    /// The bridge as a device on its own bus.
    private static final class Root extends EmulatedPciFunction {
        Root() {
            super(new PciConfigSpace(VENDOR, DEVICE, 0, CLASS_HOST));
        }

        @Override
        public long readBar(int bar, long offset, int bytes) {
            return 0;
        }

        @Override
        public void writeBar(int bar, long offset, int bytes, long value) {
            // It has no BARs.
        }
    }
}

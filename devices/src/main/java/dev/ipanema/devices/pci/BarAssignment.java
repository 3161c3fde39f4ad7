package dev.ipanema.devices.pci;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// Gives an address to each BAR that has none, as firmware does for a kernel that is told to keep what it finds
/// (`linux,pci-probe-only`). Linux before 6.12 keeps all BARs or none, so that one that is to stay needs the others
/// placed too (`drivers/pci/controller/pci-host-common.c`).
///
/// The largest come first, each at the lowest free multiple of its size: prefetchable 64-bit ones, and those too large
/// for
/// below 4 GiB, in the high window, others in the low one. One that finds no room stays without an address. Decoding
/// stays as it is.
public final class BarAssignment {
    /// Ports below are left to what an ISA bus would have.
    private static final long FIRST_PORT = 0x1000;

    private final Window memory32;
    private final Window memory64;
    private final Window io;

    /// Addresses that lead to the bus.
    ///
    /// @param base the first
    /// @param size how many
    public record Window(long base, long size) {}

    private record Bar(PciFunction function, int register, long low, long size) {
        long address() {
            return (low | (isWide() ? function.readConfig(register + Integer.BYTES, Integer.BYTES) << Integer.SIZE : 0))
                    & -size;
        }

        boolean isWide() {
            return PciConfigSpace.isWideBar(low);
        }

        void place(long address) {
            function.writeConfig(register, Integer.BYTES, address & 0xffff_ffffL);
            if (isWide()) {
                function.writeConfig(register + Integer.BYTES, Integer.BYTES, address >>> Integer.SIZE);
            }
        }
    }

    private record Taken(Window window, long from, long to) {}

    /// @param memory32 memory below 4 GiB
    /// @param memory64 memory above
    /// @param io ports
    public BarAssignment(Window memory32, Window memory64, Window io) {
        this.memory32 = memory32;
        this.memory64 = memory64;
        this.io = io;
    }

    /// Assigns.
    ///
    /// @param functions all that are on the bus
    public void assign(List<PciFunction> functions) {
        List<Bar> bars = new ArrayList<>();
        functions.forEach(function -> addBars(function, bars));
        List<Taken> taken = new ArrayList<>();
        for (Bar bar : bars) {
            long address = bar.address();
            if (address != 0) {
                for (Window window : List.of(memory32, memory64)) {
                    taken.add(new Taken(window, address, address + bar.size));
                }
            }
        }
        bars.removeIf(bar -> bar.address() != 0);
        bars.sort(Comparator.comparingLong(Bar::size).reversed());
        for (Bar bar : bars) {
            Window window = window(bar);
            long address = firstFree(window, bar.size, taken);
            if (address != 0) {
                bar.place(address);
                taken.add(new Taken(window, address, address + bar.size));
            }
        }
    }

    private static void addBars(PciFunction function, List<Bar> bars) {
        for (int bar = 0; bar < PciFunction.BARS; bar++) {
            long size = function.barSize(bar);
            if (size == 0) {
                continue;
            }
            int register = PciConfig.BASE_ADDRESS_0 + Integer.BYTES * bar;
            Bar found = new Bar(function, register, function.readConfig(register, Integer.BYTES), size);
            bars.add(found);
            bar += found.isWide() ? 1 : 0;
        }
    }

    private Window window(Bar bar) {
        if (PciConfigSpace.isIoBar(bar.low)) {
            return io;
        }
        boolean high = bar.isWide() && (PciConfigSpace.isPrefetchableBar(bar.low) || bar.size > memory32.size);
        return high ? memory64 : memory32;
    }

    /// {@return the lowest multiple of a size whose range is free in a window, 0 when there is none}
    private long firstFree(Window window, long size, List<Taken> taken) {
        long at = alignUp(window.equals(io) ? Math.max(window.base, FIRST_PORT) : window.base, size);
        while (at - window.base <= window.size - size) {
            long address = at;
            long behind = taken.stream()
                    .filter(each -> each.window.equals(window) && each.from < address + size && address < each.to)
                    .mapToLong(Taken::to)
                    .max()
                    .orElse(0);
            if (behind == 0) {
                return at;
            }
            at = alignUp(behind, size);
        }
        return 0;
    }

    private static long alignUp(long address, long size) {
        return (address + size - 1) & -size;
    }
}

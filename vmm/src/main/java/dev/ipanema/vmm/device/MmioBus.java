package dev.ipanema.vmm.device;

import dev.ipanema.base.text.Sizes;
import dev.ipanema.machine.memory.MmioRegion;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The windows of guest-physical addresses that emulated devices answer. Not thread-safe: used under the VMM's lock.
public final class MmioBus {
    private final List<Window> windows = new ArrayList<>();

    private record Window(String name, long base, long size, MmioRegion region) {
        long end() {
            return base + size;
        }
    }

    /// Adds a window.
    ///
    /// @throws IllegalArgumentException when it overlaps another one
    public void add(String name, long base, long size, MmioRegion region) {
        Window added = new Window(name, base, size, region);
        for (Window window : windows) {
            if (base < window.end() && window.base < added.end()) {
                throw new IllegalArgumentException(
                        name + " at " + Sizes.hex(base) + " overlaps " + window.name + " at " + Sizes.hex(window.base));
            }
        }
        windows.add(added);
        windows.sort(Comparator.comparingLong(Window::base));
    }

    /// Reads a register.
    ///
    /// @param address guest-physical
    /// @param bytes 1, 2, 4 or 8
    /// @return the device's window, null when no device answers the whole access or it is not aligned
    private @Nullable Window find(long address, int bytes) {
        if ((address & (bytes - 1)) != 0) {
            return null;
        }
        int low = 0;
        int high = windows.size() - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            Window window = windows.get(middle);
            if (address < window.base) {
                high = middle - 1;
            } else if (address >= window.end()) {
                low = middle + 1;
            } else {
                return address - window.base <= window.size - bytes ? window : null;
            }
        }
        return null;
    }

    /// {@return whether a device answers an aligned access}
    ///
    /// @param address guest-physical
    /// @param bytes 1, 2, 4 or 8
    public boolean answers(long address, int bytes) {
        return find(address, bytes) != null;
    }

    /// {@return the value of a register, 0 where nothing answers}
    public long read(long address, int bytes) {
        Window window = find(address, bytes);
        return window == null ? 0 : window.region.read(address - window.base, bytes);
    }

    /// Writes a register; nothing happens where nothing answers.
    public void write(long address, int bytes, long value) {
        Window window = find(address, bytes);
        if (window != null) {
            window.region.write(address - window.base, bytes, value);
        }
    }
}

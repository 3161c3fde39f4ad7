package dev.ipanema.vmm.device;

import java.util.ArrayList;
import java.util.List;

/// The guest-physical addresses that are memory, and where the VMM has mapped them. Immutable.
///
/// @param ranges none overlaps another
public record GuestRanges(List<Range> ranges) {
    public GuestRanges {
        ranges = List.copyOf(ranges);
    }

    /// One stretch of memory.
    ///
    /// @param base guest-physical
    /// @param size bytes
    /// @param hva where it is mapped
    public record Range(long base, long size, long hva) {
        private boolean holds(long address, long length) {
            long offset = address - base;
            return address >= base && length >= 0 && length <= size && offset <= size - length;
        }
    }

    /// {@return one stretch of memory}
    public static GuestRanges of(long base, long size, long hva) {
        return new GuestRanges(List.of(new Range(base, size, hva)));
    }

    /// {@return these ranges and others}
    public GuestRanges and(List<Range> others) {
        List<Range> all = new ArrayList<>(ranges);
        all.addAll(others);
        return new GuestRanges(all);
    }

    /// {@return where `[address, address + length)` is mapped, -1 when it is not all in one stretch of memory}
    public long hva(long address, long length) {
        for (Range range : ranges) {
            if (range.holds(address, length)) {
                return range.hva + (address - range.base);
            }
        }
        return -1;
    }
}

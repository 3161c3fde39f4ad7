package dev.ipanema.kvm.abort;

import java.util.Arrays;

/// Devices that KVM emulates itself, by guest physical address (`kvm_io_bus`, `virt/kvm/kvm_main.c`). An access
/// that one of them covers never leaves for the VMM. Immutable: registering makes another bus.
public final class KvmIoBus {
    /// A bus without devices.
    public static final KvmIoBus EMPTY = new KvmIoBus(new Range[0]);

    private final Range[] ranges;

    /// A device at its place.
    private record Range(long base, long size, KvmIoDevice device) {
        boolean covers(long ipa, int len) {
            return Long.compareUnsigned(ipa, base) >= 0
                    && Long.compareUnsigned(ipa - base, size - len) <= 0
                    && len <= size;
        }

        boolean overlaps(long otherBase, long otherSize) {
            return base < otherBase + otherSize && otherBase < base + size;
        }
    }

    private KvmIoBus(Range[] ranges) {
        this.ranges = ranges;
    }

    /// {@return a bus with one more device}
    ///
    /// @param base first IPA
    /// @param size bytes, positive
    /// @throws IllegalArgumentException when the range is empty, wraps, or overlaps another device
    public KvmIoBus with(long base, long size, KvmIoDevice device) {
        if (size <= 0 || base < 0 || base + size < 0) {
            throw new IllegalArgumentException("MMIO range base=0x" + Long.toHexString(base) + " size=" + size);
        }
        for (Range range : ranges) {
            if (range.overlaps(base, size)) {
                throw new IllegalArgumentException("MMIO range at 0x" + Long.toHexString(base)
                        + " overlaps the device at 0x" + Long.toHexString(range.base));
            }
        }
        Range[] more = Arrays.copyOf(ranges, ranges.length + 1);
        more[ranges.length] = new Range(base, size, device);
        return new KvmIoBus(more);
    }

    /// {@return whether a range overlaps a device}
    public boolean overlaps(long base, long size) {
        for (Range range : ranges) {
            if (range.overlaps(base, size)) {
                return true;
            }
        }
        return false;
    }

    /// {@return whether a device covers an access}
    public boolean covers(long ipa, int len) {
        for (Range range : ranges) {
            if (range.covers(ipa, len)) {
                return true;
            }
        }
        return false;
    }

    /// Reads from the device that covers an access.
    ///
    /// @param vcpu number of the vCPU that reads
    /// @return the value, zero-extended
    /// @throws IllegalStateException when none does: ask [#covers] first
    public long read(int vcpu, long ipa, int len) {
        Range range = find(ipa, len);
        return range.device.read(vcpu, ipa - range.base, len);
    }

    /// Writes to the device that covers an access.
    ///
    /// @param vcpu number of the vCPU that writes
    /// @throws IllegalStateException when none does: ask [#covers] first
    public void write(int vcpu, long ipa, int len, long value) {
        Range range = find(ipa, len);
        range.device.write(vcpu, ipa - range.base, len, value);
    }

    private Range find(long ipa, int len) {
        for (Range range : ranges) {
            if (range.covers(ipa, len)) {
                return range;
            }
        }
        throw new IllegalStateException("No in-kernel device at 0x" + Long.toHexString(ipa));
    }
}

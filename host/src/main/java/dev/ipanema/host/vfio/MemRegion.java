package dev.ipanema.host.vfio;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.host.driver.DeviceRegion.Kind;
import org.jspecify.annotations.Nullable;

/// A part of a coherent GPU's memory that is shown as a BAR (`struct mem_region`).
///
/// @param kind `USEMEM` or `RESMEM`
/// @param phys physical address of its first byte
/// @param length bytes of memory
/// @param barSize bytes of the BAR, a power of two: behind the memory there is nothing
record MemRegion(Kind kind, long phys, long length, long barSize) {
    /// A constant between the GPU's firmware, the host's driver and the guest's.
    static final long BLOCK = 512 * Sizes.MIB;

    private static final long RESMEM = Sizes.GIB;

    /// {@return which region it is}
    int index() {
        return kind == Kind.USEMEM ? VfioUapi.VFIO_PCI_BAR4_REGION_INDEX : VfioUapi.VFIO_PCI_BAR2_REGION_INDEX;
    }

    /// How memory is divided.
    ///
    /// @param errno 0 or a negated errno
    /// @param resmem null without the MIG bug
    record Layout(
            int errno, @Nullable MemRegion usemem, @Nullable MemRegion resmem) {}

    /// {@return how the memory of a GPU is divided: with the MIG bug the last GiB and what does not fill a block of
    /// 512 MiB is RESMEM; or -EOVERFLOW, -EINVAL when nothing is left}
    ///
    /// Source: Linux 7.3 `drivers/vfio/pci/nvgrace-gpu/main.c:nvgrace_gpu_init_nvdev_struct`.
    static Layout divide(long base, long size, boolean migBug) {
        long usable = migBug ? size - RESMEM : size;
        if (usable < 0) {
            return new Layout(Errno.EOVERFLOW.negated(), null, null);
        }
        long barSize = roundUpToPowerOfTwo(usable);
        if (!migBug) {
            return new Layout(0, new MemRegion(Kind.USEMEM, base, usable, barSize), null);
        }
        long length = usable & -BLOCK;
        if (length == 0) {
            return new Layout(Errno.EINVAL.negated(), null, null);
        }
        long rest = size - length;
        return new Layout(
                0,
                new MemRegion(Kind.USEMEM, base, length, barSize),
                new MemRegion(Kind.RESMEM, base + length, rest, roundUpToPowerOfTwo(rest)));
    }

    private static long roundUpToPowerOfTwo(long value) {
        return value <= 1 ? value : Long.highestOneBit(value - 1) << 1;
    }
}

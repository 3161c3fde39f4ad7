package dev.ipanema.host.vfio;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.KernelMemory;
import dev.ipanema.host.mm.PinnedRange;
import dev.ipanema.host.mm.VmFlags;
import dev.ipanema.host.mm.Vma;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.DmaPort;
import dev.ipanema.machine.memory.PhysicalMemory;
import dev.ipanema.machine.memory.PhysicalRegion;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/// VFIO's type 1 IOMMU, version 2: from I/O virtual addresses to the memory of a process, for the devices
/// attached to it. Accesses of devices that snoop are Normal Write-Back (`IOMMU_CACHE`), of others Normal
/// Non-cacheable.
///
/// Unlike Linux, which pins all pages when they are mapped, a page is pinned when a device first reaches it,
/// so that memory is spent as it is touched. Registers of devices cannot be reached. Thread-safe.
///
/// Source: Linux 7.3 `drivers/vfio/vfio_iommu_type1.c`.
public final class VfioContainer implements AutoCloseable {
    /// Bits of an I/O virtual address: what an SMMUv3 translates with 4 KiB pages.
    public static final int IOVA_BITS = 48;

    private static final long IOVA_LIMIT = 1L << IOVA_BITS;

    private final KernelMemory kernel;
    private final TreeMap<Long, PinnedRange> mappings = new TreeMap<>();
    // Accesses hold it for reading, so that nothing is unpinned under them.
    private final ReadWriteLock lock = new ReentrantReadWriteLock();
    private final DmaPort snooping = new Port(MemoryAttributes.NORMAL_WB);
    private final DmaPort nonSnooping = new Port(MemoryAttributes.NORMAL_NC);

    VfioContainer(KernelMemory kernel) {
        this.kernel = kernel;
    }

    /// {@return the way to memory of the devices attached to this}
    ///
    /// @param snoops whether it is of those that snoop
    public DmaPort port(boolean snoops) {
        return snoops ? snooping : nonSnooping;
    }

    /// `VFIO_IOMMU_MAP_DMA`, for reading and writing.
    ///
    /// @param hva address in the process
    /// @return 0; -EINVAL for what is not made of whole pages, empty, wraps or cannot be translated; -EEXIST
    ///     when part of it is mapped; -EFAULT when the process has no writable memory there
    public int mapDma(AddressSpace mm, long hva, long iova, long size) {
        if (!isRange(iova, size, IOVA_LIMIT) || !isRange(hva, size, Long.MAX_VALUE)) {
            return Errno.EINVAL.negated();
        }
        lock.writeLock().lock();
        try {
            if (overlaps(iova, size)) {
                return Errno.EEXIST.negated();
            }
            if (!isWritable(mm, hva, size)) {
                return Errno.EFAULT.negated();
            }
            mappings.put(iova, new PinnedRange(mm, hva, size));
            return 0;
        } finally {
            lock.writeLock().unlock();
        }
    }

    private static boolean isRange(long start, long size, long limit) {
        return ((start | size) & AddressSpace.PAGE_SIZE - 1) == 0 && size > 0 && start >= 0 && start <= limit - size;
    }

    private boolean overlaps(long iova, long size) {
        Map.Entry<Long, PinnedRange> last = mappings.lowerEntry(iova + size);
        return last != null && last.getKey() + last.getValue().size() > iova;
    }

    private static boolean isWritable(AddressSpace mm, long hva, long size) {
        if (hva > AddressSpace.TASK_SIZE - size) {
            return false;
        }
        mm.mmapLock().readLock();
        try {
            for (long at = hva; at < hva + size; ) {
                Vma vma = mm.vmaLookup(at);
                if (vma == null || !vma.has(VmFlags.VM_WRITE)) {
                    return false;
                }
                at = vma.end();
            }
            return true;
        } finally {
            mm.mmapLock().readUnlock();
        }
    }

    /// `VFIO_IOMMU_UNMAP_DMA`: ends all mappings inside a range and unpins their pages. Ranges without a
    /// mapping are fine.
    ///
    /// @return 0; -EINVAL for what is not made of whole pages, empty or wraps, and when it would cut a
    ///     mapping
    public int unmapDma(long iova, long size) {
        if (!isRange(iova, size, Long.MAX_VALUE)) {
            return Errno.EINVAL.negated();
        }
        List<PinnedRange> ended;
        lock.writeLock().lock();
        try {
            if (cuts(iova) || cuts(iova + size)) {
                return Errno.EINVAL.negated();
            }
            Map<Long, PinnedRange> inside = mappings.subMap(iova, iova + size);
            ended = new ArrayList<>(inside.values());
            inside.clear();
        } finally {
            lock.writeLock().unlock();
        }
        ended.forEach(PinnedRange::close);
        return 0;
    }

    private boolean cuts(long iova) {
        Map.Entry<Long, PinnedRange> before = mappings.lowerEntry(iova);
        return before != null && before.getKey() + before.getValue().size() > iova;
    }

    /// Ends all mappings.
    @Override
    public void close() {
        List<PinnedRange> ended;
        lock.writeLock().lock();
        try {
            ended = new ArrayList<>(mappings.values());
            mappings.clear();
        } finally {
            lock.writeLock().unlock();
        }
        ended.forEach(PinnedRange::close);
    }

    /// One physical piece of an access.
    private interface Piece {
        void access(PhysicalMemory memory, long pa, int done, int length);
    }

    /// What devices see.
    private final class Port implements DmaPort {
        private final MemoryAttributes type;

        Port(MemoryAttributes type) {
            this.type = type;
        }

        @Override
        public boolean read(long address, byte[] to, int offset, int length) {
            return inPieces(
                    address,
                    length,
                    (memory, pa, done, n) -> memory.read(Agent.DEVICE, type, pa, to, offset + done, n));
        }

        @Override
        public boolean write(long address, byte[] from, int offset, int length) {
            return inPieces(
                    address,
                    length,
                    (memory, pa, done, n) -> memory.write(Agent.DEVICE, type, pa, from, offset + done, n));
        }

        @Override
        public long load(long address, int bytes) {
            long[] value = new long[1];
            boolean done = scalar(address, bytes, (memory, pa, at, n) -> {
                value[0] |= memory.load(Agent.DEVICE, type, pa, n) << (Byte.SIZE * at);
            });
            return done ? value[0] : NO_MEMORY;
        }

        @Override
        public boolean store(long address, int bytes, long value) {
            return scalar(
                    address,
                    bytes,
                    (memory, pa, at, n) -> memory.store(Agent.DEVICE, type, pa, n, value >>> (Byte.SIZE * at)));
        }

        /// Nothing happens unless all of it is memory.
        private boolean scalar(long address, int bytes, Piece piece) {
            boolean crosses = (address & AddressSpace.PAGE_SIZE - 1) + bytes > AddressSpace.PAGE_SIZE;
            if (!crosses) {
                return inPieces(address, bytes, piece);
            }
            if (!inPieces(address, bytes, (memory, pa, done, n) -> {})) {
                return false;
            }
            for (int i = 0; i < bytes; i++) {
                int at = i;
                if (!inPieces(address + i, 1, (memory, pa, done, n) -> piece.access(memory, pa, at, n))) {
                    return false;
                }
            }
            return true;
        }

        private boolean inPieces(long address, int length, Piece piece) {
            if (length < 0 || address < 0 || address > IOVA_LIMIT - length) {
                return false;
            }
            lock.readLock().lock();
            try {
                for (int done = 0; done < length; ) {
                    long at = address + done;
                    int n = (int) Math.min(length - done, AddressSpace.PAGE_SIZE - (at & AddressSpace.PAGE_SIZE - 1));
                    long pa = translate(at);
                    if (pa == PinnedRange.NOWHERE) {
                        return false;
                    }
                    piece.access(kernel.memory(), pa, done, n);
                    done += n;
                }
                return true;
            } finally {
                lock.readLock().unlock();
            }
        }

        private long translate(long iova) {
            Map.@Nullable Entry<Long, PinnedRange> mapping = mappings.floorEntry(iova);
            if (mapping == null || iova - mapping.getKey() >= mapping.getValue().size()) {
                return PinnedRange.NOWHERE;
            }
            long pa = mapping.getValue().physical(iova - mapping.getKey());
            PhysicalRegion region =
                    pa == PinnedRange.NOWHERE ? null : kernel.memory().region(pa);
            return region == null || !region.isRam() ? PinnedRange.NOWHERE : pa;
        }
    }
}

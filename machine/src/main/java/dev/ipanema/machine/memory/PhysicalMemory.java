package dev.ipanema.machine.memory;

import static dev.ipanema.machine.memory.RawMemory.RAW;

import dev.ipanema.arm.memory.MemoryAttributes;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The physical address space of one machine: RAM in host memory that is taken page by page as it is
/// touched, and ranges that devices answer.
///
/// Every access names the agent and the memory type it is made with. Where caches are modelled
/// ([CacheSystem]) it goes through them, and the type decides what it sees; elsewhere the type has no
/// effect. Addresses and lengths are checked; an access outside one region is a [BusErrorException],
/// which a caller excludes by [#contains]. Values are little-endian and need no alignment, except for
/// [#compareAndExchange].
///
/// Thread-safe like memory is: accesses of different threads to the same bytes race, naturally aligned
/// ones of up to 8 bytes are single-copy atomic.
///
/// Invariant `mapped-until-joined`: RAM never moves, and [#close()] is called only after every thread
/// that may use an address, a window or this object has ended.
public final class PhysicalMemory implements AutoCloseable {
    /// The widest physical address of the architecture without FEAT_D128, in bits.
    public static final int MAX_ADDRESS_BITS = 52;

    private static final int LARGEST_ACCESS = 8;

    private final PhysicalRegion[] regions;
    private final ResidentPages resident;
    private final @Nullable CacheSystem caches;
    private final CacheMaintenance maintenance;
    private boolean closed;

    PhysicalMemory(PhysicalRegion[] sorted, ResidentPages resident, @Nullable CacheSystem caches) {
        this.regions = sorted;
        this.resident = resident;
        this.caches = caches;
        this.maintenance = new CacheMaintenance(this);
        for (PhysicalRegion region : sorted) {
            RamViews views = region.views();
            if (caches != null && views != null) {
                caches.add(views);
            }
        }
    }

    /// Loses what is in caches and not in memory, where they are modelled: RAM afterwards is what DRAM held. While
    /// nothing runs; for tests of what persists.
    public void losePower() {
        if (caches != null) {
            caches.losePower();
        }
    }

    /// {@return the caches, null when none are modelled}
    public @Nullable CacheSystem caches() {
        return caches;
    }

    /// {@return a builder without regions}
    public static PhysicalMemoryBuilder builder() {
        return new PhysicalMemoryBuilder();
    }

    /// {@return the regions, by ascending address}
    public List<PhysicalRegion> regions() {
        return List.of(regions);
    }

    /// {@return the region that a physical address lies in, or null}
    public @Nullable PhysicalRegion region(long pa) {
        int low = 0;
        int high = regions.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            PhysicalRegion region = regions[middle];
            if (pa < region.base()) {
                high = middle - 1;
            } else if (pa - region.base() >= region.size()) {
                low = middle + 1;
            } else {
                return region;
            }
        }
        return null;
    }

    /// {@return whether `[pa, pa+bytes)` lies inside one region; false for a length that is not positive}
    public boolean contains(long pa, long bytes) {
        PhysicalRegion region = region(pa);
        return region != null && region.contains(pa, bytes);
    }

    /// {@return bytes of simulated RAM that have been touched and so cost host memory, in whole 4 KiB
    /// pages}
    public long residentBytes() {
        return resident.bytes();
    }

    /// {@return the most that [#residentBytes()] may become}
    public long maxResidentBytes() {
        return resident.maxBytes();
    }

    /// {@return the cache maintenance entry points}
    public CacheMaintenance maintenance() {
        return maintenance;
    }

    /// Loads 1, 2, 4 or 8 bytes.
    ///
    /// @return the value, zero-extended
    public long load(Agent agent, MemoryAttributes type, long pa, int bytes) {
        return load(Origin.of(agent), type, pa, bytes);
    }

    /// As [#load(Agent, MemoryAttributes, long, int)]. The access may have to be made anew: see
    /// [Origin#again].
    public long load(Origin origin, MemoryAttributes type, long pa, int bytes) {
        PhysicalRegion region = checked(origin.agent, type, pa, bytes);
        RamBacking ram = region.ram();
        if (ram == null) {
            return mmioRead(region, pa, bytes);
        }
        if (caches != null && ram.views() != null) {
            return caches.load(origin, type, ram.views(), pa - region.base(), bytes);
        }
        return RAW.load(ram.hostBase() + (pa - region.base()), bytes);
    }

    /// Stores 1, 2, 4 or 8 bytes.
    ///
    /// @param value its lower `bytes` are stored
    public void store(Agent agent, MemoryAttributes type, long pa, int bytes, long value) {
        store(Origin.of(agent), type, pa, bytes, value);
    }

    /// As [#store(Agent, MemoryAttributes, long, int, long)]. The access may have to be made anew: see
    /// [Origin#again].
    public void store(Origin origin, MemoryAttributes type, long pa, int bytes, long value) {
        PhysicalRegion region = checked(origin.agent, type, pa, bytes);
        RamBacking ram = region.ram();
        if (ram == null) {
            mmioWrite(region, pa, bytes, value);
            return;
        }
        long offset = pa - region.base();
        if (caches != null && ram.views() != null) {
            caches.store(origin, type, ram.views(), offset, bytes, value);
            return;
        }
        boolean watched = ram.touched().touch(offset, bytes);
        RAW.store(ram.hostBase() + offset, bytes, value);
        if (watched) {
            ram.touched().report(offset, bytes);
        }
    }

    /// Replaces 1, 2, 4 or 8 naturally aligned bytes of RAM if they hold `expected`, atomically and in
    /// order with all other accesses of the calling thread.
    ///
    /// @return what they held, zero-extended; the store was made when that is `expected`
    public long compareAndExchange(Agent agent, MemoryAttributes type, long pa, int bytes, long expected, long value) {
        return compareAndExchange(Origin.of(agent), type, pa, bytes, expected, value);
    }

    /// As [#compareAndExchange(Agent, MemoryAttributes, long, int, long, long)]. The access may have to
    /// be made anew: see [Origin#again].
    public long compareAndExchange(
            Origin origin, MemoryAttributes type, long pa, int bytes, long expected, long value) {
        PhysicalRegion region = checked(origin.agent, type, pa, bytes);
        RamBacking ram = region.ram();
        if (ram == null) {
            throw new BusErrorException("Atomic access to device " + region.name(), pa, bytes);
        }
        if ((pa & bytes - 1) != 0) {
            throw new IllegalArgumentException("Atomic access is not aligned: pa=" + pa + " bytes=" + bytes);
        }
        long offset = pa - region.base();
        if (caches != null && ram.views() != null) {
            return caches.compareAndExchange(origin, type, ram.views(), offset, bytes, expected, value);
        }
        boolean watched = ram.touched().touch(offset);
        long witness = RAW.compareAndExchange(ram.hostBase() + offset, bytes, expected, value);
        if (watched) {
            ram.touched().report(offset, bytes);
        }
        return witness;
    }

    /// Reads a range into an array. Of a device it reads registers in ascending order, each as wide as its
    /// alignment permits, up to 8 bytes.
    public void read(Agent agent, MemoryAttributes type, long pa, byte[] to, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, to.length);
        if (length == 0) {
            return;
        }
        PhysicalRegion region = checked(agent, type, pa, length);
        RamBacking ram = region.ram();
        if (ram != null && caches != null && ram.views() != null) {
            caches.read(Origin.of(agent), type, ram.views(), pa - region.base(), to, offset, length);
            return;
        }
        if (ram != null) {
            RAW.copyOut(ram.hostBase() + (pa - region.base()), to, offset, length);
            return;
        }
        for (int done = 0; done < length; ) {
            int width = widest(pa + done, length - done);
            long value = mmioRead(region, pa + done, width);
            for (int i = 0; i < width; i++) {
                to[offset + done + i] = (byte) (value >>> (8 * i));
            }
            done += width;
        }
    }

    /// Reads a range of RAM as [#read] does, without being an access: where caches are modelled it leaves no
    /// trace in them, finds nothing, and gets what was stored last by whichever view. For debuggers, and for what
    /// is told of a guest when it has ended. A device is a [BusErrorException].
    public void observe(long pa, byte[] to, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, to.length);
        if (length == 0) {
            return;
        }
        PhysicalRegion region = checked(Agent.VMM, MemoryAttributes.NORMAL_WB, pa, length);
        RamBacking ram = ramOf(region, pa, length);
        if (caches != null && ram.views() != null) {
            caches.observe(ram.views(), pa - region.base(), to, offset, length);
        } else {
            RAW.copyOut(ram.hostBase() + (pa - region.base()), to, offset, length);
        }
    }

    /// Writes a range of RAM so that every access and fetch sees it, whatever was stored before and by which view,
    /// without maintenance by anybody else: for debuggers. A device is a [BusErrorException].
    public void poke(long pa, byte[] from, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, from.length);
        if (length == 0) {
            return;
        }
        ramOf(checked(Agent.LOADER, MemoryAttributes.NORMAL_WT_RA, pa, length), pa, length);
        write(Agent.LOADER, MemoryAttributes.NORMAL_WT_RA, pa, from, offset, length);
        if (caches != null) {
            maintenance.icInvalPou(Agent.LOADER, pa, length);
        }
    }

    /// Writes a range from an array; to a device as [#read] reads.
    public void write(Agent agent, MemoryAttributes type, long pa, byte[] from, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, from.length);
        if (length == 0) {
            return;
        }
        PhysicalRegion region = checked(agent, type, pa, length);
        RamBacking ram = region.ram();
        if (ram != null && caches != null && ram.views() != null) {
            caches.write(Origin.of(agent), type, ram.views(), pa - region.base(), from, offset, length);
            return;
        }
        if (ram != null) {
            boolean watched = ram.touched().touch(pa - region.base(), length);
            RAW.copyIn(from, offset, ram.hostBase() + (pa - region.base()), length);
            if (watched) {
                ram.touched().report(pa - region.base(), length);
            }
            return;
        }
        for (int done = 0; done < length; ) {
            int width = widest(pa + done, length - done);
            long value = 0;
            for (int i = 0; i < width; i++) {
                value |= (from[offset + done + i] & 0xffL) << (8 * i);
            }
            mmioWrite(region, pa + done, width, value);
            done += width;
        }
    }

    /// Writes zeroes over a range of RAM. What was never touched is zero and is not touched by this.
    public void zero(Agent agent, MemoryAttributes type, long pa, long length) {
        zero(Origin.of(agent), type, pa, length);
    }

    /// As [#zero(Agent, MemoryAttributes, long, long)]. The access may have to be made anew: see
    /// [Origin#again].
    public void zero(Origin origin, MemoryAttributes type, long pa, long length) {
        if (length == 0) {
            return;
        }
        PhysicalRegion region = checked(origin.agent, type, pa, length);
        RamBacking ram = ramOf(region, pa, length);
        if (caches != null && ram.views() != null) {
            caches.zero(origin, type, ram.views(), pa - region.base(), length);
            return;
        }
        ram.zero(pa - region.base(), length);
    }

    /// Copies between two ranges of RAM that do not overlap.
    public void copy(Agent agent, MemoryAttributes type, long fromPa, long toPa, long length) {
        if (length == 0) {
            return;
        }
        PhysicalRegion from = checked(agent, type, fromPa, length);
        PhysicalRegion to = checked(agent, type, toPa, length);
        if (fromPa < toPa + length && toPa < fromPa + length) {
            throw new IllegalArgumentException("Ranges overlap: from=" + fromPa + " to=" + toPa + " bytes=" + length);
        }
        RamBacking source = ramOf(from, fromPa, length);
        RamBacking target = ramOf(to, toPa, length);
        if (source.views() != null || target.views() != null) {
            copyThroughCaches(agent, type, fromPa, toPa, length);
            return;
        }
        target.copyFrom(source, fromPa - from.base(), toPa - to.base(), length);
    }

    private void copyThroughCaches(Agent agent, MemoryAttributes type, long fromPa, long toPa, long length) {
        byte[] page = new byte[(int) TouchedPages.PAGE_SIZE];
        for (long done = 0; done < length; ) {
            int chunk = (int) Math.min(length - done, page.length);
            read(agent, type, fromPa + done, page, 0, chunk);
            write(agent, type, toPa + done, page, 0, chunk);
            done += chunk;
        }
    }

    /// Counts the page of a physical address as touched and gives its host address: for a translation that
    /// will be written through. Only module `machine` can do anything with a host address.
    ///
    /// @return the host address, or -1 where no RAM is
    public long hostAddress(long pa) {
        PhysicalRegion region = region(pa);
        RamBacking ram = region == null ? null : region.ram();
        if (region == null || ram == null) {
            return -1;
        }
        long offset = pa - region.base();
        ram.touched().touch(offset);
        return ram.hostBase() + offset;
    }

    /// Gives the host address of a physical address for reading only; reading a page never touched costs
    /// nothing, so it is not counted.
    ///
    /// @return the host address, or -1 where no RAM is
    public long hostAddressForRead(long pa) {
        PhysicalRegion region = region(pa);
        RamBacking ram = region == null ? null : region.ram();
        return region == null || ram == null ? -1 : ram.hostBase() + (pa - region.base());
    }

    /// {@return the two views of the region that a physical address lies in, null where caches are not
    /// modelled}
    public @Nullable RamViews views(long pa) {
        if (caches == null) {
            return null;
        }
        PhysicalRegion region = region(pa);
        return region == null ? null : region.views();
    }

    /// {@return whether the page of a physical address has been touched; false where no RAM is}
    public boolean isTouched(long pa) {
        PhysicalRegion region = region(pa);
        RamBacking ram = region == null ? null : region.ram();
        return region != null && ram != null && ram.touched().isTouched(pa - region.base());
    }

    /// Sets who is told of stores to watched pages that are made through this object or a window of it. A
    /// store through a [#hostAddress] is not seen.
    public void setPageWatcher(PageWatcher watcher) {
        resident.watcher(watcher);
    }

    /// Watches the page of a physical address in RAM from now on, for example because instructions of it
    /// have been decoded. The page counts as touched. A store that has begun may still go unreported.
    public void watch(long pa) {
        PhysicalRegion region = checked(Agent.PE, MemoryAttributes.NORMAL_WB, pa, 1);
        ramOf(region, pa, 1).touched().watch(pa - region.base());
    }

    /// Ends [#watch].
    public void unwatch(long pa) {
        PhysicalRegion region = checked(Agent.PE, MemoryAttributes.NORMAL_WB, pa, 1);
        ramOf(region, pa, 1).touched().unwatch(pa - region.base());
    }

    /// {@return a window on a range of RAM, for code that makes many accesses to it with one agent and
    /// type}
    ///
    /// @param pa first physical address, a multiple of 8
    /// @param size bytes, 8 or more
    public PhysicalWindow window(Agent agent, MemoryAttributes type, long pa, long size) {
        PhysicalRegion region = checked(agent, type, pa, size);
        RamBacking ram = ramOf(region, pa, size);
        if ((pa & (LARGEST_ACCESS - 1)) != 0 || size < LARGEST_ACCESS) {
            throw new IllegalArgumentException("Window is not made of 8-byte units: pa=" + pa + " size=" + size);
        }
        return new PhysicalWindow(ram, pa, pa - region.base(), size, caches);
    }

    /// Gives all RAM back to the host; see invariant `mapped-until-joined`.
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            for (PhysicalRegion region : regions) {
                RamBacking ram = region.ram();
                if (ram != null) {
                    ram.close();
                }
            }
        }
    }

    private PhysicalRegion checked(Agent agent, MemoryAttributes type, long pa, long bytes) {
        PhysicalRegion region = region(pa);
        if (region == null || !region.contains(pa, bytes)) {
            throw new BusErrorException("No memory for access by " + agent + " as " + type, pa, bytes);
        }
        if (closed) {
            throw new IllegalStateException("This physical memory has been closed");
        }
        return region;
    }

    private static RamBacking ramOf(PhysicalRegion region, long pa, long bytes) {
        RamBacking ram = region.ram();
        if (ram == null) {
            throw new BusErrorException("Device " + region.name() + " does not take this access", pa, bytes);
        }
        return ram;
    }

    private static long mmioRead(PhysicalRegion region, long pa, int bytes) {
        long value = Objects.requireNonNull(region.mmio()).read(mmioOffset(region, pa, bytes), bytes);
        return bytes == LARGEST_ACCESS ? value : value & ((1L << (8 * bytes)) - 1);
    }

    private static void mmioWrite(PhysicalRegion region, long pa, int bytes, long value) {
        long cut = bytes == LARGEST_ACCESS ? value : value & ((1L << (8 * bytes)) - 1);
        Objects.requireNonNull(region.mmio()).write(mmioOffset(region, pa, bytes), bytes, cut);
    }

    private static long mmioOffset(PhysicalRegion region, long pa, int bytes) {
        if (bytes > LARGEST_ACCESS || Integer.bitCount(bytes) != 1) {
            throw RawMemory.badSize(bytes);
        }
        if ((pa & bytes - 1) != 0) {
            throw new BusErrorException("Unaligned access to device " + region.name(), pa, bytes);
        }
        return pa - region.base();
    }

    private static int widest(long pa, int rest) {
        int aligned = (int) Math.min(LARGEST_ACCESS, pa == 0 ? LARGEST_ACCESS : Long.lowestOneBit(pa));
        return Math.min(aligned, Integer.highestOneBit(rest));
    }
}

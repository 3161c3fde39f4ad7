package dev.ipanema.machine.memory;

import static dev.ipanema.machine.memory.RawMemory.RAW;

import org.jspecify.annotations.Nullable;

/// A range of RAM seen by one agent through the caches: 8-byte accesses at offsets, each checked against
/// the range. Made once by [PhysicalMemory#window] and used for the many accesses of page-table code.
///
/// Offsets are in bytes and multiples of 8. A store counts the first touch of its page. Not usable after
/// [PhysicalMemory#close()] (invariant `mapped-until-joined`).
public final class PhysicalWindow {
    private final long basePa;
    private final long size;
    /// The last offset at which 8 bytes lie inside.
    private final long limit;
    private final long hostBase;
    private final long regionOffset;
    private final TouchedPages touched;

    /// Null where they are not modelled.
    private final @Nullable CacheSystem caches;

    private final @Nullable RamViews views;

    PhysicalWindow(RamBacking ram, long pa, long regionOffset, long size, @Nullable CacheSystem caches) {
        this.basePa = pa;
        this.size = size;
        this.limit = size - Long.BYTES;
        this.regionOffset = regionOffset;
        this.hostBase = ram.hostBase() + regionOffset;
        this.touched = ram.touched();
        this.caches = caches;
        this.views = ram.views();
    }

    /// {@return the physical address of offset 0}
    public long basePa() {
        return basePa;
    }

    /// {@return its size in bytes}
    public long size() {
        return size;
    }

    /// {@return whether the 8 bytes at a physical address lie inside}
    public boolean contains(long pa) {
        return Long.compareUnsigned(pa - basePa, limit) <= 0;
    }

    /// {@return the 8 bytes at an offset}
    public long getLong(long offset) {
        return RAW.getLong(readable(offset));
    }

    /// {@return the 8 bytes at an offset, read as a volatile is: what another thread has released is seen}
    public long getLongVolatile(long offset) {
        return RAW.getLongVolatile(readable(offset));
    }

    /// Stores 8 bytes.
    public void setLong(long offset, long value) {
        long address = readable(offset);
        boolean watched = touched.touch(regionOffset + offset);
        RAW.putLong(address, value);
        stored(offset, Long.BYTES, watched);
    }

    /// Stores 8 bytes after all earlier accesses of this thread.
    public void setLongRelease(long offset, long value) {
        long address = readable(offset);
        boolean watched = touched.touch(regionOffset + offset);
        RAW.putLongRelease(address, value);
        stored(offset, Long.BYTES, watched);
    }

    /// Replaces 8 bytes if they hold `expected`, atomically, with volatile semantics.
    ///
    /// @return whether they did
    public boolean compareAndSetLong(long offset, long expected, long value) {
        long address = readable(offset);
        boolean watched = touched.touch(regionOffset + offset);
        boolean stored = RAW.compareAndSetLong(address, expected, value);
        if (stored) {
            stored(offset, Long.BYTES, watched);
        }
        return stored;
    }

    /// Stores `first`, `first + step`, … as 8-byte values in ascending order: the plain store stream that page-table
    /// code is measured against.
    ///
    /// @param count values, more than 0
    public void setLongs(long offset, long first, long step, int count) {
        long bytes = (long) count * Long.BYTES;
        if (offset < 0 || bytes <= 0 || bytes > size || offset > size - bytes || (offset & (Long.BYTES - 1)) != 0) {
            throw outside(offset, bytes);
        }
        boolean watched = touched.touch(regionOffset + offset, bytes);
        long address = hostBase + offset;
        long value = first;
        for (int i = 0; i < count; i++) {
            RAW.putLong(address, value);
            address += Long.BYTES;
            value += step;
        }
        stored(offset, bytes, watched);
    }

    /// Clears bits in those of `count` 8-byte values from an offset on that have all bits of `ifSet`: each is read as a
    /// volatile is, and stored after all earlier accesses of this thread.
    ///
    /// @param bits which to clear; 0 only counts
    /// @return how many had them
    public int clearBits(long offset, int count, long ifSet, long bits) {
        long bytes = (long) count * Long.BYTES;
        if (offset < 0 || bytes <= 0 || bytes > size || offset > size - bytes || (offset & (Long.BYTES - 1)) != 0) {
            throw outside(offset, bytes);
        }
        boolean watched = bits != 0 && touched.touch(regionOffset + offset, bytes);
        int had = 0;
        long end = hostBase + offset + bytes;
        for (long address = hostBase + offset; address < end; address += Long.BYTES) {
            long value = RAW.getLongVolatile(address);
            if ((value & ifSet) == ifSet) {
                had++;
                if (bits != 0) {
                    RAW.putLongRelease(address, value & ~bits);
                }
            }
        }
        if (bits != 0) {
            stored(offset, bytes, watched);
        }
        return had;
    }

    /// Fills `[offset, offset+bytes)` with zeroes.
    public void zero(long offset, long bytes) {
        if (offset < 0 || bytes <= 0 || bytes > size || offset > size - bytes) {
            throw outside(offset, bytes);
        }
        boolean watched = touched.touch(regionOffset + offset, bytes);
        RAW.fill(hostBase + offset, bytes, (byte) 0);
        stored(offset, bytes, watched);
    }

    /// Tells of a store that has been made.
    private void stored(long offset, long bytes, boolean watched) {
        CacheSystem told = caches;
        if (told != null && views != null) {
            told.storedThrough(views, regionOffset + offset, bytes);
        }
        if (watched) {
            touched.report(regionOffset + offset, bytes);
        }
    }

    private long readable(long offset) {
        if (Long.compareUnsigned(offset, limit) > 0 || (offset & (Long.BYTES - 1)) != 0) {
            throw outside(offset, Long.BYTES);
        }
        return hostBase + offset;
    }

    private RuntimeException outside(long offset, long bytes) {
        return new BusErrorException("Access outside its window, or not aligned", basePa + offset, bytes);
    }
}

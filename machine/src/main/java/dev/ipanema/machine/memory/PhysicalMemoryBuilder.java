package dev.ipanema.machine.memory;

import dev.ipanema.base.text.Sizes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Collects the regions of a [PhysicalMemory]. Regions start and end on 4 KiB boundaries, lie below 2^52
/// and do not overlap.
public final class PhysicalMemoryBuilder {
    private record Planned(String name, long base, long size, Function<ResidentPages, PhysicalRegion> region) {}

    /// Says of which regions the caches are modelled.
    @FunctionalInterface
    public interface CachedRegions {
        /// {@return whether the caches of a region are modelled}
        ///
        /// @param mapMemory whether the host kernel maps it for itself
        boolean includes(boolean mapMemory);
    }

    private final List<Planned> planned = new ArrayList<>();
    private long maxResident;
    private @Nullable CacheSystem caches;
    private CachedRegions cached = mapMemory -> false;

    PhysicalMemoryBuilder() {}

    /// Adds RAM that the host kernel maps for itself; it costs address space only until it is touched.
    public PhysicalMemoryBuilder ram(String name, long base, long size) {
        return ram(name, base, size, true);
    }

    /// Adds RAM; it costs address space only until it is touched.
    ///
    /// @param mapMemory whether the host kernel maps it for itself (`pfn_is_map_memory`)
    public PhysicalMemoryBuilder ram(String name, long base, long size, boolean mapMemory) {
        check(name, base, size);
        planned.add(new Planned(
                name,
                base,
                size,
                resident -> new PhysicalRegion(
                        name, base, size, new RamBacking(name, base, size, resident, views(mapMemory)))));
        return this;
    }

    /// {@return how to make the views of a region}
    private RamBacking.Views views(boolean mapMemory) {
        if (caches == null || !cached.includes(mapMemory)) {
            return RamBacking.NO_VIEWS;
        }
        return (name, base, size, coherent, touched, resident) ->
                new RamViews(name, base, size, mapMemory, coherent, touched, resident);
    }

    /// Models caches in front of RAM.
    ///
    /// @param which the regions
    public PhysicalMemoryBuilder caches(CacheSystem system, CachedRegions which) {
        caches = system;
        cached = which;
        return this;
    }

    /// Adds a range that a device answers.
    public PhysicalMemoryBuilder mmio(String name, long base, long size, MmioRegion device) {
        check(name, base, size);
        planned.add(new Planned(name, base, size, resident -> new PhysicalRegion(name, base, size, device)));
        return this;
    }

    /// Sets how many bytes of RAM may be touched; without it, three quarters of what this computer (or the
    /// control group of this process) has.
    public PhysicalMemoryBuilder maxResident(long bytes) {
        if (bytes < TouchedPages.PAGE_SIZE) {
            throw new IllegalArgumentException("Limit of simulated memory is less than a page: " + bytes);
        }
        maxResident = bytes;
        return this;
    }

    /// {@return the memory}
    ///
    /// @throws IllegalStateException when the host refuses the address space
    public PhysicalMemory build() {
        ResidentPages resident = new ResidentPages(maxResident != 0 ? maxResident : MemoryLimit.threeQuarters());
        planned.sort(Comparator.comparingLong(Planned::base));
        List<PhysicalRegion> regions = new ArrayList<>();
        try {
            for (Planned plan : planned) {
                regions.add(plan.region().apply(resident));
            }
        } catch (RuntimeException e) {
            new PhysicalMemory(regions.toArray(PhysicalRegion[]::new), resident, caches).close();
            throw e;
        }
        return new PhysicalMemory(regions.toArray(PhysicalRegion[]::new), resident, caches);
    }

    private void check(String name, long base, long size) {
        long limit = 1L << PhysicalMemory.MAX_ADDRESS_BITS;
        if (base < 0 || size <= 0 || base >= limit || size > limit - base) {
            throw new IllegalArgumentException("Region " + name + " does not fit in 52 bits of address: base="
                    + Sizes.hex(base) + " size=" + Sizes.hex(size));
        }
        if (((base | size) & TouchedPages.PAGE_SIZE - 1) != 0) {
            throw new IllegalArgumentException("Region " + name + " is not made of 4 KiB pages: base=" + Sizes.hex(base)
                    + " size=" + Sizes.hex(size));
        }
        for (Planned other : planned) {
            if (base < other.base() + other.size() && other.base() < base + size) {
                throw new IllegalArgumentException("Regions " + other.name() + " and " + name + " overlap");
            }
        }
    }
}

package dev.ipanema.machine.memory;

import dev.ipanema.base.text.Sizes;
import org.jspecify.annotations.Nullable;

/// A range of physical addresses with something in it: RAM, or a device.
public final class PhysicalRegion {
    private final String name;
    private final long base;
    private final long size;
    private final @Nullable MmioRegion mmio;
    private final @Nullable RamBacking ram;

    PhysicalRegion(String name, long base, long size, MmioRegion mmio) {
        this.name = name;
        this.base = base;
        this.size = size;
        this.mmio = mmio;
        this.ram = null;
    }

    PhysicalRegion(String name, long base, long size, RamBacking ram) {
        this.name = name;
        this.base = base;
        this.size = size;
        this.mmio = null;
        this.ram = ram;
    }

    /// {@return its name, for people}
    public String name() {
        return name;
    }

    /// {@return its first physical address}
    public long base() {
        return base;
    }

    /// {@return its size in bytes}
    public long size() {
        return size;
    }

    /// {@return the first physical address behind it}
    public long end() {
        return base + size;
    }

    /// {@return whether it is RAM; else a device answers}
    public boolean isRam() {
        return ram != null;
    }

    /// {@return whether `[pa, pa+bytes)` lies inside; false for a length that is not positive}
    public boolean contains(long pa, long bytes) {
        return bytes > 0 && pa >= base && bytes <= size && pa - base <= size - bytes;
    }

    /// {@return its two views, null when its caches are not modelled}
    public @Nullable RamViews views() {
        return ram == null ? null : ram.views();
    }

    @Nullable
    RamBacking ram() {
        return ram;
    }

    @Nullable
    MmioRegion mmio() {
        return mmio;
    }

    @Override
    public String toString() {
        return name + " [" + Sizes.hex(base) + ", " + Sizes.hex(end()) + ")";
    }
}

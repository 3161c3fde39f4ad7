package dev.ipanema.host.platform;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.host.platform.MemoryRange.Kind;
import dev.ipanema.machine.mmu.ExclusivePolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// A kind of host: processor, physical memory map, coherent GPU, and what exclusives do on memory that is
/// not write-back. Immutable; the `with…` methods return a changed copy.
///
/// | name | processor | DRAM | GPU memory | FWB | DIC |
/// |---|---|---|---|---|---|
/// | `gb200` | Neoverse V2 (Grace) | 480G | 192G | yes | yes |
/// | `gh200` | Neoverse V2 (Grace) | 480G | 96G | yes | yes |
/// | `gb300` | Neoverse V2 (Grace) | 480G | 288G | yes | yes |
/// | `altra` | Neoverse N1 (Ampere Altra) | 256G | 96G | no | no |
/// | `a710` | Cortex-A710 | 64G | 32G | yes | no |
/// | `max` | every feature modelled | 64G | 96G | yes | yes |
///
/// Altra, a710 and max have no coherent GPU on the market; theirs lets one guest run everywhere. Sizes of
/// DRAM and GPU memory of the Grace hosts are NVIDIA's; all base addresses are this project's choice.
///
/// @param name what a user calls it
/// @param memory ranges that do not overlap
/// @param gpu the coherent GPU, null on a host without
/// @param exclusives what exclusives and atomics do on memory other than Normal write-back
public record HostProfile(
        String name,
        CpuModel cpu,
        List<MemoryRange> memory,
        @Nullable Gpu gpu,
        ExclusivePolicy exclusives) {
    private static final long GIB = Sizes.GIB;
    private static final long DRAM_BASE = 2 * GIB;

    /// Above all DRAM, a multiple of 512 GiB so that blocks of every size fit, and inside the 40 bits of
    /// physical address that every modelled processor has.
    private static final long GPU_MEMORY_BASE = 512 * GIB;

    private static final long BAR0_BASE = 960 * GIB;

    /// Where the recordings' RAM, and memory that is not quite RAM, lie.
    private static final long RECORDING_RAM = GIB;

    private static final long RECORDING_DRIVER_RAM = 0x4400_0000L;
    private static final long RECORDING_NOMAP_VALID = 0x6C00_0000L;
    private static final long RECORDING_NOMAP = 0xC000_0000L;

    private static final List<String> NAMES = List.of("gb200", "gh200", "gb300", "altra", "a710", "max");

    public HostProfile {
        memory = List.copyOf(memory);
        long limit = 1L << cpu.paRangeBits();
        for (MemoryRange range : memory) {
            if (range.base() < 0 || range.size() <= 0 || range.end() > limit || range.end() < 0) {
                throw new BadInput("Memory " + range + " does not fit the " + cpu.paRangeBits()
                        + " physical address bits of " + cpu.name());
            }
        }
    }

    /// The coherent GPU of a host.
    ///
    /// @param memoryBase physical address of its memory (ACPI `nvidia,gpu-mem-base-pa`)
    /// @param memorySize bytes of it (ACPI `nvidia,gpu-mem-size`)
    /// @param bar0Base physical address of its registers
    /// @param identity what its identity register reads
    /// @param migBug whether the end of the memory has to be mapped uncached (GH200)
    public record Gpu(long memoryBase, long memorySize, long bar0Base, int identity, boolean migBug) {}

    /// {@return the names that [#parse(String)] takes}
    public static List<String> names() {
        return NAMES;
    }

    /// {@return the profile of a name, in either case}
    ///
    /// @throws BadInput for another name, with the list of those known
    public static HostProfile parse(String text) {
        return switch (text.strip().toLowerCase(Locale.ROOT)) {
            case "gb200" -> grace("gb200", 192 * GIB, 0x2941, false);
            case "gh200" -> grace("gh200", 96 * GIB, 0x2342, true);
            case "gb300" -> grace("gb300", 288 * GIB, 0x31C2, false);
            case "altra" -> other("altra", "neoverse-n1", 256 * GIB, 96 * GIB);
            case "a710" -> other("a710", "cortex-a710", 64 * GIB, 32 * GIB);
            case "max" -> other("max", "max", 64 * GIB, 96 * GIB);
            default -> throw new BadInput("Host '" + text + "' is unknown; hosts: " + String.join(", ", NAMES));
        };
    }

    /// A host with a Grace processor. Exclusives on memory that is not write-back fault, which is how such
    /// systems were seen to behave in the review of the series.
    private static HostProfile grace(String name, long gpuMemory, int pciDevice, boolean migBug) {
        Gpu gpu = new Gpu(GPU_MEMORY_BASE, gpuMemory, BAR0_BASE, pciDevice, migBug);
        return of(name, CpuModel.parse("neoverse-v2"), 480 * GIB, gpu, ExclusivePolicy.FAULT_0X35);
    }

    private static HostProfile other(String name, String cpu, long dram, long gpuMemory) {
        CpuModel model = CpuModel.parse(cpu);
        Gpu gpu = new Gpu(GPU_MEMORY_BASE, gpuMemory, BAR0_BASE, 0, false);
        return of(name, model, dram, gpu, ExclusivePolicy.WORK);
    }

    private static HostProfile of(String name, CpuModel cpu, long dram, Gpu gpu, ExclusivePolicy exclusives) {
        List<MemoryRange> memory = List.of(
                new MemoryRange("dram", Kind.DRAM, DRAM_BASE, dram),
                new MemoryRange("gpu-memory", Kind.DEVICE_MEMORY, gpu.memoryBase(), gpu.memorySize()));
        return new HostProfile(name, cpu, memory, gpu, exclusives);
    }

    /// {@return the host on which real KVM was recorded: RAM from 1 GiB on with a stretch that drivers map,
    /// memory with struct pages that is not `pfn_is_map_memory` at 0x6c000000, memory without either at
    /// 0xc0000000. Exclusives work on every memory type, as in the emulator that it ran on}
    public static HostProfile recording(CpuModel cpu) {
        List<MemoryRange> memory = List.of(
                new MemoryRange("ram-low", Kind.DRAM, RECORDING_RAM, RECORDING_DRIVER_RAM - RECORDING_RAM),
                new MemoryRange("ram-drivers", Kind.RESERVED_DRAM, RECORDING_DRIVER_RAM, 0x0200_0000L),
                new MemoryRange("ram", Kind.DRAM, 0x4600_0000L, RECORDING_NOMAP_VALID - 0x4600_0000L),
                new MemoryRange("nomapvalid", Kind.NOMAP_VALID, RECORDING_NOMAP_VALID, 0x0400_0000L),
                new MemoryRange("nomap", Kind.DEVICE_MEMORY, RECORDING_NOMAP, 2 * GIB));
        return new HostProfile("recording", cpu, memory, null, ExclusivePolicy.WORK);
    }

    /// {@return whether the interrupt controller can be a guest's GICv2: those of Grace and Altra (GIC-700, GIC-600)
    /// cannot}
    public boolean hasGicv2Compatibility() {
        return name.equals("max") || name.equals("recording");
    }

    /// {@return this host with another processor}
    ///
    /// @throws BadInput when the processor cannot address the host's memory
    public HostProfile withCpu(CpuModel newCpu) {
        return new HostProfile(name, newCpu, memory, gpu, exclusives);
    }

    /// {@return this host with another amount of GPU memory}
    ///
    /// @param size bytes, a multiple of 2 MiB above 0
    /// @throws BadInput when the host has no GPU or the size does not fit
    public HostProfile withGpuMemory(long size) {
        Gpu old = gpu;
        if (old == null) {
            throw new BadInput("Host '" + name + "' has no GPU whose memory could be set");
        }
        if (size <= 0 || (size & (2 * Sizes.MIB - 1)) != 0 || size > BAR0_BASE - GPU_MEMORY_BASE) {
            throw new BadInput("GPU memory of " + Sizes.format(size) + " is not a multiple of 2M up to "
                    + Sizes.format(BAR0_BASE - GPU_MEMORY_BASE));
        }
        List<MemoryRange> changed = new ArrayList<>();
        for (MemoryRange range : memory) {
            boolean isGpu = range.base() == old.memoryBase();
            changed.add(isGpu ? new MemoryRange(range.name(), range.kind(), range.base(), size) : range);
        }
        Gpu newGpu = new Gpu(old.memoryBase(), size, old.bar0Base(), old.identity(), old.migBug());
        return new HostProfile(name, cpu, changed, newGpu, exclusives);
    }

    /// {@return this host with another behaviour of exclusives and atomics}
    public HostProfile withExclusives(ExclusivePolicy policy) {
        return new HostProfile(name, cpu, memory, gpu, policy);
    }
}

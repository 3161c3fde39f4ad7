package dev.ipanema.host.platform;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.devices.gpu.CoherentGpu;
import dev.ipanema.devices.gpu.GpuBar0;
import dev.ipanema.devices.gpu.GpuModel;
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
/// | `cxl` | Neoverse V2 | 480G | 288G | yes | yes |
///
/// Altra, a710 and max have no coherent GPU on the market; theirs lets one guest run everywhere. `cxl` stands for a
/// successor of the Grace hosts whose GPU is a CXL device: all of it is this project's choice. Sizes of DRAM and GPU
/// memory of the Grace hosts are NVIDIA's; all base addresses are this project's choice.
///
/// Each GPU has a PCI segment to itself. The first lies below 1 TiB, which every modelled processor can address, the
/// others a TiB further up each.
///
/// @param name what a user calls it
/// @param memory ranges that do not overlap
/// @param gpus the coherent GPUs, none on some hosts
/// @param exclusives what exclusives and atomics do on memory other than Normal write-back
public record HostProfile(
        String name, CpuModel cpu, List<MemoryRange> memory, List<Gpu> gpus, ExclusivePolicy exclusives) {
    private static final long GIB = Sizes.GIB;
    private static final long DRAM_BASE = 2 * GIB;

    /// What firmware always leaves to the kernel.
    private static final long KERNEL_DRAM = GIB;

    /// Above all DRAM, a multiple of 512 GiB so that blocks of every size fit, and inside the 40 bits of
    /// physical address that every modelled processor has.
    private static final long GPU_MEMORY_BASE = 512 * GIB;

    private static final long BAR0_BASE = 960 * GIB;
    private static final long BAR2_BASE = 961 * GIB;
    private static final String GPU_MEMORY = "gpu-memory";

    /// The most GPUs of one host.
    public static final int MAX_GPUS = 16;

    /// Where the recordings' RAM, and memory that is not quite RAM, lie.
    private static final long RECORDING_RAM = GIB;

    private static final long RECORDING_DRIVER_RAM = 0x4400_0000L;
    private static final long RECORDING_NOMAP_VALID = 0x6C00_0000L;
    private static final long RECORDING_NOMAP = 0xC000_0000L;

    private static final List<String> NAMES = List.of("gb200", "gh200", "gb300", "altra", "a710", "max", "cxl");

    public HostProfile {
        memory = List.copyOf(memory);
        gpus = List.copyOf(gpus);
        long limit = 1L << cpu.paRangeBits();
        for (MemoryRange range : memory) {
            if (range.base() < 0 || range.size() <= 0 || range.end() > limit || range.end() < 0) {
                throw new BadInput("Memory " + range + " does not fit the " + cpu.paRangeBits()
                        + " physical address bits of " + cpu.name());
            }
        }
        for (Gpu gpu : gpus) {
            if (Math.max(gpu.bar0Base(), gpu.bar2Base()) >= limit) {
                throw new BadInput("The registers of GPU " + gpu.bdf() + " do not fit the " + cpu.paRangeBits()
                        + " physical address bits of " + cpu.name());
            }
        }
    }

    /// What firmware's tables say of a GPU's memory.
    public enum Properties {
        /// Where it is and how large.
        PRESENT,
        /// Nothing.
        ABSENT,
        /// That it has no bytes: firmware found the chip-to-chip link down.
        SIZE_0
    }

    /// A coherent GPU of a host.
    ///
    /// @param bdf segment, bus, device and function on the host's PCI bus
    /// @param memoryBase physical address of its memory (ACPI `nvidia,gpu-mem-base-pa`)
    /// @param memorySize bytes of it (ACPI `nvidia,gpu-mem-size`)
    /// @param bar0Base physical address of its registers
    /// @param bar2Base physical address of its aperture
    /// @param linkUp whether the chip-to-chip link is up
    /// @param trained whether memory training comes to an end
    /// @param snoops whether its DMA snoops the processors' caches; else its transactions say No Snoop, and
    ///     the IOMMU lets that pass
    /// @param properties what ACPI says of the memory
    public record Gpu(
            GpuModel model,
            String bdf,
            long memoryBase,
            long memorySize,
            long bar0Base,
            long bar2Base,
            boolean linkUp,
            boolean trained,
            boolean snoops,
            Properties properties) {
        /// {@return this GPU with its link up or down}
        public Gpu withLink(boolean up) {
            return new Gpu(model, bdf, memoryBase, memorySize, bar0Base, bar2Base, up, trained, snoops, properties);
        }

        /// {@return this GPU with its memory trained or not}
        public Gpu withTrained(boolean done) {
            return new Gpu(model, bdf, memoryBase, memorySize, bar0Base, bar2Base, linkUp, done, snoops, properties);
        }

        /// {@return this GPU with DMA that snoops the processors' caches or not}
        public Gpu withSnooping(boolean does) {
            return new Gpu(model, bdf, memoryBase, memorySize, bar0Base, bar2Base, linkUp, trained, does, properties);
        }

        /// {@return this GPU with other words of firmware on its memory}
        public Gpu withProperties(Properties said) {
            return new Gpu(model, bdf, memoryBase, memorySize, bar0Base, bar2Base, linkUp, trained, snoops, said);
        }

        Gpu withMemory(long size) {
            return new Gpu(model, bdf, memoryBase, size, bar0Base, bar2Base, linkUp, trained, snoops, properties);
        }
    }

    /// {@return the first coherent GPU, null on a host without}
    public @Nullable Gpu gpu() {
        return gpus.isEmpty() ? null : gpus.getFirst();
    }

    /// {@return the names that [#parse(String)] takes}
    public static List<String> names() {
        return NAMES;
    }

    /// {@return the profile of a name, in either case}
    ///
    /// @throws BadInput for another name, with the list of those known
    public static HostProfile parse(String text) {
        return switch (text.strip().toLowerCase(Locale.ROOT)) {
            case "gb200" -> grace("gb200", 192 * GIB, GpuModel.GB200);
            case "gh200" -> grace("gh200", 96 * GIB, GpuModel.GH200);
            case "gb300" -> grace("gb300", 288 * GIB, GpuModel.GB300);
            case "altra" -> other("altra", "neoverse-n1", 256 * GIB, 96 * GIB);
            case "a710" -> other("a710", "cortex-a710", 64 * GIB, 32 * GIB);
            case "max" -> other("max", "max", 64 * GIB, 96 * GIB);
            case "cxl" -> grace("cxl", 288 * GIB, GpuModel.CXL);
            default -> throw new BadInput("Host '" + text + "' is unknown; hosts: " + String.join(", ", NAMES));
        };
    }

    /// A host with a Grace processor. Exclusives on memory that is not write-back fault, which is how such
    /// systems were seen to behave in the review of the series.
    private static HostProfile grace(String name, long gpuMemory, GpuModel model) {
        return of(name, CpuModel.parse("neoverse-v2"), 480 * GIB, gpuMemory, model, ExclusivePolicy.FAULT_0X35);
    }

    private static HostProfile other(String name, String cpu, long dram, long gpuMemory) {
        return of(name, CpuModel.parse(cpu), dram, gpuMemory, GpuModel.GB200, ExclusivePolicy.WORK);
    }

    private static HostProfile of(
            String name, CpuModel cpu, long dram, long gpuMemory, GpuModel model, ExclusivePolicy exclusives) {
        List<MemoryRange> memory = List.of(new MemoryRange("dram", Kind.DRAM, DRAM_BASE, dram));
        HostProfile without = new HostProfile(name, cpu, memory, List.of(), exclusives);
        return without.withGpus(List.of(gpuAt(0, model, gpuMemory)));
    }

    /// {@return a GPU where the host has the one of an index, in working order}
    ///
    /// @param index from 0
    /// @param memorySize bytes of HBM
    public static Gpu gpuAt(int index, GpuModel model, long memorySize) {
        long window = index * Sizes.TIB;
        return new Gpu(
                model,
                String.format(Locale.ROOT, "%04x:01:00.0", index),
                window + GPU_MEMORY_BASE,
                memorySize,
                window + BAR0_BASE,
                window + BAR2_BASE,
                true,
                true,
                true,
                Properties.PRESENT);
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
        return new HostProfile("recording", cpu, memory, List.of(), ExclusivePolicy.WORK);
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
        return new HostProfile(name, newCpu, memory, gpus, exclusives);
    }

    /// {@return this host with another amount of memory in each GPU}
    ///
    /// @param size bytes, a multiple of 2 MiB above 0
    /// @throws BadInput when the host has no GPU or the size does not fit
    public HostProfile withGpuMemory(long size) {
        requireGpu("whose memory could be set");
        if (size <= 0 || (size & (2 * Sizes.MIB - 1)) != 0 || size > BAR0_BASE - GPU_MEMORY_BASE) {
            throw new BadInput("GPU memory of " + Sizes.format(size) + " is not a multiple of 2M up to "
                    + Sizes.format(BAR0_BASE - GPU_MEMORY_BASE));
        }
        return withGpus(gpus.stream().map(gpu -> gpu.withMemory(size)).toList());
    }

    private Gpu requireGpu(String whatFor) {
        if (gpus.isEmpty()) {
            throw new BadInput("Host '" + name + "' has no GPU " + whatFor);
        }
        return gpus.getFirst();
    }

    /// {@return this host with several GPUs like its first one}
    ///
    /// @throws BadInput when the host has no GPU, for a number that is not 1 to [#MAX_GPUS], and when the processor
    ///     cannot address them
    public HostProfile withGpuCount(int count) {
        Gpu first = requireGpu("to have several of");
        if (count < 1 || count > MAX_GPUS) {
            throw new BadInput(count + " GPUs; a host has 1 to " + MAX_GPUS);
        }
        List<Gpu> several = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            several.add(gpuAt(i, first.model(), first.memorySize())
                    .withLink(first.linkUp())
                    .withTrained(first.trained())
                    .withProperties(first.properties()));
        }
        return withGpus(several);
    }

    /// {@return this host with other GPUs, whose memory and registers must not overlap}
    ///
    /// @throws BadInput when they overlap or the processor cannot address them
    public HostProfile withGpus(List<Gpu> newGpus) {
        refuseOverlaps(newGpus);
        List<MemoryRange> changed = new ArrayList<>();
        for (MemoryRange range : memory) {
            if (!range.name().startsWith(GPU_MEMORY)) {
                changed.add(range);
            }
        }
        for (int i = 0; i < newGpus.size(); i++) {
            Gpu gpu = newGpus.get(i);
            String ofIndex = GPU_MEMORY + (i == 0 ? "" : "-" + i);
            changed.add(new MemoryRange(ofIndex, Kind.DEVICE_MEMORY, gpu.memoryBase(), gpu.memorySize()));
        }
        return new HostProfile(name, cpu, changed, newGpus, exclusives);
    }

    private record Window(Gpu gpu, long base, long size) {
        boolean overlaps(Window other) {
            return base < other.base + other.size && other.base < base + size;
        }
    }

    private static void refuseOverlaps(List<Gpu> gpus) {
        List<Window> windows = new ArrayList<>();
        for (Gpu gpu : gpus) {
            for (Window window : List.of(
                    new Window(gpu, gpu.memoryBase(), gpu.memorySize()),
                    new Window(gpu, gpu.bar0Base(), GpuBar0.SIZE),
                    new Window(gpu, gpu.bar2Base(), CoherentGpu.APERTURE_SIZE))) {
                for (Window other : windows) {
                    if (window.overlaps(other)) {
                        throw new BadInput("GPU " + gpu.bdf() + " with memory of " + Sizes.format(gpu.memorySize())
                                + " does not fit: " + Sizes.format(window.size) + " at " + Sizes.hex(window.base)
                                + " are in the way of " + Sizes.format(other.size) + " at " + Sizes.hex(other.base)
                                + " of GPU " + other.gpu.bdf());
                    }
                }
                windows.add(window);
            }
        }
    }

    /// {@return this host with a part of its DRAM hidden from the kernel, for `/dev/egm0`}
    ///
    /// @param size bytes, a multiple of 2 MiB above 0
    /// @throws BadInput when there is not that much DRAM beside what the kernel needs, or a part is hidden already
    public HostProfile withEgm(long size) {
        List<MemoryRange> changed = new ArrayList<>(memory);
        MemoryRange dram = memory.stream()
                .filter(range -> range.kind() == Kind.DRAM)
                .reduce((first, second) -> second)
                .orElseThrow(() -> new BadInput("Host '" + name + "' has no DRAM"));
        boolean again = memory.stream().anyMatch(range -> range.kind() == Kind.EGM);
        if (again || size <= 0 || (size & (2 * Sizes.MIB - 1)) != 0 || size > dram.size() - KERNEL_DRAM) {
            throw new BadInput(
                    again
                            ? "Host '" + name + "' has extended GPU memory already"
                            : "Extended GPU memory of " + Sizes.format(size) + " is not a multiple of 2M up to "
                                    + Sizes.format(dram.size() - KERNEL_DRAM));
        }
        changed.remove(dram);
        changed.addFirst(new MemoryRange(dram.name(), dram.kind(), dram.base(), dram.size() - size));
        changed.add(1, new MemoryRange("egm0", Kind.EGM, dram.end() - size, size));
        return new HostProfile(name, cpu, changed, gpus, exclusives);
    }

    /// {@return this host with another behaviour of exclusives and atomics}
    public HostProfile withExclusives(ExclusivePolicy policy) {
        return new HostProfile(name, cpu, memory, gpus, policy);
    }
}

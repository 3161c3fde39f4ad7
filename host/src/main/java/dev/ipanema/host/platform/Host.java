package dev.ipanema.host.platform;

import dev.ipanema.arm.cpu.CpuFeature;
import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.base.time.Ticker;
import dev.ipanema.devices.gpu.GpuBar0;
import dev.ipanema.host.driver.DeviceRegion;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.KernelMemory;
import dev.ipanema.host.mm.PfnDatabase;
import dev.ipanema.machine.cpu.GicvFrame;
import dev.ipanema.machine.cpu.Machine;
import dev.ipanema.machine.memory.PhysicalMemory;
import dev.ipanema.machine.memory.PhysicalMemoryBuilder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One running host: its machine, and the memory of the kernel that runs on it. Processes are address
/// spaces of [#newAddressSpace()]; several virtual machines may live on one host.
///
/// The features are system-wide: every processing element has them or none.
public final class Host implements AutoCloseable {
    /// Where the virtual CPU interface for guests with a GICv2 lies, on hosts that have one; as in QEMU's `virt`.
    private static final long GICV_BASE = 0x0804_0000L;

    private final HostProfile profile;
    private final Machine machine;
    private final KernelMemory kernel;
    private final @Nullable GpuBar0 bar0;

    private Host(Builder builder) {
        this.profile = builder.profile;
        HostProfile.Gpu gpu = profile.gpu();
        PhysicalMemoryBuilder memory = PhysicalMemory.builder();
        List<PfnDatabase.PfnRange> pfnRanges = new ArrayList<>();
        List<PfnDatabase.PfnRange> reserved = new ArrayList<>();
        for (MemoryRange range : profile.memory()) {
            memory.ram(range.name(), range.base(), range.size());
            PfnDatabase.PfnRange pfns = new PfnDatabase.PfnRange(
                    range.name(),
                    range.base(),
                    range.size(),
                    range.kind().isMapMemory(),
                    range.kind().hasStructPage());
            pfnRanges.add(pfns);
            if (range.kind() == MemoryRange.Kind.RESERVED_DRAM) {
                reserved.add(pfns);
            }
        }
        this.bar0 = gpu == null ? null : new GpuBar0(gpu.identity());
        if (gpu != null && bar0 != null) {
            memory.mmio("bar0", gpu.bar0Base(), GpuBar0.SIZE, bar0);
        }
        GicvFrame gicv = new GicvFrame();
        if (profile.hasGicv2Compatibility()) {
            memory.mmio("gicv", GICV_BASE, GicvFrame.SIZE, gicv);
        }
        if (builder.maxResident > 0) {
            memory.maxResident(builder.maxResident);
        }
        this.machine = new Machine(
                memory.build(), profile.cpu(), builder.processingElements, profile.exclusives(), builder.ticker);
        gicv.attach(machine);
        this.kernel = new KernelMemory(
                machine.physicalMemory(), new PfnDatabase(pfnRanges), reserved, mte(), builder.thpAlways);
    }

    /// {@return a builder of a host of a kind, with one processing element and the host's clock}
    public static Builder builder(HostProfile profile) {
        return new Builder(profile);
    }

    /// Collects what a host shall be.
    public static final class Builder {
        private final HostProfile profile;
        private int processingElements = 1;
        private long maxResident;
        private Ticker ticker = Ticker.system();
        private boolean thpAlways;

        private Builder(HostProfile profile) {
            this.profile = profile;
        }

        /// Sets how many processing elements the machine has, 1 to [Machine#MAX_PROCESSING_ELEMENTS].
        public Builder processingElements(int count) {
            processingElements = count;
            return this;
        }

        /// Sets how many bytes of simulated RAM may be touched.
        public Builder maxResident(long bytes) {
            maxResident = bytes;
            return this;
        }

        /// Sets what drives the system counter.
        public Builder ticker(Ticker newTicker) {
            ticker = newTicker;
            return this;
        }

        /// Makes transparent huge pages come without `MADV_HUGEPAGE`
        /// (`/sys/kernel/mm/transparent_hugepage/enabled`: `always` instead of `madvise`).
        public Builder thpAlways(boolean always) {
            thpAlways = always;
            return this;
        }

        /// {@return the running host}
        public Host build() {
            return new Host(this);
        }
    }

    /// {@return what kind of host it is}
    public HostProfile profile() {
        return profile;
    }

    /// {@return the hardware}
    public Machine machine() {
        return machine;
    }

    /// {@return the kernel's memory}
    public KernelMemory kernel() {
        return kernel;
    }

    /// {@return where the virtual CPU interface of a GICv2 lies, -1 when the interrupt controller has none}
    public long gicvBase() {
        return profile.hasGicv2Compatibility() ? GICV_BASE : -1;
    }

    /// {@return the processor}
    public CpuModel cpu() {
        return profile.cpu();
    }

    /// {@return whether stage 2 can force write-back (`ARM64_HAS_STAGE2_FWB`)}
    public boolean fwb() {
        return cpu().has(CpuFeature.FWB);
    }

    /// {@return whether instruction caches need no invalidation (`ARM64_HAS_CACHE_DIC`)}
    public boolean dic() {
        return cpu().has(CpuFeature.DIC);
    }

    /// {@return whether data caches need no cleaning to the point of unification (`ARM64_HAS_CACHE_IDC`)}
    public boolean idc() {
        return cpu().has(CpuFeature.IDC);
    }

    /// {@return whether memory tagging is there (`system_supports_mte`)}
    public boolean mte() {
        return cpu().has(CpuFeature.MTE);
    }

    /// {@return whether 52-bit addresses work with 4 KiB pages (`ARM64_HAS_LPA2`)}
    public boolean lpa2() {
        return cpu().has(CpuFeature.LPA2);
    }

    /// {@return whether TLBs can be invalidated by range (`ARM64_HAS_TLB_RANGE`)}
    public boolean tlbiRange() {
        return cpu().has(CpuFeature.TLBIRANGE);
    }

    /// {@return the size of a physical address in bits}
    public int paRangeBits() {
        return cpu().paRangeBits();
    }

    /// {@return a new process}
    public AddressSpace newAddressSpace() {
        return kernel.newAddressSpace();
    }

    /// {@return the registers of the GPU, null on a host without}
    public @Nullable GpuBar0 bar0() {
        return bar0;
    }

    /// {@return a file whose mapping is part of the GPU's memory}
    ///
    /// @param kind `USEMEM` or `RESMEM`
    /// @param offset bytes into the memory, a multiple of 4 KiB
    /// @param length bytes
    /// @param atMmap whether it is mapped whole at mmap, as up to 6.17
    /// @throws IllegalArgumentException when the host has no GPU or the range is not in its memory
    public DeviceRegion gpuMemory(DeviceRegion.Kind kind, long offset, long length, boolean atMmap) {
        HostProfile.Gpu gpu = gpu();
        if (kind == DeviceRegion.Kind.BAR || offset < 0 || length <= 0 || offset > gpu.memorySize() - length) {
            throw new IllegalArgumentException(
                    "No " + kind + " at offset=" + offset + " length=" + length + " memory=" + gpu.memorySize());
        }
        String name = "/dev/vfio/gpu-" + (kind == DeviceRegion.Kind.USEMEM ? "usemem" : "resmem");
        return new DeviceRegion(kernel, name, kind, gpu.memoryBase() + offset, length, atMmap);
    }

    /// {@return a file whose mapping is the GPU's registers}
    ///
    /// @throws IllegalArgumentException when the host has no GPU
    public DeviceRegion gpuBar0() {
        return new DeviceRegion(
                kernel, "/dev/vfio/gpu-bar0", DeviceRegion.Kind.BAR, gpu().bar0Base(), GpuBar0.SIZE, false);
    }

    private HostProfile.Gpu gpu() {
        HostProfile.Gpu gpu = profile.gpu();
        if (gpu == null) {
            throw new IllegalArgumentException("Host " + profile.name() + " has no GPU");
        }
        return gpu;
    }

    /// Ends all processes and gives the memory back. No processing element may be running.
    @Override
    public void close() {
        kernel.addressSpaces().forEach(AddressSpace::close);
        machine.close();
    }
}

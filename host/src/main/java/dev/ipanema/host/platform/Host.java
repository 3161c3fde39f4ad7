package dev.ipanema.host.platform;

import dev.ipanema.arm.cpu.CpuFeature;
import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.register.Ctr;
import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.time.Ticker;
import dev.ipanema.devices.gpu.CoherentGpu;
import dev.ipanema.devices.gpu.GpuBar0;
import dev.ipanema.host.driver.DeviceRegion;
import dev.ipanema.host.driver.EgmDevice;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.KernelMemory;
import dev.ipanema.host.mm.PfnDatabase;
import dev.ipanema.host.vfio.Delay;
import dev.ipanema.host.vfio.DeviceIommu;
import dev.ipanema.host.vfio.PhysicalFunction;
import dev.ipanema.host.vfio.Vfio;
import dev.ipanema.machine.cache.CacheModel;
import dev.ipanema.machine.cache.CacheOptions;
import dev.ipanema.machine.cpu.GicvFrame;
import dev.ipanema.machine.cpu.Machine;
import dev.ipanema.machine.memory.PhysicalMemory;
import dev.ipanema.machine.memory.PhysicalMemoryBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/// One running host: its machine, and the memory of the kernel that runs on it. Processes are address
/// spaces of [#newAddressSpace()]; several virtual machines may live on one host.
///
/// The features are system-wide: every processing element has them or none.
public final class Host implements AutoCloseable {
    /// Where the virtual CPU interface for guests with a GICv2 lies, on hosts that have one; as in QEMU's
    /// `virt`.
    private static final long GICV_BASE = 0x0804_0000L;

    private final HostProfile profile;
    private final Machine machine;
    private final @Nullable CacheModel caches;
    private final KernelMemory kernel;
    private final List<CoherentGpu> gpus = new ArrayList<>();
    private final List<DeviceThread> deviceThreads = new ArrayList<>();
    private final List<EgmDevice> egm = new ArrayList<>();
    private final Vfio vfio;

    private Host(Builder builder) {
        this.profile = builder.profile;
        PhysicalMemoryBuilder memory = PhysicalMemory.builder();
        CacheOptions cacheOptions = builder.caches;
        this.caches = cacheOptions == null
                ? null
                : new CacheModel(cacheOptions, profile.cpu().effectiveCtrEl0());
        if (cacheOptions != null && caches != null) {
            memory.caches(caches, cacheOptions.tracked()::includes);
        }
        List<PfnDatabase.PfnRange> pfnRanges = new ArrayList<>();
        List<PfnDatabase.PfnRange> reserved = new ArrayList<>();
        for (MemoryRange range : profile.memory()) {
            memory.ram(range.name(), range.base(), range.size(), range.kind().isMapMemory());
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
        Fabric fabric = new Fabric(profile.gpus());
        List<PhysicalFunction> functions = addGpus(builder, memory, fabric);
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
        fabric.attach(machine.physicalMemory());
        this.vfio = new Vfio(kernel, functions, builder.ticker, builder.delay);
        for (MemoryRange range : profile.memory()) {
            if (range.kind() == MemoryRange.Kind.EGM) {
                egm.add(new EgmDevice(kernel, "/dev/" + range.name(), range.base(), range.size()));
            }
        }
    }

    /// {@return the caches, null when they are not modelled}
    public @Nullable CacheModel caches() {
        return caches;
    }

    private List<PhysicalFunction> addGpus(Builder builder, PhysicalMemoryBuilder memory, Fabric fabric) {
        List<PhysicalFunction> functions = new ArrayList<>();
        for (HostProfile.Gpu gpu : profile.gpus()) {
            DeviceIommu iommu = new DeviceIommu(gpu.snoops());
            CoherentGpu hardware = new CoherentGpu(
                    gpu.model(), gpu.memoryBase(), gpu.memorySize(), iommu, fabric, executor(builder, gpu.bdf()));
            hardware.setLink(gpu.linkUp());
            hardware.setTrained(gpu.trained());
            String suffix = gpus.isEmpty() ? "" : "-" + gpus.size();
            memory.mmio("bar0" + suffix, gpu.bar0Base(), GpuBar0.SIZE, hardware.bar0());
            memory.mmio("bar2" + suffix, gpu.bar2Base(), CoherentGpu.APERTURE_SIZE, hardware.bar2());
            gpus.add(hardware);
            functions.add(new PhysicalFunction(
                    gpu.bdf(),
                    hardware,
                    hardware::reset,
                    iommu,
                    Map.of(CoherentGpu.REGISTER_BAR, gpu.bar0Base(), CoherentGpu.APERTURE_BAR, gpu.bar2Base()),
                    properties(gpu)));
        }
        return functions;
    }

    private Executor executor(Builder builder, String bdf) {
        if (builder.devicesOnCallersThread) {
            return Runnable::run;
        }
        DeviceThread thread = new DeviceThread("gpu " + bdf);
        deviceThreads.add(thread);
        return thread;
    }

    private static PhysicalFunction.MemoryProperties properties(HostProfile.Gpu gpu) {
        return switch (gpu.properties()) {
            case PRESENT -> new PhysicalFunction.MemoryProperties(true, gpu.memoryBase(), gpu.memorySize());
            case ABSENT -> PhysicalFunction.MemoryProperties.absent();
            case SIZE_0 -> new PhysicalFunction.MemoryProperties(true, gpu.memoryBase(), 0);
        };
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
        private boolean devicesOnCallersThread;
        private Delay delay = Delay.none();
        private @Nullable CacheOptions caches;

        private Builder(HostProfile profile) {
            this.profile = profile;
        }

        /// Models caches; without it memory has one value for everybody.
        ///
        /// @param options null for none
        public Builder caches(@Nullable CacheOptions options) {
            caches = options;
            return this;
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

        /// Lets devices do their work on the thread that asks for it, so that a run can repeat exactly;
        /// without it each has a thread of its own. Only for virtual machines that run in lockstep or
        /// have one vCPU: a device that waits for a lock on a vCPU's thread does not serve TLB
        /// maintenance.
        public Builder devicesOnCallersThread(boolean onCallers) {
            devicesOnCallersThread = onCallers;
            return this;
        }

        /// Sets how drivers wait for a device that is not ready; without it, not at all: the devices
        /// count looks.
        public Builder delay(Delay newDelay) {
            delay = newDelay;
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
        return (cpu().effectiveCtrEl0() & Ctr.IDC) != 0;
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

    /// {@return the plain registers of the first GPU, null on a host without}
    public @Nullable GpuBar0 bar0() {
        return gpus.isEmpty() ? null : gpus.getFirst().registers();
    }

    /// {@return the GPUs as hardware, in the order of the profile}
    public List<CoherentGpu> gpus() {
        return List.copyOf(gpus);
    }

    /// {@return where the devices are that can be handed to a process: `0000:01:00.0` and so on}
    public List<String> pciDevices() {
        return vfio.devices();
    }

    /// {@return the drivers that hand devices to processes}
    public Vfio vfio() {
        return vfio;
    }

    /// Opens `/dev/egm0` and so on, memory hidden from the kernel for guests.
    ///
    /// @return the device, to be closed
    /// @throws BadInput when there is none of the number
    public EgmDevice egm(int index) {
        if (index < 0 || index >= egm.size()) {
            throw new BadInput("Host '" + profile.name() + "' has no /dev/egm" + index + ", but " + egm.size());
        }
        egm.get(index).open();
        return egm.get(index);
    }

    /// {@return what ended a device's work though nothing should, empty while all is well: the simulated
    /// memory may be used up}
    public Optional<Throwable> deviceFailure() {
        return deviceThreads.stream()
                .flatMap(thread -> thread.failure().stream())
                .findFirst();
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
        gpus.forEach(CoherentGpu::reset);
        deviceThreads.forEach(DeviceThread::close);
        kernel.addressSpaces().forEach(AddressSpace::close);
        machine.close();
    }
}

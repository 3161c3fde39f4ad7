package dev.ipanema.vmm.probe;

import dev.ipanema.arm.cpu.CpuFeature;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.base.time.Ticker;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.guests.program.Operation;
import dev.ipanema.guests.program.ProbePayload;
import dev.ipanema.host.driver.DeviceRegion;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.MappableFile;
import dev.ipanema.host.mm.Mman;
import dev.ipanema.host.mm.UserMemory;
import dev.ipanema.host.mm.VmFlags;
import dev.ipanema.host.mm.Vma;
import dev.ipanema.host.platform.Host;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.kvm.mmu.Maintenance;
import dev.ipanema.kvm.stage2.Stage2PageTable;
import dev.ipanema.kvm.uapi.KvmReg;
import dev.ipanema.kvm.uapi.UserspaceMemoryRegion;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.kvm.version.VmaInfo;
import dev.ipanema.kvm.vm.KvmError;
import dev.ipanema.vmm.scenario.LeafState;
import dev.ipanema.vmm.scenario.ProbeMachine;
import dev.ipanema.vmm.scenario.RunOutcome;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Boots the default guest on a host and lets it probe each kind of memory.
///
/// Each probe runs on memory of its own, 2 MiB apart where the region is large enough. Before it the VMM writes a
/// pattern through
/// its own mapping and sets PC and registers; whatever ends the run is the probe's outcome, and the next one
/// runs.
public final class ProbeRun {
    private static final long SPREAD = 2 * Sizes.MIB;
    private static final long SMALLEST_SPREAD_REGION = 64 * Sizes.MIB;
    private static final long PAGE = 4096;
    private static final int FIRST_SLOT = 1;
    private static final long VA_LIMIT = 1L << 39;

    /// Where in its page a probe accesses: behind the read-only register of BAR0.
    private static final long OFFSET = 0x40;

    private static final long PATTERN = 0x1122_3344_5566_7788L;
    private static final long CALL_RESULT = 0x5a5a;

    /// `movz x1, #0x5a5a; ret`.
    private static final long CALLED_CODE = 0xd65f_03c0_d28b_4b41L;

    private final Host host;
    private final KernelVersion version;
    private final long ramSize;
    private final Ticker ticker;
    private final Set<Maintenance> leftOut;
    private final long deadline;
    private final Prediction.HostFacts facts;

    /// @param ramSize bytes of the region `ram`, a multiple of 2 MiB
    /// @param timeoutSeconds 0: no limit
    public ProbeRun(Host host, KernelVersion version, long ramSize, long timeoutSeconds, Ticker ticker) {
        this(host, version, ramSize, timeoutSeconds, ticker, Set.of());
    }

    /// @param ramSize bytes of the region `ram`, a multiple of 2 MiB
    /// @param timeoutSeconds 0: no limit
    /// @param leftOut cache maintenance that KVM does not do
    public ProbeRun(
            Host host,
            KernelVersion version,
            long ramSize,
            long timeoutSeconds,
            Ticker ticker,
            Set<Maintenance> leftOut) {
        if (ramSize < SMALLEST_SPREAD_REGION || ramSize % SPREAD != 0) {
            throw new BadInput(
                    "-m: the default guest needs at least 64M of memory in steps of 2M, not " + Sizes.format(ramSize));
        }
        if (ProbeRegion.RAM.ipa() + ramSize > ProbeRegion.BAR0.ipa()) {
            throw new BadInput("-m: the default guest takes at most "
                    + Sizes.format(ProbeRegion.BAR0.ipa() - ProbeRegion.RAM.ipa()) + " of memory");
        }
        this.host = host;
        this.version = version;
        this.ramSize = ramSize;
        this.ticker = ticker;
        this.leftOut = leftOut;
        this.deadline = timeoutSeconds == 0 ? Long.MAX_VALUE : ticker.nanos() + timeoutSeconds * 1_000_000_000L;
        this.facts = new Prediction.HostFacts(
                host.fwb(),
                host.dic(),
                host.cpu().guestHas(CpuFeature.LSE),
                host.profile().exclusives());
    }

    /// {@return what the guest found}
    ///
    /// @param tables is given the VM's stage-2 tables when all probes have run
    public ProbeReport run(Consumer<Stage2PageTable> tables) {
        try (ProbeMachine machine = new ProbeMachine(host, version, false, true, null, leftOut)) {
            Map<ProbeRegion, ProbeReport.RegionReport> regions = new EnumMap<>(ProbeRegion.class);
            List<ProbeResult> results = new ArrayList<>();
            List<Stage2Row> stage2 = new ArrayList<>();
            boolean timedOut = false;
            String defect = "";
            try {
                for (ProbeRegion region : ProbeRegion.values()) {
                    timedOut |= !probe(machine, region, regions, results);
                    ProbeReport.RegionReport report = regions.get(region);
                    if (report != null && report.slotErrno() == 0) {
                        stage2.addAll(rows(machine, region.word(), region.ipa(), report.size()));
                    }
                }
                stage2.addAll(0, rows(machine, "code", ProbePayload.BASE, Sizes.MIB));
                tables.accept(machine.vm().stage2());
            } catch (KvmError e) {
                defect = String.valueOf(e.getMessage());
            }
            return new ProbeReport(host.profile().name(), version.name(), regions, results, stage2, timedOut, defect);
        }
    }

    private List<Stage2Row> rows(ProbeMachine machine, String region, long ipa, long size) {
        return Stage2Rows.of(machine.vm().stage2(), host.fwb(), region, ipa, size);
    }

    /// Probes one region; false when the time ran out.
    private boolean probe(
            ProbeMachine machine,
            ProbeRegion region,
            Map<ProbeRegion, ProbeReport.RegionReport> regions,
            List<ProbeResult> results) {
        AddressSpace mm = machine.mm();
        DeviceRegion device = device(region);
        long size = device == null ? ramSize : device.length();
        if (region.ipa() + size > VA_LIMIT) {
            throw new BadInput("--gpu-memory: the default guest reaches at most "
                    + Sizes.format(VA_LIMIT - region.ipa()) + " of GPU memory, not " + Sizes.format(size));
        }
        long hva = map(mm, device, size);
        Vma vma = mm.findVma(hva);
        if (vma == null) {
            throw new IllegalStateException("The mapping of " + region.word() + " has no VMA");
        }
        Prediction.MemoryFacts memory =
                new Prediction.MemoryFacts(VmaInfo.of(vma.vmFlags(), vma.pageProt()), device == null);
        String description = VmFlags.names(vma.vmFlags()) + ", " + vma.pageProt();
        int slotErrno = machine.vm()
                .setUserMemoryRegion(
                        new UserspaceMemoryRegion(FIRST_SLOT + region.ordinal(), 0, region.ipa(), size, hva));
        String slotReasons = machine.vm().lastTrail().toString();
        String faultReasons = "";
        boolean inTime = true;
        for (Probe probe : Probe.of(region)) {
            if (ticker.nanos() > deadline) {
                inTime = false;
                break;
            }
            ProbeResult result = probe(machine, probe, memory, slotErrno, hva, size);
            if (faultReasons.isEmpty() && slotErrno == 0) {
                faultReasons = reasonsOfAbortAt(machine, result.ipa() & -PAGE);
            }
            results.add(result);
        }
        regions.put(region, new ProbeReport.RegionReport(size, description, slotErrno, slotReasons, faultReasons));
        return inTime;
    }

    /// {@return the steps of KVM's trail that belong to the first abort on a page; of the first abort of all when the
    /// guest
    /// did not get that far}
    private static String reasonsOfAbortAt(ProbeMachine machine, long ipa) {
        List<List<DecisionTrail.Step>> aborts = new ArrayList<>();
        for (DecisionTrail.Step step : machine.steps()) {
            if (step.subject().equals("PC")) {
                aborts.add(new ArrayList<>());
            }
            if (!aborts.isEmpty()) {
                aborts.getLast().add(step);
            }
        }
        String wanted = Sizes.hex(ipa);
        return aborts.stream()
                .filter(abort -> abort.stream()
                        .anyMatch(step ->
                                step.subject().equals("IPA") && step.value().equals(wanted)))
                .findFirst()
                .or(() -> aborts.stream().findFirst())
                .map(abort -> abort.stream().map(step -> step + "\n").collect(Collectors.joining()))
                .orElse("");
    }

    /// The GPU's memory as GH200's driver divides it: the last GiB or a little more is mapped uncached
    /// (`drivers/vfio/pci/nvgrace-gpu/main.c:nvgrace_gpu_init_nvdev_struct`). Other hosts divide it alike, so that
    /// one guest can look at both kinds everywhere.
    private @Nullable DeviceRegion device(ProbeRegion region) {
        HostProfile.Gpu gpu = host.profile().gpu();
        if (gpu == null) {
            throw new BadInput("Host '" + host.profile().name() + "' has no GPU for the default guest to probe");
        }
        long whole = gpu.memorySize();
        long usemem = whole >= 2 * Sizes.GIB ? (whole - Sizes.GIB) & -(512 * Sizes.MIB) : (whole / 2) & -SPREAD;
        if (usemem == 0) {
            throw new BadInput("--gpu-memory: the default guest needs at least " + Sizes.format(2 * SPREAD)
                    + " of GPU memory, not " + Sizes.format(whole));
        }
        boolean atMmap = version.mapsGpuMemoryAtMmap();
        return switch (region) {
            case RAM -> null;
            case GPU_USEMEM -> host.gpuMemory(DeviceRegion.Kind.USEMEM, 0, usemem, atMmap);
            case NC -> host.gpuMemory(DeviceRegion.Kind.RESMEM, usemem, whole - usemem, atMmap);
            case BAR0 -> host.gpuBar0();
        };
    }

    private static long map(AddressSpace mm, @Nullable MappableFile file, long size) {
        long hint = mm.unmappedArea(size, Math.min(Long.highestOneBit(size), Sizes.GIB));
        int protection = Mman.PROT_READ | Mman.PROT_WRITE;
        long hva = file == null
                ? mm.mmap(hint, size, protection, Mman.MAP_PRIVATE | Mman.MAP_ANONYMOUS | Mman.MAP_FIXED)
                : mm.mmap(hint, size, protection, Mman.MAP_SHARED | Mman.MAP_FIXED, file, 0);
        if (hva < 0) {
            throw new IllegalStateException("mmap failed: " + Errno.render((int) hva));
        }
        if (file == null) {
            mm.madvise(hva, size, Mman.MADV_HUGEPAGE);
        }
        return hva;
    }

    private ProbeResult probe(
            ProbeMachine machine, Probe probe, Prediction.MemoryFacts memory, int slotErrno, long hva, long size) {
        long at = (size >= SMALLEST_SPREAD_REGION ? probe.index() * SPREAD : 0) + OFFSET;
        long ipa = probe.region().ipa() + at;
        DecisionTrail trail = new DecisionTrail();
        ProbeOutcome predicted = new Prediction(version, facts, trail).of(probe, memory);
        ProbeOutcome actual;
        if (slotErrno != 0) {
            actual = ProbeOutcome.slotRefused(slotErrno);
        } else {
            writePattern(machine.mm().userMemory(), hva + at);
            actual = access(machine, probe, ipa, hva + at);
        }
        LeafState leaf = slotErrno == 0 ? machine.leaf(ipa) : LeafState.UNMAPPED;
        return new ProbeResult(probe, ipa, predicted, actual, leaf, trail.toString());
    }

    private static void writePattern(UserMemory memory, long hva) {
        for (long offset = 0; offset < 16; offset += Long.BYTES) {
            memory.store(hva + offset, Long.BYTES, PATTERN + offset);
            memory.store(hva + 0x100 + offset, Long.BYTES, PATTERN + offset);
        }
        memory.store(hva + ProbePayload.ZVA_OFFSET, Long.BYTES, PATTERN);
        memory.store(hva + ProbePayload.CODE_OFFSET, Long.BYTES, CALLED_CODE);
    }

    private static ProbeOutcome access(ProbeMachine machine, Probe probe, long ipa, long hva) {
        UserMemory memory = machine.mm().userMemory();
        long unaligned = unaligned(memory, hva);
        ProbeMachine.Run run = machine.run(probe.operation(), probe.stage1(), ipa);
        return switch (run.end()) {
            case RunOutcome.RunFailed failed -> ProbeOutcome.kvmErrno(-failed.errno());
            case RunOutcome.GuestException _ ->
                ProbeOutcome.guestException(machine.vcpu().getOneReg(KvmReg.x(ProbePayload.SYNDROME)));
            case RunOutcome.OtherExit _, RunOutcome.Endless _ -> new ProbeOutcome(ProbeOutcome.Kind.NO_END, 0, 0);
            case RunOutcome.Reported reported ->
                run.mmio().isEmpty()
                        ? isRight(probe.operation(), reported, unaligned, memory, hva)
                                ? ProbeOutcome.OK
                                : new ProbeOutcome(ProbeOutcome.Kind.WRONG_VALUE, 0, 0)
                        : new ProbeOutcome(ProbeOutcome.Kind.MMIO_EXIT, 0, 0);
        };
    }

    /// The word at the unaligned offset, read as the VMM may read Device memory: aligned.
    private static long unaligned(UserMemory memory, long hva) {
        long aligned = hva + (ProbePayload.UNALIGNED_OFFSET & -Long.BYTES);
        int shift = (ProbePayload.UNALIGNED_OFFSET % Long.BYTES) * Byte.SIZE;
        return (memory.load(aligned, Long.BYTES) >>> shift)
                | (memory.load(aligned + Long.BYTES, Long.BYTES) << (Long.SIZE - shift));
    }

    /// Whether the guest saw what the VMM had written, and the VMM sees what the guest wrote.
    private static boolean isRight(
            Operation operation, RunOutcome.Reported reported, long unaligned, UserMemory memory, long hva) {
        long stored = ProbePayload.STORE_VALUE;
        return switch (operation) {
            case R -> reported.first() == PATTERN;
            case RU -> reported.first() == unaligned;
            case LDP -> reported.first() == PATTERN && reported.second() == PATTERN + Long.BYTES;
            case W -> memory.load(hva, Long.BYTES) == stored;
            case WU -> unaligned(memory, hva) == stored;
            case STP -> memory.load(hva, Long.BYTES) == stored && memory.load(hva + Long.BYTES, Long.BYTES) == stored;
            case LDXR_STXR ->
                reported.first() == PATTERN && reported.second() == 0 && memory.load(hva, Long.BYTES) == stored;
            case LDADD -> reported.first() == PATTERN && memory.load(hva, Long.BYTES) == PATTERN + stored;
            case DCZVA -> memory.load(hva + ProbePayload.ZVA_OFFSET, Long.BYTES) == 0;
            case X -> reported.first() == CALL_RESULT;
            case R32, LDR_POST, R_W, DCCIVAC, DCIVAC, ICIVAU, AT_S1E1R, W_X, X_W, R_X ->
                throw new IllegalArgumentException("No probe: " + operation);
        };
    }
}

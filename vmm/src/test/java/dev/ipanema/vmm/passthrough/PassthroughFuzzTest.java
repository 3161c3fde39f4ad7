package dev.ipanema.vmm.passthrough;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.devices.gpu.CopyEngine;
import dev.ipanema.devices.gpu.CopyStatus;
import dev.ipanema.devices.gpu.GpuModel;
import dev.ipanema.devices.pci.PciConfig;
import dev.ipanema.guests.program.Operation;
import dev.ipanema.guests.program.ProbePayload;
import dev.ipanema.guests.program.Stage1;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.HostPte;
import dev.ipanema.host.mm.Mman;
import dev.ipanema.host.mm.VmFlags;
import dev.ipanema.host.mm.Vma;
import dev.ipanema.host.platform.Host;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.PhysicalMemory;
import dev.ipanema.machine.memory.PhysicalRegion;
import dev.ipanema.vmm.scenario.ProbeMachine;
import dev.ipanema.vmm.scenario.RunOutcome;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A hostile guest with two GPUs: random writes to configuration spaces, BARs and copy engines. After each step KVM's
/// slots are the windows that answer, worked out here from the registers, and stage 2 maps each of them to that
/// device and nothing else; at the end no page of the host is touched that belongs to nobody, and no other process has
/// lost a bit.
@Timeout(3600)
class PassthroughFuzzTest {
    private static final int SHORT_RUN = 3000;
    private static final int LONG_RUN = 200_000;
    private static final long PAGE = 4096;
    private static final int TABLE_ENTRIES = 512;
    private static final int LEVEL_SHIFT = 9;
    private static final int LAST_LEVEL = 3;
    private static final int PAGE_SHIFT = 12;
    private static final long DESCRIPTOR_ADDRESS = 0xffff_ffff_f000L;
    private static final int VICTIM_PAGES = 64;
    private static final long VICTIM_PATTERN = 0x5ec2_e75e_c2e7_5ec2L;
    private static final long MSIX_TABLE = 0xb9_0000;
    private static final long MSIX_PENDING = 0xba_0000;
    private static final int CAP_POWER = 0x01;
    private static final int CAP_MSIX = 0x11;
    private static final int MSIX_ENABLE = 1 << 15;
    private static final int[] SIZES = {1, 2, 4, 8};

    /// The payload's operations that end whatever the memory holds.
    private static final List<Operation> OPERATIONS = List.of(
            Operation.R,
            Operation.W,
            Operation.RU,
            Operation.WU,
            Operation.R32,
            Operation.LDXR_STXR,
            Operation.LDADD,
            Operation.DCZVA,
            Operation.LDP,
            Operation.STP,
            Operation.DCCIVAC);

    private final long seed = Long.getLong("ipanema.seed", 1);
    private final SplittableRandom random = new SplittableRandom(seed);
    private final Set<Long> tables = new HashSet<>();

    /// What the run came across, so that it is seen to try what it is for.
    private long leaves;

    private long hidden;
    private long copied;
    private long accessed;
    private long messages;

    /// A BAR of a device, as the hardware's specification has it.
    ///
    /// @param register in configuration space
    /// @param size that decoding takes
    /// @param mapped bytes of it that are there
    /// @param pa where they are on the host
    private record Bar(int device, int register, long size, long mapped, long pa) {
        boolean isWide() {
            return register != GuestBus.BAR0;
        }
    }

    /// A slot that has to be there.
    private record Expected(long ipa, long size, long pa) {
        boolean overlaps(Expected other) {
            return ipa < other.ipa + other.size && other.ipa < ipa + size;
        }
    }

    private static HostProfile profile() {
        return HostProfile.recording(CpuModel.parse("neoverse-v2"))
                .withGpus(List.of(
                        HostProfile.gpuAt(0, GpuModel.GB200, 96 * Sizes.MIB),
                        HostProfile.gpuAt(1, GpuModel.GH200, 2 * Sizes.GIB)));
    }

    private static List<Bar> bars(HostProfile profile) {
        HostProfile.Gpu first = profile.gpus().get(0);
        HostProfile.Gpu second = profile.gpus().get(1);
        long mib = Sizes.MIB;
        long gib = Sizes.GIB;
        return List.of(
                new Bar(0, GuestBus.BAR0, 16 * mib, 16 * mib, first.bar0Base()),
                new Bar(0, GuestBus.BAR2, 64 * mib, 64 * mib, first.bar2Base()),
                new Bar(0, GuestBus.BAR4, 128 * mib, 96 * mib, first.memoryBase()),
                new Bar(1, GuestBus.BAR0, 16 * mib, 16 * mib, second.bar0Base()),
                new Bar(1, GuestBus.BAR2, gib, gib, second.memoryBase() + gib),
                new Bar(1, GuestBus.BAR4, gib, gib, second.memoryBase()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"linux-7.3", "linux-6.17", "linux-6.16"})
    void aHostileGuestReachesItsDevicesAndNothingElse(String policy) {
        System.out.println("PassthroughFuzzTest " + policy + ": -Dipanema.seed=" + seed);
        int steps = Boolean.getBoolean("ipanema.long") ? LONG_RUN : SHORT_RUN;
        HostProfile profile = profile();
        List<Bar> bars = bars(profile);
        try (Host host = Host.builder(profile).devicesOnCallersThread(true).build();
                AddressSpace victim = host.newAddressSpace()) {
            long victimHva = victim(victim);
            HostDevice[] devices = host.pciDevices().stream()
                    .map(bdf -> new HostDevice.Function(bdf, false, true))
                    .toArray(HostDevice[]::new);
            try (GuestBus bus = new GuestBus(host, policy, devices)) {
                for (int i = 0; i < steps; i++) {
                    String what = step(bus, bars);
                    check(host, bus, bars, "step " + i + ", seed " + seed + ": " + what);
                }
                assertThat(strangers(host, bus.machine.mm(), victim)).isEmpty();
                messages = bus.messages.size();
                assertThat(host.kernel().audit()).isEmpty();
            }
            assertThat(host.kernel().audit()).isEmpty();
            for (int i = 0; i < VICTIM_PAGES * PAGE / Long.BYTES; i++) {
                assertThat(victim.userMemory().load(victimHva + (long) i * Long.BYTES, Long.BYTES))
                        .isEqualTo(VICTIM_PATTERN + i);
            }
        }
        assertThat(List.of(leaves, hidden, copied, accessed, messages))
                .as("leaves, hidden windows, copies, accesses, messages")
                .doesNotContain(0L);
    }

    private static long victim(AddressSpace mm) {
        long hva = mm.mmap(
                0, VICTIM_PAGES * PAGE, Mman.PROT_READ | Mman.PROT_WRITE, Mman.MAP_PRIVATE | Mman.MAP_ANONYMOUS);
        for (int i = 0; i < VICTIM_PAGES * PAGE / Long.BYTES; i++) {
            mm.userMemory().store(hva + (long) i * Long.BYTES, Long.BYTES, VICTIM_PATTERN + i);
        }
        return hva;
    }

    // ---- what the guest does ---------------------------------------------------------------------------------------

    private String step(GuestBus bus, List<Bar> bars) {
        int device = random.nextInt(2);
        return switch (random.nextInt(16)) {
            case 0, 1 -> configure(bus, device, random.nextInt(0x1000), random.nextLong());
            case 2, 3, 4 -> configure(bus, device, GuestBus.BAR0 + 4 * random.nextInt(6), barValue());
            case 5, 6 -> configure(bus, device, PciConfig.COMMAND, random.nextInt(4) == 0 ? random.nextInt() : 6);
            case 7 -> sensibly(bus, device);
            case 8 -> interrupts(bus, device);
            case 9 -> registers(bus, bars);
            case 10, 11 -> copies(bus, bars);
            case 12, 13, 14 -> probe(bus, bars);
            default -> {
                if (random.nextInt(20) == 0) {
                    bus.reset();
                    yield "reset";
                }
                bus.config(device, random.nextInt(0x1000), size());
                yield "config read";
            }
        };
    }

    private int size() {
        return SIZES[random.nextInt(SIZES.length)];
    }

    private String configure(GuestBus bus, int device, int offset, long value) {
        int bytes = random.nextInt(8) == 0 ? size() : Integer.BYTES;
        int at = Math.max(0, offset + (random.nextInt(8) == 0 ? random.nextInt(9) - 4 : 0));
        bus.config(device, at, bytes, value);
        return "config " + device + " at 0x" + Integer.toHexString(at) + " " + bytes + " bytes 0x"
                + Long.toHexString(value);
    }

    /// A half of an address: where BARs belong, edges of windows, RAM, sizing.
    private long barValue() {
        return switch (random.nextInt(12)) {
            case 0 -> -1;
            case 1 -> 0;
            case 2 -> GuestBus.RAM;
            case 3 -> ProbePayload.BASE;
            case 4 -> GuestBus.LOW - random.nextInt(2) * 0x100_0000L;
            case 5 -> GuestBus.LOW + GuestBus.LOW_SIZE - random.nextInt(3) * 0x100_0000L;
            case 6 -> 0x40 + random.nextInt(0x40);
            case 7 -> random.nextInt();
            case 8 -> 0x7f;
            case 9 -> 0x80;
            case 10 -> random.nextInt(16) * 0x1000_0000L;
            default -> GuestBus.LOW + random.nextInt(16) * 0x100_0000L;
        };
    }

    private String sensibly(GuestBus bus, int device) {
        bus.config(device, bus.capability(device, CAP_POWER) + 4, Short.BYTES, random.nextInt(8) == 0 ? 3 : 0);
        bus.config(device, GuestBus.BAR0, Integer.BYTES, GuestBus.LOW + random.nextInt(16) * 0x100_0000L);
        bus.place(device, GuestBus.BAR2, GuestBus.HIGH + random.nextInt(256) * Sizes.GIB);
        bus.place(device, GuestBus.BAR4, GuestBus.HIGH + random.nextInt(256) * Sizes.GIB);
        bus.command(device, 6);
        return "BARs of " + device + " placed";
    }

    private String interrupts(GuestBus bus, int device) {
        int msix = bus.capability(device, CAP_MSIX);
        if (random.nextBoolean()) {
            bus.config(device, msix + random.nextInt(4), size(), random.nextLong());
            return "MSI-X control of " + device;
        }
        sensibly(bus, device);
        long engine = bus.config(device, GuestBus.BAR0, Integer.BYTES);
        long vector = random.nextInt(8);
        bus.store(engine + MSIX_TABLE + 16 * vector, Long.BYTES, random.nextLong());
        bus.store(engine + MSIX_TABLE + 16 * vector + 8, Long.BYTES, random.nextInt());
        bus.config(device, msix + 2, Short.BYTES, MSIX_ENABLE);
        return "MSI-X of " + device + " enabled";
    }

    /// {@return where a BAR begins now, some other address when nowhere}
    private long someBar(GuestBus bus, List<Bar> bars, boolean registers) {
        Bar bar = bars.get(registers ? 3 * random.nextInt(2) : random.nextInt(bars.size()));
        long address = address(bus, bar);
        return address != -1 && GuestBus.isDecoded(address, bar.size) ? address : GuestBus.LOW;
    }

    private long offset(long from) {
        return switch (random.nextInt(6)) {
            case 0 -> MSIX_TABLE + random.nextInt(0x100);
            case 1 -> MSIX_PENDING + random.nextInt(0x20);
            case 2 -> CopyEngine.BASE + random.nextInt(0x70);
            case 3 -> random.nextInt(0x2000);
            default -> from;
        };
    }

    private String registers(GuestBus bus, List<Bar> bars) {
        long at = someBar(bus, bars, random.nextBoolean()) + offset(random.nextInt(0x100_0000));
        int bytes = size();
        if (random.nextBoolean()) {
            bus.store(at, bytes, random.nextLong());
        }
        bus.load(at, bytes);
        return "register 0x" + Long.toHexString(at) + " " + bytes + " bytes";
    }

    private long copyAddress(GuestBus bus, List<Bar> bars) {
        return switch (random.nextInt(8)) {
            case 0 -> random.nextLong();
            case 1 -> -random.nextInt(0x10_0000);
            case 2 -> bars.get(2).pa + random.nextInt(0x20_0000);
            case 3 -> bars.get(5).pa + random.nextInt(0x20_0000);
            case 4 -> someBar(bus, bars, false) + random.nextInt(0x20_0000);
            case 5 -> GuestBus.RAM - 0x8000 + random.nextInt(0x1_0000);
            default -> GuestBus.RAM + random.nextInt((int) GuestBus.RAM_SIZE);
        };
    }

    private int copyLength() {
        return switch (random.nextInt(8)) {
            case 0 -> random.nextInt();
            case 1 -> 0;
            default -> random.nextInt(0x2_0000);
        };
    }

    private String copies(GuestBus bus, List<Bar> bars) {
        if (random.nextBoolean()) {
            sensibly(bus, random.nextInt(2));
        }
        long engine = someBar(bus, bars, true) + CopyEngine.BASE;
        if (random.nextBoolean()) {
            bus.store(engine + CopyEngine.SOURCE, Long.BYTES, copyAddress(bus, bars));
            bus.store(engine + CopyEngine.DESTINATION, Long.BYTES, copyAddress(bus, bars));
            bus.store(engine + CopyEngine.LENGTH, Integer.BYTES, copyLength());
            bus.store(engine + CopyEngine.FLAGS, Integer.BYTES, random.nextInt(0x1000));
            bus.store(engine + CopyEngine.LAUNCH, Integer.BYTES, 1);
            copied += bus.load(engine + CopyEngine.RESULT, Integer.BYTES) == CopyStatus.DONE.code() ? 1 : 0;
            return "copy";
        }
        long ring = random.nextInt(4) == 0 ? copyAddress(bus, bars) : GuestBus.RAM + random.nextInt(8) * 0x100;
        for (int i = 0; i < 4; i++) {
            long hva = bus.ramHva + i * CopyEngine.DESCRIPTOR_SIZE;
            bus.machine.mm().userMemory().store(hva, Long.BYTES, copyAddress(bus, bars));
            bus.machine.mm().userMemory().store(hva + Long.BYTES, Long.BYTES, copyAddress(bus, bars));
            bus.machine.mm().userMemory().store(hva + CopyEngine.DESCRIPTOR_LENGTH, Integer.BYTES, copyLength());
            bus.machine
                    .mm()
                    .userMemory()
                    .store(hva + CopyEngine.DESCRIPTOR_FLAGS, Integer.BYTES, random.nextInt(0x1000));
        }
        bus.store(engine + CopyEngine.CONTROL, Integer.BYTES, 0);
        bus.store(engine + CopyEngine.RING_BASE, Long.BYTES, ring);
        bus.store(engine + CopyEngine.RING_ENTRIES, Integer.BYTES, random.nextInt(6));
        bus.store(engine + CopyEngine.CONTROL, Integer.BYTES, 1);
        bus.store(engine + CopyEngine.PUT, Integer.BYTES, random.nextInt(5));
        return "ring";
    }

    private String probe(GuestBus bus, List<Bar> bars) {
        long at = someBar(bus, bars, false) + (random.nextInt(0x200_0000) & -PAGE);
        Operation operation = OPERATIONS.get(random.nextInt(OPERATIONS.size()));
        ProbeMachine.Run run = bus.machine.run(operation, random.nextBoolean() ? Stage1.WB : Stage1.NC, at);
        accessed +=
                run.end() instanceof RunOutcome.Reported && !run.stage2Calls().isEmpty() ? 1 : 0;
        return operation + " at 0x" + Long.toHexString(at) + ": " + run.end();
    }

    // ---- what has to be true ---------------------------------------------------------------------------------------

    /// {@return where a BAR answers by its registers, -1 for nowhere}
    private static long address(GuestBus bus, Bar bar) {
        long command = bus.config(bar.device, PciConfig.COMMAND, Short.BYTES);
        long low = bus.config(bar.device, bar.register, Integer.BYTES) & ~0xfL;
        long high = bar.isWide() ? bus.config(bar.device, bar.register + 4, Integer.BYTES) : 0;
        long address = high << Integer.SIZE | low;
        long last = bar.isWide() ? -bar.size : 0x1_0000_0000L - bar.size;
        int power = bus.capability(bar.device, CAP_POWER);
        boolean awake = (bus.config(bar.device, power + 4, Short.BYTES) & 3) == 0;
        boolean answers = awake && (command & PciConfig.COMMAND_MEMORY) != 0 && address != 0 && address != last;
        return answers ? address : -1;
    }

    private List<Expected> expected(GuestBus bus, List<Bar> bars) {
        List<Expected> all = new ArrayList<>();
        for (Bar bar : bars) {
            long address = address(bus, bar);
            if (address == -1 || !GuestBus.isDecoded(address, bar.size)) {
                continue;
            }
            if (bar.register == GuestBus.BAR0) {
                part(all, address, bar, 0, MSIX_TABLE);
                part(all, address, bar, MSIX_TABLE + PAGE, MSIX_PENDING);
                part(all, address, bar, MSIX_PENDING + PAGE, bar.mapped);
            } else {
                part(all, address, bar, 0, bar.mapped);
            }
        }
        return all;
    }

    private void part(List<Expected> all, long address, Bar bar, long from, long to) {
        Expected part = new Expected(address + from, to - from, bar.pa + from);
        if (all.stream().noneMatch(part::overlaps)) {
            all.add(part);
        } else {
            hidden++;
        }
    }

    private void check(Host host, GuestBus bus, List<Bar> bars, String what) {
        List<Expected> expected = expected(bus, bars);
        assertThat(bus.passthrough.failure()).as(what).isNull();
        assertThat(bus.deviceSlots())
                .as(what)
                .isEqualTo(expected.stream()
                        .map(each -> new GuestBus.Range(each.ipa, each.size))
                        .sorted(Comparator.comparingLong(GuestBus.Range::ipa))
                        .toList());
        PhysicalMemory memory = host.machine().physicalMemory();
        long root = bus.machine.vm().stage2().rootPa();
        // A 40-bit IPA space starts at level 1 with two concatenated tables.
        for (int i = 0; i < 2; i++) {
            walk(memory, root + i * PAGE, 1, (long) i << 39, expected, what);
        }
    }

    private void walk(PhysicalMemory memory, long table, int level, long base, List<Expected> expected, String what) {
        tables.add(table);
        int shift = PAGE_SHIFT + LEVEL_SHIFT * (LAST_LEVEL - level);
        for (int i = 0; i < TABLE_ENTRIES; i++) {
            long entry = memory.load(Agent.LOADER, MemoryAttributes.NORMAL_WB, table + i * 8L, Long.BYTES);
            long ipa = base + ((long) i << shift);
            if ((entry & 1) == 0) {
                continue;
            }
            if (level < LAST_LEVEL && (entry & 2) != 0) {
                walk(memory, entry & DESCRIPTOR_ADDRESS, level + 1, ipa, expected, what);
            } else {
                leaf(ipa, 1L << shift, entry & DESCRIPTOR_ADDRESS & -(1L << shift), expected, what);
            }
        }
    }

    private void leaf(long ipa, long size, long pa, List<Expected> expected, String what) {
        for (Expected slot : expected) {
            if (ipa >= slot.ipa && ipa + size <= slot.ipa + slot.size) {
                assertThat(pa).as(what).isEqualTo(slot.pa + ipa - slot.ipa);
                leaves++;
                return;
            }
        }
        boolean payload = ipa >= ProbePayload.BASE && ipa + size <= ProbePayload.BASE + ProbeMachine.CODE_SIZE;
        boolean ram = ipa >= GuestBus.RAM && ipa + size <= GuestBus.RAM + GuestBus.RAM_SIZE;
        assertThat(payload || ram)
                .as("%s: leaf at 0x%x +0x%x to 0x%x", what, ipa, size, pa)
                .isTrue();
    }

    /// The touched pages of memory outside of GPUs that belong neither to a process nor to the stage-2 tables.
    private Set<Long> strangers(Host host, AddressSpace... processes) {
        Set<Long> owned = new HashSet<>(tables);
        for (AddressSpace process : processes) {
            for (Vma vma : process.vmas()) {
                for (long hva = vma.start(); hva < vma.end() && !vma.has(VmFlags.VM_PFNMAP); hva += PAGE) {
                    long leaf = process.lookupLeaf(hva);
                    if (leaf != 0) {
                        owned.add(HostPte.pfnAt(leaf, hva) * PAGE);
                    }
                }
            }
        }
        PhysicalMemory memory = host.machine().physicalMemory();
        Set<Long> strangers = new HashSet<>();
        for (PhysicalRegion region : memory.regions()) {
            boolean ofGpu = host.profile().gpus().stream().anyMatch(gpu -> gpu.memoryBase() == region.base());
            for (long pa = region.base(); !ofGpu && pa < region.base() + region.size(); pa += PAGE) {
                if (memory.isTouched(pa)
                        && !owned.contains(pa)
                        && !host.kernel().isZeroPfn(pa / PAGE)) {
                    strangers.add(pa);
                }
            }
        }
        return strangers;
    }
}

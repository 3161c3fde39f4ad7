package dev.ipanema.vmm.boot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.a64.Encoding;
import dev.ipanema.arm.a64.EncodingTable;
import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.arm.register.Pstate;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.HostPte;
import dev.ipanema.host.mm.Mman;
import dev.ipanema.host.mm.UserMemory;
import dev.ipanema.host.mm.Vma;
import dev.ipanema.host.platform.Host;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.kvm.uapi.KvmExit;
import dev.ipanema.kvm.uapi.KvmMem;
import dev.ipanema.kvm.uapi.KvmReg;
import dev.ipanema.kvm.uapi.UserspaceMemoryRegion;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.kvm.vm.Kvm;
import dev.ipanema.kvm.vm.Vcpu;
import dev.ipanema.kvm.vm.Vm;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.PhysicalMemory;
import dev.ipanema.machine.memory.PhysicalRegion;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A guest of random instructions on random state: nothing of it reaches the host. Which host page belongs to whom is
/// worked out here, from the process's page table and by a walk of the stage-2 tables of its own, and every page
/// that was touched must belong to the guest, to its tables or, unchanged, to another process.
class RandomGuestTest {
    private static final long SHORT_RUN = 200_000;
    private static final long LONG_RUN = 10_000_000;
    private static final long PAGE = 4096;
    private static final long RAM = 0x4000_0000L;
    private static final long RAM_SIZE = 1L << 20;
    private static final long READ_ONLY = 0x8000_0000L;
    private static final long HVA = 0x1000_0000_0000L;
    private static final int WORDS = 512;
    private static final int VICTIM_PAGES = 64;
    private static final long VICTIM_PATTERN = 0x5ec2_e75e_c2e7_5ec2L;
    private static final List<Encoding> ROWS = EncodingTable.table().rows();
    private static final List<SysReg> REGISTERS = List.of(
            SysReg.SCTLR_EL1,
            SysReg.TCR_EL1,
            SysReg.MAIR_EL1,
            SysReg.CONTEXTIDR_EL1,
            SysReg.CPACR_EL1,
            SysReg.CNTKCTL_EL1,
            SysReg.TPIDR_EL1);

    private final long seed = Long.getLong("ipanema.seed", 1);
    private final SplittableRandom random = new SplittableRandom(seed);

    /// Pages that are or were stage-2 tables: without FEAT_S2FWB a vCPU's re-initialisation frees them.
    private final Set<Long> tables = new HashSet<>();

    @ParameterizedTest
    @ValueSource(strings = {"max", "cortex-a72"})
    void randomInstructionsTouchNothingButTheGuest(String model) {
        System.out.println("RandomGuestTest " + model + ": -Dipanema.seed=" + seed);
        long target = Boolean.getBoolean("ipanema.long") ? LONG_RUN : SHORT_RUN;
        try (Host host = Host.builder(HostProfile.recording(CpuModel.parse(model)))
                        .build();
                AddressSpace victim = host.newAddressSpace();
                AddressSpace mm = host.newAddressSpace()) {
            long victimHva = map(victim, VICTIM_PAGES * PAGE);
            fill(victim, victimHva);
            long ram = map(mm, RAM_SIZE);
            try (Vm vm = new Kvm(host, KernelVersion.newest()).createVm(mm, 0)) {
                Vcpu vcpu = vm.createVcpu(0);
                assertThat(vcpu.init()).isZero();
                slot(vm, 0, 0, RAM, RAM_SIZE, ram);
                slot(vm, 1, KvmMem.KVM_MEM_READONLY, READ_ONLY, RAM_SIZE, ram);

                runFor(target, host, vm, mm.userMemory(), vcpu, ram);

                assertThat(strangers(host, mm, victim)).isEmpty();
            }
            for (int i = 0; i < VICTIM_PAGES * PAGE / Long.BYTES; i++) {
                assertThat(victim.userMemory().load(victimHva + (long) i * Long.BYTES, Long.BYTES))
                        .isEqualTo(VICTIM_PATTERN + i);
            }
        }
    }

    private static long map(AddressSpace mm, long size) {
        return mm.mmap(
                HVA, size, Mman.PROT_READ | Mman.PROT_WRITE, Mman.MAP_PRIVATE | Mman.MAP_ANONYMOUS | Mman.MAP_FIXED);
    }

    private static void fill(AddressSpace victim, long hva) {
        for (int i = 0; i < VICTIM_PAGES * PAGE / Long.BYTES; i++) {
            victim.userMemory().store(hva + (long) i * Long.BYTES, Long.BYTES, VICTIM_PATTERN + i);
        }
    }

    private static void slot(Vm vm, int slot, int flags, long ipa, long size, long hva) {
        assertThat(vm.setUserMemoryRegion(new UserspaceMemoryRegion(slot, flags, ipa, size, hva)))
                .isZero();
    }

    private void runFor(long target, Host host, Vm vm, UserMemory memory, Vcpu vcpu, long ram) {
        Thread kicker = Thread.ofPlatform().name("kicker").daemon(true).start(() -> {
            while (!Thread.currentThread().isInterrupted()) {
                LockSupport.parkNanos(500_000);
                vcpu.kick();
            }
        });
        try {
            while (host.machine().processingElement(0).instructions() < target) {
                scramble(memory, vcpu, ram);
                runOnce(vcpu);
                // A 40-bit IPA space starts at level 1 with two concatenated tables.
                noteTables(host.machine().physicalMemory(), vm.stage2().rootPa(), 1);
                noteTables(host.machine().physicalMemory(), vm.stage2().rootPa() + PAGE, 1);
            }
        } finally {
            kicker.interrupt();
        }
    }

    private void scramble(UserMemory memory, Vcpu vcpu, long ram) {
        assertThat(vcpu.init()).isZero();
        long code = random.nextInt((int) (RAM_SIZE / PAGE)) * PAGE;
        byte[] page = new byte[WORDS * Integer.BYTES];
        for (int i = 0; i < WORDS; i++) {
            int word = random.nextInt();
            if (random.nextInt(4) != 0) {
                Encoding row = ROWS.get(random.nextInt(ROWS.size()));
                word = row.value() | (word & ~row.mask());
            }
            for (int b = 0; b < Integer.BYTES; b++) {
                page[i * Integer.BYTES + b] = (byte) (word >>> (b * Byte.SIZE));
            }
        }
        memory.write(ram + code, page, 0, page.length);
        for (int i = 0; i < 31; i++) {
            vcpu.setOneReg(KvmReg.x(i), value());
        }
        if (random.nextInt(4) == 0) {
            for (SysReg register : REGISTERS) {
                if (random.nextBoolean()) {
                    vcpu.cpu().set(register, random.nextLong());
                }
            }
            vcpu.cpu().set(SysReg.TTBR0_EL1, RAM + random.nextInt((int) (RAM_SIZE / PAGE)) * PAGE);
        }
        vcpu.cpu().set(SysReg.VBAR_EL1, value() & -0x800L);
        vcpu.setOneReg(KvmReg.CORE_PSTATE, random.nextBoolean() ? Pstate.EL1H : random.nextInt(16) << 28);
        vcpu.setOneReg(KvmReg.CORE_PC, RAM + code);
    }

    private long value() {
        return switch (random.nextInt(6)) {
            case 0 -> random.nextLong();
            case 1 -> random.nextInt(256);
            case 2 -> READ_ONLY + random.nextInt((int) RAM_SIZE);
            case 3 -> random.nextLong(1L << 41);
            default -> RAM + random.nextInt((int) RAM_SIZE);
        };
    }

    private void runOnce(Vcpu vcpu) {
        for (int exits = 0; exits < 16; exits++) {
            int result = vcpu.run();
            vcpu.kvmRun().immediateExit = false;
            if (result < 0) {
                assertThat(Errno.of(result)).isPresent();
                return;
            }
            if (vcpu.kvmRun().exitReason != KvmExit.KVM_EXIT_MMIO) {
                return;
            }
            vcpu.kvmRun().mmio.setValue(random.nextLong());
        }
    }

    /// The touched pages of DRAM that belong neither to a process nor to the stage-2 tables.
    private Set<Long> strangers(Host host, AddressSpace... processes) {
        Set<Long> owned = new HashSet<>(tables);
        for (AddressSpace process : processes) {
            for (Vma vma : process.vmas()) {
                for (long hva = vma.start(); hva < vma.end(); hva += PAGE) {
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
            for (long pa = region.base(); pa < region.base() + region.size(); pa += PAGE) {
                if (memory.isTouched(pa)
                        && !owned.contains(pa)
                        && !host.kernel().isZeroPfn(pa / PAGE)) {
                    strangers.add(pa);
                }
            }
        }
        return strangers;
    }

    private void noteTables(PhysicalMemory memory, long table, int level) {
        tables.add(table);
        if (level == 3) {
            return;
        }
        for (int i = 0; i < 512; i++) {
            long entry = memory.load(Agent.LOADER, MemoryAttributes.NORMAL_WB, table + i * 8L, Long.BYTES);
            if ((entry & 3) == 3) {
                noteTables(memory, entry & 0xffff_ffff_f000L, level + 1);
            }
        }
    }
}

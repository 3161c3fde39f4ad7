package dev.ipanema.machine.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.arm.memory.Stage2MemAttr;
import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.pgtable.Stage2Descriptor;
import dev.ipanema.arm.pgtable.Stage2Geometry;
import dev.ipanema.arm.pgtable.VtcrEl2;
import dev.ipanema.arm.register.CpacrEl1;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.Pstate;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.arm.register.VttbrEl2;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.MmioRegion;
import dev.ipanema.machine.memory.PhysicalMemory;
import dev.ipanema.machine.mmu.ExclusivePolicy;
import java.util.BitSet;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// A guest of random instructions on random state cannot make the host fail, and reaches no page that stage 2
/// does not give it.
///
/// The owner map is the test's own: it is filled as the test writes stage-2 descriptors, and knows nothing of the
/// MMU. Every page outside it holds [#SECRET] in each word: what a guest writes there is found by comparing, what
/// it reads there by the secret's turning up in its registers or pages.
class HostileInstructionsTest {
    private static final long SEED = Long.getLong("ipanema.seed", 20250706);
    private static final long INSTRUCTIONS = Boolean.getBoolean("ipanema.long") ? 10_000_000 : 200_000;

    private static final long RAM = 0x4000_0000L;
    private static final int RAM_PAGES = 1024;
    private static final int PAGE = 0x1000;
    private static final long DEVICE = 0x1000_0000L;
    private static final int GUEST_PAGES = 64;
    private static final long GUEST_IPA = 0x8000_0000L;
    private static final long SECRET = 0x5ec2_e75e_c2e7_5ec2L;
    private static final long TABLES = RAM + (long) (RAM_PAGES - 8) * PAGE;
    private static final int BUDGET = 200;
    private static final int TRIALS_BETWEEN_CHECKS = 256;

    /// Bits that a hypervisor may set around a guest; stage 2 is always on.
    private static final long HCR_CHOICES = HcrEl2.TWI
            | HcrEl2.TWE
            | HcrEl2.TSC
            | HcrEl2.TVM
            | HcrEl2.TRVM
            | HcrEl2.TSW
            | HcrEl2.TACR
            | HcrEl2.TID1
            | HcrEl2.TID2
            | HcrEl2.TID3
            | HcrEl2.TIDCP
            | HcrEl2.TTLB
            | HcrEl2.TPU
            | HcrEl2.TPCP
            | HcrEl2.TDZ
            | HcrEl2.FWB
            | HcrEl2.AMO
            | HcrEl2.IMO
            | HcrEl2.FMO
            | HcrEl2.VSE
            | HcrEl2.VI
            | HcrEl2.VF
            | HcrEl2.FB
            | HcrEl2.DC
            | HcrEl2.CD
            | HcrEl2.ID
            | HcrEl2.TGE
            | HcrEl2.TEA
            | HcrEl2.HCD;

    /// Fixed bits of encoding groups that purely random words seldom hit, with the mask of what is fixed.
    private static final int[][] GROUPS = {
        {0x3800_0000, 0x3a00_0000}, // loads and stores of one register
        {0x2800_0000, 0x3c00_0000}, // pairs
        {0x0800_0000, 0x3f00_0000}, // exclusive, ordered, CAS
        {0x3820_0000, 0x3f20_0c00}, // atomics
        {0xd500_0000, 0xffc0_0000}, // system
        {0xd510_0000, 0xffd0_0000}, // system registers
        {0xd503_2000, 0xffff_f000}, // hints and barriers
        {0xd508_7000, 0xfff8_f000}, // cache maintenance, address translation
        {0xd508_8000, 0xffff_f000}, // TLB maintenance
        {0xd400_0000, 0xff00_0000}, // exception generation
        {0xd600_0000, 0xff00_0000}, // branches to registers, ERET
        {0x5400_0000, 0xff00_0010}, // conditional branches
        {0x1000_0000, 0x1c00_0000}, // immediate data processing
        {0x0a00_0000, 0x0e00_0000}, // register data processing
        {0x0e00_0000, 0x0e00_0000}, // SIMD, floating point and cryptography
        {0x0e00_0000, 0x9e00_0000}, // SIMD
        {0x0c00_0000, 0xbe00_0000}, // SIMD structures
        {0x3c00_0000, 0x3e00_0000}, // loads and stores of one SIMD register
        {0x2c00_0000, 0x3e00_0000}, // pairs of SIMD registers
    };

    private final SplittableRandom random = new SplittableRandom(SEED);
    private final BitSet owned = new BitSet(RAM_PAGES);
    private int deviceAccesses;

    @Test
    void randomInstructionsNeitherFailTheHostNorLeaveTheirPages() {
        System.out.println("HostileInstructionsTest seed " + SEED);
        PhysicalMemory memory = PhysicalMemory.builder()
                .ram("ram", RAM, (long) RAM_PAGES * PAGE)
                .mmio("device", DEVICE, PAGE, countingDevice())
                .maxResident((long) RAM_PAGES * PAGE)
                .build();
        CpuModel model = CpuModel.parse("max");
        try (Machine machine = new Machine(memory, model, 1, ExclusivePolicy.WORK)) {
            for (int page = 0; page < RAM_PAGES; page++) {
                fillWithSecret(memory, page);
            }
            mapGuest(memory);
            ProcessingElement pe = machine.processingElement(0);
            CpuContext ctx = new CpuContext(model);
            long done = 0;
            for (long trial = 0; done < INSTRUCTIONS; trial++) {
                if (trial % TRIALS_BETWEEN_CHECKS == 0) {
                    checkOutside(memory, trial);
                    fillGuest(memory);
                }
                randomState(ctx);
                done += runOne(pe, ctx, trial);
            }
            checkOutside(memory, -1);
            assertThat(deviceAccesses).isZero();
        }
    }

    private long runOne(ProcessingElement pe, CpuContext ctx, long trial) {
        long before = pe.instructions();
        try {
            pe.run(ctx, BUDGET);
        } catch (RuntimeException | Error e) {
            throw new AssertionError(
                    "Host failed: seed " + SEED + " trial " + trial + " pc 0x" + Long.toHexString(ctx.pc()), e);
        }
        for (int n = 0; n < 31; n++) {
            assertThat(ctx.x(n)).as("X%d, seed %d trial %d", n, SEED, trial).isNotEqualTo(SECRET);
        }
        for (int n = 0; n < 64; n++) {
            long half = ctx.v(n / 2, n % 2);
            assertThat(half).as("V%d, seed %d trial %d", n / 2, SEED, trial).isNotEqualTo(SECRET);
        }
        return Math.max(1, pe.instructions() - before);
    }

    private MmioRegion countingDevice() {
        return new MmioRegion() {
            @Override
            public long read(long offset, int bytes) {
                deviceAccesses++;
                return SECRET;
            }

            @Override
            public void write(long offset, int bytes, long value) {
                deviceAccesses++;
            }
        };
    }

    private static void fillWithSecret(PhysicalMemory memory, int page) {
        for (int offset = 0; offset < PAGE; offset += 8) {
            memory.store(Agent.LOADER, MemoryAttributes.NORMAL_WB, RAM + (long) page * PAGE + offset, 8, SECRET);
        }
    }

    /// Gives the guest every fifth page, from an IPA on, by a level-3 table: start level 1, of which one entry is
    /// used.
    private void mapGuest(PhysicalMemory memory) {
        long level2 = TABLES + 2L * PAGE;
        long level3 = TABLES + 3L * PAGE;
        for (long table = TABLES; table <= level3; table += PAGE) {
            memory.zero(Agent.LOADER, MemoryAttributes.NORMAL_WB, table, PAGE);
        }
        store(memory, TABLES + 8L * (GUEST_IPA >>> 30), Stage2Descriptor.table(level2, Granule.K4, false));
        store(memory, level2, Stage2Descriptor.table(level3, Granule.K4, false));
        int[] memAttrs = {Stage2MemAttr.NORMAL_WB, Stage2MemAttr.NORMAL_NC, Stage2MemAttr.DEVICE_nGnRE};
        for (int i = 0; i < GUEST_PAGES; i++) {
            int page = 5 * i;
            long writable = i % 7 == 6 ? 0 : Stage2Descriptor.S2AP_W;
            long attributes = Stage2Descriptor.AF
                    | Stage2Descriptor.SH_INNER
                    | Stage2Descriptor.S2AP_R
                    | writable
                    | Stage2Descriptor.memAttrBits(memAttrs[i % 8 == 7 ? 2 : i % 8 == 6 ? 1 : 0]);
            store(
                    memory,
                    level3 + 8L * i,
                    Stage2Descriptor.leaf(RAM + (long) page * PAGE, 3, attributes, Granule.K4, false));
            owned.set(page);
        }
    }

    private static void store(PhysicalMemory memory, long pa, long value) {
        memory.store(Agent.LOADER, MemoryAttributes.NORMAL_WB, pa, 8, value);
    }

    private void fillGuest(PhysicalMemory memory) {
        for (int i = 0; i < GUEST_PAGES; i++) {
            for (int offset = 0; offset < PAGE; offset += 4) {
                memory.store(
                        Agent.LOADER,
                        MemoryAttributes.NORMAL_WB,
                        RAM + (long) 5 * i * PAGE + offset,
                        4,
                        randomInstruction());
            }
        }
    }

    private int randomInstruction() {
        int word = random.nextInt();
        if (random.nextInt(4) == 0) {
            return word;
        }
        int[] group = GROUPS[random.nextInt(GROUPS.length)];
        return group[0] | word & ~group[1];
    }

    private long guestAddress() {
        return GUEST_IPA + random.nextLong((long) GUEST_PAGES * PAGE);
    }

    private void randomState(CpuContext ctx) {
        ctx.reset();
        for (int n = 0; n < 31; n++) {
            ctx.setX(n, randomValue());
        }
        long[] modes = {Pstate.EL0T, Pstate.EL1T, Pstate.EL1H};
        long flags = Pstate.NZCV | Pstate.DAIF | Pstate.PAN | Pstate.UAO | Pstate.SSBS | Pstate.DIT;
        ctx.setPstate(modes[random.nextInt(3)] | random.nextLong() & flags);
        ctx.setSp(random.nextInt(4) == 0 ? randomValue() : guestAddress() & -16L);
        for (SysReg reg : SysReg.values()) {
            if (reg.access() != SysReg.Access.EL2_WRITE && random.nextInt(3) == 0 && reg != SysReg.SPSel) {
                ctx.set(reg, randomValue());
            }
        }
        for (int n = 0; n < 64; n++) {
            ctx.setV(n / 2, n % 2, randomValue());
        }
        ctx.set(
                SysReg.CPACR_EL1,
                random.nextLong() | (random.nextInt(4) == 0 ? 0 : CpacrEl1.FPEN_EL1 | CpacrEl1.FPEN_EL0));
        ctx.set(SysReg.VBAR_EL1, guestAddress());
        ctx.set(SysReg.TTBR0_EL1, guestAddress() & -(long) PAGE);
        ctx.set(SysReg.TTBR1_EL1, guestAddress() & -(long) PAGE);
        long sctlr = random.nextLong();
        boolean translated = random.nextInt(4) == 0;
        ctx.set(SysReg.SCTLR_EL1, translated ? sctlr | SctlrEl1.M : sctlr & ~SctlrEl1.M);
        ctx.setPstate(ctx.pstate() & (flags | Pstate.MODE));
        ctx.set(SysReg.CNTHCTL_EL2, random.nextInt(4));
        long hcr = random.nextLong() & random.nextLong() & HCR_CHOICES;
        if (ctx.el() == 1) {
            hcr &= ~HcrEl2.TGE;
        }
        ctx.set(SysReg.VTCR_EL2, VtcrEl2.of(new Stage2Geometry(Granule.K4, 40), 40, false, false, false));
        ctx.set(SysReg.VTTBR_EL2, VttbrEl2.of(TABLES, 1));
        ctx.set(SysReg.HCR_EL2, HcrEl2.VM | HcrEl2.RW | hcr);
        ctx.setPc(guestAddress() & (random.nextInt(50) == 0 ? -1 : -4));
    }

    private long randomValue() {
        return switch (random.nextInt(6)) {
            case 0 -> random.nextLong();
            case 1 -> random.nextInt(256);
            case 2 -> RAM + random.nextLong((long) RAM_PAGES * PAGE);
            case 3 -> DEVICE + random.nextInt(PAGE);
            default -> guestAddress();
        };
    }

    /// Every page that the owner map does not give to the guest still holds what the test put there.
    private void checkOutside(PhysicalMemory memory, long trial) {
        int tables = (int) ((TABLES - RAM) / PAGE);
        for (int page = 0; page < RAM_PAGES; page++) {
            if (owned.get(page) || page >= tables && page < tables + 4) {
                continue;
            }
            long base = RAM + (long) page * PAGE;
            for (int offset = 0; offset < PAGE; offset += 8) {
                long value = memory.load(Agent.LOADER, MemoryAttributes.NORMAL_WB, base + offset, 8);
                if (value != SECRET) {
                    throw new AssertionError("Page " + page + " of nobody was written: seed " + SEED + " before trial "
                            + trial + " offset 0x" + Integer.toHexString(offset));
                }
            }
        }
        for (int i = 0; i < GUEST_PAGES; i++) {
            long base = RAM + (long) 5 * i * PAGE;
            for (int offset = 0; offset < PAGE; offset += 8) {
                long value = memory.load(Agent.LOADER, MemoryAttributes.NORMAL_WB, base + offset, 8);
                if (trial > 0 && value == SECRET) {
                    throw new AssertionError("The guest has copied another page: seed " + SEED + " before trial "
                            + trial + " guest page " + i);
                }
            }
        }
    }
}

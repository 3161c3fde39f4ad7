package dev.ipanema.machine.mmu;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.memory.Mair;
import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.arm.memory.Stage2MemAttr;
import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.pgtable.Stage1Descriptor;
import dev.ipanema.arm.pgtable.Stage2Descriptor;
import dev.ipanema.arm.pgtable.Stage2Geometry;
import dev.ipanema.arm.pgtable.VtcrEl2;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.MairEl1;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.VttbrEl2;
import dev.ipanema.machine.cache.CacheModel;
import dev.ipanema.machine.cache.CacheOptions;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.MmioRegion;
import dev.ipanema.machine.memory.PhysicalMemory;
import dev.ipanema.machine.memory.PhysicalMemoryBuilder;
import org.jspecify.annotations.Nullable;

/// A small machine for tests: 64 MiB of RAM at [#RAM], a device at [#DEVICE], one MMU, and page tables
/// that tests write entry by entry. Tables are taken from the end of RAM, which stage 2 maps to itself at
/// level 2 (4 KiB granule).
///
/// Both stages use the 4 KiB granule unless told otherwise: 39-bit stage 1 (start level 1), 40-bit stage
/// 2 (start level 1, two concatenated tables).
final class Guest implements AutoCloseable {
    static final long RAM = 0x4000_0000L;
    static final long RAM_SIZE = 64L << 20;
    static final long TABLES = RAM + (32L << 20);
    static final long DEVICE = 0x1000_0000L;
    static final long PAGE = 0x1000;

    /// Indexes of MAIR_EL1 in every test.
    static final int WB = 0;

    static final int NC = 1;
    static final int NGNRNE = 2;
    static final int NGNRE = 3;
    static final int WT = 4;

    /// Leaf attributes of stage 1: accessible to EL1, everything allowed.
    static final long EL1_RW = Stage1Descriptor.AF | Stage1Descriptor.SH_INNER;

    static final long EL0_RW = EL1_RW | Stage1Descriptor.AP_EL0;

    /// Leaf attributes of stage 2: everything allowed, Normal write-back with FWB.
    static final long S2_RWX = Stage2Descriptor.AF
            | Stage2Descriptor.SH_INNER
            | Stage2Descriptor.S2AP_R
            | Stage2Descriptor.S2AP_W
            | Stage2Descriptor.memAttrBits(Stage2MemAttr.FWB_NORMAL_WB);

    static final class Registers implements MmioRegion {
        long lastOffset = -1;
        long lastValue;
        int accesses;
        Runnable onAccess = () -> {};

        @Override
        public long read(long offset, int bytes) {
            lastOffset = offset;
            accesses++;
            onAccess.run();
            return 0x1122_3344_5566_7788L;
        }

        @Override
        public void write(long offset, int bytes, long value) {
            lastOffset = offset;
            lastValue = value;
            accesses++;
            onAccess.run();
        }
    }

    final PhysicalMemory memory;
    final Registers device = new Registers();
    final TlbDomain domain = new TlbDomain();
    final TranslationContext ctx = new TranslationContext();
    final CpuModel model;
    final Mmu mmu;
    Granule granule = Granule.K4;
    int stage1Start = 1;
    int vaBits = 39;
    Granule granule2 = Granule.K4;
    int stage2Start = 1;
    long stage1Table;
    long stage1UpperTable;
    long stage2Table;
    private long nextTable = TABLES;

    Guest() {
        this("neoverse-v2", ExclusivePolicy.FAULT_0X35);
    }

    Guest(String cpu, ExclusivePolicy policy) {
        this(cpu, policy, null);
    }

    /// @param caches null for none
    Guest(String cpu, ExclusivePolicy policy, @Nullable CacheOptions caches) {
        model = CpuModel.parse(cpu);
        PhysicalMemoryBuilder builder = PhysicalMemory.builder();
        if (caches != null) {
            CacheModel cacheModel = new CacheModel(caches, model.effectiveCtrEl0());
            cacheModel.attach(domain);
            builder.caches(cacheModel, mapMemory -> true);
        }
        memory = builder.ram("ram", RAM, RAM_SIZE)
                .mmio("device", DEVICE, 0x1_0000, device)
                .maxResident(2 * RAM_SIZE)
                .build();
        mmu = new Mmu(memory, model, 0, domain, policy);
        long mair = MairEl1.with(0, WB, Mair.NORMAL_WB);
        mair = MairEl1.with(mair, NC, Mair.NORMAL_NC);
        mair = MairEl1.with(mair, NGNRNE, Mair.DEVICE_nGnRnE);
        mair = MairEl1.with(mair, NGNRE, Mair.DEVICE_nGnRE);
        ctx.mairEl1 = MairEl1.with(mair, WT, Mair.NORMAL_WT);
        mmu.setContext(ctx);
    }

    /// Turns stage 1 on: 39-bit halves, 4 KiB granule, 48-bit output, ASID from TTBR0, caches on.
    Guest stage1() {
        stage1Table = table(Granule.K4);
        stage1UpperTable = table(Granule.K4);
        ctx.tcrEl1 = 25 | 25L << 16 | 2L << 30 | 5L << 32;
        ctx.ttbr0El1 = stage1Table;
        ctx.ttbr1El1 = stage1UpperTable;
        ctx.sctlrEl1 = SctlrEl1.M | SctlrEl1.C | SctlrEl1.I;
        ctx.changed();
        return this;
    }

    /// Turns stage 2 on with forced write-back: 40-bit IPA, VMID 1; maps the tables' memory.
    Guest stage2() {
        Stage2Geometry geometry = new Stage2Geometry(Granule.K4, 40);
        stage2Table = nextTable;
        nextTable += geometry.pgdBytes();
        ctx.vtcrEl2 = VtcrEl2.of(geometry, 48, false, false, false);
        ctx.vttbrEl2 = VttbrEl2.of(stage2Table, 1);
        ctx.hcrEl2 = HcrEl2.VM | HcrEl2.RW | HcrEl2.FWB | HcrEl2.PTW;
        for (long pa = TABLES; pa < RAM + RAM_SIZE; pa += 2L << 20) {
            map2(pa, pa, 2, S2_RWX);
        }
        ctx.changed();
        return this;
    }

    long table(Granule size) {
        nextTable = nextTable + size.bytes() - 1 & -size.bytes();
        long at = nextTable;
        nextTable += size.bytes();
        memory.zero(Agent.LOADER, MemoryAttributes.NORMAL_WB, at, size.bytes());
        return at;
    }

    long read(long pa) {
        return memory.load(Agent.LOADER, MemoryAttributes.NORMAL_WB, pa, 8);
    }

    void write(long pa, long value) {
        memory.store(Agent.LOADER, MemoryAttributes.NORMAL_WB, pa, 8, value);
    }

    /// Maps a stage-1 leaf of a level in the half that the address belongs to.
    ///
    /// @return the physical address of its descriptor
    long map1(long va, long ipa, int level, long attributes) {
        boolean upper = va < 0;
        long entry = entry1(upper ? stage1UpperTable : stage1Table, va, level);
        write(entry, Stage1Descriptor.leaf(ipa, level, attributes, granule, false));
        return entry;
    }

    /// {@return the physical address of the stage-1 descriptor of a level for an address; makes the
    /// tables above it}
    long entry1(long table, long va, int level) {
        long at = table;
        long inHalf = va & ((1L << vaBits) - 1);
        for (int l = stage1Start; ; l++) {
            long entry = at + 8L * granule.index(inHalf, l);
            if (l == level) {
                return entry;
            }
            long desc = read(entry);
            if (!Stage1Descriptor.isTable(desc, l)) {
                desc = Stage1Descriptor.table(table(granule), 0, granule, false);
                write(entry, desc);
            }
            at = Stage1Descriptor.tableAddress(desc, granule, false);
        }
    }

    /// Maps a stage-2 leaf of a level.
    ///
    /// @return the physical address of its descriptor
    long map2(long ipa, long pa, int level, long attributes) {
        long entry = entry2(ipa, level);
        write(entry, Stage2Descriptor.leaf(pa, level, attributes, granule2, false));
        return entry;
    }

    long entry2(long ipa, int level) {
        long at = stage2Table;
        for (int l = stage2Start; ; l++) {
            long index = l == stage2Start ? ipa >>> granule2.levelShift(l) : granule2.index(ipa, l);
            long entry = at + 8 * index;
            if (l == level) {
                return entry;
            }
            long desc = read(entry);
            if (!Stage2Descriptor.isTable(desc, l)) {
                desc = Stage2Descriptor.table(table(granule2), granule2, false);
                write(entry, desc);
            }
            at = Stage2Descriptor.tableAddress(desc, granule2, false);
        }
    }

    /// {@return what happened: `ok`, or stage, fault status and S1PTW as in `s2 fsc=0x0f s1ptw`; clears
    /// the fault}
    String outcome() {
        if (!mmu.faulted()) {
            return "ok";
        }
        Fault f = mmu.fault();
        mmu.clearFault();
        return "s%d 0x%02x%s".formatted(f.stage(), f.fsc(), f.s1ptw() ? " s1ptw" : "");
    }

    String load(long va) {
        mmu.load64(va);
        return outcome();
    }

    String store(long va) {
        mmu.store64(va, 0x5a);
        return outcome();
    }

    String fetch(long va) {
        mmu.fetchPage(va);
        return outcome();
    }

    @Override
    public void close() {
        memory.close();
    }
}

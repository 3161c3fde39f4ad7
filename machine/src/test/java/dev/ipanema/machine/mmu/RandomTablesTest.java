package dev.ipanema.machine.mmu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.memory.AlignmentRules.AccessClass;
import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.PhysicalMemory;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/// Random tables, random registers, random accesses: translator and TLBs agree with [NaiveWalk], the
/// second time from the TLB as the first time by a walk.
class RandomTablesTest {
    private static final long BASE = 0x4000_0000L;
    private static final int TABLES = 24;
    private static final int TABLE_BYTES = 1 << 16;
    private static final int[] PARTS = {0, 1, 2, 3};

    private SplittableRandom random = new SplittableRandom();
    private final CpuModel model = CpuModel.parse("neoverse-v2");
    private final TreeMap<String, Integer> outcomes = new TreeMap<>();

    @Test
    void translatorAgreesWithTheNaiveWalk() {
        long seed = Long.getLong("ipanema.seed", System.nanoTime());
        int trials = Boolean.getBoolean("ipanema.long") ? 200_000 : 4_000;
        System.out.println("RandomTablesTest -Dipanema.seed=" + seed);
        random = new SplittableRandom(seed);
        try (PhysicalMemory memory = PhysicalMemory.builder()
                .ram("ram", BASE, (long) TABLES * TABLE_BYTES)
                .maxResident(64L << 20)
                .build()) {
            for (int trial = 0; trial < trials; trial++) {
                trial(memory, "seed " + seed + " trial " + trial);
            }
        }
        assertThat(outcomes.keySet()).contains("ok", "s1 0x21", "s1 0x0f", "s2 0x07", "s2 0x07 s1ptw");
    }

    private void trial(PhysicalMemory memory, String name) {
        TranslationContext ctx = registers();
        fill(memory, ctx);
        Regime regime = new Regime(model);
        regime.update(ctx);
        Translator translator = new Translator(
                memory, 0, regime, new ArchTlb(new SoftTlb()), new Stage2Tlb(), new Fault(), ExclusivePolicy.WORK, 48);
        NaiveWalk naive = naive(memory, ctx);
        for (int i = 0; i < 40; i++) {
            long va = address(ctx);
            String access = new String[] {NaiveWalk.READ, NaiveWalk.WRITE, NaiveWalk.FETCH}[random.nextInt(3)];
            boolean user = random.nextBoolean();
            boolean pan = random.nextBoolean();
            boolean aligned = random.nextInt(3) != 0;
            String expected;
            try {
                expected = naive.translate(va, access, user, pan, aligned);
            } catch (IndexOutOfBoundsException e) {
                continue;
            }
            outcomes.merge(expected.startsWith("ok") ? "ok" : expected, 1, Integer::sum);
            for (int again = 0; again < 2; again++) {
                String actual = translate(translator, va, access, user, pan, aligned);
                if (!actual.equals(expected)) {
                    fail("%s access %d again %d va 0x%x %s user %s pan %s: expected %s but was %s"
                            .formatted(name, i, again, va, access, user, pan, expected, actual));
                }
            }
        }
    }

    private static String translate(
            Translator translator, long va, String access, boolean user, boolean pan, boolean aligned) {
        int flags = switch (access) {
            case NaiveWalk.READ -> Translator.READ;
            case NaiveWalk.WRITE -> Translator.WRITE;
            default -> Translator.FETCH;
        };
        AccessClass accessClass = access.equals(NaiveWalk.FETCH) ? AccessClass.FETCH : AccessClass.PLAIN;
        flags |= user ? Translator.USER : pan ? Translator.PAN : 0;
        if (translator.translate(va, flags, accessClass, aligned)) {
            return "ok " + Long.toHexString(translator.result.pa);
        }
        Fault f = translator.fault;
        return "s%d 0x%02x%s".formatted(f.stage(), f.fsc(), f.s1ptw() ? " s1ptw" : "");
    }

    private TranslationContext registers() {
        TranslationContext ctx = new TranslationContext();
        int shape = random.nextInt(4);
        ctx.sctlrEl1 = shape == 0 ? 0 : SctlrEl1.M | SctlrEl1.C | (random.nextInt(4) == 0 ? SctlrEl1.WXN : 0);
        ctx.hcrEl2 = HcrEl2.PTW | (shape == 1 ? 0 : HcrEl2.VM) | (random.nextBoolean() ? HcrEl2.FWB : 0);
        int granule = random.nextInt(3);
        long tsz = random.nextInt(16, 40);
        ctx.tcrEl1 = tsz
                | tsz << 16
                | (long) new int[] {0, 2, 1}[granule] << 14
                | (long) new int[] {2, 1, 3}[granule] << 30
                | (random.nextInt(8) == 0 ? 1L << 7 : 0)
                | (random.nextInt(8) == 0 ? 0L : 5L) << 32;
        ctx.ttbr0El1 = table();
        ctx.ttbr1El1 = table();
        ctx.mairEl1 = 0x0000_0000_0444_44ffL;
        stage2(ctx);
        return ctx;
    }

    private void stage2(TranslationContext ctx) {
        int granule = random.nextInt(3);
        int page = new int[] {12, 14, 16}[granule];
        int level = granule == 0 ? random.nextInt(3) : random.nextInt(1, 3);
        int least = page + (page - 3) * (3 - level) + 1;
        int bits = Math.clamp(least + random.nextInt(page + 1) + (random.nextInt(16) == 0 ? 5 : 0), 25, 50);
        ctx.vtcrEl2 = 64 - bits
                | (long) (granule == 0 ? 2 - level : 3 - level) << 6
                | (long) new int[] {0, 2, 1}[granule] << 14
                | (random.nextInt(8) == 0 ? 0L : 5L) << 16
                | 1L << 31;
        ctx.vttbrEl2 = table() | 5L << 48;
    }

    private long table() {
        return BASE + (long) random.nextInt(TABLES) * TABLE_BYTES;
    }

    /// Fills the first entries of all tables, and those that lead to the tables' own addresses, at random.
    private void fill(PhysicalMemory memory, TranslationContext ctx) {
        for (int t = 0; t < TABLES; t++) {
            for (int part : PARTS) {
                put(memory, BASE + (long) t * TABLE_BYTES + 8L * part, descriptor());
            }
        }
        int page = ctx.vtcrEl2 << 48 >>> 62 == 0 ? 12 : ctx.vtcrEl2 << 48 >>> 62 == 2 ? 14 : 16;
        long vtable = ctx.vttbrEl2 & 0xffff_ffff_f000L;
        int level = (page == 12 ? 2 : 3) - ((int) (ctx.vtcrEl2 >>> 6) & 3);
        for (int shift = page + (page - 3) * (3 - level); shift >= page; shift -= page - 3) {
            long entry = vtable
                    + 8 * (BASE >>> shift & (shift == page + (page - 3) * (3 - level) ? -1 : (1L << (page - 3)) - 1));
            if (!memory.contains(entry, 8)) {
                return;
            }
            boolean leaf = level == 3 || (level >= (page == 12 ? 1 : 2) && random.nextBoolean());
            long next = table();
            if ((leaf && level < 3) || !leaf) {
                put(memory, entry, leaf ? (BASE & -(1L << shift)) | 0x7fdL : next | 3);
            } else {
                for (int i = 0; i < (TABLES * TABLE_BYTES) >> page && memory.contains(entry + 8L * i, 8); i++) {
                    put(memory, entry + 8L * i, BASE + ((long) i << page) | 0x7ffL);
                }
            }
            if (leaf) {
                return;
            }
            vtable = next;
            level++;
        }
    }

    private long descriptor() {
        long attributes = random.nextLong() & (0xffcL | 3L << 53 | 0x1fL << 59);
        attributes |= random.nextInt(8) != 0 ? 1 << 10 : 0;
        attributes |= random.nextInt(3) != 0 ? 0xc0 : 0;
        long type = new long[] {3, 3, 3, 1, 1, 0}[random.nextInt(6)];
        long address = random.nextInt(12) == 0 ? random.nextLong() & 0xffff_ffff_f000L : table();
        boolean block = type == 1 && random.nextBoolean();
        return (block ? address & -(1L << 30) : address) | (attributes & ~0x1000L) | type;
    }

    private static void put(PhysicalMemory memory, long pa, long value) {
        memory.store(Agent.LOADER, MemoryAttributes.NORMAL_WB, pa, 8, value);
    }

    private long address(TranslationContext ctx) {
        int page = new int[] {12, 16, 14, 16}[(int) (ctx.tcrEl1 >>> 14) & 3];
        long va = 0;
        for (int shift = page; shift < 48; shift += page - 3) {
            va |= (long) PARTS[random.nextInt(PARTS.length)] << shift;
        }
        int bits = 64 - (int) (ctx.tcrEl1 & 0x3f);
        va &= (1L << Math.min(bits, random.nextInt(8) == 0 ? 63 : bits)) - 1;
        va |= random.nextInt(16) == 0 ? random.nextLong() & 0x00ff_0000_0000_0000L : 0;
        va = random.nextInt(4) == 0 ? BASE + (va & (1L << 20) - 1) : va;
        return (random.nextInt(4) == 0 ? va | -1L << bits : va) | (random.nextInt(0x1000) & ~7);
    }

    private NaiveWalk naive(PhysicalMemory memory, TranslationContext ctx) {
        NaiveWalk naive = new NaiveWalk(pa -> {
            if (!memory.contains(pa, 8)) {
                throw new IndexOutOfBoundsException("External abort is not compared");
            }
            return memory.load(Agent.LOADER, MemoryAttributes.NORMAL_WB, pa, 8);
        });
        naive.tcr = ctx.tcrEl1;
        naive.ttbr0 = ctx.ttbr0El1;
        naive.ttbr1 = ctx.ttbr1El1;
        naive.mair = ctx.mairEl1;
        naive.vtcr = ctx.vtcrEl2;
        naive.vttbr = ctx.vttbrEl2 & 0xffff_ffff_ffffL;
        naive.stage1 = (ctx.sctlrEl1 & SctlrEl1.M) != 0;
        naive.stage2 = (ctx.hcrEl2 & HcrEl2.VM) != 0;
        naive.fwb = (ctx.hcrEl2 & HcrEl2.FWB) != 0;
        naive.wxn = (ctx.sctlrEl1 & SctlrEl1.WXN) != 0;
        naive.paBits = 48;
        return naive;
    }
}

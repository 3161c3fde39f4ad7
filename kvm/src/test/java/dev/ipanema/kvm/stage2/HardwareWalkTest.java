package dev.ipanema.kvm.stage2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.pgtable.Stage2Descriptor;
import dev.ipanema.arm.pgtable.Stage2Prot;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.TlbiOp;
import dev.ipanema.arm.register.VttbrEl2;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.machine.memory.PhysicalMemory;
import dev.ipanema.machine.mmu.ExclusivePolicy;
import dev.ipanema.machine.mmu.Mmu;
import dev.ipanema.machine.mmu.TlbDomain;
import dev.ipanema.machine.mmu.TranslationContext;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The MMU of the machine walks the tables that this library writes, and its TLB never holds what the library's
/// invalidations should have removed.
class HardwareWalkTest {
    private static final long TABLES = 0x8000_0000L;
    private static final int VMID = 1;

    private final TlbDomain domain = new TlbDomain();

    /// Invalidates what it is told to, by page or by range, and no more.
    private final class MachineTlb implements Stage2Ops {
        private final Granule granule;

        MachineTlb(Granule granule) {
            this.granule = granule;
        }

        private void invalidate(long ipa, long size) {
            domain.invalidateIpa(VMID, ipa, size);
            domain.invalidate(TlbiOp.VMALLE1IS, VMID, 0, false);
            domain.synchronize(null);
        }

        @Override
        public void tlbiIpa(long ipa, int level) {
            invalidate(ipa & -granule.bytes(), granule.bytes());
        }

        @Override
        public void tlbiIpaLocal(long ipa, int level) {
            tlbiIpa(ipa, level);
        }

        @Override
        public void tlbiRange(long ipa, long size) {
            invalidate(ipa, size);
        }

        @Override
        public void tlbiVmid() {
            domain.invalidate(TlbiOp.VMALLS12E1IS, VMID, 0, false);
            domain.synchronize(null);
        }

        @Override
        public void dcacheCleanInvalPoc(long pa, long size, Cause cause) {
            assertThat(size).isPositive();
        }

        @Override
        public void icacheInvalPou(long pa, long size) {
            assertThat(size).isPositive();
        }
    }

    @ParameterizedTest
    @CsvSource({"K4,32", "K4,40", "K4,48", "K16,36", "K16,40", "K64,42"})
    void hardwareTranslatesAsTheLeafSays(Granule granule, int ipaBits) {
        long seed = Long.getLong("ipanema.seed", System.nanoTime());
        System.out.println("HardwareWalkTest -Dipanema.seed=" + seed);
        SplittableRandom random = new SplittableRandom(seed);
        CpuModel model = CpuModel.parse("max").withPaBits(48);
        Stage2Config config = Stage2Config.of(granule, ipaBits).withTlbiRange(random.nextBoolean());
        try (PhysicalMemory memory = PhysicalMemory.builder()
                .ram("tables", TABLES, 64 * Sizes.MIB)
                .maxResident(Sizes.GIB)
                .build()) {
            TablePagePool pool = new TablePagePool(memory, TABLES, 64 * Sizes.MIB);
            Stage2PageTable table = new Stage2PageTable(memory, pool, config, new MachineTlb(granule));
            Mmu mmu = new Mmu(memory, model, 0, domain, ExclusivePolicy.WORK);
            TranslationContext ctx = new TranslationContext();
            ctx.vtcrEl2 = table.vtcr();
            ctx.vttbrEl2 = VttbrEl2.of(table.rootPa(), VMID);
            ctx.hcrEl2 = HcrEl2.VM | HcrEl2.RW | HcrEl2.FWB;
            mmu.setContext(ctx);
            ctx.changed();
            TablePageCache cache = new TablePageCache(pool, granule.bytes(), 16);
            for (int step = 0; step < 400; step++) {
                cache.topup(16);
                operate(random, table, cache);
                mmu.enterGuest();
                mmu.exitGuest();
                for (int probe = 0; probe < 8; probe++) {
                    compare(table, mmu, address(random, table), "seed " + seed + " step " + step);
                }
            }
            cache.close();
            table.destroy();
            assertThat(pool.allocatedBytes()).isZero();
        }
    }

    private static long address(SplittableRandom random, Stage2PageTable table) {
        Granule granule = table.config().granule();
        long block = granule.levelSize(2);
        long base = random.nextBoolean() ? 0 : (1L << table.config().geometry().ipaBits()) - 4 * block;
        return base + block * random.nextInt(4) + (long) granule.bytes() * random.nextInt(6);
    }

    private static void operate(SplittableRandom random, Stage2PageTable table, TablePageCache cache) {
        Granule granule = table.config().granule();
        long block = granule.levelSize(2);
        long page = granule.bytes();
        long ipa = address(random, table);
        boolean large = random.nextInt(3) == 0;
        long at = large ? ipa & -block : ipa;
        long size = large ? block : page * random.nextInt(1, 4);
        // Identity except for bit 40, so that remapping changes addresses.
        long pa = random.nextBoolean() ? at & 0xffff_ffffL : (at & 0xffff_ffffL) | 1L << 40;
        int prot = random.nextBoolean() ? Stage2Prot.RW : Stage2Prot.R;
        switch (random.nextInt(6)) {
            case 0, 1 -> table.map(at, size, pa, prot, cache, WalkFlags.SHARED);
            case 2 -> table.map(at, size, pa, prot, cache, 0);
            case 3 -> table.unmap(at, size);
            case 4 -> table.split(at & -block, block, cache);
            default -> table.relaxPerms(at, Stage2Prot.RW, WalkFlags.SHARED);
        }
    }

    private static void compare(Stage2PageTable table, Mmu mmu, long ipa, String name) {
        Stage2Leaf leaf = table.leaf(ipa);
        long expected = leaf.isMapped() ? leaf.pa() + (ipa & (leaf.size() - 1)) : -1;
        boolean writable = leaf.isMapped() && Stage2Descriptor.isWritable(leaf.descriptor());

        long read = mmu.translate(ipa, false);
        mmu.clearFault();
        long write = mmu.translate(ipa, true);
        mmu.clearFault();

        assertThat(read).as(name + " read of 0x" + Long.toHexString(ipa)).isEqualTo(expected);
        assertThat(write).as(name + " write of 0x" + Long.toHexString(ipa)).isEqualTo(writable ? expected : -1);
    }
}

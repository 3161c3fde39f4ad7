package dev.ipanema.machine.mmu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.ipanema.arm.pgtable.Stage1Descriptor;
import dev.ipanema.arm.register.TlbiOp;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Correct maintenance is sufficient: random remapping of both stages, in blocks and pages, each change
/// followed by the maintenance that the architecture asks for; every load then sees what the tables say.
/// And it is needed: without it some load does not.
class SufficientMaintenanceTest {
    private static final int REGIONS = 4;
    private static final long VA = 0x12_0000_0000L;
    private static final long IPA = 0x8000_0000L;
    private static final long BLOCK = 2L << 20;
    private static final int STEPS = 20_000;

    private SplittableRandom random = new SplittableRandom();

    @Test
    void loadsSeeTheTablesAfterMaintenance() {
        assertThat(mismatches(true)).isZero();
    }

    @Test
    void loadsSeeStaleEntriesWithoutMaintenance() {
        assertThat(mismatches(false)).isPositive();
    }

    private int mismatches(boolean maintain) {
        long seed = Long.getLong("ipanema.seed", System.nanoTime());
        System.out.println("SufficientMaintenanceTest -Dipanema.seed=" + seed);
        random = new SplittableRandom(seed);
        int rounds = Boolean.getBoolean("ipanema.long") ? 50 : 1;
        int wrong = 0;
        for (int round = 0; round < rounds; round++) {
            wrong += mismatches(maintain, "seed " + seed + " round " + round);
        }
        return wrong;
    }

    private int mismatches(boolean maintain, String name) {
        try (Guest guest = new Guest().stage2().stage1()) {
            long[] ipas = new long[REGIONS * 512];
            long[] pas = new long[REGIONS * 512];
            for (int page = 0; page < 8192; page++) {
                guest.write(Guest.RAM + page * Guest.PAGE, Guest.RAM + page * Guest.PAGE);
            }
            for (int region = 0; region < REGIONS; region++) {
                map1Block(guest, ipas, region);
                map2Block(guest, pas, region);
            }
            guest.mmu.tlbi(TlbiOp.ALLE1, 0);
            int wrong = 0;
            for (int step = 0; step < STEPS; step++) {
                if (random.nextInt(8) == 0) {
                    change(guest, ipas, pas, maintain);
                }
                int page = random.nextInt(REGIONS * 512);
                long ipa = ipas[page];
                long expected = pas[(int) ((ipa - IPA) >>> 12)];
                long loaded = guest.mmu.load64(VA + page * Guest.PAGE);
                wrong += loaded == expected ? 0 : 1;
                if (maintain && wrong != 0) {
                    fail("%s step %d page %d: loaded 0x%x, tables say 0x%x %s"
                            .formatted(name, step, page, loaded, expected, guest.outcome()));
                }
            }
            return wrong;
        }
    }

    private void change(Guest guest, long[] ipas, long[] pas, boolean maintain) {
        int region = random.nextInt(REGIONS);
        int page = region * 512 + random.nextInt(512);
        switch (random.nextInt(4)) {
            case 0 -> {
                map1Block(guest, ipas, region);
                flush1(guest, maintain, region * 512, 512);
            }
            case 1 -> {
                split1(guest, ipas, region);
                ipas[page] = IPA + (long) random.nextInt(REGIONS * 512) * Guest.PAGE;
                guest.map1(VA + page * Guest.PAGE, ipas[page], 3, Guest.EL1_RW | Stage1Descriptor.NG);
                flush1(guest, maintain, page, 1);
            }
            case 2 -> {
                map2Block(guest, pas, region);
                flush2(guest, maintain, region * 512, 512);
            }
            default -> {
                split2(guest, pas, region);
                pas[page] = Guest.RAM + (long) random.nextInt(8192) * Guest.PAGE;
                guest.map2(IPA + page * Guest.PAGE, pas[page], 3, Guest.S2_RWX);
                flush2(guest, maintain, page, 1);
            }
        }
    }

    private void flush1(Guest guest, boolean maintain, int page, int pages) {
        if (!maintain) {
            return;
        }
        long va = VA + page * Guest.PAGE;
        switch (random.nextInt(4)) {
            case 0 -> {
                for (int i = 0; i < pages; i++) {
                    guest.mmu.tlbi(TlbiOp.VAE1IS, TlbiOp.operand(va + i * Guest.PAGE, 0));
                }
            }
            case 1 -> guest.mmu.tlbi(TlbiOp.RVAE1IS, TlbiOp.rangeOperand(va, 12, pages == 1 ? 0 : 1, pages >> 6, 0));
            case 2 -> guest.mmu.tlbi(TlbiOp.ASIDE1, TlbiOp.operand(0, 0));
            default -> guest.mmu.tlbi(TlbiOp.VMALLE1IS, 0);
        }
        guest.mmu.dsb();
    }

    /// As KVM does: the stage-2 entries first, then all of stage 1.
    private static void flush2(Guest guest, boolean maintain, int page, int pages) {
        if (maintain) {
            guest.domain.invalidateIpa(1, IPA + page * Guest.PAGE, pages * Guest.PAGE);
            guest.domain.synchronize(null);
            guest.domain.invalidate(TlbiOp.VMALLE1IS, 1, 0, false);
            guest.domain.synchronize(null);
            guest.mmu.serviceRequests();
        }
    }

    private void map1Block(Guest guest, long[] ipas, int region) {
        long ipa = IPA + random.nextInt(REGIONS) * BLOCK;
        guest.map1(VA + region * BLOCK, ipa, 2, Guest.EL1_RW | Stage1Descriptor.NG);
        for (int i = 0; i < 512; i++) {
            ipas[region * 512 + i] = ipa + i * Guest.PAGE;
        }
    }

    private void map2Block(Guest guest, long[] pas, int region) {
        long pa = Guest.RAM + random.nextInt(16) * BLOCK;
        guest.map2(IPA + region * BLOCK, pa, 2, Guest.S2_RWX);
        for (int i = 0; i < 512; i++) {
            pas[region * 512 + i] = pa + i * Guest.PAGE;
        }
    }

    private static void split1(Guest guest, long[] ipas, int region) {
        long entry = guest.entry1(guest.stage1Table, VA + region * BLOCK, 2);
        if (!Stage1Descriptor.isTable(guest.read(entry), 2)) {
            for (int i = region * 512; i < region * 512 + 512; i++) {
                guest.map1(VA + i * Guest.PAGE, ipas[i], 3, Guest.EL1_RW | Stage1Descriptor.NG);
            }
        }
    }

    private static void split2(Guest guest, long[] pas, int region) {
        long entry = guest.entry2(IPA + region * BLOCK, 2);
        if (!Stage1Descriptor.isTable(guest.read(entry), 2)) {
            for (int i = region * 512; i < region * 512 + 512; i++) {
                guest.map2(IPA + i * Guest.PAGE, pas[i], 3, Guest.S2_RWX);
            }
        }
    }
}

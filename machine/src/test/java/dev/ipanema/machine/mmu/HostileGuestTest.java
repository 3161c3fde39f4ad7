package dev.ipanema.machine.mmu;

import static org.assertj.core.api.Assertions.assertThatCode;

import dev.ipanema.arm.register.AtOp;
import dev.ipanema.arm.register.CacheOp;
import dev.ipanema.arm.register.TlbiOp;
import dev.ipanema.arm.register.VttbrEl2;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Whatever a guest puts into its registers and tables: an access works or records a fault, nothing is thrown.
class HostileGuestTest {
    private static final CacheOp[] BY_ADDRESS = {
        CacheOp.IC_IVAU, CacheOp.DC_IVAC, CacheOp.DC_CVAC, CacheOp.DC_CVAU, CacheOp.DC_CVAP, CacheOp.DC_CIVAC
    };
    private static final long TABLES = 64;

    private SplittableRandom random = new SplittableRandom();

    @Test
    void randomRegistersTablesAndAccessesThrowNothing() {
        long seed = Long.getLong("ipanema.seed", System.nanoTime());
        System.out.println("HostileGuestTest -Dipanema.seed=" + seed);
        random = new SplittableRandom(seed);
        int trials = Boolean.getBoolean("ipanema.long") ? 100_000 : 1_500;
        for (String cpu : new String[] {"neoverse-v2", "max", "cortex-a53"}) {
            try (Guest guest = new Guest(cpu, ExclusivePolicy.values()[random.nextInt(3)])) {
                for (int trial = 0; trial < trials / 3; trial++) {
                    int number = trial;
                    assertThatCode(() -> trial(guest))
                            .as("seed %d %s trial %d", seed, cpu, number)
                            .doesNotThrowAnyException();
                }
            }
        }
    }

    private void trial(Guest guest) {
        TranslationContext ctx = guest.ctx;
        long base = Guest.RAM + random.nextInt(2) * Guest.PAGE;
        for (int i = 0; i < 64; i++) {
            long entry = Guest.RAM + random.nextLong(TABLES) * Guest.PAGE + 8L * random.nextInt(8);
            guest.write(entry, descriptor());
        }
        ctx.sctlrEl1 = random.nextLong();
        ctx.tcrEl1 = random.nextLong();
        ctx.mairEl1 = random.nextBoolean() ? 0xff44_0004_08bb_f0ffL : random.nextLong();
        ctx.ttbr0El1 = base | (random.nextLong() & (0xffffL << 48 | 0x3f));
        ctx.ttbr1El1 = random.nextBoolean() ? base : random.nextLong();
        ctx.hcrEl2 = random.nextLong() & (random.nextBoolean() ? -1L : ~1L);
        ctx.vtcrEl2 = random.nextLong();
        ctx.vttbrEl2 = VttbrEl2.of(base, random.nextInt(1 << 16));
        ctx.el = random.nextInt(2);
        ctx.pan = random.nextBoolean();
        ctx.uao = random.nextBoolean();
        ctx.changed();
        for (int i = 0; i < 100; i++) {
            access(guest.mmu, address());
            guest.mmu.clearFault();
        }
    }

    private long descriptor() {
        long target = switch (random.nextInt(4)) {
            case 0 -> Guest.DEVICE;
            case 1 -> random.nextLong() & 0xffff_ffff_f000L;
            default -> Guest.RAM + random.nextLong(TABLES) * Guest.PAGE;
        };
        return target | (random.nextLong() & ~0xffff_ffff_f000L) | (random.nextInt(8) == 0 ? 0 : 1);
    }

    private long address() {
        return switch (random.nextInt(4)) {
            case 0 -> random.nextLong();
            case 1 -> (random.nextBoolean() ? Guest.RAM : Guest.DEVICE) + random.nextInt(0x1_0010) - 8;
            case 2 -> -random.nextLong(1L << 20);
            default -> random.nextLong(8) << (12 * random.nextInt(1, 4)) | random.nextInt(0x1000);
        };
    }

    private void access(Mmu mmu, long va) {
        int log2 = random.nextInt(4);
        long value = random.nextLong();
        int aux = log2 | (random.nextInt(0x10000) & ~0x7);
        switch (random.nextInt(16)) {
            case 0 -> mmu.load(va, aux);
            case 1 -> mmu.store(va, value, aux);
            case 2 -> mmu.load64(va);
            case 3 -> mmu.store32(va, value);
            case 4 -> mmu.loadPair(va, (aux & ~7) | random.nextInt(2, 5));
            case 5 -> mmu.storePair(va, value, va, (aux & ~7) | random.nextInt(2, 5));
            case 6 -> mmu.dcZva(va);
            case 7 -> mmu.fetch32(va & ~3);
            case 8 -> {
                mmu.loadExclusive(va, log2);
                mmu.clearFault();
                mmu.storeExclusive(va, value, log2);
            }
            case 9 -> {
                int part = random.nextInt(2, 4);
                mmu.loadExclusivePair(va, part);
                mmu.clearFault();
                mmu.storeExclusivePair(va, value, va, part);
            }
            case 10 -> mmu.atomic(random.nextInt(9), va, value, log2);
            case 11 -> mmu.compareAndSwap(va, 0, value, log2);
            case 12 -> mmu.compareAndSwapPair(va, 0, 0, value, va, random.nextInt(2, 4));
            case 13 -> mmu.maintain(BY_ADDRESS[random.nextInt(BY_ADDRESS.length)], va);
            case 14 -> mmu.at(AtOp.values()[random.nextInt(AtOp.values().length)], va);
            default -> mmu.tlbi(TlbiOp.values()[random.nextInt(TlbiOp.values().length)], value);
        }
    }
}

package dev.ipanema.machine.cache;

import dev.ipanema.arm.register.Ctr;
import java.util.SplittableRandom;

/// The machine that a program runs on.
///
/// @param idc `CTR_EL0.IDC`
/// @param dic `CTR_EL0.DIC`
/// @param mapMemory whether the host maps the memory cacheable for itself
/// @param width bytes of a cell: 1, 2, 4 or 8
record Setting(CachePolicy policy, long seed, boolean idc, boolean dic, boolean mapMemory, boolean precise, int width) {
    /// IminLine and DminLine of 64 bytes.
    private static final long LINES_OF_64 = 4L << 16 | 4;

    static Setting random(SplittableRandom random) {
        return new Setting(
                CachePolicy.values()[random.nextInt(CachePolicy.values().length)],
                random.nextInt(1000),
                random.nextBoolean(),
                random.nextBoolean(),
                random.nextBoolean(),
                random.nextInt(8) == 0,
                1 << random.nextInt(4));
    }

    long ctr() {
        return LINES_OF_64 | (idc ? Ctr.IDC : 0) | (dic ? Ctr.DIC : 0);
    }

    CacheOptions options() {
        return new CacheOptions(policy, seed, Tracked.ALL, precise);
    }

    Setting with(CachePolicy newPolicy, long newSeed) {
        return new Setting(newPolicy, newSeed, idc, dic, mapMemory, precise, width);
    }
}

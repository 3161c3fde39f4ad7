package dev.ipanema.arm.cpu;

/// The caches that `CLIDR_EL1` names: level 1 data, level 1 instruction, level 2 unified.
record CacheGeometry(Cache l1d, Cache l1i, Cache l2) {
    /// One cache: associativity, line size and total size in bytes.
    record Cache(int ways, int lineBytes, int bytes) {
        int sets() {
            return bytes / (ways * lineBytes);
        }

        long ccsidr(boolean ccidx, int legacyFlags) {
            int sets = sets();
            int log2Line = Integer.numberOfTrailingZeros(lineBytes) - 4;
            return ccidx
                    ? (long) (sets - 1) << 32 | (long) (ways - 1) << 3 | log2Line
                    : (long) legacyFlags << 28 | (long) (sets - 1) << 13 | (long) (ways - 1) << 3 | log2Line;
        }
    }

    /// `CCSIDR_EL1` bits 31:28 of the format without FEAT_CCIDX: write-back, read-allocate, write-allocate.
    private static final int WB_RA_WA = 0b0111;

    /// `CCSIDR_EL1` bits 31:28 of an instruction cache: read-allocate.
    private static final int RA = 0b0010;

    /// {@return the cache that data is in at a level, 1 and up}
    Cache data(int level) {
        return level <= 1 ? l1d : l2;
    }

    long ccsidr(int csselr, boolean ccidx) {
        return switch (csselr & 0xf) {
            case 0 -> l1d.ccsidr(ccidx, WB_RA_WA);
            case 1 -> l1i.ccsidr(ccidx, RA);
            case 2 -> l2.ccsidr(ccidx, WB_RA_WA);
            default -> 0;
        };
    }
}

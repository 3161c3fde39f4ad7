package dev.ipanema.machine.cpu;

import java.util.concurrent.atomic.AtomicLong;

/// The source of RNDR and RNDRRS of one machine (FEAT_RNG): a sequence that its seed decides, so that a run can be
/// repeated. It is no entropy. For any number of threads.
///
/// Source of the mixing function: G. Steele, D. Lea, C. Flood, "Fast Splittable Pseudorandom Number Generators", 2014.
final class HardwareRandom {
    private static final long GOLDEN = 0x9e37_79b9_7f4a_7c15L;

    private final AtomicLong state = new AtomicLong();

    void seed(long seed) {
        state.set(seed);
    }

    /// {@return the next 64 bits}
    long next() {
        long z = state.addAndGet(GOLDEN);
        z = (z ^ z >>> 30) * 0xbf58_476d_1ce4_e5b9L;
        z = (z ^ z >>> 27) * 0x94d0_49bb_1331_11ebL;
        return z ^ z >>> 31;
    }
}

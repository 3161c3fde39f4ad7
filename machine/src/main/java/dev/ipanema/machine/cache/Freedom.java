package dev.ipanema.machine.cache;

import java.util.concurrent.atomic.AtomicLong;

/// The choices that the architecture leaves to hardware, as a [CachePolicy] makes them. Each is asked for
/// at a point where it can be seen: by an access past the caches, by maintenance, or by a change of a
/// page's state.
///
/// By chance means a function of the seed and the number of choices made before: a deterministic run
/// repeats it.
final class Freedom {
    private static final long GOLDEN = 0x9e37_79b9_7f4a_7c15L;

    private final CachePolicy policy;
    private final long seed;
    private final AtomicLong choices = new AtomicLong();

    Freedom(CacheOptions options) {
        this.policy = options.policy();
        this.seed = options.seed();
    }

    /// {@return whether dirty lines have reached memory, and the point of unification, before somebody
    /// looks there}
    boolean writesBackEarly() {
        return policy == CachePolicy.EAGER || byChance();
    }

    /// {@return whether a line has left the caches, written back if it was dirty, before somebody stores
    /// past it}
    boolean dropsEarly() {
        return policy == CachePolicy.EAGER || byChance();
    }

    /// {@return whether a clean line leaves the caches before it is read, so that what memory holds is
    /// seen}
    boolean dropsClean() {
        return byChance();
    }

    /// {@return whether a line that may be filled is, before somebody stores past it}
    boolean fillsEarly() {
        return policy == CachePolicy.ADVERSARIAL || byChance();
    }

    /// {@return whether a dirty line is written back right after somebody stored past it}
    boolean writesBackLate() {
        return policy == CachePolicy.ADVERSARIAL || byChance();
    }

    /// {@return whether an instruction cache keeps an instruction that memory no longer holds}
    boolean keepsInstruction() {
        return policy != CachePolicy.EAGER && (policy != CachePolicy.RANDOM || byChance());
    }

    /// {@return whether [#fillsEarly] is false whenever it is asked}
    boolean neverFillsEarly() {
        return policy == CachePolicy.LAZY || policy == CachePolicy.EAGER;
    }

    private boolean byChance() {
        return policy == CachePolicy.RANDOM && (mix(seed + GOLDEN * choices.incrementAndGet()) & 1) != 0;
    }

    /// The finalizer of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators,
    /// 2014).
    private static long mix(long z) {
        long a = (z ^ z >>> 30) * 0xbf58_476d_1ce4_e5b9L;
        long b = (a ^ a >>> 27) * 0x94d0_49bb_1331_11ebL;
        return b ^ b >>> 31;
    }
}

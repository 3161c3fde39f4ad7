package dev.ipanema.machine.cache;

/// How caches are modelled.
///
/// @param seed of [CachePolicy#RANDOM]
/// @param precise whether tracked pages are followed line by line from the start, so that the last writer
///     of a finding is exact; slow
public record CacheOptions(CachePolicy policy, long seed, Tracked tracked, boolean precise) {
    /// The default: lazy, all memory, not precise.
    public static final CacheOptions DEFAULT = new CacheOptions(CachePolicy.LAZY, 0, Tracked.ALL, false);

    /// {@return the same with another policy}
    public CacheOptions withPolicy(CachePolicy newPolicy, long newSeed) {
        return new CacheOptions(newPolicy, newSeed, tracked, precise);
    }

    /// {@return the same, precise or not}
    public CacheOptions withPrecise(boolean newPrecise) {
        return new CacheOptions(policy, seed, tracked, newPrecise);
    }
}

package dev.ipanema.machine.memory;

import dev.ipanema.arm.memory.MemoryAttributes;

/// The caches between agents and RAM, when they are modelled: every access to a region with [RamViews]
/// that does not come from a TLB entry goes through here, and every data cache maintenance operation.
///
/// Offsets are in bytes from the region's start, checked by the caller. An access whose origin may retry
/// can be refused with [Origin#again] set; then nothing of it has happened and the value is meaningless.
public interface CacheSystem {
    /// A bit of [#admit]: loads may go by a TLB entry.
    int FAST_READ = 1;

    /// A bit of [#admit]: stores may go by a TLB entry.
    int FAST_WRITE = 2;

    /// A bit of what [#fetch] answers: a fetch sees bytes that lack maintenance.
    long STALE = 1L << 32;

    /// Makes known what bypasses this; before anything runs.
    void attach(CachedTranslations translations);

    /// Makes a page ready for an access that a processing element has translated, as far as its state has
    /// to change, and says whether later ones of its kind may go by a TLB entry to the coherent view.
    /// What it allows holds until [CachedTranslations#dropPage] for the page, and is for the calling
    /// thread's own processing element.
    ///
    /// @param write whether a store follows
    /// @return [#FAST_READ], [#FAST_WRITE], or none
    int admit(Origin origin, MemoryAttributes type, RamViews ram, long offset, boolean write);

    /// Fetches an instruction word as the point of unification holds it.
    ///
    /// @param offset a multiple of 4
    /// @return the word in the lower half, with [#STALE] when it is not what was stored last
    long fetch(Origin origin, MemoryAttributes type, RamViews ram, long offset);

    /// Says what becomes of an instruction that the instruction cache of the calling thread's processing
    /// element holds, when somebody has stored another word over it and `CTR_EL0.DIC` is 0. Takes no
    /// lock.
    ///
    /// @return whether the cache goes on holding it; else it has been evicted by chance
    default boolean keepsInstruction() {
        return true;
    }

    /// Reports that an instruction was executed that is not, or no longer, what data accesses see.
    ///
    /// @param word what was executed
    /// @param patched whether it, or what is there now, is of the set that may be modified while it is
    ///     executed: a kernel that patches itself executes such between its store and its maintenance, so
    ///     that it is a finding only when the maintenance does not come
    void executedStale(Origin origin, MemoryAttributes type, RamViews ram, long offset, int word, boolean patched);

    /// Takes note that instructions were invalidated.
    ///
    /// @param length bytes; 0 for all
    void invalidatedInstructions(Origin origin, long pa, long length);

    /// Loads 1, 2, 4 or 8 bytes, of any alignment.
    long load(Origin origin, MemoryAttributes type, RamViews ram, long offset, int bytes);

    /// Stores 1, 2, 4 or 8 bytes, of any alignment.
    void store(Origin origin, MemoryAttributes type, RamViews ram, long offset, int bytes, long value);

    /// Takes note of a cacheable store that has been made to the coherent view without asking, by a
    /// [PhysicalWindow].
    void storedThrough(RamViews ram, long offset, long bytes);

    /// Replaces 1, 2, 4 or 8 naturally aligned bytes if they hold `expected`, atomically in the view of
    /// the access.
    ///
    /// @return what they held
    long compareAndExchange(
            Origin origin, MemoryAttributes type, RamViews ram, long offset, int bytes, long expected, long value);

    /// Reports a pair of exclusives of which the load went past the caches and the store goes through them.
    void exclusiveSplit(Origin origin, RamViews ram, long offset, int bytes);

    /// Reads a range.
    void read(Origin origin, MemoryAttributes type, RamViews ram, long offset, byte[] to, int at, int length);

    /// Reads what was stored last to a range, whoever stored it and by whichever view: for people who look at
    /// memory. It is no access: it changes nothing and finds nothing.
    void observe(RamViews ram, long offset, byte[] to, int at, int length);

    /// Writes a range.
    void write(Origin origin, MemoryAttributes type, RamViews ram, long offset, byte[] from, int at, int length);

    /// Writes zeroes over a range; pages that were never touched stay so.
    void zero(Origin origin, MemoryAttributes type, RamViews ram, long offset, long length);

    /// Makes a region known whose caches are modelled; before anything runs.
    void add(RamViews ram);

    /// Does a data cache maintenance operation by set and way: on lines that the origin's own processing
    /// element may hold there.
    ///
    /// @param operation one of data, to the point of coherency
    void maintain(CacheOperation operation, Origin origin, SetAndWay where);

    /// Loses what is in the caches and not in memory, as a loss of power does. While nothing runs.
    void losePower();

    /// Does a data cache maintenance operation on a range of whole lines.
    ///
    /// @param operation one of data
    void maintain(CacheOperation operation, Origin origin, RamViews ram, long offset, long length);
}

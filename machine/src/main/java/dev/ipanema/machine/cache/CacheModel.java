package dev.ipanema.machine.cache;

import static dev.ipanema.machine.cache.PageRecord.COHERENT_ENTRY;
import static dev.ipanema.machine.cache.PageRecord.EXACT;
import static dev.ipanema.machine.cache.PageRecord.MEMORY_ENTRY;
import static dev.ipanema.machine.cache.PageRecord.SPLIT;
import static dev.ipanema.machine.cache.PageRecord.STATE;
import static dev.ipanema.machine.cache.PageRecord.UNIFIED;
import static dev.ipanema.machine.cache.PageRecord.USED;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.arm.register.Ctr;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.CacheOperation;
import dev.ipanema.machine.memory.CacheSystem;
import dev.ipanema.machine.memory.CachedTranslations;
import dev.ipanema.machine.memory.Origin;
import dev.ipanema.machine.memory.RamViews;
import dev.ipanema.machine.memory.SetAndWay;

/// The caches of a machine: one coherent domain of all processing elements and snooping devices over
/// memory.
///
/// A page is in one of three states, see [PageRecord]. While it is UNIFIED or SPLIT, cacheable accesses
/// go straight to the coherent view, and most of them by TLB entries that never come here; what it costs
/// to follow lines is paid by pages that are accessed past the caches or maintained.
///
/// What a read gets is always a value that the architecture allows (`subset`); which one is up to the
/// [CachePolicy]. Lines have 64 bytes whatever CTR_EL0 says, which names the smallest line of the system
/// only.
///
/// Thread-safe. Source: Arm ARM DDI 0487, B2.8 "Mismatched memory attributes", D7.5 "Cache support"; spec
/// 05 §12, §13.
public final class CacheModel implements CacheSystem {
    private static final int PAGE = PageStates.PAGE;
    private static final long PAGE_MASK = -(long) PAGE;

    private static final int HEAP_SHARE = 8;

    /// What an [ExactPage] takes at most, with what the point of unification holds.
    private static final int EXACT_PAGE_BYTES = 8192;

    private static final int FEWEST_EXACT = 256;

    private final CacheOptions options;
    private final boolean dic;
    private final CoherenceMonitor monitor = new CoherenceMonitor();
    private final Freedom freedom;
    private final PageStates states;
    private final Aliases aliases;
    private final Reads reads;
    private final Stores stores;
    private final Fetches fetches;
    private final Maintainer maintainer;

    /// @param ctr `CTR_EL0` of the machine, for IDC and DIC
    public CacheModel(CacheOptions options, long ctr) {
        this(options, ctr, defaultMostExact());
    }

    /// @param mostExact how many pages may be followed line by line at a time
    CacheModel(CacheOptions options, long ctr, int mostExact) {
        this.options = options;
        boolean idc = (ctr & Ctr.IDC) != 0;
        this.dic = (ctr & Ctr.DIC) != 0;
        this.freedom = new Freedom(options);
        Reporter reporter = new Reporter(monitor);
        Lines lines = new Lines(reporter);
        this.states = new PageStates(options.precise(), lines, mostExact);
        this.aliases = new Aliases(states, reporter);
        ExactLines exactLines = new ExactLines(freedom, lines, reporter);
        this.reads = new Reads(freedom, states, exactLines, aliases, reporter);
        this.stores = new Stores(freedom, states, exactLines, aliases, reporter, reads);
        this.fetches = new Fetches(idc, freedom, states, lines, reporter);
        this.maintainer = new Maintainer(idc, freedom, states, lines);
    }

    /// {@return as many pages as an eighth of the heap has room for, so that no guest can fill it}
    private static int defaultMostExact() {
        long pages = Runtime.getRuntime().maxMemory() / HEAP_SHARE / EXACT_PAGE_BYTES;
        return (int) Math.min(Math.max(pages, FEWEST_EXACT), Integer.MAX_VALUE);
    }

    /// {@return how many pages are followed line by line}
    int exactPages() {
        return states.exactCount();
    }

    /// {@return what it found}
    public CoherenceMonitor monitor() {
        return monitor;
    }

    /// {@return how caches are modelled}
    public CacheOptions options() {
        return options;
    }

    @Override
    public void attach(CachedTranslations newTranslations) {
        states.attach(newTranslations);
    }

    // ---- translations ---------------------------------------------------------------------------------------------

    @Override
    public int admit(Origin origin, MemoryAttributes type, RamViews ram, long offset, boolean write) {
        long page = offset & PAGE_MASK;
        int flags = PageRecord.flags(ram.record(page));
        int state = flags & STATE;
        if (type.isCacheable()
                && (flags & COHERENT_ENTRY) != 0
                && (state == SPLIT || (state == UNIFIED && !write))
                && Aliases.isNothingNew(origin, type, flags)) {
            return rights(type, state);
        }
        if (!states.lock(origin, ram, page)) {
            return 0;
        }
        try {
            if (!aliases.note(origin, type, ram, page, offset)) {
                return 0;
            }
            if (states.isPrecise()) {
                states.follow(origin, ram, page);
                return 0;
            }
            return type.isCacheable() ? admitCoherent(origin, type, ram, page, write) : admitPast(ram, page);
        } finally {
            states.unlock(ram, page);
        }
    }

    private static int rights(MemoryAttributes type, int state) {
        return state == SPLIT && !type.isWriteThrough() ? FAST_READ | FAST_WRITE : FAST_READ;
    }

    private int admitCoherent(Origin origin, MemoryAttributes type, RamViews ram, long page, boolean write) {
        long record = ram.record(page);
        int state = PageRecord.flags(record) & STATE;
        if (state == EXACT) {
            if (!states.exact(ram, page).readsFreely()) {
                return 0;
            }
            PageRecord.set(record, COHERENT_ENTRY);
            return FAST_READ;
        }
        if (write && state == UNIFIED && !type.isWriteThrough()) {
            if (!states.split(origin, ram, page)) {
                return 0;
            }
            state = SPLIT;
        }
        PageRecord.set(record, COHERENT_ENTRY);
        return rights(type, state);
    }

    private int admitPast(RamViews ram, long page) {
        long record = ram.record(page);
        int flags = PageRecord.flags(record);
        if ((flags & STATE) != UNIFIED) {
            return 0;
        }
        PageRecord.set(record, MEMORY_ENTRY);
        return storesPlainly(ram, flags) ? FAST_READ | FAST_WRITE : FAST_READ;
    }

    /// {@return whether a store past the caches to a page that is UNIFIED meets no line in any case}
    private boolean storesPlainly(RamViews ram, int flags) {
        return (flags & USED) == 0 && (!ram.isMapMemory() || freedom.neverFillsEarly());
    }

    // ---- accesses -------------------------------------------------------------------------------------------------

    @Override
    public long load(Origin origin, MemoryAttributes type, RamViews ram, long offset, int bytes) {
        return reads.load(origin, type, ram, offset, bytes);
    }

    @Override
    public void read(Origin origin, MemoryAttributes type, RamViews ram, long offset, byte[] to, int at, int length) {
        reads.read(origin, type, ram, offset, to, at, length);
    }

    @Override
    public void observe(RamViews ram, long offset, byte[] to, int at, int length) {
        reads.observe(ram, offset, to, at, length);
    }

    @Override
    public void store(Origin origin, MemoryAttributes type, RamViews ram, long offset, int bytes, long value) {
        stores.store(origin, type, ram, offset, bytes, value);
    }

    @Override
    public void storedThrough(RamViews ram, long offset, long length) {
        stores.storedThrough(ram, offset, length);
    }

    @Override
    public void write(
            Origin origin, MemoryAttributes type, RamViews ram, long offset, byte[] from, int at, int length) {
        stores.write(origin, type, ram, offset, from, at, length);
    }

    @Override
    public void zero(Origin origin, MemoryAttributes type, RamViews ram, long offset, long length) {
        stores.zero(origin, type, ram, offset, length);
    }

    @Override
    public long compareAndExchange(
            Origin origin, MemoryAttributes type, RamViews ram, long offset, int bytes, long expected, long value) {
        return stores.compareAndExchange(origin, type, ram, offset, bytes, expected, value);
    }

    @Override
    public void exclusiveSplit(Origin origin, RamViews ram, long offset, int bytes) {
        stores.exclusiveSplit(origin, ram, offset, bytes);
    }

    // ---- fetches and maintenance ----------------------------------------------------------------------------------

    @Override
    public long fetch(Origin origin, MemoryAttributes type, RamViews ram, long offset) {
        return fetches.fetch(origin, type, ram, offset);
    }

    @Override
    public void executedStale(
            Origin origin, MemoryAttributes type, RamViews ram, long offset, int word, boolean patched) {
        fetches.executedStale(origin, type, ram, offset, word, patched);
    }

    @Override
    public void invalidatedInstructions(Origin origin, long pa, long length) {
        // What KVM does for other reasons does not make a guest right.
        if (origin.agent == Agent.PE) {
            monitor.maintained(pa, length);
        }
    }

    @Override
    public boolean keepsInstruction() {
        return freedom.keepsInstruction();
    }

    @Override
    public void add(RamViews ram) {
        states.pages().add(ram);
    }

    @Override
    public void maintain(CacheOperation operation, Origin origin, RamViews ram, long offset, long length) {
        maintainer.maintain(operation, origin, ram, offset, length);
        if (dic && operation == CacheOperation.DC_CLEAN_POU && !origin.again) {
            invalidatedInstructions(origin, ram.base() + offset, length);
        }
    }

    @Override
    public void maintain(CacheOperation operation, Origin origin, SetAndWay where) {
        maintainer.maintain(operation, origin, where);
    }

    @Override
    public void losePower() {
        maintainer.losePower();
    }
}

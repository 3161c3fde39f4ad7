package dev.ipanema.machine.cache;

import static dev.ipanema.machine.cache.ExactPage.LINE_BYTES;
import static dev.ipanema.machine.cache.PageRecord.COHERENT_ENTRY;
import static dev.ipanema.machine.cache.PageRecord.EXACT;
import static dev.ipanema.machine.cache.PageRecord.MEMORY_ENTRY;
import static dev.ipanema.machine.cache.PageRecord.SPLIT;
import static dev.ipanema.machine.cache.PageRecord.STATE;
import static dev.ipanema.machine.cache.PageRecord.UNIFIED;
import static dev.ipanema.machine.cache.PageRecord.USED;
import static dev.ipanema.machine.memory.RawMemory.RAW;

import dev.ipanema.arm.memory.Cacheability;
import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.arm.register.Ctr;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.CacheOperation;
import dev.ipanema.machine.memory.CacheSystem;
import dev.ipanema.machine.memory.CachedTranslations;
import dev.ipanema.machine.memory.Origin;
import dev.ipanema.machine.memory.RamViews;
import dev.ipanema.machine.memory.SetAndWay;
import java.lang.invoke.VarHandle;

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

    private final CacheOptions options;
    private final boolean dic;
    private final CoherenceMonitor monitor = new CoherenceMonitor();
    private final Reporter reporter = new Reporter(monitor);
    private final Freedom freedom;
    private final PageStates states;
    private final ExactLines exactLines;
    private final Aliases aliases;
    private final Fetches fetches;
    private final Maintainer maintainer;

    /// @param ctr `CTR_EL0` of the machine, for IDC
    public CacheModel(CacheOptions options, long ctr) {
        this.options = options;
        boolean idc = (ctr & Ctr.IDC) != 0;
        this.dic = (ctr & Ctr.DIC) != 0;
        this.freedom = new Freedom(options);
        this.states = new PageStates(options.precise());
        this.aliases = new Aliases(states, reporter);
        Lines lines = new Lines(reporter);
        this.exactLines = new ExactLines(freedom, lines, reporter);
        this.fetches = new Fetches(idc, freedom, states, lines, reporter);
        this.maintainer = new Maintainer(idc, freedom, states, lines);
    }

    /// {@return what it found}
    public CoherenceMonitor monitor() {
        return monitor;
    }

    /// {@return how caches are modelled}
    public CacheOptions options() {
        return options;
    }

    /// {@return whether stores of a type reach memory at once}
    static boolean isWriteThrough(MemoryAttributes type) {
        return type.isCacheable()
                && type.inner().cacheability() != Cacheability.WB
                && type.outer().cacheability() != Cacheability.WB;
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
        return state == SPLIT && !isWriteThrough(type) ? FAST_READ | FAST_WRITE : FAST_READ;
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
        if (write && state == UNIFIED && !isWriteThrough(type)) {
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

    // ---- loads ----------------------------------------------------------------------------------------------------

    /// {@return whether a read gets the bytes of the coherent view, and there is nothing to note; without
    /// the lock}
    private static boolean readsPlainly(Origin origin, MemoryAttributes type, int flags) {
        int state = flags & STATE;
        return (state == UNIFIED || (state == SPLIT && type.isCacheable()))
                && Aliases.isNothingNew(origin, type, flags);
    }

    @Override
    public long load(Origin origin, MemoryAttributes type, RamViews ram, long offset, int bytes) {
        if ((offset & LINE_BYTES - 1) + bytes > LINE_BYTES) {
            return loadParts(origin, type, ram, offset, bytes);
        }
        if (readsPlainly(origin, type, PageRecord.flags(ram.record(offset)))) {
            return RAW.load(ram.coherent(offset), bytes);
        }
        long page = offset & PAGE_MASK;
        if (!states.lock(origin, ram, page)) {
            return 0;
        }
        try {
            return beforeRead(origin, type, ram, offset, bytes) ? RAW.load(view(type, ram, offset), bytes) : 0;
        } finally {
            states.unlock(ram, page);
        }
    }

    private long loadParts(Origin origin, MemoryAttributes type, RamViews ram, long offset, int bytes) {
        long value = 0;
        for (int i = 0; i < bytes && !origin.again; i++) {
            value |= load(origin, type, ram, offset + i, 1) << (Byte.SIZE * i);
        }
        return value;
    }

    /// {@return where the bytes of an access stand, after it was noted}
    private static long view(MemoryAttributes type, RamViews ram, long offset) {
        boolean past = !type.isCacheable() && (PageRecord.flags(ram.record(offset)) & STATE) != UNIFIED;
        return past ? ram.memory(offset) : ram.coherent(offset);
    }

    /// Does what comes before a read within a line, under the lock.
    ///
    /// @return false when it has to be made anew
    private boolean beforeRead(Origin origin, MemoryAttributes type, RamViews ram, long offset, int length) {
        long page = offset & PAGE_MASK;
        if (!aliases.note(origin, type, ram, page, offset)) {
            return false;
        }
        if (states.isPrecise() && states.follow(origin, ram, page) == null) {
            return false;
        }
        int state = PageRecord.flags(ram.record(page)) & STATE;
        if (state == EXACT) {
            return exactLines.read(origin, type, ram, states.exact(ram, page), offset, length);
        }
        return type.isCacheable()
                || state == UNIFIED
                || Lines.areEqual(ram, offset, length)
                || readPastSplit(origin, type, ram, offset, length);
    }

    /// Reads past dirty lines of a page of which only cacheable accesses were made before.
    private boolean readPastSplit(Origin origin, MemoryAttributes type, RamViews ram, long offset, int length) {
        if (Reporter.wantsPc(origin)) {
            return false;
        }
        long page = offset & PAGE_MASK;
        if (freedom.writesBackEarly()) {
            PageStates.countMemory(ram, page);
            Lines.writeBack(ram, offset & -LINE_BYTES);
        } else {
            reporter.staleRead(
                    origin, type, ram, offset, length, false, PageRecord.firstWriter(ram.record(page)), false);
        }
        return true;
    }

    @Override
    public void read(Origin origin, MemoryAttributes type, RamViews ram, long offset, byte[] to, int at, int length) {
        for (int done = 0; done < length && !origin.again; ) {
            long from = offset + done;
            long page = from & PAGE_MASK;
            int chunk = (int) Math.min(length - done, page + PAGE - from);
            if (readsPlainly(origin, type, PageRecord.flags(ram.record(from)))) {
                RAW.copyOut(ram.coherent(from), to, at + done, chunk);
            } else if (states.lock(origin, ram, page)) {
                try {
                    readLines(origin, type, ram, from, to, at + done, chunk);
                } finally {
                    states.unlock(ram, page);
                }
            }
            done += chunk;
        }
    }

    private void readLines(
            Origin origin, MemoryAttributes type, RamViews ram, long offset, byte[] to, int at, int length) {
        for (int done = 0; done < length; ) {
            long from = offset + done;
            int chunk = (int) Math.min(length - done, LINE_BYTES - (from & LINE_BYTES - 1));
            if (!beforeRead(origin, type, ram, from, chunk)) {
                return;
            }
            RAW.copyOut(view(type, ram, from), to, at + done, chunk);
            done += chunk;
        }
    }

    @Override
    public void observe(RamViews ram, long offset, byte[] to, int at, int length) {
        for (int done = 0; done < length; ) {
            long from = offset + done;
            long page = from & PAGE_MASK;
            int chunk = (int) Math.min(length - done, page + PAGE - from);
            states.lockServing(ram, page);
            try {
                RAW.copyOut(ram.coherent(from), to, at + done, chunk);
                if ((PageRecord.flags(ram.record(page)) & STATE) == EXACT) {
                    Lines.overlayPast(ram, states.exact(ram, page), from, to, at + done, chunk);
                }
            } finally {
                states.unlock(ram, page);
            }
            done += chunk;
        }
    }

    // ---- stores ---------------------------------------------------------------------------------------------------

    /// Moves the bytes of a store to a host address; `done` is how many came before.
    private interface Bytes {
        void to(long host, int done, int length);
    }

    @Override
    public void store(Origin origin, MemoryAttributes type, RamViews ram, long offset, int bytes, long value) {
        if ((offset & LINE_BYTES - 1) + bytes > LINE_BYTES) {
            for (int i = 0; i < bytes && !origin.again; i++) {
                store(origin, type, ram, offset + i, 1, value >>> (Byte.SIZE * i));
            }
            return;
        }
        boolean watched;
        long page = offset & PAGE_MASK;
        if (!states.lock(origin, ram, page)) {
            return;
        }
        try {
            int views = beforeStore(origin, type, ram, offset, bytes);
            if (views == ExactLines.AGAIN) {
                return;
            }
            // Not before: a page that was never touched has a memory view for nothing.
            watched = ram.touch(offset, bytes);
            if ((views & ExactLines.COHERENT) != 0) {
                RAW.store(ram.coherent(offset), bytes, value);
            }
            if ((views & ExactLines.MEMORY) != 0) {
                RAW.store(ram.memory(offset), bytes, value);
            }
            afterStore(origin, type, ram, offset, bytes);
        } finally {
            states.unlock(ram, page);
        }
        if (watched) {
            ram.report(offset, bytes);
        }
    }

    @Override
    public void storedThrough(RamViews ram, long offset, long bytes) {
        // Before the look at the state: who follows the page looks at its bytes after it has said so.
        VarHandle.fullFence();
        for (long at = offset; at < offset + bytes; at = (at & -LINE_BYTES) + LINE_BYTES) {
            long page = at & PAGE_MASK;
            if ((PageRecord.flags(ram.record(page)) & STATE) == EXACT) {
                states.lockServing(ram, page);
                try {
                    noteThrough(ram, page, at, Math.min(offset + bytes, (at & -LINE_BYTES) + LINE_BYTES));
                } finally {
                    states.unlock(ram, page);
                }
            }
        }
    }

    private void noteThrough(RamViews ram, long page, long from, long to) {
        if ((PageRecord.flags(ram.record(page)) & STATE) == EXACT) {
            Origin kernel = Origin.of(Agent.KVM);
            exactLines.store(kernel, MemoryAttributes.NORMAL_WB, ram, states.exact(ram, page), from, (int) (to - from));
        }
    }

    /// Does what comes before a store within a line, under the lock.
    ///
    /// @return which views get the bytes, as [ExactLines#store] says
    private int beforeStore(Origin origin, MemoryAttributes type, RamViews ram, long offset, int length) {
        long page = offset & PAGE_MASK;
        int before = PageRecord.flags(ram.record(page));
        if (!aliases.note(origin, type, ram, page, offset)) {
            return ExactLines.AGAIN;
        }
        if (states.isPrecise() && states.follow(origin, ram, page) == null) {
            return ExactLines.AGAIN;
        }
        int state = PageRecord.flags(ram.record(page)) & STATE;
        if (state != EXACT) {
            if (type.isCacheable()) {
                return storeCoherent(origin, type, ram, page, state);
            }
            if (state == UNIFIED && isPlainNow(ram, before)) {
                return ExactLines.COHERENT;
            }
        }
        ExactPage exact = states.follow(origin, ram, page);
        if (exact == null || !leavesFreely(origin, type, ram, page)) {
            return ExactLines.AGAIN;
        }
        return exactLines.store(origin, type, ram, exact, offset, length);
    }

    /// {@return whether a store past the caches meets no line this time}
    private boolean isPlainNow(RamViews ram, int flags) {
        return (flags & USED) == 0 && (!ram.isMapMemory() || !freedom.fillsEarly());
    }

    /// A store past the caches makes lines stale, which loads by TLB entries would not notice.
    private boolean leavesFreely(Origin origin, MemoryAttributes type, RamViews ram, long page) {
        return type.isCacheable() || states.dropEntries(origin, ram, page, COHERENT_ENTRY);
    }

    private int storeCoherent(Origin origin, MemoryAttributes type, RamViews ram, long page, int state) {
        if (isWriteThrough(type)) {
            if (state == UNIFIED) {
                return ExactLines.COHERENT;
            }
            PageStates.countMemory(ram, page);
            return ExactLines.COHERENT | ExactLines.MEMORY;
        }
        return state == SPLIT || states.split(origin, ram, page) ? ExactLines.COHERENT : ExactLines.AGAIN;
    }

    private void afterStore(Origin origin, MemoryAttributes type, RamViews ram, long offset, int length) {
        long page = offset & PAGE_MASK;
        if ((PageRecord.flags(ram.record(page)) & STATE) != EXACT) {
            return;
        }
        ExactPage exact = states.exact(ram, page);
        exactLines.stored(origin, type, ram, exact, offset, length);
        if (type.isCacheable()) {
            states.calmDown(ram, page, exact);
        }
    }

    @Override
    public void write(
            Origin origin, MemoryAttributes type, RamViews ram, long offset, byte[] from, int at, int length) {
        storeRange(origin, type, ram, offset, length, (host, done, bytes) -> RAW.copyIn(from, at + done, host, bytes));
    }

    @Override
    public void zero(Origin origin, MemoryAttributes type, RamViews ram, long offset, long length) {
        for (long done = 0; done < length && !origin.again; ) {
            long from = offset + done;
            int chunk = (int) Math.min(length - done, (from & PAGE_MASK) + PAGE - from);
            int state = PageRecord.flags(ram.record(from)) & STATE;
            if (state != UNIFIED || ram.isTouched(from)) {
                storeRange(origin, type, ram, from, chunk, (host, before, bytes) -> RAW.fill(host, bytes, (byte) 0));
            }
            done += chunk;
        }
    }

    private void storeRange(Origin origin, MemoryAttributes type, RamViews ram, long offset, int length, Bytes bytes) {
        for (int done = 0; done < length && !origin.again; ) {
            long to = offset + done;
            long page = to & PAGE_MASK;
            int chunk = (int) Math.min(length - done, page + PAGE - to);
            if (states.lock(origin, ram, page)) {
                try {
                    storeInPage(origin, type, ram, to, chunk, done, bytes);
                } finally {
                    states.unlock(ram, page);
                }
            }
            if (ram.isWatched(to)) {
                ram.report(to, chunk);
            }
            done += chunk;
        }
    }

    private void storeInPage(
            Origin origin, MemoryAttributes type, RamViews ram, long offset, int length, int before, Bytes bytes) {
        long page = offset & PAGE_MASK;
        boolean writeBack = type.isCacheable() && !isWriteThrough(type);
        int state = PageRecord.flags(ram.record(page)) & STATE;
        if (writeBack && length == PAGE && state == EXACT && !states.isPrecise()) {
            states.overwritten(origin, ram, page);
            state = SPLIT;
        }
        if (state == UNIFIED && writeBack && !states.isPrecise() && states.split(origin, ram, page)) {
            state = SPLIT;
        }
        if (origin.again) {
            return;
        }
        ram.touch(offset, length);
        if (state == SPLIT && writeBack && aliases.note(origin, type, ram, page, offset)) {
            bytes.to(ram.coherent(offset), before, length);
            return;
        }
        for (int done = 0; done < length; ) {
            long to = offset + done;
            int chunk = (int) Math.min(length - done, LINE_BYTES - (to & LINE_BYTES - 1));
            int views = beforeStore(origin, type, ram, to, chunk);
            if (views == ExactLines.AGAIN) {
                return;
            }
            if ((views & ExactLines.COHERENT) != 0) {
                bytes.to(ram.coherent(to), before + done, chunk);
            }
            if ((views & ExactLines.MEMORY) != 0) {
                bytes.to(ram.memory(to), before + done, chunk);
            }
            afterStore(origin, type, ram, to, chunk);
            done += chunk;
        }
    }

    @Override
    public long compareAndExchange(
            Origin origin, MemoryAttributes type, RamViews ram, long offset, int bytes, long expected, long value) {
        boolean watched = false;
        long page = offset & PAGE_MASK;
        if (!states.lock(origin, ram, page)) {
            return 0;
        }
        long witness;
        try {
            int flags = PageRecord.flags(ram.record(page));
            if (!type.isCacheable() && origin.agent == Agent.PE && (flags & USED) != 0) {
                // First all for which it may have to be made anew: it is reported once.
                if (Reporter.wantsPc(origin)
                        || states.follow(origin, ram, page) == null
                        || !states.dropEntries(origin, ram, page, COHERENT_ENTRY)) {
                    return 0;
                }
                reporter.exclusivePastCaches(origin, type, ram, offset, bytes);
            }
            if (!beforeRead(origin, type, ram, offset, bytes)) {
                return 0;
            }
            if (RAW.load(view(type, ram, offset), bytes) != expected) {
                return RAW.load(view(type, ram, offset), bytes);
            }
            int views = beforeStore(origin, type, ram, offset, bytes);
            if (views == ExactLines.AGAIN) {
                return 0;
            }
            watched = ram.touch(offset, bytes);
            boolean coherent = (views & ExactLines.COHERENT) != 0;
            long host = coherent ? ram.coherent(offset) : ram.memory(offset);
            witness = RAW.compareAndExchange(host, bytes, expected, value);
            if (witness == expected && views == (ExactLines.COHERENT | ExactLines.MEMORY)) {
                RAW.store(ram.memory(offset), bytes, value);
            }
            afterStore(origin, type, ram, offset, bytes);
        } finally {
            states.unlock(ram, page);
        }
        if (watched && witness == expected) {
            ram.report(offset, bytes);
        }
        return witness;
    }

    @Override
    public void exclusiveSplit(Origin origin, RamViews ram, long offset, int bytes) {
        if (!Reporter.wantsPc(origin)) {
            reporter.exclusivePastCaches(origin, MemoryAttributes.NORMAL_WB, ram, offset, bytes);
        }
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

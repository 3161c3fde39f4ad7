package dev.ipanema.machine.cache;

import static dev.ipanema.machine.cache.PageRecord.COHERENT_ENTRY;
import static dev.ipanema.machine.cache.PageRecord.COPIED;
import static dev.ipanema.machine.cache.PageRecord.EXACT;
import static dev.ipanema.machine.cache.PageRecord.MEMORY_ENTRY;
import static dev.ipanema.machine.cache.PageRecord.SPLIT;
import static dev.ipanema.machine.cache.PageRecord.STATE;
import static dev.ipanema.machine.cache.PageRecord.UNIFIED;
import static dev.ipanema.machine.cache.PageRecord.USED;
import static dev.ipanema.machine.memory.RawMemory.RAW;

import dev.ipanema.machine.memory.CachedTranslations;
import dev.ipanema.machine.memory.Origin;
import dev.ipanema.machine.memory.RamViews;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// Changes of a page's state, all under its lock.
///
/// Order of a change that TLB entries must not survive: first the new state is published, then entries
/// are dropped, then lines are looked at. So who fills a TLB without the lock has either seen the new
/// state, or is told to drop what it fills; and nobody stores directly while lines are compared.
///
/// A change drops entries by waiting for other processing elements, and the waiting element serves
/// requests meanwhile. After that a translation of its own may no longer hold: the access is made anew
/// ([Origin#again]).
final class PageStates {
    static final int PAGE = 1 << 12;

    /// After so many cacheable stores in a row a page that is followed exactly is let go.
    private static final int CALM = 64;

    private final PageLocks locks = new PageLocks();
    private final Map<Long, ExactPage> exactPages = new ConcurrentHashMap<>();
    private final PagesInCaches pages = new PagesInCaches();
    private final boolean precise;
    private final Lines lines;
    private final int mostExact;
    private CachedTranslations translations = CachedTranslations.NONE;

    /// @param mostExact how many pages may be followed line by line at a time: each takes some KiB of heap
    PageStates(boolean precise, Lines lines, int mostExact) {
        this.precise = precise;
        this.lines = lines;
        this.mostExact = mostExact;
    }

    void attach(CachedTranslations newTranslations) {
        translations = newTranslations;
    }

    /// {@return the pages that are not UNIFIED}
    PagesInCaches pages() {
        return pages;
    }

    boolean isPrecise() {
        return precise;
    }

    /// Takes the lock of the page of an offset; see [PageLocks#lock].
    boolean lock(Origin origin, RamViews ram, long offset) {
        return locks.lock(origin, ram.base() + offset, translations);
    }

    void lockServing(RamViews ram, long offset) {
        locks.lockServing(ram.base() + offset, translations);
    }

    void unlock(RamViews ram, long offset) {
        locks.unlock(ram.base() + offset);
    }

    /// {@return the lines of a page that is [PageRecord#EXACT]}
    ExactPage exact(RamViews ram, long page) {
        return Objects.requireNonNull(exactPages.get(ram.base() + page));
    }

    /// Drops TLB entries of a page.
    ///
    /// @param entries which of the flags of entries to look for
    /// @return false when the access has to be made anew
    boolean dropEntries(Origin origin, RamViews ram, long page, int entries) {
        long record = ram.record(page);
        if ((PageRecord.flags(record) & entries) == 0) {
            return true;
        }
        translations.dropPage(ram.base() + page);
        PageRecord.clear(record, entries);
        if (origin.mayRetry) {
            origin.again = true;
            return false;
        }
        return true;
    }

    /// Makes a page [PageRecord#SPLIT] that is [PageRecord#UNIFIED], for a cacheable store.
    ///
    /// @return false when the access has to be made anew
    boolean split(Origin origin, RamViews ram, long page) {
        if (Reporter.wantsPc(origin) || !dropEntries(origin, ram, page, MEMORY_ENTRY)) {
            return false;
        }
        freezeMemory(ram, page);
        long record = ram.record(page);
        PageRecord.setFirstWriter(record, PageRecord.writer(origin));
        PageRecord.change(record, STATE, SPLIT | USED);
        pages.left();
        return true;
    }

    /// Gives a page a memory view of its own, equal to the coherent one.
    private static void freezeMemory(RamViews ram, long page) {
        long record = ram.record(page);
        boolean copied = (PageRecord.flags(record) & COPIED) != 0;
        if (ram.isTouched(page)) {
            if (!copied) {
                ram.countMemoryViewPage();
                PageRecord.set(record, COPIED);
            }
            RAW.copy(ram.coherent(page), ram.memory(page), PAGE);
        } else if (copied) {
            RAW.fill(ram.memory(page), PAGE, (byte) 0);
        }
        ram.touch(page, PAGE);
    }

    /// Counts the page of the memory view of a page, before it is written.
    static void countMemory(RamViews ram, long page) {
        long record = ram.record(page);
        if ((PageRecord.flags(record) & COPIED) == 0) {
            ram.countMemoryViewPage();
            PageRecord.set(record, COPIED);
        }
    }

    /// Makes a page [PageRecord#EXACT].
    ///
    /// @return null when the access has to be made anew
    @Nullable
    ExactPage follow(Origin origin, RamViews ram, long page) {
        long record = ram.record(page);
        int flags = PageRecord.flags(record);
        if ((flags & STATE) == EXACT) {
            return exact(ram, page);
        }
        boolean wasSplit = (flags & STATE) == SPLIT;
        boolean goOn = exactPages.size() < mostExact || evictOne(origin);
        if (!wasSplit) {
            // Before the copy: stores by these entries go to the coherent view. New ones need the lock.
            goOn &= dropEntries(origin, ram, page, MEMORY_ENTRY);
            freezeMemory(ram, page);
        }
        countMemory(ram, page);
        ExactPage exact = new ExactPage(ram, page);
        exact.present = (flags & USED) != 0 ? -1L : 0;
        exactPages.put(ram.base() + page, exact);
        PageRecord.change(record, STATE, EXACT);
        goOn &= dropEntries(origin, ram, page, COHERENT_ENTRY);
        // Of a page that was UNIFIED there are only those of windows since the copy.
        markDifferences(ram, page, exact, wasSplit ? PageRecord.firstWriter(record) : 0);
        if (!wasSplit) {
            pages.left();
        }
        return goOn ? exact : null;
    }

    /// Lets all lines of some page leave the caches, what is dirty written back, so that nothing is to be
    /// known of it: hardware may at any time, and does when its caches are full.
    ///
    /// @return false when the access has to be made anew
    private boolean evictOne(Origin origin) {
        for (ExactPage victim : exactPages.values()) {
            RamViews ram = victim.ram;
            long page = victim.page;
            if (locks.tryLock(ram.base() + page)) {
                try {
                    if (exactPages.get(ram.base() + page) == victim) {
                        boolean goOn = dropEntries(origin, ram, page, COHERENT_ENTRY);
                        for (int line = 0; line < ExactPage.LINES; line++) {
                            lines.clean(origin, ram, victim, page, line);
                            Lines.drop(ram, victim, page, line);
                        }
                        forget(ram, page);
                        return goOn;
                    }
                } finally {
                    locks.unlock(ram.base() + page);
                }
            }
        }
        return true;
    }

    /// {@return how many pages are followed line by line}
    int exactCount() {
        return exactPages.size();
    }

    private static void markDifferences(RamViews ram, long page, ExactPage exact, long writer) {
        for (int line = 0; line < ExactPage.LINES; line++) {
            long differs = Lines.difference(ram, page + ((long) line << ExactPage.LINE_SHIFT));
            if (differs != 0) {
                exact.setDirty(line, differs);
                exact.writers[line] = writer;
                exact.inherited |= 1L << line;
                exact.setPresent(line, true);
            }
        }
    }

    /// Lets a page go that has only seen cacheable stores for a while: absent lines are filled, what the
    /// point of unification holds goes on to memory. Hardware may do both at any time.
    void calmDown(RamViews ram, long page, ExactPage exact) {
        if (precise || ++exact.calm < CALM || exact.stale != 0) {
            return;
        }
        Lines.flushPou(ram, exact, page);
        long writer = 0;
        for (int line = 0; line < ExactPage.LINES && writer == 0; line++) {
            writer = exact.isDirty(line) ? exact.writers[line] : 0;
        }
        PageRecord.setFirstWriter(ram.record(page), writer);
        leaveExact(ram, page, SPLIT | USED);
    }

    /// Forgets lines: the page is overwritten through the caches as a whole.
    void overwritten(Origin origin, RamViews ram, long page) {
        PageRecord.setFirstWriter(ram.record(page), PageRecord.writer(origin));
        PageRecord.clear(ram.record(page), PageRecord.FORGOTTEN);
        leaveExact(ram, page, SPLIT | USED);
    }

    private void leaveExact(RamViews ram, long page, int state) {
        exactPages.remove(ram.base() + page);
        PageRecord.change(ram.record(page), STATE, state);
    }

    /// Makes a page [PageRecord#UNIFIED] again whose lines are all absent, which leaves nothing to know
    /// of it.
    void unifyIfEmpty(RamViews ram, long page, ExactPage exact) {
        if (exact.present == 0 && !precise) {
            forget(ram, page);
        }
    }

    /// Makes a page UNIFIED of whose lines nothing is to be known any longer.
    private void forget(RamViews ram, long page) {
        exactPages.remove(ram.base() + page);
        PageRecord.change(ram.record(page), STATE | PageRecord.FORGOTTEN, UNIFIED);
    }

    /// Replaces the coherent view of a page by the memory view.
    void loseCaches(RamViews ram, long page) {
        if ((PageRecord.flags(ram.record(page)) & STATE) != UNIFIED) {
            RAW.copy(ram.memory(page), ram.coherent(page), PAGE);
            forget(ram, page);
        }
    }

    /// Cleans and invalidates a page as a whole, which is not [PageRecord#EXACT] and of which no TLB
    /// entry exists.
    void unify(RamViews ram, long page) {
        long record = ram.record(page);
        if ((PageRecord.flags(record) & STATE) == SPLIT) {
            countMemory(ram, page);
            Lines.writeBackDifferences(ram, page, PAGE);
        }
        PageRecord.change(record, STATE | PageRecord.FORGOTTEN, UNIFIED);
    }
}

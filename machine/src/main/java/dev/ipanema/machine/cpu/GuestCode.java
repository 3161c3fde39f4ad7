package dev.ipanema.machine.cpu;

import dev.ipanema.arm.a64.ConcurrentModification;
import dev.ipanema.arm.a64.Decoder;
import dev.ipanema.arm.a64.Op;
import dev.ipanema.arm.a64.PreDecoded;
import dev.ipanema.machine.memory.CacheSystem;
import dev.ipanema.machine.mmu.Mmu;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The decoded code of one processing element: pages by physical address, and a direct-mapped table from
/// virtual pages that stands in front of the MMU's fetch.
///
/// Where caches are modelled it is the instruction cache too. With `CTR_EL0.DIC` = 0 a store leaves
/// decoded code as it is, until maintenance drops it ([CodeRegistry]).
///
/// Owned by the thread that runs the processing element; what others do comes by [#storedByOthers] and
/// [#dropByOthers].
final class GuestCode {
    private static final int SLOTS = 1024;

    /// Pages kept; beyond that all are dropped and decoded anew.
    private static final int MAX_PAGES = 2048;

    /// Position of the exception level in a tag, which otherwise is the virtual address of a page.
    private static final int EL_SHIFT = 2;

    /// No virtual page with an exception level looks like this.
    private static final long NO_TAG = 0xff0;

    private final Mmu mmu;
    private final Decoder decoder;
    private final InstructionFactory factory;
    private final CodeRegistry registry;
    private final Runnable attention;
    private final Map<Long, DecodedPage> pages = new HashMap<>();
    private final CodeChanges changes = new CodeChanges();

    /// Set when stores leave code as it is.
    private final @Nullable CacheSystem keeping;

    private final long[] tags = new long[SLOTS];
    private final long[] generations = new long[SLOTS];
    private final boolean[] guarded = new boolean[SLOTS];
    private final @Nullable DecodedPage[] cached = new @Nullable DecodedPage[SLOTS];
    private final long[] decoded = new long[PreDecoded.LONGS];
    private final boolean modelled;

    /// @param attention makes the processing element call [#applyChanges] soon; called on any thread
    GuestCode(Mmu mmu, Decoder decoder, InstructionFactory factory, CodeRegistry registry, Runnable attention) {
        this.mmu = mmu;
        this.decoder = decoder;
        this.factory = factory;
        this.registry = registry;
        this.attention = attention;
        this.modelled = registry.isModelled();
        this.keeping = registry.cachesThatKeepCode();
        Arrays.fill(tags, NO_TAG);
        registry.join(mmu.index(), this);
        mmu.setCodePages(registry.view(mmu.index()));
    }

    /// {@return the page that a fetch at `va` reaches, if a fetch there was found good before; else null}
    @Nullable
    DecodedPage cached(long va, int el) {
        int slot = (int) (va >>> DecodedPage.PAGE_SHIFT) & (SLOTS - 1);
        // Bits 1:0 of a misaligned address differ from those of the tag, where bit 2 and up of the offset are 0.
        long tag = (va & ~(DecodedPage.PAGE_BYTES - DecodedPage.INSTRUCTION_BYTES)) | (long) el << EL_SHIFT;
        return tags[slot] == tag && generations[slot] == mmu.generation() ? cached[slot] : null;
    }

    /// {@return whether the page that [#cached] or [#fetch] has just answered for `va` is guarded}
    boolean isGuarded(long va) {
        return guarded[(int) (va >>> DecodedPage.PAGE_SHIFT) & (SLOTS - 1)];
    }

    /// {@return the page that a fetch at `va` reaches, or null and a fault in the MMU}
    @Nullable
    DecodedPage fetch(long va, int el) {
        long paPage = mmu.fetchPage(va);
        if (mmu.faulted()) {
            return null;
        }
        long key = key(paPage, va);
        DecodedPage page = pages.get(key);
        if (page == null) {
            if (pages.size() >= MAX_PAGES) {
                dropAll();
            }
            page = new DecodedPage(key, registry.views(paPage));
            pages.put(key, page);
        }
        int slot = (int) (va >>> DecodedPage.PAGE_SHIFT) & (SLOTS - 1);
        tags[slot] = (va & -DecodedPage.PAGE_BYTES) | (long) el << EL_SHIFT;
        generations[slot] = mmu.generation();
        guarded[slot] = mmu.isFetchGuarded(va);
        cached[slot] = page;
        return page;
    }

    /// {@return what a page that `mmu.fetchPage(va)` has just answered is known by}
    private long key(long paPage, long va) {
        boolean cacheable = !modelled || mmu.fetchAttributes(va).isCacheable();
        return cacheable ? paPage : paPage | DecodedPage.NON_CACHEABLE;
    }

    /// Decodes the straight line of words from `va` on, up to a word that is decoded, a branch that is
    /// always taken, or the end of the page. Nothing when the fetch has to be made anew.
    ///
    /// @param page the page that [#cached] or [#fetch] answers for `va`
    void decode(DecodedPage page, long va) {
        if (page.register()) {
            registry.add(page.paPage, mmu.index());
            mmu.dropWriteEntries(page.paPage);
            if (!page.isRegistered()) {
                return; // others wanted it dropped meanwhile
            }
        }
        long base = va & -DecodedPage.PAGE_BYTES;
        for (int at = DecodedPage.index(va); at < DecodedPage.INSTRUCTIONS; at++) {
            if (page.code[at] != PageMark.NOT_DECODED) {
                return;
            }
            long fetched = fetchWord(page, base + (long) DecodedPage.INSTRUCTION_BYTES * at);
            // While a fetch waits, what others changed is applied, by which the page may be given up.
            if (mmu.faulted() || (fetched & Mmu.FETCH_REFUSED) != 0 || !page.isRegistered()) {
                return;
            }
            decoder.decode((int) fetched, decoded, 0);
            DecodedInstruction made = factory.make(decoded[0], decoded[1], at);
            page.put(at, made, (int) fetched, (fetched & CacheSystem.STALE) != 0);
            int op = PreDecoded.op(decoded[0]);
            if (op == Op.B || op == Op.BR || op == Op.RET || op == Op.ERET || op == Op.UNALLOCATED) {
                return;
            }
        }
    }

    /// Fetches a word, unless its address reaches another page by now.
    private long fetchWord(DecodedPage page, long va) {
        long paPage = mmu.fetchPage(va);
        if (mmu.faulted()) {
            return 0;
        }
        return key(paPage, va) == page.key ? mmu.fetchWord(va) : Mmu.FETCH_REFUSED;
    }

    /// Decodes the instruction that is executed at an address into [#word()] and [#imm()].
    ///
    /// @return false when its fetch faulted, or with no fault in the MMU when it has to be made anew
    boolean preDecode(long va, int el) {
        DecodedPage page = cached(va, el);
        int at = DecodedPage.index(va);
        if (page != null && page.holds(at)) {
            decoder.decode(page.encoding(at), decoded, 0);
            return true;
        }
        long fetched = mmu.fetchWord(va);
        if (mmu.faulted() || (fetched & Mmu.FETCH_REFUSED) != 0) {
            return false;
        }
        decoder.decode((int) fetched, decoded, 0);
        return true;
    }

    /// Finds out whether the instruction at an address, which is about to be executed, is stale; if so
    /// reports it. It is executed afterwards in any case. May leave a fault in the MMU.
    ///
    /// What is of the set that may be modified while it is executed is not reported: see
    /// [ConcurrentModification]. Where only one of both is, as when Linux makes `mov x9, x30` of a NOP in
    /// a function that its own patching calls, it is reported unless the maintenance comes.
    ///
    /// @param page the page that [#cached] answers for `va`
    void executeStale(DecodedPage page, long va) {
        int at = DecodedPage.index(va);
        if (!(page.code[at] instanceof StaleInstruction stale)) {
            return;
        }
        long now = fetchWord(page, va);
        if (mmu.faulted() || (now & Mmu.FETCH_REFUSED) != 0 || page.code[at] != stale) {
            return;
        }
        page.accept(at, stale);
        boolean dataDiffers = (now & CacheSystem.STALE) != 0;
        if ((int) now == stale.encoding && !dataDiffers) {
            return;
        }
        decoder.decode(dataDiffers ? page.dataWord(at) : (int) now, decoded, 0);
        boolean nowInSet = ConcurrentModification.isInSet(PreDecoded.op(decoded[0]));
        boolean heldInSet = ConcurrentModification.isInSet(PreDecoded.op(stale.word));
        if (!nowInSet || !heldInSet) {
            mmu.executedStale(va, stale.encoding, nowInSet || heldInSet);
        }
    }

    /// {@return the word of [PreDecoded] that the last [#preDecode] made}
    long word() {
        return decoded[0];
    }

    /// {@return its immediate}
    long imm() {
        return decoded[1];
    }

    /// Applies a store, of this processing element's guest or of others, to what it touched.
    void stored(long pa, int bytes) {
        long paPage = pa & -DecodedPage.PAGE_BYTES;
        int offset = (int) pa & (DecodedPage.PAGE_BYTES - 1);
        stored(pages.get(paPage), offset, bytes);
        if (modelled) {
            stored(pages.get(paPage | DecodedPage.NON_CACHEABLE), offset, bytes);
        }
    }

    private void stored(@Nullable DecodedPage page, int offset, int bytes) {
        if (page == null) {
            return;
        }
        CacheSystem caches = keeping;
        boolean giveUp = (caches == null || !page.isModelled())
                ? page.stored(offset, bytes)
                : page.storedPast(offset, bytes, caches);
        if (giveUp) {
            page.drop();
            forget(page.paPage);
        }
    }

    /// Takes this processing element from the decoders of a physical page, unless it has the page by
    /// another view.
    private void forget(long paPage) {
        if (!isRegistered(paPage) && !isRegistered(paPage | DecodedPage.NON_CACHEABLE)) {
            registry.remove(paPage, mmu.index());
        }
    }

    private boolean isRegistered(long key) {
        DecodedPage page = pages.get(key);
        return page != null && page.isRegistered();
    }

    /// {@return whether the calling thread is the one that runs the processing element}
    boolean isRunHere() {
        return mmu.isEnteredBy(Thread.currentThread());
    }

    /// Notes a store that another thread made; it is applied at the next poll.
    void storedByOthers(long pa, int bytes) {
        changes.stored(pa, bytes);
        attention.run();
    }

    /// Notes that another thread wants code dropped; it is at the next poll.
    ///
    /// @param bytes 0 for all memory
    void dropByOthers(long pa, long bytes) {
        changes.drop(pa, bytes);
        attention.run();
    }

    /// Makes the other processing elements apply what they were told; they have after the next DSB.
    void postChange() {
        mmu.postCodeChange();
    }

    /// Applies what others stored and maintained.
    void applyChanges() {
        changes.apply(this);
    }

    /// Drops the code of a range: IC IVAU, IC IALLU.
    ///
    /// @param bytes 0 for all memory
    void drop(long pa, long bytes) {
        if (bytes == 0) {
            dropAll();
        } else if (bytes >>> DecodedPage.PAGE_SHIFT > pages.size()) {
            pages.values().forEach(page -> drop(page, pa, bytes));
        } else {
            for (long at = pa & -DecodedPage.PAGE_BYTES; at - pa < bytes; at += DecodedPage.PAGE_BYTES) {
                drop(pages.get(at), pa, bytes);
                drop(pages.get(at | DecodedPage.NON_CACHEABLE), pa, bytes);
            }
        }
    }

    private static void drop(@Nullable DecodedPage page, long pa, long bytes) {
        if (page != null) {
            long from = Math.max(pa - page.paPage, 0);
            long to = Math.min(pa + bytes - page.paPage, DecodedPage.PAGE_BYTES);
            if (from < to) {
                page.drop((int) from, (int) (to - from));
            }
        }
    }

    /// Drops all decoded code.
    private void dropAll() {
        for (DecodedPage page : pages.values()) {
            if (page.isRegistered()) {
                page.drop();
                registry.remove(page.paPage, mmu.index());
            }
        }
        pages.clear();
        Arrays.fill(tags, NO_TAG);
        Arrays.fill(cached, null);
    }
}

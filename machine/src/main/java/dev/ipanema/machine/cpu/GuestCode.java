package dev.ipanema.machine.cpu;

import dev.ipanema.arm.a64.Decoder;
import dev.ipanema.arm.a64.Op;
import dev.ipanema.arm.a64.PreDecoded;
import dev.ipanema.machine.mmu.Mmu;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/// The decoded code of one processing element: pages by physical address, and a direct-mapped table from virtual pages
/// that stands in front of the MMU's fetch.
///
/// Owned by the thread that runs the processing element; stores of others come by [#storedByOthers].
final class GuestCode {
    private static final int SLOTS = 1024;

    /// Pages kept; beyond that all are dropped and decoded anew.
    private static final int MAX_PAGES = 2048;

    /// Position of the exception level in a tag, which otherwise is the virtual address of a page.
    private static final int EL_SHIFT = 2;

    /// No virtual page with an exception level looks like this.
    private static final long NO_TAG = 0xff0;

    private record Store(long pa, int bytes) {}

    private final Mmu mmu;
    private final Decoder decoder;
    private final InstructionFactory factory;
    private final CodeRegistry registry;
    private final Runnable attention;
    private final Map<Long, DecodedPage> pages = new HashMap<>();
    private final ConcurrentLinkedQueue<Store> foreignStores = new ConcurrentLinkedQueue<>();
    private final long[] tags = new long[SLOTS];
    private final long[] generations = new long[SLOTS];
    private final boolean[] guarded = new boolean[SLOTS];
    private final @Nullable DecodedPage[] cached = new @Nullable DecodedPage[SLOTS];
    private final long[] decoded = new long[PreDecoded.LONGS];

    /// @param attention makes the processing element call [#applyForeignStores] soon; called on any thread
    GuestCode(Mmu mmu, Decoder decoder, InstructionFactory factory, CodeRegistry registry, Runnable attention) {
        this.mmu = mmu;
        this.decoder = decoder;
        this.factory = factory;
        this.registry = registry;
        this.attention = attention;
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
        DecodedPage page = pages.get(paPage);
        if (page == null) {
            if (pages.size() >= MAX_PAGES) {
                dropAll();
            }
            page = new DecodedPage(paPage);
            pages.put(paPage, page);
        }
        int slot = (int) (va >>> DecodedPage.PAGE_SHIFT) & (SLOTS - 1);
        tags[slot] = (va & -DecodedPage.PAGE_BYTES) | (long) el << EL_SHIFT;
        generations[slot] = mmu.generation();
        guarded[slot] = mmu.isFetchGuarded(va);
        cached[slot] = page;
        return page;
    }

    /// Decodes the straight line of words from `va` on, up to a word that is decoded, a branch that is always taken, or
    /// the end of the page.
    ///
    /// @param page the page that [#cached] or [#fetch] answers for `va`
    void decode(DecodedPage page, long va) {
        if (page.register()) {
            registry.add(page.paPage, mmu.index());
            mmu.dropWriteEntries(page.paPage);
        }
        long base = va & -DecodedPage.PAGE_BYTES;
        for (int at = (int) (va - base) / DecodedPage.INSTRUCTION_BYTES; at < DecodedPage.INSTRUCTIONS; at++) {
            if (page.code[at] != PageMark.NOT_DECODED) {
                return;
            }
            if (!preDecode(base + (long) DecodedPage.INSTRUCTION_BYTES * at)) {
                return;
            }
            page.code[at] = factory.make(decoded[0], decoded[1], at);
            int op = PreDecoded.op(decoded[0]);
            if (op == Op.B || op == Op.BR || op == Op.RET || op == Op.ERET || op == Op.UNALLOCATED) {
                return;
            }
        }
    }

    /// Reads and decodes the word at an address into [#word()] and [#imm()].
    ///
    /// @return false when the fetch faulted
    boolean preDecode(long va) {
        int insn = mmu.fetch32(va);
        if (mmu.faulted()) {
            return false;
        }
        decoder.decode(insn, decoded, 0);
        return true;
    }

    /// {@return the word of [PreDecoded] that the last [#preDecode] made}
    long word() {
        return decoded[0];
    }

    /// {@return its immediate}
    long imm() {
        return decoded[1];
    }

    /// Drops what a store of this processing element's guest touched.
    void stored(long pa, int bytes) {
        DecodedPage page = pages.get(pa & -DecodedPage.PAGE_BYTES);
        if (page != null && page.stored((int) pa & (DecodedPage.PAGE_BYTES - 1), bytes)) {
            page.drop();
            registry.remove(page.paPage, mmu.index());
        }
    }

    /// Notes a store that another thread made; it is applied at the next poll.
    void storedByOthers(long pa, int bytes) {
        foreignStores.add(new Store(pa, bytes));
        attention.run();
    }

    /// Drops what others stored to.
    void applyForeignStores() {
        for (Store store = foreignStores.poll(); store != null; store = foreignStores.poll()) {
            stored(store.pa, store.bytes);
        }
    }

    /// Drops all decoded code: IC IALLU.
    void dropAll() {
        for (DecodedPage page : pages.values()) {
            page.drop();
            registry.remove(page.paPage, mmu.index());
        }
        pages.clear();
        Arrays.fill(tags, NO_TAG);
        Arrays.fill(cached, null);
    }
}

package dev.ipanema.machine.mmu;

import dev.ipanema.arm.memory.AlignmentRules.AccessClass;
import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.CacheSystem;
import dev.ipanema.machine.memory.Origin;
import dev.ipanema.machine.memory.PhysicalMemory;
import dev.ipanema.machine.memory.PhysicalRegion;
import dev.ipanema.machine.memory.RamViews;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Instruction fetches of one processing element: the pages that were translated last, with what their
/// descriptors say of fetches, and the reading of words.
///
/// A page's entry holds for one exception level until [#forget].
final class InstructionFetch {
    private static final int ENTRIES = 64;
    private static final int WORD_BYTES = 4;
    private static final long NONE = -1;

    /// Flags beside the address of a page.
    private static final long GUARDED = 1;

    private static final long STAGE1 = 2;

    private final PhysicalMemory memory;
    private final @Nullable CacheSystem caches;
    private final Translator translator;
    private final GuestAccess access;
    private final Regime regime;
    private final Origin origin;
    private final long[] tags = new long[ENTRIES];
    private final long[] pages = new long[ENTRIES];
    private final long[] ipas = new long[ENTRIES];
    private final int[] types = new int[ENTRIES];

    /// @param pe number of the processing element
    InstructionFetch(PhysicalMemory memory, Translator translator, GuestAccess access, Regime regime, int pe) {
        this.memory = memory;
        this.caches = memory.caches();
        this.translator = translator;
        this.access = access;
        this.regime = regime;
        this.origin = new Origin(Agent.PE, pe, true);
        forget();
    }

    /// Forgets every page.
    void forget() {
        Arrays.fill(tags, NONE);
    }

    private static int slot(long va) {
        return (int) (va >>> SoftTlb.PAGE_SHIFT) & ENTRIES - 1;
    }

    /// {@return the physical page that a fetch at `va` reaches, or -1 and a fault}
    long page(long va, int el) {
        int slot = slot(va);
        long tag = (va & SoftTlb.PAGE_MASK) | el;
        if (tags[slot] == tag) {
            return pages[slot] & SoftTlb.PAGE_MASK;
        }
        int user = el == 0 ? Translator.USER : 0;
        if (!access.reach(va, Translator.FETCH | user, AccessClass.FETCH, WORD_BYTES)) {
            return -1;
        }
        Translation result = translator.result;
        long page = result.pa & SoftTlb.PAGE_MASK;
        long guarded = (result.rights & Translation.GUARDED) != 0 ? GUARDED : 0;
        tags[slot] = tag;
        pages[slot] = page | guarded | (regime.stage1On ? STAGE1 : 0);
        ipas[slot] = result.ipa & SoftTlb.PAGE_MASK;
        types[slot] = result.fetchAttributes;
        return page;
    }

    /// {@return whether the page that [#page] found last for `va` is guarded}
    boolean isGuarded(long va) {
        return (pages[slot(va)] & GUARDED) != 0;
    }

    /// {@return the memory type of fetches from the page that [#page] found last for `va`}
    MemoryAttributes type(long va) {
        return MemoryAttributes.ofPacked(types[slot(va)]);
    }

    /// Reads a word of the page that [#page] found last for `va`.
    ///
    /// @param va a multiple of 4
    /// @return the word, with [CacheSystem#STALE] or [Mmu#FETCH_REFUSED]; 0 where nothing is
    long word(long va) {
        long pa = pa(va);
        PhysicalRegion region = memory.region(pa);
        if (region == null || !region.contains(pa, WORD_BYTES)) {
            return 0;
        }
        RamViews views = region.views();
        MemoryAttributes type = type(va);
        if (caches == null || views == null) {
            return memory.load(Agent.PE, type, pa, WORD_BYTES);
        }
        describe(va);
        long word = caches.fetch(origin, type, views, pa - region.base());
        return origin.again ? Mmu.FETCH_REFUSED : word;
    }

    /// Reports that the instruction at `va`, in the page that [#page] found last for it, was executed though
    /// data accesses see another.
    void executedStale(long va, int word, boolean patched) {
        PhysicalRegion region = memory.region(pa(va));
        RamViews views = region == null ? null : region.views();
        if (region != null && views != null && caches != null) {
            describe(va);
            origin.pc = va;
            origin.pcKnown = true;
            caches.executedStale(origin, type(va), views, pa(va) - region.base(), word, patched);
        }
    }

    private long pa(long va) {
        return (pages[slot(va)] & SoftTlb.PAGE_MASK) | (va & ~SoftTlb.PAGE_MASK);
    }

    private void describe(long va) {
        int slot = slot(va);
        origin.va = va;
        origin.ipa = ipas[slot] | (va & ~SoftTlb.PAGE_MASK);
        origin.stage1 = (pages[slot] & STAGE1) != 0;
        origin.pcKnown = false;
        origin.again = false;
        origin.wantsPc = false;
    }

    /// {@return who maintains instruction caches for this element}
    Origin origin() {
        return origin;
    }
}

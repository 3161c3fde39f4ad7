package dev.ipanema.machine.cpu;

import dev.ipanema.arm.cpu.CpuFeature;
import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.CacheSystem;
import dev.ipanema.machine.memory.InstructionCaches;
import dev.ipanema.machine.memory.Origin;
import dev.ipanema.machine.memory.PhysicalMemory;
import dev.ipanema.machine.memory.PhysicalRegion;
import dev.ipanema.machine.memory.RamViews;
import dev.ipanema.machine.mmu.CodePages;
import dev.ipanema.machine.mmu.TlbDomain;
import java.lang.invoke.VarHandle;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// Which physical pages of a machine some processing element has decoded, so that a store to one of them, and
/// maintenance of instruction caches, reaches every decoder of the page.
///
/// Invariant `registered-before-read`: a page is registered and its write entries are dropped from every TLB before its
/// words are read for decoding. So a store is either seen by the reading or finds the page registered.
final class CodeRegistry implements InstructionCaches {
    /// Bit i: processing element i holds decoded code of the page.
    private final ConcurrentHashMap<Long, Long> pages = new ConcurrentHashMap<>();

    private final GuestCode[] decoders;

    private final PhysicalMemory memory;
    private final TlbDomain domain;
    private final @Nullable CacheSystem caches;
    private final boolean dic;

    CodeRegistry(PhysicalMemory memory, TlbDomain domain, CpuModel model, int processingElements) {
        this.memory = memory;
        this.domain = domain;
        this.caches = memory.caches();
        this.dic = model.has(CpuFeature.DIC);
        this.decoders = new GuestCode[processingElements];
        memory.setPageWatcher(this::writtenByOthers);
        memory.maintenance().setInstructionCaches(this);
    }

    /// Makes a processing element's decoded code known.
    void join(int index, GuestCode code) {
        decoders[index] = code;
    }

    /// {@return both views of a page's region; null when its caches are not modelled}
    @Nullable
    RamViews views(long paPage) {
        PhysicalRegion region = caches == null ? null : memory.region(paPage);
        return region == null ? null : region.views();
    }

    /// {@return whether caches are modelled}
    boolean isModelled() {
        return caches != null;
    }

    /// {@return the caches, when they are modelled and those of instructions do not notice stores: `CTR_EL0.DIC` is 0}
    @Nullable
    CacheSystem cachesThatKeepCode() {
        return dic ? null : caches;
    }

    /// Notes that a processing element is about to decode a page: from now on stores to it are told here.
    void add(long paPage, int index) {
        pages.compute(paPage, (page, old) -> {
            if (old == null) {
                if (isRam(paPage)) {
                    memory.watch(paPage);
                }
                return 1L << index;
            }
            return old | (1L << index);
        });
    }

    /// Notes that a processing element has dropped a page.
    void remove(long paPage, int index) {
        pages.computeIfPresent(paPage, (page, old) -> {
            long rest = old & ~(1L << index);
            if (rest != 0) {
                return rest;
            }
            if (isRam(paPage)) {
                memory.unwatch(paPage);
            }
            return null;
        });
    }

    private boolean isRam(long paPage) {
        PhysicalRegion region = memory.region(paPage);
        return region != null && region.isRam();
    }

    /// {@return what the MMU of one processing element asks and reports}
    CodePages view(int index) {
        return new View(index);
    }

    /// Tells every decoder of the pages in a range of a store that was told by memory.
    private void writtenByOthers(long pa, long bytes) {
        for (long page = pa & -DecodedPage.PAGE_BYTES; page - pa < bytes; page += DecodedPage.PAGE_BYTES) {
            long from = Math.max(pa, page);
            long to = Math.min(pa + bytes, page + DecodedPage.PAGE_BYTES);
            tell(from, (int) (to - from), -1);
        }
    }

    private void tell(long pa, int bytes, int storing) {
        long holders = pages.getOrDefault(pa & -DecodedPage.PAGE_BYTES, 0L);
        for (int i = 0; i < decoders.length && holders >>> i != 0; i++) {
            if ((holders >>> i & 1) != 0) {
                if (i == storing || decoders[i].isRunHere()) {
                    decoders[i].stored(pa, bytes);
                } else {
                    decoders[i].storedByOthers(pa, bytes);
                }
            }
        }
    }

    // ---- maintenance -----------------------------------------------------------------------------------------------

    @Override
    public void invalidate(Origin origin, long pa, long length) {
        if (caches != null) {
            drop(origin, pa, length, holders(pa, length));
        }
    }

    /// {@inheritDoc}
    ///
    /// Where caches are not modelled, decoded code follows memory, and only what a guest asks for is done.
    @Override
    public void invalidateAll(Origin origin, boolean everywhere) {
        if (caches == null && origin.agent != Agent.PE) {
            return;
        }
        long own = origin.pe < 0 ? 0 : 1L << origin.pe;
        boolean knowsWhich = !everywhere && own != 0;
        drop(origin, 0, 0, knowsWhich ? own : -1L);
    }

    /// {@inheritDoc}
    ///
    /// With `CTR_EL0.DIC` = 0 an instruction cache goes on holding what it holds.
    @Override
    public void cleaned(Origin origin, long pa, long length) {
        if (caches != null && dic) {
            drop(origin, pa, length, holders(pa, length));
        }
    }

    /// {@return the processing elements that hold decoded code of a range}
    private long holders(long pa, long length) {
        // What was stored before is seen by whoever registers the page after this look: see registered-before-read.
        VarHandle.fullFence();
        long first = pa & -DecodedPage.PAGE_BYTES;
        long found = 0;
        if (length >>> DecodedPage.PAGE_SHIFT > pages.size()) {
            for (Map.Entry<Long, Long> page : pages.entrySet()) {
                found |= page.getKey() - first >= 0 && page.getKey() < pa + length ? page.getValue() : 0;
            }
            return found;
        }
        for (long page = first; page - pa < length; page += DecodedPage.PAGE_BYTES) {
            found |= pages.getOrDefault(page, 0L);
        }
        return found;
    }

    /// Drops code, at once on the processing element that asks; on others by the end of its next DSB, or of this call
    /// when it is none.
    ///
    /// @param bytes 0 for all memory
    /// @param holders the processing elements concerned
    private void drop(Origin origin, long pa, long bytes, long holders) {
        boolean others = false;
        for (int i = 0; i < decoders.length && holders >>> i != 0; i++) {
            boolean holds = (holders >>> i & 1) != 0;
            if (holds && i == origin.pe) {
                decoders[i].drop(pa, bytes);
            } else if (holds) {
                decoders[i].dropByOthers(pa, bytes);
                others = true;
            }
        }
        if (!others) {
            return;
        }
        if (origin.agent == Agent.PE && origin.pe >= 0) {
            decoders[origin.pe].postChange();
        } else {
            domain.postCodeChange();
            domain.synchronize(null);
        }
    }

    private final class View implements CodePages {
        private final int index;

        View(int index) {
            this.index = index;
        }

        @Override
        public boolean holdsCode(long paPage) {
            return pages.containsKey(paPage);
        }

        @Override
        public void stored(long pa, int bytes) {
            tell(pa, bytes, index);
        }

        @Override
        public void applyChanges() {
            decoders[index].applyChanges();
        }
    }
}

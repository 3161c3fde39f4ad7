package dev.ipanema.machine.cpu;

import dev.ipanema.machine.memory.PhysicalMemory;
import dev.ipanema.machine.memory.PhysicalRegion;
import dev.ipanema.machine.mmu.CodePages;
import java.util.concurrent.ConcurrentHashMap;

/// Which physical pages of a machine some processing element has decoded, so that a store to one of them makes every
/// decoder of the page drop the words it touched.
///
/// Invariant `registered-before-read`: a page is registered and its write entries are dropped from every TLB before its
/// words are read for decoding. So a store is either seen by the reading or finds the page registered.
final class CodeRegistry {
    /// Bit i: processing element i holds decoded code of the page.
    private final ConcurrentHashMap<Long, Long> pages = new ConcurrentHashMap<>();

    private final GuestCode[] decoders;

    private final PhysicalMemory memory;

    CodeRegistry(PhysicalMemory memory, int processingElements) {
        this.memory = memory;
        this.decoders = new GuestCode[processingElements];
        memory.setPageWatcher(this::writtenByOthers);
    }

    /// Makes a processing element's decoded code known.
    void join(int index, GuestCode code) {
        decoders[index] = code;
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

    /// Tells every decoder of the pages in a range of a store that did not come from guest code.
    private void writtenByOthers(long pa, long bytes) {
        for (long page = pa & -DecodedPage.PAGE_BYTES; page - pa < bytes; page += DecodedPage.PAGE_BYTES) {
            long from = Math.max(pa, page);
            long to = Math.min(pa + bytes, page + DecodedPage.PAGE_BYTES);
            tell(from, (int) (to - from), -1);
        }
    }

    private void tell(long pa, int bytes, int storing) {
        long holders = pages.getOrDefault(pa & -DecodedPage.PAGE_BYTES, 0L);
        for (int i = 0; holders >>> i != 0; i++) {
            if ((holders >>> i & 1) != 0) {
                if (i == storing) {
                    decoders[i].stored(pa, bytes);
                } else {
                    decoders[i].storedByOthers(pa, bytes);
                }
            }
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
    }
}

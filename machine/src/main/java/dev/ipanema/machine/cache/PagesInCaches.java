package dev.ipanema.machine.cache;

import dev.ipanema.machine.memory.RamViews;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;

/// The pages that are not [PageRecord#UNIFIED], for operations that name no address: by set and way, and
/// a loss of power. Found by a look at every touched page, and remembered while no further page has left
/// that state, since a loop over all sets and ways asks thousands of times.
final class PagesInCaches {
    private static final class Region {
        private final RamViews ram;
        private final long[] pages;

        Region(RamViews ram, long[] pages) {
            this.ram = ram;
            this.pages = pages;
        }
    }

    /// What is done with a page.
    interface Visitor {
        void visit(RamViews ram, long page);
    }

    private final List<RamViews> regions = new ArrayList<>();
    private final AtomicLong changes = new AtomicLong();
    private List<Region> found = List.of();
    private long foundAt = -1;

    /// Makes a region known.
    synchronized void add(RamViews ram) {
        regions.add(ram);
    }

    /// Notes that a page has left [PageRecord#UNIFIED], after it has: who looked before looks again.
    void left() {
        changes.incrementAndGet();
    }

    /// Visits every page that is not UNIFIED; some that have come back may be among them.
    void forEach(Visitor visitor) {
        for (Region region : find()) {
            for (long page : region.pages) {
                visitor.visit(region.ram, page);
            }
        }
    }

    private synchronized List<Region> find() {
        long now = changes.get();
        if (foundAt != now) {
            found = regions.stream().map(PagesInCaches::look).toList();
            foundAt = now;
        }
        return found;
    }

    private static Region look(RamViews ram) {
        Pages pages = new Pages();
        ram.forEachTouchedPage(page -> {
            if ((PageRecord.flags(ram.record(page)) & PageRecord.STATE) != PageRecord.UNIFIED) {
                pages.accept(page);
            }
        });
        return new Region(ram, pages.toArray());
    }

    private static final class Pages implements LongConsumer {
        private long[] pages = new long[64];
        private int count;

        @Override
        public void accept(long page) {
            if (count == pages.length) {
                pages = Arrays.copyOf(pages, 2 * count);
            }
            pages[count++] = page;
        }

        long[] toArray() {
            return Arrays.copyOf(pages, count);
        }
    }
}

package dev.ipanema.machine.mmu;

import static dev.ipanema.concurrency.Interleavings.exploreOwnCode;
import static dev.ipanema.concurrency.Interleavings.together;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.arm.register.TlbiOp;
import org.junit.jupiter.api.Test;

/// The protocol between who changes a mapping and the elements that use it, in the interleavings that Lincheck
/// explores: TLBI against fill, unmap against store, TLBI against TLBI.
///
/// An element's cached translation is here a page with the number that [Generations] gave; the rest is the real
/// [TlbDomain] and [TlbMaintenance].
class TlbProtocolTest {
    private static final long KEY = 1;
    private static final int OLD = 0;
    private static final int NEW = 1;

    /// One mapping from an address to one of two pages, and whether the first is used for something else.
    private static final class Mapping {
        private volatile int page = OLD;
        private volatile boolean reused;
        private volatile boolean misused;

        /// Loads from or stores to a page.
        void use(int used) {
            if (used == OLD && reused) {
                misused = true;
            }
        }

        void check() {
            if (misused) {
                throw new IllegalStateException("A page was used after it was given away");
            }
        }
    }

    /// Changes the mapping as a kernel does, and reuses the page.
    private static class Remapper extends Thread {
        final TlbDomain domain;
        final Mapping mapping;

        Remapper(TlbDomain domain, Mapping mapping) {
            this.domain = domain;
            this.mapping = mapping;
        }

        @Override
        public void run() {
            mapping.page = NEW;
            domain.invalidate(TlbiOp.ALLE1IS, 0, 0, false);
            await();
            mapping.reused = true;
        }

        void await() {
            domain.synchronize(null);
        }
    }

    /// The planted fault: no DSB.
    private static final class HastyRemapper extends Remapper {
        HastyRemapper(TlbDomain domain, Mapping mapping) {
            super(domain, mapping);
        }

        @Override
        void await() {}
    }

    /// A processing element that caches the mapping.
    private static class Element extends Thread {
        private final Generations generations;
        final TlbMaintenance maintenance;
        private final Mapping mapping;
        private int cachedPage;
        private int cachedGeneration = -1;

        Element(TlbDomain domain, Mapping mapping) {
            SoftTlb soft = new SoftTlb();
            this.generations = new Generations(soft);
            this.maintenance = new TlbMaintenance(0, domain, soft, new ArchTlb(soft), new Stage2Tlb(), generations);
            this.mapping = mapping;
        }

        @Override
        public void run() {
            enter();
            access();
            poll();
            access();
            maintenance.exit();
        }

        void enter() {
            maintenance.enter();
            maintenance.service();
        }

        /// A load or store: by the cache, or by a walk that fills it.
        final void access() {
            int generation = generations.of(KEY);
            if (cachedGeneration != generation) {
                cachedPage = mapping.page;
                cachedGeneration = generation;
            }
            mapping.use(cachedPage);
        }

        private void poll() {
            if (maintenance.pending()) {
                maintenance.service();
            }
        }
    }

    /// The planted fault: it looks for requests before it says that it is in guest code.
    private static final class EarlyElement extends Element {
        EarlyElement(TlbDomain domain, Mapping mapping) {
            super(domain, mapping);
        }

        @Override
        void enter() {
            maintenance.service();
            maintenance.enter();
        }
    }

    @Test
    void nobodyUsesAPageAfterTheInvalidationOfItsMappingIsComplete() {
        exploreOwnCode(() -> {
            TlbDomain domain = new TlbDomain();
            Mapping mapping = new Mapping();
            together(new Remapper(domain, mapping), new Element(domain, mapping));
            mapping.check();
        });
    }

    @Test
    void whatAnElementCachedBeforeIsGoneWhenItEntersAgain() {
        exploreOwnCode(() -> {
            TlbDomain domain = new TlbDomain();
            Mapping mapping = new Mapping();
            Element element = new Element(domain, mapping);
            element.access();
            together(new Remapper(domain, mapping), element);
            mapping.check();
        });
    }

    @Test
    void twoInvalidationsAtOnceAreBothComplete() {
        exploreOwnCode(() -> {
            TlbDomain domain = new TlbDomain();
            Mapping first = new Mapping();
            Mapping second = new Mapping();
            Element element = new Element(domain, first);
            together(new Remapper(domain, first), new Remapper(domain, second), element);
            first.check();
            second.check();
        });
    }

    @Test
    void anElementThatLooksTooEarlyWouldBeFound() {
        Runnable planted = () -> {
            TlbDomain domain = new TlbDomain();
            Mapping mapping = new Mapping();
            Element element = new EarlyElement(domain, mapping);
            element.access();
            together(new Remapper(domain, mapping), element);
            mapping.check();
        };

        assertThatThrownBy(() -> exploreOwnCode(planted)).hasMessageContaining("given away");
    }

    @Test
    void aMissingWaitWouldBeFound() {
        Runnable planted = () -> {
            TlbDomain domain = new TlbDomain();
            Mapping mapping = new Mapping();
            together(new HastyRemapper(domain, mapping), new Element(domain, mapping));
            mapping.check();
        };

        assertThatThrownBy(() -> exploreOwnCode(planted)).hasMessageContaining("given away");
    }
}

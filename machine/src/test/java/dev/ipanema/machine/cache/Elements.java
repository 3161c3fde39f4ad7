package dev.ipanema.machine.cache;

import static dev.ipanema.machine.memory.RawMemory.RAW;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.CacheSystem;
import dev.ipanema.machine.memory.CachedTranslations;
import dev.ipanema.machine.memory.Origin;
import dev.ipanema.machine.memory.PhysicalMemory;
import dev.ipanema.machine.memory.RamViews;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Processing elements on threads of their own that access Write-back memory by TLB entries, as far as the caches
/// allow. An element holds its lock while it makes an access, so that who drops its entry waits for the access; it
/// gives it up where requests of others are to be served.
final class Elements implements CachedTranslations {
    private static final long PAGE = 4096;
    private static final MemoryAttributes TYPE = MemoryAttributes.NORMAL_WB;

    /// One processing element, for one thread.
    final class Element {
        private final ReentrantLock lock = new ReentrantLock();
        private final Origin origin;
        private final int[] rights;

        private Element(int pe, int pages) {
            origin = new Origin(Agent.PE, pe, true);
            rights = new int[pages];
        }

        long load(long pa) {
            return access(
                    pa,
                    CacheSystem.FAST_READ,
                    () -> RAW.getLongVolatile(host(pa)),
                    () -> memory.load(origin, TYPE, pa, Long.BYTES));
        }

        void store(long pa, long value) {
            access(
                    pa,
                    CacheSystem.FAST_WRITE,
                    () -> {
                        RAW.putLongVolatile(host(pa), value);
                        return 0;
                    },
                    () -> {
                        memory.store(origin, TYPE, pa, Long.BYTES, value);
                        return 0;
                    });
        }

        long compareAndExchange(long pa, long expected, long value) {
            return access(
                    pa,
                    CacheSystem.FAST_WRITE,
                    () -> RAW.compareAndExchange(host(pa), Long.BYTES, expected, value),
                    () -> memory.compareAndExchange(origin, TYPE, pa, Long.BYTES, expected, value));
        }

        private long access(long pa, int right, LongSupplier fast, LongSupplier slow) {
            running.set(this);
            lock.lock();
            try {
                while (true) {
                    int page = page(pa);
                    if ((rights[page] & right) != 0) {
                        return fast.getAsLong();
                    }
                    int granted = model.admit(origin, TYPE, views, pa - base, right == CacheSystem.FAST_WRITE);
                    if (!origin.again && (granted & right) != 0) {
                        views.touch(pa - base, Long.BYTES);
                        rights[page] = granted;
                        return fast.getAsLong();
                    }
                    long value = origin.again ? 0 : slow.getAsLong();
                    if (!origin.again) {
                        return value;
                    }
                    origin.again = false;
                    origin.pcKnown = true;
                    serve();
                }
            } finally {
                lock.unlock();
                running.remove();
            }
        }
    }

    private final ThreadLocal<@Nullable Element> running = new ThreadLocal<>();
    private final CacheModel model;
    private final PhysicalMemory memory;
    private final RamViews views;
    private final long base;
    private final Element[] elements;

    Elements(CacheModel model, PhysicalMemory memory, int count) {
        this.model = model;
        this.memory = memory;
        this.views = Objects.requireNonNull(memory.regions().getFirst().views());
        this.base = views.base();
        elements = new Element[count];
        for (int pe = 0; pe < count; pe++) {
            elements[pe] = new Element(pe, (int) (views.size() / PAGE));
        }
        model.attach(this);
    }

    Element element(int pe) {
        return elements[pe];
    }

    private int page(long pa) {
        return (int) ((pa - base) / PAGE);
    }

    private long host(long pa) {
        return views.coherent(pa - base);
    }

    @Override
    public void dropPage(long paPage) {
        Element own = running.get();
        if (own != null) {
            own.lock.unlock();
        }
        for (Element element : elements) {
            element.lock.lock();
            element.rights[page(paPage)] = 0;
            element.lock.unlock();
        }
        if (own != null) {
            own.lock.lock();
        }
    }

    @Override
    public void serve() {
        Element own = running.get();
        if (own != null) {
            own.lock.unlock();
            Thread.yield();
            own.lock.lock();
        }
    }
}

package dev.ipanema.machine.cache;

import static dev.ipanema.machine.memory.RawMemory.RAW;

import dev.ipanema.machine.memory.CacheSystem;
import dev.ipanema.machine.memory.CachedTranslations;
import dev.ipanema.machine.memory.Origin;
import dev.ipanema.machine.memory.PhysicalMemory;
import dev.ipanema.machine.memory.RamViews;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.LongSupplier;

/// The cache model under test, with two processing elements that keep TLB entries as it allows them.
final class Subject implements AutoCloseable {
    private static final int ELEMENTS = 2;
    private static final int PAGES = 2;
    private static final int MOST_TRIES = 20;
    private static final int LARGEST = 8;
    private static final int INSTRUCTION = 4;

    /// The TLBs: what may go fast, by element, page and type.
    private final class Tlbs implements CachedTranslations {
        private final int[] rights = new int[ELEMENTS * PAGES * Step.Via.values().length];

        private int index(int pe, int page, Step.Via via) {
            return (pe * PAGES + page) * Step.Via.values().length + via.ordinal();
        }

        @Override
        public void dropPage(long paPage) {
            int page = (int) ((paPage - Cells.RAM) / Cells.PAGE) - 1;
            for (int pe = 0; pe < ELEMENTS && page >= 0 && page < PAGES; pe++) {
                Arrays.fill(
                        rights,
                        index(pe, page, Step.Via.WB),
                        index(pe, page, Step.Via.WB) + Step.Via.values().length,
                        0);
            }
        }

        @Override
        public void serve() {}
    }

    private final Setting setting;
    private final CacheModel model;
    private final PhysicalMemory memory;
    private final RamViews views;
    private final Tlbs tlbs = new Tlbs();
    private final Origin[] origins = new Origin[Step.Who.values().length];
    private final byte[] buffer = new byte[Cells.LINES * Cells.LINE];
    private int steps;

    Subject(Setting setting) {
        this.setting = setting;
        model = new CacheModel(setting.options(), setting.ctr());
        memory = PhysicalMemory.builder()
                .caches(model, mapMemory -> true)
                .ram("ram", Cells.RAM, Cells.RAM_SIZE, setting.mapMemory())
                .maxResident(4 * Cells.RAM_SIZE)
                .build();
        model.attach(tlbs);
        views = Objects.requireNonNull(memory.regions().getFirst().views());
        for (Step.Who who : Step.Who.values()) {
            origins[who.ordinal()] = who.pe < 0 ? Origin.of(who.agent) : new Origin(who.agent, who.pe, true);
        }
    }

    CoherenceMonitor monitor() {
        return model.monitor();
    }

    /// {@return whether a processing element has a TLB entry of a line's page that reaches the caches}
    boolean hasCacheableEntry(int line) {
        for (int pe = 0; pe < ELEMENTS; pe++) {
            if ((tlbs.rights[tlbs.index(pe, Cells.page(line), Step.Via.WB)]
                            | tlbs.rights[tlbs.index(pe, Cells.page(line), Step.Via.WT)])
                    != 0) {
                return true;
            }
        }
        return false;
    }

    /// Does a step.
    ///
    /// @param seen gets the values that it read, one for each cell; [Cells#TORN] where the bytes are of none
    void run(Step step, int[] seen) {
        Origin origin = origins[step.who().ordinal()];
        steps++;
        if (origin.mayRetry) {
            origin.pcKnown = false;
            origin.stage1 = true;
            origin.again = false;
            origin.wantsPc = false;
        }
        switch (step.kind()) {
            case LOAD -> load(origin, step, seen);
            case STORE -> store(origin, step);
            case CAS -> seen[0] = exchange(origin, step);
            case READ -> read(step, seen);
            case WRITE -> write(step);
            case ZERO ->
                anew(origin, () -> memory.zero(origin, step.via().type, Cells.linePa(step.line()), bytes(step)));
            case FETCH -> seen[0] = fetch(origin, step);
            case POWER_LOSS -> model.losePower();
            case MAINTAIN ->
                anew(
                        origin,
                        () -> memory.maintenance()
                                .done(step.operation(), origin, Cells.linePa(step.line()), bytes(step)));
        }
    }

    private static int bytes(Step step) {
        return step.lines() * Cells.LINE;
    }

    private void anew(Origin origin, Runnable access) {
        long none = anew(origin, () -> {
            access.run();
            return 0;
        });
        if (none != 0) {
            throw new IllegalStateException("Access without a value gave one");
        }
    }

    private long anew(Origin origin, LongSupplier access) {
        for (int i = 0; i < MOST_TRIES; i++) {
            long value = access.getAsLong();
            if (!origin.again) {
                return value;
            }
            if (!origin.mayRetry) {
                throw new AssertionError("Access refused to " + origin.agent + ", which cannot make it anew");
            }
            origin.again = false;
            if (origin.wantsPc) {
                origin.wantsPc = false;
                origin.pcKnown = true;
                origin.pc = 0x1000 + 4L * steps;
            }
        }
        throw new AssertionError("Access refused " + MOST_TRIES + " times");
    }

    /// {@return whether an access of a processing element may go by a TLB entry}
    private boolean isFast(Origin origin, Step step, long pa, int bytes, boolean write) {
        int page = (int) ((pa - Cells.RAM) / Cells.PAGE) - 1;
        boolean onePage = page == (int) ((pa + bytes - 1 - Cells.RAM) / Cells.PAGE) - 1;
        if (!step.who().isElement() || step.path() == Step.Path.CALL || !onePage) {
            return false;
        }
        int wanted = write ? CacheSystem.FAST_WRITE : CacheSystem.FAST_READ;
        int index = tlbs.index(origin.pe, page, step.via());
        if (step.path() == Step.Path.TLB && (tlbs.rights[index] & wanted) != 0) {
            return true;
        }
        int granted = model.admit(origin, step.via().type, views, pa - Cells.RAM, write);
        if (origin.again) {
            return false;
        }
        if ((granted & CacheSystem.FAST_WRITE) != 0) {
            views.touch(pa - Cells.RAM, bytes);
        }
        tlbs.rights[index] = granted;
        return (granted & wanted) != 0;
    }

    private void address(Origin origin, long pa) {
        if (origin.mayRetry) {
            origin.va = 0xffff_0000_0000_0000L | pa;
            origin.ipa = pa;
        }
    }

    private void load(Origin origin, Step step, int[] seen) {
        int width = setting.width();
        int bytes = step.cells() * width;
        long pa = Cells.pa(step.cell(), width);
        address(origin, pa);
        long value = anew(origin, () -> {
            if (isFast(origin, step, pa, bytes, false)) {
                return raw(views.coherent(pa - Cells.RAM), bytes);
            }
            return origin.again ? 0 : memory.load(origin, step.via().type, pa, bytes);
        });
        for (int i = 0; i < step.cells(); i++) {
            seen[i] = Cells.valueOf(value >>> 8 * width * i & mask(width), 0, width);
        }
    }

    private static long mask(int width) {
        return width == LARGEST ? -1 : (1L << 8 * width) - 1;
    }

    private static long raw(long at, int bytes) {
        return switch (bytes) {
            case 1 -> RAW.getByte(at) & 0xffL;
            case 2 -> RAW.getShort(at) & 0xffffL;
            case 4 -> RAW.getInt(at) & 0xffff_ffffL;
            default -> RAW.getLong(at);
        };
    }

    private void store(Origin origin, Step step) {
        int width = setting.width();
        int bytes = step.cells() * width;
        long pa = Cells.pa(step.cell(), width);
        long one = Cells.bytesOf(step.value(), 0, width);
        long value = step.cells() == 1 ? one : one | one << 8 * width;
        address(origin, pa);
        anew(origin, () -> {
            if (isFast(origin, step, pa, bytes, true)) {
                rawStore(views.coherent(pa - Cells.RAM), bytes, value);
            } else if (!origin.again) {
                memory.store(origin, step.via().type, pa, bytes, value);
            }
        });
    }

    private static void rawStore(long at, int bytes, long value) {
        switch (bytes) {
            case 1 -> RAW.putByte(at, (byte) value);
            case 2 -> RAW.putShort(at, (short) value);
            case 4 -> RAW.putInt(at, (int) value);
            default -> RAW.putLong(at, value);
        }
    }

    private int exchange(Origin origin, Step step) {
        int width = setting.width();
        long pa = Cells.pa(step.cell(), width);
        long expected = Cells.bytesOf(step.expected(), 0, width);
        long value = Cells.bytesOf(step.value(), 0, width);
        address(origin, pa);
        long witness = anew(origin, () -> {
            if (isFast(origin, step, pa, width, true)) {
                return RAW.compareAndExchange(views.coherent(pa - Cells.RAM), width, expected, value);
            }
            return origin.again ? 0 : memory.compareAndExchange(origin, step.via().type, pa, width, expected, value);
        });
        return Cells.valueOf(witness, 0, width);
    }

    private int fetch(Origin origin, Step step) {
        int width = setting.width();
        long pa = Cells.pa(step.cell(), width) & -INSTRUCTION;
        address(origin, pa);
        long word = anew(origin, () -> model.fetch(origin, step.via().type, views, pa - Cells.RAM));
        if ((word & CacheSystem.STALE) != 0) {
            model.executedStale(origin, step.via().type, views, pa - Cells.RAM, (int) word, false);
        }
        int inWord = (int) (Cells.pa(step.cell(), width) - pa);
        int count = Math.min(width, INSTRUCTION);
        return Cells.valueOf(word >>> 8 * inWord & mask(count), 0, count);
    }

    private void read(Step step, int[] seen) {
        memory.read(step.who().agent, step.via().type, Cells.linePa(step.line()), buffer, 0, bytes(step));
        int first = Cells.offset(step.cell(), setting.width());
        for (int i = 0; i < step.cells(); i++) {
            int at = Cells.offset(step.cell() + i, setting.width()) - first;
            long value = 0;
            for (int b = setting.width() - 1; b >= 0; b--) {
                value = value << 8 | buffer[at + b] & 0xff;
            }
            seen[i] = Cells.valueOf(value, 0, setting.width());
        }
    }

    private void write(Step step) {
        int first = Cells.offset(step.cell(), setting.width());
        Arrays.fill(buffer, (byte) Cells.byteOf(step.value(), 0));
        for (int i = 0; i < step.cells(); i++) {
            int at = Cells.offset(step.cell() + i, setting.width()) - first;
            for (int b = 0; b < setting.width(); b++) {
                buffer[at + b] = (byte) Cells.byteOf(step.value(), b);
            }
        }
        memory.write(step.who().agent, step.via().type, Cells.linePa(step.line()), buffer, 0, bytes(step));
    }

    @Override
    public void close() {
        memory.close();
    }
}

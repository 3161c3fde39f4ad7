package dev.ipanema.machine.cache;

import static dev.ipanema.machine.memory.RawMemory.RAW;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.CacheOperation;
import dev.ipanema.machine.memory.CacheSystem;
import dev.ipanema.machine.memory.CachedTranslations;
import dev.ipanema.machine.memory.Origin;
import dev.ipanema.machine.memory.PhysicalMemory;
import dev.ipanema.machine.memory.RamViews;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Stores by TLB entries of other elements while a page changes its state.
class StateChangeTest {
    private static final MemoryAttributes NC = MemoryAttributes.NORMAL_NC;
    private static final long BASE = 0x8000_0000L;
    private static final long LINE = 64;

    private final CacheModel model = new CacheModel(CacheOptions.DEFAULT, 0);
    private final PhysicalMemory memory = PhysicalMemory.builder()
            .caches(model, mapMemory -> true)
            .ram("ram", BASE, 16 << 20, true)
            .build();
    private final RamViews views = Objects.requireNonNull(memory.views(BASE));
    private final Origin pe = new Origin(Agent.PE, 0, true);

    StateChangeTest() {
        pe.stage1 = true;
        pe.pcKnown = true;
    }

    @AfterEach
    void close() {
        memory.close();
    }

    /// What the other element stores past the caches, up to the moment at which it drops its entry, is seen past the
    /// caches.
    @Test
    void storePastTheCachesBeforeItsEntryIsDroppedIsNotLost() {
        memory.store(Origin.of(Agent.LOADER), NC, BASE, 8, 1);
        int rights = model.admit(pe, NC, views, 0, true);
        assertThat(rights).isEqualTo(CacheSystem.FAST_READ | CacheSystem.FAST_WRITE);
        model.attach(new CachedTranslations() {
            @Override
            public void dropPage(long paPage) {
                RAW.putLong(views.coherent(0), 2);
            }

            @Override
            public void serve() {}
        });

        memory.maintenance().done(CacheOperation.DC_CLEAN_INVAL_POC, pe, BASE + LINE, LINE);

        assertThat(memory.load(Agent.DEVICE, NC, BASE, 8)).isEqualTo(2);
    }
}

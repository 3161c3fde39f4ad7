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
import dev.ipanema.machine.memory.PhysicalWindow;
import dev.ipanema.machine.memory.RamViews;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Stores that do not ask: by TLB entries while a page changes its state, and by page-table code.
class StateChangeTest {
    private static final MemoryAttributes WB = MemoryAttributes.NORMAL_WB;
    private static final MemoryAttributes NC = MemoryAttributes.NORMAL_NC;
    private static final long BASE = 0x8000_0000L;
    private static final long LINE = 64;
    private static final long PAGE = 4096;

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

    /// Page-table code stores without asking; what it stores to lines that are followed is dirty all the same.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void storeThroughAWindowIsCleanedFromAPageThatIsFollowed(boolean past) {
        PhysicalWindow window = memory.window(Agent.KVM, WB, BASE, PAGE);
        memory.store(Agent.DEVICE, WB, BASE, 8, 1);
        memory.store(Agent.DEVICE, NC, BASE + LINE, 8, 1);
        memory.maintenance().dcCleanPoc(Agent.KVM, BASE, PAGE);
        if (past) {
            memory.store(Agent.DEVICE, NC, BASE, 8, 2);
        }

        window.setLong(0, 3);
        window.setLongs(3 * LINE - 8, 5, 1, 2);

        assertThat(memory.load(Agent.DEVICE, NC, BASE, 8)).isEqualTo(past ? 2 : 1);
        memory.maintenance().dcCleanInvalPoc(Agent.KVM, BASE, PAGE);
        assertThat(memory.load(Agent.DEVICE, NC, BASE, 8)).isEqualTo(3);
        assertThat(memory.load(Agent.DEVICE, NC, BASE + 3 * LINE - 8, 8)).isEqualTo(5);
        assertThat(memory.load(Agent.DEVICE, NC, BASE + 3 * LINE, 8)).isEqualTo(6);
        assertThat(memory.load(Agent.DEVICE, WB, BASE, 8)).isEqualTo(3);
    }
}

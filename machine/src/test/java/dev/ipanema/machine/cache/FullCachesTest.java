package dev.ipanema.machine.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.CacheOperation;
import dev.ipanema.machine.memory.CacheSystem;
import dev.ipanema.machine.memory.Origin;
import dev.ipanema.machine.memory.PhysicalMemory;
import dev.ipanema.machine.memory.RamViews;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A guest that makes every page one that is followed line by line.
class FullCachesTest {
    private static final MemoryAttributes WB = MemoryAttributes.NORMAL_WB;
    private static final MemoryAttributes NC = MemoryAttributes.NORMAL_NC;
    private static final long BASE = 0x8000_0000L;
    private static final int PAGES = 1000;
    private static final int PAGE = 4096;
    private static final int MOST = 16;
    private static final int LINE = 64;

    private final CacheModel model = new CacheModel(CacheOptions.DEFAULT, 0, MOST);
    private final PhysicalMemory memory = PhysicalMemory.builder()
            .caches(model, mapMemory -> true)
            .ram("ram", BASE, (long) PAGES * PAGE, true)
            .build();
    private final Origin pe = new Origin(Agent.PE, 0, false);

    @AfterEach
    void close() {
        memory.close();
    }

    /// Whoever makes room by dropping TLB entries has served requests: its own translation may no longer hold.
    @Test
    void accessThatMakesRoomIsMadeAnewAndHasNotHappened() {
        Origin guest = new Origin(Agent.PE, 0, true);
        guest.pcKnown = true;
        RamViews views = Objects.requireNonNull(memory.views(BASE));
        for (int i = 0; i < MOST; i++) {
            memory.store(guest, WB, BASE + (long) i * PAGE, 8, 1);
            memory.maintenance().done(CacheOperation.DC_CLEAN_POU, guest, BASE + (long) i * PAGE, LINE);
            assertThat(model.admit(guest, WB, views, (long) i * PAGE, false)).isEqualTo(CacheSystem.FAST_READ);
        }
        long pa = BASE + (long) MOST * PAGE;
        memory.load(guest, WB, pa, 8);
        assertThat(guest.again).isFalse();

        memory.store(guest, NC, pa, 8, 5);

        assertThat(guest.again).isTrue();
        assertThat(memory.load(pe, NC, pa, 8)).isZero();
        guest.again = false;
        memory.store(guest, NC, pa, 8, 5);
        assertThat(guest.again).isFalse();
        assertThat(memory.load(pe, NC, pa, 8)).isEqualTo(5);
    }

    @ParameterizedTest
    @ValueSource(strings = {"DC_CLEAN_POU", "DC_CLEAN_INVAL_POC"})
    void linesOfOtherPagesLeaveTheCachesAndNothingIsLost(CacheOperation operation) {
        for (int i = 0; i < PAGES; i++) {
            long pa = BASE + (long) i * PAGE;
            memory.store(pe, WB, pa, 8, i + 1);
            memory.store(pe, WB, pa + LINE, 8, -i - 1);
            memory.maintenance().done(operation, pe, pa, LINE);
            memory.store(pe, WB, pa + LINE + 8, 8, 2L * i);
        }

        assertThat(model.exactPages()).isLessThanOrEqualTo(MOST);
        for (int i = 0; i < PAGES; i++) {
            long pa = BASE + (long) i * PAGE;
            assertThat(memory.load(pe, WB, pa, 8)).isEqualTo(i + 1);
            assertThat(memory.load(pe, WB, pa + LINE, 8)).isEqualTo(-i - 1);
            assertThat(memory.load(pe, WB, pa + LINE + 8, 8)).isEqualTo(2L * i);
        }
        // Of a page that was made room for, what was dirty is in memory.
        long written = 0;
        for (int i = 0; i < PAGES; i++) {
            written += memory.load(pe, NC, BASE + (long) i * PAGE + LINE + 8, 8) == 2L * i ? 1 : 0;
        }
        assertThat(written).isGreaterThanOrEqualTo(PAGES - MOST);
    }
}

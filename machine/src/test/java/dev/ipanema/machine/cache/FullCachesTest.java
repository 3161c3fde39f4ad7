package dev.ipanema.machine.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.CacheOperation;
import dev.ipanema.machine.memory.Origin;
import dev.ipanema.machine.memory.PhysicalMemory;
import org.junit.jupiter.api.AfterEach;
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

package dev.ipanema.machine.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.Origin;
import dev.ipanema.machine.memory.PhysicalMemory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What people look at memory with is no agent of the machine.
class ObservationTest {
    private static final MemoryAttributes WB = MemoryAttributes.NORMAL_WB;
    private static final MemoryAttributes NC = MemoryAttributes.NORMAL_NC;
    private static final long BASE = 0x8000_0000L;
    private static final long PAGE = 4096;

    private final CacheModel model = new CacheModel(CacheOptions.DEFAULT, 0);
    private final PhysicalMemory memory = PhysicalMemory.builder()
            .caches(model, mapMemory -> true)
            .ram("ram", BASE, 16 << 20, true)
            .build();
    private final Origin guest = new Origin(Agent.PE, 0, false);

    @AfterEach
    void close() {
        memory.close();
    }

    private byte[] observe(long pa, int length) {
        byte[] bytes = new byte[length];
        memory.observe(pa, bytes, 0, length);
        return bytes;
    }

    @Test
    void whatWasStoredLastIsSeenByWhicheverView() {
        memory.store(guest, WB, BASE + PAGE - 4, 4, 0x0403_0201);
        memory.store(guest, WB, BASE + PAGE, 4, 0x0807_0605);
        memory.store(guest, NC, BASE + PAGE + 1, 1, 0x66);

        assertThat(observe(BASE + PAGE - 4, 8)).containsExactly(1, 2, 3, 4, 5, 0x66, 7, 8);
    }

    @Test
    void nothingIsFoundAndNothingChanges() {
        guest.stage1 = true;
        memory.load(guest, NC, BASE, 8);
        memory.store(Origin.of(Agent.DEVICE), WB, BASE + PAGE, 8, 1);
        memory.store(Origin.of(Agent.DEVICE), NC, BASE + PAGE, 8, 2);
        long before = model.monitor().total();
        long resident = memory.residentBytes();

        observe(BASE, (int) (3 * PAGE));

        assertThat(model.monitor().total()).isEqualTo(before);
        assertThat(memory.residentBytes()).isEqualTo(resident);
        memory.load(Agent.VMM, WB, BASE, 8);
        memory.load(Agent.VMM, WB, BASE + PAGE, 8);
        assertThat(model.monitor().findings().stream()
                        .map(each -> each.finding().kind()))
                .contains(FindingKind.MISMATCHED_ALIAS, FindingKind.STALE_READ);
    }
}

package dev.ipanema.machine.memory;

import static dev.ipanema.arm.memory.MemoryAttributes.NORMAL_WB;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PageWatcherTest {
    private static final long RAM = 0x4000_0000L;
    private static final long WATCHED = RAM + 0x2000;

    private final PhysicalMemory memory = PhysicalMemory.builder()
            .ram("ram", RAM, 1 << 20)
            .maxResident(1 << 20)
            .build();
    private final List<String> heard = new ArrayList<>();

    @BeforeEach
    void watchOnePage() {
        memory.setPageWatcher((pa, bytes) ->
                heard.add(Long.toHexString(pa) + ":" + bytes + "=" + memory.load(Agent.PE, NORMAL_WB, WATCHED, 1)));
        memory.watch(WATCHED);
    }

    @AfterEach
    void close() {
        memory.close();
    }

    @Test
    void everyKindOfStoreIsReportedAfterItWasMade() {
        memory.store(Agent.VMM, NORMAL_WB, WATCHED, 4, 1);
        memory.write(Agent.LOADER, NORMAL_WB, WATCHED - 1, new byte[] {9, 2}, 0, 2);
        memory.compareAndExchange(Agent.KVM, NORMAL_WB, WATCHED, 8, 2, 3);
        memory.store(Agent.DEVICE, NORMAL_WB, RAM, 1, 4);
        memory.copy(Agent.HOST_KERNEL, NORMAL_WB, RAM, WATCHED, 1);
        memory.zero(Agent.HOST_KERNEL, NORMAL_WB, RAM, 0x4000);
        PhysicalWindow window = memory.window(Agent.KVM, NORMAL_WB, RAM, 0x4000);
        window.setLong(0x2000, 5);
        window.setLongRelease(0x2000, 6);
        window.compareAndSetLong(0x2000, 6, 7);
        window.zero(0x1000, 0x2000);

        assertThat(heard)
                .containsExactly(
                        "40002000:4=1",
                        "40001fff:2=2",
                        "40002000:8=3",
                        "40002000:1=4",
                        "40002000:4096=0",
                        "40002000:8=5",
                        "40002000:8=6",
                        "40002000:8=7",
                        "40001000:8192=0");
    }

    @Test
    void neighbourPagesAndLoadsAreNotReported() {
        memory.store(Agent.VMM, NORMAL_WB, WATCHED - 8, 8, 1);
        memory.store(Agent.VMM, NORMAL_WB, WATCHED + 0x1000, 8, 1);
        memory.load(Agent.VMM, NORMAL_WB, WATCHED, 8);
        memory.hostAddress(WATCHED);

        assertThat(heard).isEmpty();
    }

    @Test
    void watchedPageIsCountedOnceAndStaysSoAfterUnwatch() {
        memory.store(Agent.VMM, NORMAL_WB, WATCHED, 8, 1);
        assertThat(memory.residentBytes()).isEqualTo(4096);
        assertThat(memory.isTouched(WATCHED)).isTrue();

        memory.watch(WATCHED);
        memory.unwatch(WATCHED + 0xfff);
        memory.unwatch(WATCHED);
        heard.clear();
        memory.store(Agent.VMM, NORMAL_WB, WATCHED, 8, 1);

        assertThat(heard).isEmpty();
        assertThat(memory.residentBytes()).isEqualTo(4096);
        assertThat(memory.isTouched(WATCHED)).isTrue();
    }
}

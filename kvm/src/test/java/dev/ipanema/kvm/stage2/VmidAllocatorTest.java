package dev.ipanema.kvm.stage2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class VmidAllocatorTest {
    private int flushes;
    private final VmidAllocator allocator = new VmidAllocator(8, 2, () -> flushes++);

    private List<Vmid> loadOnFirstPe(int count) {
        List<Vmid> vmids = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Vmid vmid = new Vmid();
            allocator.load(vmid, 0);
            allocator.put(0);
            vmids.add(vmid);
        }
        return vmids;
    }

    @Test
    void indexZeroIsNeverGivenOut() {
        List<Vmid> all = loadOnFirstPe(255);

        Set<Integer> indexes = new HashSet<>();
        all.forEach(vmid -> indexes.add(allocator.index(vmid)));
        assertThat(indexes).hasSize(255).doesNotContain(0);
        assertThat(flushes).isZero();
    }

    @Test
    void loadedAgainItKeepsItsVmid() {
        Vmid vmid = new Vmid();
        assertThat(allocator.load(vmid, 0)).isTrue();
        int index = allocator.index(vmid);

        allocator.put(0);

        assertThat(allocator.load(vmid, 1)).isFalse();
        assertThat(allocator.index(vmid)).isEqualTo(index);
    }

    @Test
    void rolloverFlushesOnceAndKeepsWhatRuns() {
        Vmid running = new Vmid();
        allocator.load(running, 1);
        int index = allocator.index(running);

        loadOnFirstPe(254);
        assertThat(flushes).isZero();
        Vmid first = loadOnFirstPe(1).getFirst();

        assertThat(flushes).isEqualTo(1);
        assertThat(allocator.generation()).isEqualTo(2);
        assertThat(allocator.index(first)).isNotEqualTo(index).isNotZero();
        assertThat(allocator.load(running, 1)).as("its generation has passed").isTrue();
        assertThat(allocator.index(running)).isEqualTo(index);
        assertThat(flushes).isEqualTo(1);
    }

    @Test
    void vmidOfAPastGenerationKeepsItsIndexWhileThatIsFree() {
        List<Vmid> old = loadOnFirstPe(255);
        loadOnFirstPe(1);
        Vmid late = old.get(200);
        int index = allocator.index(late);

        assertThat(allocator.load(late, 0)).isTrue();
        assertThat(allocator.index(late)).isEqualTo(index);
        assertThat(allocator.load(old.getFirst(), 1)).isTrue();
        assertThat(allocator.index(old.getFirst())).as("index 1 is taken").isNotEqualTo(1);
    }

    @Test
    void runningVmidsAreDistinctThroughManyRollovers() {
        Vmid steady = new Vmid();
        for (int i = 0; i < 2000; i++) {
            allocator.load(steady, 1);
            Vmid other = new Vmid();
            allocator.load(other, 0);
            assertThat(allocator.index(other)).isNotEqualTo(allocator.index(steady));
            if (i % 3 == 0) {
                allocator.put(0);
            }
        }
        assertThat(allocator.generation()).isGreaterThan(7);
        assertThat(flushes).isEqualTo((int) allocator.generation() - 1);
    }

    @Test
    void sizesThatCannotBeAreRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> new VmidAllocator(9, 1, () -> {}));
        assertThatIllegalArgumentException().isThrownBy(() -> new VmidAllocator(8, 255, () -> {}));
    }
}

package dev.ipanema.devices.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CopyEngineTest {
    private final GpuBench bench = new GpuBench(GpuModel.GB200);

    @Test
    void copiesFromSystemMemoryToLocalMemory() {
        bench.system.store(GpuBench.SYSTEM + 3, 8, 0x1122_3344_5566_7788L);

        int result = bench.launch(GpuBench.SYSTEM + 3, GpuBench.HBM + 9, 8, CopyEngine.DESTINATION_LOCAL);

        assertThat(result).isEqualTo(CopyStatus.DONE.code());
        assertThat(bench.hbm.load64(GpuBench.HBM + 9)).isEqualTo(0x1122_3344_5566_7788L);
        assertThat(bench.engine(CopyEngine.STATUS)).isZero();
    }

    @Test
    void copiesFromLocalMemoryToSystemMemoryInPieces() {
        int length = 3 * CopyEngine.CHUNK + 5;
        bench.hbm.store(GpuBench.HBM + length - 8, 8, 42);

        int result = bench.launch(GpuBench.HBM, GpuBench.SYSTEM, length, CopyEngine.SOURCE_LOCAL);

        assertThat(result).isEqualTo(CopyStatus.DONE.code());
        assertThat(bench.system.load64(GpuBench.SYSTEM + length - 8)).isEqualTo(42);
    }

    @Test
    void fillsWithAPattern() {
        bench.launch(0x0102_0304_0506_0708L, GpuBench.HBM, 12, CopyEngine.FILL | CopyEngine.DESTINATION_LOCAL);

        assertThat(bench.hbm.load64(GpuBench.HBM)).isEqualTo(0x0102_0304_0506_0708L);
        assertThat(bench.hbm.load64(GpuBench.HBM + 8)).isEqualTo(0x0506_0708L);
    }

    /// What happens to a driver that believes in a guest physical address.
    @Test
    void localMemoryAnswersAtItsOwnAddressOnly() {
        assertThat(bench.launch(GpuBench.SYSTEM, GpuBench.SYSTEM, 8, CopyEngine.DESTINATION_LOCAL))
                .isEqualTo(CopyStatus.NO_DESTINATION.code());
        assertThat(bench.launch(GpuBench.HBM, GpuBench.SYSTEM, 8, 0)).isEqualTo(CopyStatus.NO_SOURCE.code());
    }

    @Test
    void refusesLengthsItDoesNotHave() {
        assertThat(bench.launch(GpuBench.SYSTEM, GpuBench.SYSTEM, 0, 0)).isEqualTo(CopyStatus.NO_LENGTH.code());
        assertThat(bench.launch(GpuBench.SYSTEM, GpuBench.SYSTEM, CopyEngine.MAX_LENGTH + 1, 0))
                .isEqualTo(CopyStatus.TOO_LONG.code());
        assertThat(bench.launch(GpuBench.SYSTEM, GpuBench.SYSTEM, -1, 0)).isEqualTo(CopyStatus.TOO_LONG.code());
    }

    @Test
    void refusesARangeThatWraps() {
        assertThat(bench.launch(-4, GpuBench.SYSTEM, 8, 0)).isEqualTo(CopyStatus.NO_SOURCE.code());
        assertThat(bench.launch(GpuBench.SYSTEM, -4, 8, 0)).isEqualTo(CopyStatus.NO_DESTINATION.code());
    }

    @Test
    void reachesSystemMemoryAsBusMasterOnly() {
        bench.gpu.writeConfig(GpuBench.CONFIG_COMMAND, 2, 2);

        assertThat(bench.launch(GpuBench.SYSTEM, GpuBench.HBM, 8, CopyEngine.DESTINATION_LOCAL))
                .isEqualTo(CopyStatus.NO_MASTER.code());
        assertThat(bench.launch(
                        GpuBench.HBM, GpuBench.HBM + 8, 8, CopyEngine.SOURCE_LOCAL | CopyEngine.DESTINATION_LOCAL))
                .isEqualTo(CopyStatus.DONE.code());
    }

    @Test
    void theRingDoesItsDescriptorsInOrderAndWritesTheirStatusBack() {
        bench.system.store(GpuBench.SYSTEM, 8, 77);
        bench.startRing(GpuBench.RING, 4);
        bench.descriptor(0, GpuBench.SYSTEM, GpuBench.HBM, 8, CopyEngine.DESTINATION_LOCAL);
        bench.descriptor(1, 0, GpuBench.HBM, 8, CopyEngine.DESTINATION_LOCAL);
        bench.descriptor(2, GpuBench.HBM, GpuBench.SYSTEM + 8, 8, CopyEngine.SOURCE_LOCAL);

        bench.engine(CopyEngine.PUT, 3);

        assertThat(bench.status(0)).isEqualTo(CopyStatus.DONE.code());
        assertThat(bench.status(1)).isEqualTo(CopyStatus.NO_SOURCE.code());
        assertThat(bench.status(2)).isEqualTo(CopyStatus.DONE.code());
        assertThat(bench.system.load64(GpuBench.SYSTEM + 8)).isEqualTo(77);
        assertThat(bench.system.load(GpuBench.RING + CopyEngine.DESCRIPTOR_MOVED, 4))
                .isEqualTo(8);
        assertThat(bench.engine(CopyEngine.GET)).isEqualTo(3);
        assertThat(bench.engine(CopyEngine.RING_RESULT)).isZero();
    }

    @Test
    void theRingGoesRound() {
        bench.startRing(GpuBench.RING, 2);
        bench.descriptor(0, GpuBench.SYSTEM, GpuBench.SYSTEM + 64, 8, 0);
        bench.descriptor(1, GpuBench.SYSTEM, GpuBench.SYSTEM + 64, 8, 0);

        bench.engine(CopyEngine.PUT, 1);
        bench.engine(CopyEngine.PUT, 0);

        assertThat(bench.status(1)).isEqualTo(CopyStatus.DONE.code());
        assertThat(bench.engine(CopyEngine.GET)).isZero();
    }

    @Test
    void aRingThatIsNoneStops() {
        bench.startRing(GpuBench.RING + 8, 4);
        assertThat(bench.engine(CopyEngine.RING_RESULT)).isEqualTo(CopyStatus.RING_MISALIGNED.code());
        bench.startRing(GpuBench.RING, 65);
        assertThat(bench.engine(CopyEngine.RING_RESULT)).isEqualTo(CopyStatus.RING_SIZE.code());
        bench.startRing(GpuBench.RING, 1);
        assertThat(bench.engine(CopyEngine.RING_RESULT)).isEqualTo(CopyStatus.RING_SIZE.code());
        bench.startRing(GpuBench.RING, 4);
        bench.engine(CopyEngine.PUT, 4);
        assertThat(bench.engine(CopyEngine.RING_RESULT)).isEqualTo(CopyStatus.RING_PUT.code());
        bench.startRing(0x4000_0000L, 4);
        bench.engine(CopyEngine.PUT, 1);
        assertThat(bench.engine(CopyEngine.RING_RESULT)).isEqualTo(CopyStatus.RING_NO_MEMORY.code());
        assertThat(bench.engine(CopyEngine.CONTROL)).isZero();
    }

    @Test
    void aCopyTellsItsEndByMessage() {
        bench.enableVector(5, 0x1234);

        bench.launch(GpuBench.SYSTEM, GpuBench.SYSTEM + 64, 8, CopyEngine.INTERRUPT | 5 << CopyEngine.VECTOR_SHIFT);
        bench.launch(GpuBench.SYSTEM, GpuBench.SYSTEM + 64, 8, CopyEngine.INTERRUPT | 200 << CopyEngine.VECTOR_SHIFT);

        assertThat(bench.messages).containsExactly(0x1234);
    }

    @Test
    void resetTakesBackWhatWasNotStarted() {
        List<Runnable> waiting = new ArrayList<>();
        CoherentGpu gpu =
                new CoherentGpu(GpuModel.GB200, GpuBench.HBM, GpuBench.SIZE, bench.system, bench.hbm, waiting::add);
        gpu.bar0().write(CopyEngine.BASE + CopyEngine.SOURCE, 8, 7);
        gpu.bar0().write(CopyEngine.BASE + CopyEngine.DESTINATION, 8, GpuBench.HBM);
        gpu.bar0().write(CopyEngine.BASE + CopyEngine.LENGTH, 4, 8);
        gpu.bar0().write(CopyEngine.BASE + CopyEngine.FLAGS, 4, CopyEngine.FILL | CopyEngine.DESTINATION_LOCAL);
        gpu.bar0().write(CopyEngine.BASE + CopyEngine.LAUNCH, 4, 1);
        assertThat(gpu.bar0().read(CopyEngine.BASE + CopyEngine.STATUS, 4)).isEqualTo(CopyEngine.STATUS_BUSY);

        gpu.reset();
        waiting.forEach(Runnable::run);

        assertThat(bench.hbm.load64(GpuBench.HBM)).isZero();
        assertThat(gpu.bar0().read(CopyEngine.BASE + CopyEngine.STATUS, 4)).isZero();
    }

    @Test
    void narrowAccessesReadPartsAndWriteNothing() {
        bench.engine(CopyEngine.LENGTH, 0x1234_5678);

        bench.gpu.bar0().write(CopyEngine.BASE + CopyEngine.LENGTH, 2, 0);

        assertThat(bench.gpu.bar0().read(CopyEngine.BASE + CopyEngine.LENGTH + 2, 2))
                .isEqualTo(0x1234);
    }
}

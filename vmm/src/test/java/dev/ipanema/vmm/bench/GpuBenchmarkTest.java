package dev.ipanema.vmm.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// That both figures come about; how good they are no test says.
class GpuBenchmarkTest {
    @Test
    void abortsOfTheGpusMemoryAreTimed() {
        assertThat(GpuBenchmark.touchMillis(1)).isPositive();
    }

    @Test
    void aLoopOnGpuMemoryIsComparedWithRam() {
        assertThat(GpuBenchmark.speedAgainstRam(1)).isPositive();
    }
}

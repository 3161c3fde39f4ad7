package dev.ipanema.devices.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class GpuBar0Test {
    private final GpuBar0 bar = new GpuBar0(0x1234_5678);

    @Test
    void identityIsReadOnly() {
        bar.write(GpuBar0.IDENTITY, 4, 0);

        assertThat(bar.read(GpuBar0.IDENTITY, 4)).isEqualTo(0x1234_5678L);
    }

    @Test
    void statusRegistersSayReadyAfterConstruction() {
        assertThat(bar.read(GpuBar0.C2C_LINK_STATUS, 4)).isEqualTo(0xff);
        assertThat(bar.read(GpuBar0.HBM_TRAINING_STATUS, 4)).isEqualTo(0xff);
    }

    @Test
    void statusRegistersSayNotReadyWhileTrainingRuns() {
        bar.setReady(true, false);

        assertThat(bar.read(GpuBar0.HBM_TRAINING_STATUS, 4)).isZero();
        assertThat(bar.read(GpuBar0.C2C_LINK_STATUS, 4)).isEqualTo(0xff);
    }

    @Test
    void scratchKeepsEachByteThatIsWritten() {
        bar.write(0x400, 8, 0x1122_3344_5566_7788L);
        bar.write(0x402, 1, 0xaa);

        assertThat(bar.read(0x400, 8)).isEqualTo(0x1122_3344_55aa_7788L);
    }

    @Test
    void offsetsWithoutRegisterReadZeroAndIgnoreWrites() {
        bar.write(0x10_0000, 8, -1);

        assertThat(bar.read(0x10_0000, 8)).isZero();
        assertThat(bar.read(GpuBar0.SIZE - 8, 8)).isZero();
    }

    @Test
    void restoreBringsBackWhatWasSaved() {
        bar.write(0x10, 4, 77);
        bar.setReady(false, true);
        GpuBar0.State saved = bar.save();
        GpuBar0 other = new GpuBar0(0x1234_5678);

        other.restore(saved);

        assertThat(other.read(0x10, 4)).isEqualTo(77);
        assertThat(other.read(GpuBar0.C2C_LINK_STATUS, 4)).isZero();
    }
}

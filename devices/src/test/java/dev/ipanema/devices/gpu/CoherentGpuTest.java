package dev.ipanema.devices.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.base.text.BadInput;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CoherentGpuTest {
    private final GpuBench bench = new GpuBench(GpuModel.GB200);

    @ParameterizedTest
    @EnumSource(GpuModel.class)
    void hasTheIdentityOfItsModelAndSaysWhetherItHasTheMigBug(GpuModel model) {
        GpuBench some = new GpuBench(model);
        int dvsec = some.dvsec(CoherentGpu.VENDOR, CoherentGpu.NVIDIA_DVSEC);

        assertThat(some.config(0)).isEqualTo(model.deviceId() << 16 | 0x10de);
        assertThat(dvsec >= 0 && (some.gpu.readConfig(dvsec + 0xa, 2) & 1) != 0).isEqualTo(!model.hasMigBug());
        assertThat(some.dvsec(CoherentGpu.CXL_VENDOR, CoherentGpu.CXL_DVSEC) >= 0)
                .isEqualTo(model.hasCxl());
        assertThat(GpuModel.parse(model.word())).isEqualTo(model);
    }

    @Test
    void anUnknownModelIsRefusedWithTheList() {
        assertThatThrownBy(() -> GpuModel.parse("h100"))
                .isInstanceOf(BadInput.class)
                .hasMessage("GPU model 'h100' is unknown; models: gh200, gb200, gb300, cxl");
    }

    @Test
    void barsCanBeSized() {
        bench.gpu.writeConfig(0x10, 4, 0xffff_ffffL);
        bench.gpu.writeConfig(0x18, 4, 0xffff_ffffL);
        bench.gpu.writeConfig(0x1c, 4, 0xffff_ffffL);
        bench.gpu.writeConfig(0x20, 4, 0xffff_ffffL);

        assertThat(bench.config(0x10)).isEqualTo(0xff00_0000);
        assertThat(bench.config(0x18)).isEqualTo(0xfc00_000c);
        assertThat(bench.config(0x1c)).isEqualTo(-1);
        assertThat(bench.config(0x20)).isZero();
    }

    @Test
    void capabilitiesAreThereWithTheirPlaces() {
        int msix = bench.capability(0x11);

        assertThat(bench.capability(0x10)).isPositive();
        assertThat(bench.capability(0x01)).isPositive();
        assertThat(bench.config(msix) >>> 16 & 0x7ff).isEqualTo(CoherentGpu.VECTORS - 1);
        assertThat(bench.config(msix + 4)).isEqualTo(0xb9_0000);
        assertThat(bench.config(msix + 8)).isEqualTo(0xba_0000);
    }

    @Test
    void tableAndPendingBitsLieInBar0() {
        bench.gpu.writeConfig(bench.capability(0x11) + 2, 2, 0x8000);
        bench.launch(0, GpuBench.HBM, 8, CopyEngine.FILL | CopyEngine.DESTINATION_LOCAL | CopyEngine.INTERRUPT);

        assertThat(bench.gpu.bar0().read(CoherentGpu.MSIX_TABLE + 12, 4)).isEqualTo(1);
        assertThat(bench.gpu.bar0().read(CoherentGpu.MSIX_PENDING, 8)).isEqualTo(1);
        assertThat(bench.messages).isEmpty();
        bench.enableVector(0, 9);
        assertThat(bench.messages).containsExactly(9);
        assertThat(bench.gpu.bar0().read(CoherentGpu.MSIX_TABLE + 16L * CoherentGpu.VECTORS, 4))
                .isZero();
    }

    @Test
    void memoryInfoSaysWhereHbmIs() {
        assertThat(bench.gpu.bar0().read(CoherentGpu.MEMORY_BASE, 8)).isEqualTo(GpuBench.HBM);
        assertThat(bench.gpu.bar0().read(CoherentGpu.MEMORY_SIZE, 4)).isEqualTo(GpuBench.SIZE);
        assertThat(bench.gpu.bar0().read(CoherentGpu.MEMORY_BASE + 4, 4)).isEqualTo(GpuBench.HBM >>> 32);
    }

    @Test
    void theApertureShowsHbmFromWhereItIsSet() {
        bench.hbm.store(GpuBench.HBM + 0x2_0008, 8, 0x1122_3344_5566_7788L);
        bench.gpu.bar0().write(CoherentGpu.APERTURE, 4, 2);

        assertThat(bench.gpu.bar2().read(8, 8)).isEqualTo(0x1122_3344_5566_7788L);
        bench.gpu.bar2().write(10, 2, 0);
        assertThat(bench.hbm.load64(GpuBench.HBM + 0x2_0008)).isEqualTo(0x1122_3344_0000_7788L);
        assertThat(bench.gpu.readBar(CoherentGpu.APERTURE_BAR, GpuBench.SIZE, 4))
                .isEqualTo(0xffff_ffffL);
    }

    @Test
    void readinessIsInBar0() {
        bench.gpu.setTrained(false);
        assertThat(bench.gpu.bar0().read(GpuBar0.HBM_TRAINING_STATUS, 4)).isZero();
        assertThat(bench.gpu.bar0().read(GpuBar0.C2C_LINK_STATUS, 4)).isEqualTo(GpuBar0.READY);
        bench.gpu.setTrained(true);
        bench.gpu.setLink(false);

        assertThat(bench.gpu.bar0().read(GpuBar0.HBM_TRAINING_STATUS, 4)).isEqualTo(GpuBar0.READY);
        assertThat(bench.gpu.bar0().read(GpuBar0.C2C_LINK_STATUS, 4)).isZero();
    }

    @Test
    void readinessOfTheSuccessorIsInItsDvsec() {
        GpuBench successor = new GpuBench(GpuModel.CXL);
        int low = successor.dvsec(CoherentGpu.CXL_VENDOR, CoherentGpu.CXL_DVSEC) + 0x1c;

        assertThat(successor.config(low) & 3).isEqualTo(CoherentGpu.CXL_MEM_INFO_VALID | CoherentGpu.CXL_MEM_ACTIVE);
        successor.gpu.setTrained(false);
        assertThat(successor.config(low) & 3).isEqualTo(CoherentGpu.CXL_MEM_INFO_VALID);
        successor.gpu.setLink(false);
        assertThat(successor.config(low) & 3).isZero();
    }

    @Test
    void resetBringsBackThePowerOnState() {
        bench.gpu.writeConfig(0x10, 4, 0x1000_0000L);
        bench.gpu.bar0().write(0x10, 4, 5);
        bench.enableVector(1, 2);

        bench.gpu.reset();

        assertThat(bench.config(4) & 0xffff).isZero();
        assertThat(bench.config(0x10)).isZero();
        assertThat(bench.gpu.bar0().read(0x10, 4)).isZero();
        assertThat(bench.gpu.bar0().read(CoherentGpu.MSIX_TABLE + 16 + 12, 4)).isEqualTo(1);
        assertThat(bench.gpu.bar0().read(GpuBar0.HBM_TRAINING_STATUS, 4)).isZero();
        assertThat(bench.gpu.bar0().read(GpuBar0.C2C_LINK_STATUS, 4)).isZero();
        assertThat(bench.gpu.bar0().read(GpuBar0.HBM_TRAINING_STATUS, 4)).isZero();
        assertThat(bench.gpu.bar0().read(GpuBar0.HBM_TRAINING_STATUS, 4)).isEqualTo(GpuBar0.READY);
    }

    @Test
    void aDriverCanAskForAReset() {
        int control = bench.capability(0x10) + 8;
        bench.gpu.writeConfig(0x10, 4, 0x1000_0000L);
        assertThat(bench.bar(0)).isEqualTo(0x1000_0000L);

        bench.gpu.writeConfig(control, 2, 0x8000);

        assertThat(bench.bar(0)).isEqualTo(-1);
        assertThat(bench.gpu.readConfig(control, 2)).isZero();
    }
}

package dev.ipanema.host.vfio;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.devices.gpu.CoherentGpu;
import dev.ipanema.devices.pci.PciConfig;
import dev.ipanema.devices.pci.PciFunction;
import dev.ipanema.devices.pci.PciSlot;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeviceReadinessTest {
    private static final int SIZE_LOW = 0x1c;

    private final VfioFixture fixture = VfioFixture.of("cxl");
    private final Broken broken = new Broken(fixture.gpu());

    @AfterEach
    void close() {
        fixture.close();
    }

    /// A GPU whose DVSEC reads as a test wants, or that is no longer there.
    private static final class Broken implements PciFunction {
        private final PciFunction real;
        private final int sizeLow;
        private Long answer;
        private boolean gone;

        Broken(PciFunction real) {
            this.real = real;
            this.sizeLow = PciConfig.dvsec(real, CoherentGpu.CXL_VENDOR, CoherentGpu.CXL_DVSEC) + SIZE_LOW;
        }

        @Override
        public void plugged(PciSlot slot) {
            // The real one is in a slot already.
        }

        @Override
        public long readConfig(int offset, int bytes) {
            if (gone) {
                return bytes == 4 ? 0xffff_ffffL : (1L << 8 * bytes) - 1;
            }
            return answer != null && offset == sizeLow ? answer : real.readConfig(offset, bytes);
        }

        @Override
        public void writeConfig(int offset, int bytes, long value) {
            real.writeConfig(offset, bytes, value);
        }

        @Override
        public long barAddress(int bar) {
            return real.barAddress(bar);
        }

        @Override
        public long barSize(int bar) {
            return real.barSize(bar);
        }

        @Override
        public Space barSpace(int bar) {
            return real.barSpace(bar);
        }

        @Override
        public long readBar(int bar, long offset, int bytes) {
            return gone ? -1 : real.readBar(bar, offset, bytes);
        }

        @Override
        public void writeBar(int bar, long offset, int bytes, long value) {
            real.writeBar(bar, offset, bytes, value);
        }
    }

    private Vfio vfio() {
        PhysicalFunction hardware = new PhysicalFunction(
                "0009:01:00.0",
                broken,
                fixture.gpu()::reset,
                new DeviceIommu(true),
                Map.of(0, fixture.profile().bar0Base()),
                new PhysicalFunction.MemoryProperties(
                        true, fixture.profile().memoryBase(), fixture.profile().memorySize()));
        return new Vfio(fixture.host.kernel(), List.of(hardware), fixture.clock, fixture.clock);
    }

    @Test
    void deviceWhoseDvsecReadsAllOnesIsGone() {
        broken.answer = 0xffff_ffffL;

        assertThat(vfio().open("0009:01:00.0", false).errno()).isEqualTo(Errno.ENODEV.negated());
    }

    @ParameterizedTest
    @CsvSource({"0, 1", "1, 4", "2, 16", "3, 64", "4, 256", "5, 256", "7, 256"})
    void memoryMayTakeAsLongAsTheDeviceSays(long exponent, long seconds) {
        broken.answer = exponent << 13 | CoherentGpu.CXL_MEM_INFO_VALID;

        assertThat(vfio().open("0009:01:00.0", false).errno()).isEqualTo(Errno.ETIME.negated());
        assertThat(fixture.clock.millis()).isBetween(1000 * seconds, 1000 * seconds + 200);
    }

    @Test
    void deviceThatDoesNotWakeUpIsEio() {
        VfioDevice device =
                Objects.requireNonNull(vfio().open("0009:01:00.0", false).device());
        device.setLowPower(true);
        assertThat(device.pread(VfioFixture.BAR4, new byte[8], 0, 8)).isEqualTo(8);

        broken.gone = true;

        assertThat(device.pread(VfioFixture.BAR4, new byte[8], 0, 8)).isEqualTo(Errno.EIO.negated());
        assertThat(device.pread(VfioFixture.CONFIG, new byte[8], 0, 8)).isEqualTo(Errno.EIO.negated());
    }

    @Test
    void propertiesThatLieAreNotBelieved() {
        PhysicalFunction hardware = new PhysicalFunction(
                "0009:01:00.0",
                broken,
                fixture.gpu()::reset,
                new DeviceIommu(true),
                Map.of(),
                new PhysicalFunction.MemoryProperties(true, 1L << 51, 1L << 52));
        VfioOpening opening = new Vfio(fixture.host.kernel(), List.of(hardware), fixture.clock, fixture.clock)
                .open("0009:01:00.0", false);

        assertThat(Objects.requireNonNull(opening.device()).driver()).isEqualTo("vfio-pci");
        assertThat(opening.device().trouble()).contains("where it is not");
    }
}

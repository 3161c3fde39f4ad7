package dev.ipanema.devices.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.devices.bus.TestIrq;
import java.util.List;
import org.junit.jupiter.api.Test;

class PciHostBridgeTest {
    /// A function with a BAR of each kind that answers with the BAR's number and the offset.
    private static final class Echo extends EmulatedPciFunction {
        private long written;

        Echo() {
            super(new PciConfigSpace(0x1234, 0x5678, 1, 0xff0000)
                    .interruptPin(1)
                    .bar(0, PciConfigSpace.BarKind.MEMORY_32, 0x1000)
                    .bar(1, PciConfigSpace.BarKind.IO, 0x20)
                    .bar(2, PciConfigSpace.BarKind.MEMORY_64, 1L << 33));
        }

        void pin(boolean level) {
            intx(level);
        }

        @Override
        public long readBar(int bar, long offset, int bytes) {
            return (long) bar << 28 | offset;
        }

        @Override
        public void writeBar(int bar, long offset, int bytes, long value) {
            written = value;
        }
    }

    private final List<TestIrq> lines = List.of(new TestIrq(), new TestIrq(), new TestIrq(), new TestIrq());
    private final PciHostBridge bridge = new PciHostBridge(
            PciDriver.MEMORY32, PciDriver.MEMORY64, List.copyOf(lines), (address, data, deviceId) -> {});
    private final Echo echo = new Echo();
    private final PciDriver pci = new PciDriver(bridge, 6);

    private void plug() {
        bridge.add(6, echo);
    }

    @Test
    void theBridgeItselfIsInSlotZero() {
        assertThat(bridge.ecam().read(0, 4)).isEqualTo(0x0008_1b36L);
        assertThat(bridge.ecam().read(8, 4) >>> 8).isEqualTo(0x060000);
    }

    @Test
    void functionsThatAreNotThereReadAsOnes() {
        plug();

        assertThat(bridge.ecam().read(7L << 15, 4)).isEqualTo(0xffff_ffffL);
        assertThat(bridge.ecam().read(6L << 15 | 1 << 12, 2)).isEqualTo(0xffff);
        assertThat(bridge.ecam().read(6L << 15 | 1 << 20, 1)).isEqualTo(0xff);
        assertThat(bridge.ecam().read(0xfff_fff8L, 8)).isEqualTo(-1);
    }

    @Test
    void barsTellTheirSizes() {
        plug();
        pci.config(0x18, 4, 0xffff_ffffL);
        pci.config(0x1c, 4, 0xffff_ffffL);

        assertThat(pci.sizeOf(0)).isEqualTo(0x1000);
        assertThat(pci.config(0x14, 4L) & 1).isEqualTo(1);
        assertThat(pci.config(0x18, 4L)).isEqualTo(4);
        assertThat(pci.config(0x1c, 4L)).isEqualTo(0xffff_fffeL);
        assertThat(pci.sizeOf(4)).isZero();
    }

    @Test
    void aBarAnswersWhereItWasPutAndOnlyWhileDecodingIsOn() {
        plug();
        pci.config(0x10, 4, PciDriver.MEMORY32 + 0x5000);
        assertThat(pci.read(PciDriver.MEMORY32 + 0x5010, 4)).isEqualTo(0xffff_ffffL);
        pci.config(0x04, 2, 2);
        assertThat(pci.read(PciDriver.MEMORY32 + 0x5010, 4)).isEqualTo(0x10);
        assertThat(pci.read(PciDriver.MEMORY32 + 0x6000, 4)).isEqualTo(0xffff_ffffL);

        pci.config(0x10, 4, PciDriver.MEMORY32 + 0x8000);
        assertThat(pci.read(PciDriver.MEMORY32 + 0x5010, 4)).isEqualTo(0xffff_ffffL);
        assertThat(pci.read(PciDriver.MEMORY32 + 0x8010, 4)).isEqualTo(0x10);
    }

    @Test
    void portsAndHighMemoryAreReachedThroughTheirWindows() {
        plug();
        pci.config(0x14, 4, 0x1000);
        pci.config(0x18, 4, 0);
        pci.config(0x1c, 4, 0x82);
        pci.config(0x04, 2, 3);
        bridge.io().write(0x1004, 1, 0x77);

        assertThat(bridge.io().read(0x1004, 1)).isEqualTo(1L << 28 | 4);
        assertThat(echo.written).isEqualTo(0x77);
        assertThat(pci.read(0x82_0000_1230L, 8)).isEqualTo(2L << 28 | 0x1230);
    }

    @Test
    void theListenerHearsOfBarsThatMove() {
        int[] calls = new int[1];
        plug();
        bridge.barListener(() -> calls[0]++);
        pci.config(0x04, 2, 2);
        pci.config(0x10, 4, PciDriver.MEMORY32 + 0x5000);
        pci.config(0x3c, 1, 5);

        assertThat(calls[0]).isEqualTo(1);
        assertThat(bridge.placed())
                .containsExactly(new PciHostBridge.Placed(
                        echo, 0, PciFunction.Space.MEMORY, PciDriver.MEMORY32 + 0x5000, 0x1000));
    }

    @Test
    void pinsOfSlotsThatShareALineAreJoined() {
        Echo other = new Echo();
        plug();
        bridge.add(10, other);
        echo.pin(true);
        other.pin(true);
        echo.pin(false);
        assertThat(lines.get(2).level()).isTrue();

        other.pin(false);
        assertThat(lines.get(2).level()).isFalse();
        assertThat(lines.get(2).rises()).isEqualTo(1);
    }

    @Test
    void aSlotHoldsOneDevice() {
        plug();

        assertThatThrownBy(() -> bridge.add(6, new Echo())).hasMessage("PCI slot 6 is not free");
        assertThatThrownBy(() -> bridge.add(32, new Echo())).hasMessage("PCI slot 32 is not free");
    }
}

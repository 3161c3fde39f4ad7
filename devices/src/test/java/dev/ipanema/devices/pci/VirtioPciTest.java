package dev.ipanema.devices.pci;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.devices.bus.IrqLine;
import dev.ipanema.devices.bus.TestIrq;
import dev.ipanema.devices.bus.TestMemory;
import dev.ipanema.devices.net.LoopbackPeer;
import dev.ipanema.devices.virtio.TestDriver;
import dev.ipanema.devices.virtio.VirtioNet;
import dev.ipanema.devices.virtio.VirtioRng;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class VirtioPciTest {
    private static final int SLOT = 5;
    private static final long DOORBELL = 0x0809_0040L;

    private record Message(long address, int data, int deviceId) {}

    private final TestIrq line = new TestIrq();
    private final List<Message> messages = new ArrayList<>();
    private final PciHostBridge bridge = new PciHostBridge(
            PciDriver.MEMORY32,
            PciDriver.MEMORY64,
            List.of(IrqLine.NONE, line, IrqLine.NONE, IrqLine.NONE),
            (address, data, deviceId) -> messages.add(new Message(address, data, deviceId)));
    private final TestMemory memory = TestDriver.memory();
    private final PciDriver pci = new PciDriver(bridge, SLOT);
    private final TestDriver driver = new TestDriver(pci, memory);

    private void plugRng() {
        bridge.add(SLOT, new VirtioPci(new VirtioRng(1), memory));
        pci.probe();
    }

    @Test
    void itsIdentityIsThatOfAModernVirtioDevice() {
        plugRng();

        assertThat(pci.config(0x00, 4L)).isEqualTo(0x1044_1af4L);
        assertThat(pci.config(0x08, 1L)).isEqualTo(1);
        assertThat(pci.config(0x2c, 4L)).isEqualTo(0x0044_1af4L);
        assertThat(pci.config(0x3d, 1L)).isEqualTo(1);
    }

    @Test
    void withoutMsixARequestRaisesThePinUntilTheStatusIsRead() {
        plugRng();
        driver.start(1);
        driver.request(0, driver.out(32));
        assertThat(line.level()).isTrue();
        assertThat(pci.config(0x06, 2L) & 8).isNotZero();

        assertThat(pci.isr()).isEqualTo(1);
        assertThat(line.level()).isFalse();
        assertThat(pci.isr()).isZero();
    }

    @Test
    void thePinIsNotDrivenWhenTheCommandRegisterForbidsIt() {
        plugRng();
        driver.start(1);
        pci.config(0x04, 2, 6 | 1 << 10);
        driver.request(0, driver.out(32));
        assertThat(line.level()).isFalse();

        pci.config(0x04, 2, 6);
        assertThat(line.level()).isTrue();
    }

    @Test
    void withMsixARequestSendsTheQueuesMessage() {
        plugRng();
        pci.enableMsix(true, false);
        pci.vector(1, DOORBELL, 0x55);
        pci.queueVector(0, 1);
        driver.start(1);
        pci.queueVector(0, 1);
        driver.request(0, driver.out(32));

        assertThat(messages).containsExactly(new Message(DOORBELL, 0x55, SLOT << 3));
        assertThat(line.level()).isFalse();
    }

    @Test
    void aMaskedVectorIsPendingUntilItIsUnmasked() {
        plugRng();
        pci.enableMsix(true, true);
        pci.vector(1, DOORBELL, 7);
        driver.start(1);
        pci.queueVector(0, 1);
        driver.request(0, driver.out(32));
        assertThat(messages).isEmpty();
        assertThat(pci.read(PciDriver.MSIX + MsiX.PENDING, 8)).isEqualTo(2);

        pci.enableMsix(true, false);
        assertThat(messages).containsExactly(new Message(DOORBELL, 7, SLOT << 3));
        assertThat(pci.read(PciDriver.MSIX + MsiX.PENDING, 8)).isZero();
    }

    @Test
    void aFunctionThatIsNoMasterSendsNoMessages() {
        plugRng();
        pci.enableMsix(true, false);
        pci.vector(1, DOORBELL, 7);
        driver.start(1);
        pci.queueVector(0, 1);
        pci.config(0x04, 2, 2);
        driver.request(0, driver.out(32));

        assertThat(messages).isEmpty();
    }

    @Test
    void aVectorThatIsNotThereIsNotTaken() {
        plugRng();
        pci.queueVector(0, 2);

        assertThat(pci.queueVector(0)).isEqualTo(0xffff);
    }

    @Test
    void theRegistersAreReachedThroughConfigurationSpaceToo() {
        bridge.add(SLOT, new VirtioPci(new VirtioNet(new byte[] {0x52, 0x54, 0, 1, 2, 3}, new LoopbackPeer()), memory));
        pci.probe();
        int window = pci.findCapability(9, 5);
        pci.config(window + 4, 1, 4);
        pci.config(window + 8, 4, 0x2000);
        pci.config(window + 12, 4, 4);

        assertThat(pci.config(window + 16, 4L)).isEqualTo(0x0100_5452L);
        assertThat(pci.config(0, 4)).isEqualTo(0x0100_5452L);
    }

    @Test
    void theWindowIntoTheBarsOnlyReachesRegisters() {
        plugRng();
        int window = pci.findCapability(9, 5);
        pci.config(window + 4, 1, 4);
        pci.config(window + 8, 4, 0xffff_fffcL);
        pci.config(window + 12, 4, 4);
        pci.config(window + 16, 4, 0x1234);

        assertThat(pci.config(window + 16, 4L)).isEqualTo(0x1234);
    }
}

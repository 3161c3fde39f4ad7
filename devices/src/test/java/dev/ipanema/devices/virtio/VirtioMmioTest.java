package dev.ipanema.devices.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.devices.bus.TestIrq;
import dev.ipanema.devices.bus.TestMemory;
import org.junit.jupiter.api.Test;

class VirtioMmioTest {
    private static final int STATUS = 0x70;
    private static final int INTERRUPT_STATUS = 0x60;
    private static final int INTERRUPT_ACK = 0x64;

    private final TestMemory memory = TestDriver.memory();
    private final TestIrq irq = new TestIrq();
    private final VirtioMmio mmio = new VirtioMmio(new VirtioRng(1), memory, irq);
    private final TestDriver driver = new TestDriver(new MmioDriver(mmio), memory);

    @Test
    void itIsAVersionTwoDeviceOfItsType() {
        assertThat(mmio.read(0x00, 4)).isEqualTo(0x74726976);
        assertThat(mmio.read(0x04, 4)).isEqualTo(2);
        assertThat(mmio.read(0x08, 4)).isEqualTo(4);
    }

    @Test
    void aLegacyDriverDoesNotGetItsFeaturesAccepted() {
        mmio.write(STATUS, 4, 3);
        new MmioDriver(mmio).driverFeatures(0);
        mmio.write(STATUS, 4, 3 | VirtioRegisters.FEATURES_OK | VirtioRegisters.DRIVER_OK);

        assertThat(mmio.read(STATUS, 4)).isEqualTo(3);
    }

    @Test
    void featuresThatWereNotOfferedAreNotAccepted() {
        mmio.write(STATUS, 4, 3);
        new MmioDriver(mmio).driverFeatures(VirtioFeature.VERSION_1 | 1);
        mmio.write(STATUS, 4, 3 | VirtioRegisters.FEATURES_OK);

        assertThat(mmio.read(STATUS, 4)).isEqualTo(3);
    }

    @Test
    void aRequestIsServedAndItsInterruptHoldsUntilAcknowledged() {
        driver.start(1);
        TestDriver.Buffer room = driver.out(64);
        int written = driver.request(0, room);

        assertThat(written).isEqualTo(64);
        assertThat(driver.bytes(room.address(), 64)).isNotEqualTo(new byte[64]);
        assertThat(mmio.read(INTERRUPT_STATUS, 4)).isEqualTo(1);
        assertThat(irq.level()).isTrue();
        mmio.write(INTERRUPT_ACK, 4, 1);
        assertThat(irq.level()).isFalse();
    }

    @Test
    void aResetStopsTheQueuesAndDropsTheInterrupt() {
        driver.start(1);
        driver.request(0, driver.out(64));
        mmio.write(STATUS, 4, 0);

        assertThat(mmio.read(STATUS, 4)).isZero();
        assertThat(irq.level()).isFalse();
        assertThat(mmio.read(0x44, 4)).isZero();
    }

    @Test
    void aQueueThatIsNotThereHasNoDescriptors() {
        mmio.write(0x30, 4, 7);

        assertThat(mmio.read(0x34, 4)).isZero();
        mmio.write(0x44, 4, 1);
        assertThat(mmio.read(0x44, 4)).isZero();
    }

    @Test
    void aQueueInUseKeepsItsSizeAndAddresses() {
        driver.start(1);
        mmio.write(0x30, 4, 0);
        mmio.write(0x38, 4, 4);
        mmio.write(0x80, 4, 0);

        assertThat(driver.request(0, driver.out(16))).isEqualTo(16);
    }

    @Test
    void aQueueThatWasResetAloneIsSetUpAgain() {
        driver.start(1);
        driver.request(0, driver.out(16));
        mmio.write(0x30, 4, 0);
        mmio.write(0xc0, 4, 1);
        assertThat(mmio.read(0x44, 4)).isZero();
        assertThat(mmio.read(0xc0, 4)).isZero();

        TestDriver again = new TestDriver(driver.transport(), memory);
        memory.store(TestDriver.driverArea(0) + 2, 2, 0);
        memory.store(TestDriver.deviceArea(0) + 2, 2, 0);
        driver.transport()
                .queue(
                        0,
                        TestDriver.QUEUE_SIZE,
                        TestDriver.descriptors(0),
                        TestDriver.driverArea(0),
                        TestDriver.deviceArea(0));
        assertThat(again.request(0, again.out(16))).isEqualTo(16);
    }

    @Test
    void withoutSharedMemoryItsLengthReadsAsAllOnes() {
        assertThat(mmio.read(0xb0, 4)).isEqualTo(0xffff_ffffL);
    }
}

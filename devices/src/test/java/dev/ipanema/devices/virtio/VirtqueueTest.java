package dev.ipanema.devices.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.devices.bus.TestIrq;
import dev.ipanema.devices.bus.TestMemory;
import org.junit.jupiter.api.Test;

/// The rings as drivers use them, and as no driver should.
class VirtqueueTest {
    private static final int NEXT = 1;
    private static final int WRITE = 2;
    private static final int INDIRECT = 4;

    private final TestMemory memory = TestDriver.memory();
    private final TestIrq irq = new TestIrq();
    private final VirtioMmio mmio = new VirtioMmio(new VirtioRng(1), memory, irq);
    private final TestDriver driver = new TestDriver(new MmioDriver(mmio), memory);

    private void acknowledge() {
        mmio.write(0x64, 4, 3);
    }

    private void assertNeedsReset(String why) {
        assertThat(driver.status() & VirtioRegisters.NEEDS_RESET).isNotZero();
        assertThat(mmio.registers().failure()).contains(why);
        assertThat(mmio.read(0x60, 4) & 2).as("a configuration interrupt").isNotZero();
        assertThat(driver.hasUsed(0)).isFalse();
    }

    @Test
    void manyRequestsGoRoundTheRing() {
        driver.start(1);

        for (int i = 0; i < 5 * TestDriver.QUEUE_SIZE; i++) {
            assertThat(driver.request(0, driver.out(16))).isEqualTo(16);
        }
    }

    @Test
    void buffersOfAnIndirectTableAreServed() {
        driver.start(1);
        long table = driver.buffer(new byte[32]);
        long first = driver.buffer(new byte[16]);
        long second = driver.buffer(new byte[16]);
        driver.descriptor(table, 0, first, 16, WRITE | NEXT, 1);
        driver.descriptor(table, 1, second, 16, WRITE, 0);
        driver.descriptor(TestDriver.descriptors(0), 0, table, 32, INDIRECT, 0);
        driver.makeAvailable(0, 0);
        driver.kick(0);

        assertThat(driver.used(0).length()).isEqualTo(32);
        assertThat(driver.bytes(second, 16)).isNotEqualTo(new byte[16]);
    }

    @Test
    void withEventIndexAnInterruptComesWhenTheUsedIndexPassesTheDriversOne() {
        driver.start(1);
        driver.interruptBehind(0, 1);
        driver.request(0, driver.out(16));
        assertThat(irq.level()).isFalse();
        driver.request(0, driver.out(16));

        assertThat(irq.level()).isTrue();
    }

    @Test
    void withEventIndexTheDeviceAsksForTheNextKick() {
        driver.start(1);
        driver.request(0, driver.out(16));
        driver.request(0, driver.out(16));

        assertThat(driver.wantsKickBehind(0)).isEqualTo(2);
    }

    @Test
    void withoutEventIndexTheDriversFlagSuppressesInterrupts() {
        driver.start(1, VirtioFeature.EVENT_IDX);
        memory.store(TestDriver.driverArea(0), 2, 1);
        driver.request(0, driver.out(16));
        assertThat(irq.level()).isFalse();
        memory.store(TestDriver.driverArea(0), 2, 0);
        driver.request(0, driver.out(16));

        assertThat(irq.level()).isTrue();
    }

    @Test
    void aLoopOfDescriptorsNeedsAReset() {
        driver.start(1);
        long buffer = driver.buffer(new byte[16]);
        driver.descriptor(TestDriver.descriptors(0), 0, buffer, 16, WRITE | NEXT, 1);
        driver.descriptor(TestDriver.descriptors(0), 1, buffer, 16, WRITE | NEXT, 0);
        driver.makeAvailable(0, 0);
        driver.kick(0);

        assertNeedsReset("does not end");
    }

    @Test
    void anIndexOutsideTheTableNeedsAReset() {
        driver.start(1);
        driver.descriptor(
                TestDriver.descriptors(0), 0, driver.buffer(new byte[16]), 16, WRITE | NEXT, TestDriver.QUEUE_SIZE);
        driver.makeAvailable(0, 0);
        driver.kick(0);

        assertNeedsReset("descriptor 16 of a table of 16");
    }

    @Test
    void aHeadOutsideTheTableNeedsAReset() {
        driver.start(1);
        driver.makeAvailable(0, 0xffff);
        driver.kick(0);

        assertNeedsReset("descriptor 65535");
    }

    @Test
    void moreAvailableRequestsThanDescriptorsNeedAReset() {
        driver.start(1);
        memory.store(TestDriver.driverArea(0) + 2, 2, 0x8000);
        driver.kick(0);

        assertNeedsReset("32768 available requests in a queue of 16");
    }

    @Test
    void anIndirectTableInAnIndirectTableNeedsAReset() {
        driver.start(1);
        long table = driver.buffer(new byte[16]);
        driver.descriptor(table, 0, table, 16, INDIRECT, 0);
        driver.descriptor(TestDriver.descriptors(0), 0, table, 16, INDIRECT, 0);
        driver.makeAvailable(0, 0);
        driver.kick(0);

        assertNeedsReset("indirect descriptor");
    }

    @Test
    void anIndirectTableOfOddSizeNeedsAReset() {
        driver.start(1);
        driver.descriptor(TestDriver.descriptors(0), 0, driver.buffer(new byte[16]), 17, INDIRECT, 0);
        driver.makeAvailable(0, 0);
        driver.kick(0);

        assertNeedsReset("17 bytes");
    }

    @Test
    void anIndirectTableWithoutTheFeatureNeedsAReset() {
        driver.start(1, VirtioFeature.INDIRECT_DESC);
        driver.descriptor(TestDriver.descriptors(0), 0, driver.buffer(new byte[16]), 16, INDIRECT, 0);
        driver.makeAvailable(0, 0);
        driver.kick(0);

        assertNeedsReset("indirect descriptor");
    }

    @Test
    void aBufferWhoseLengthWrapsTheAddressSpaceIsNotTouched() {
        driver.start(1);
        driver.descriptor(TestDriver.descriptors(0), 0, -8, -1, WRITE, 0);
        driver.makeAvailable(0, 0);
        driver.kick(0);

        assertNeedsReset("outside memory");
    }

    @Test
    void aReadableBufferBehindAWritableOneNeedsAReset() {
        driver.start(1);
        driver.add(0, driver.out(16), driver.in(new byte[16]));
        driver.kick(0);

        assertNeedsReset("behind one to write");
    }

    @Test
    void ringsOutsideMemoryNeedAReset() {
        driver.transport().status(3);
        driver.transport().driverFeatures(VirtioFeature.VERSION_1);
        driver.transport().status(11);
        driver.transport().queue(0, 16, 0xffff_ffff_ffff_fff0L, 0xffff_ffff_ffff_fffeL, 0xffff_ffff_ffff_fffcL);
        driver.transport().status(15);
        driver.kick(0);

        assertNeedsReset("outside memory");
    }

    @Test
    void misalignedRingsNeedAReset() {
        driver.transport().status(3);
        driver.transport().driverFeatures(VirtioFeature.VERSION_1);
        driver.transport().status(11);
        driver.transport().queue(0, 16, TestDriver.BASE + 1, TestDriver.BASE, TestDriver.BASE);
        driver.transport().status(15);

        assertThat(driver.status() & VirtioRegisters.NEEDS_RESET).isNotZero();
    }

    @Test
    void afterAResetTheDeviceWorksAgain() {
        driver.start(1);
        driver.makeAvailable(0, 0xffff);
        driver.kick(0);
        acknowledge();
        memory.store(TestDriver.driverArea(0) + 2, 2, 0);
        TestDriver again = new TestDriver(driver.transport(), memory);
        again.start(1);

        assertThat(again.request(0, again.out(16))).isEqualTo(16);
    }

    /// A device that never gets to the end: each request that it serves makes another one available.
    private final class Endless extends VirtioDevice {
        private int served;

        Endless() {
            super(4, 1);
        }

        @Override
        protected long features() {
            return 0;
        }

        @Override
        protected void notified(int index) {
            Virtqueue queue = queue(0);
            for (DescriptorChain request = queue.next(); request != null; request = queue.next()) {
                served++;
                queue.push(request, 0);
                memory.store(TestDriver.driverArea(0) + 2, 2, served + 1);
            }
        }
    }

    @Test
    void aDriverThatAddsRequestsWithoutEndDoesNotHoldTheDevice() {
        Endless device = new Endless();
        VirtioMmio endless = new VirtioMmio(device, memory, irq);
        TestDriver other = new TestDriver(new MmioDriver(endless), memory);
        other.start(1);
        other.add(0, other.out(16));
        other.kick(0);
        assertThat(device.served).isEqualTo(1024);

        endless.registers().poll();
        assertThat(device.served).isEqualTo(2048);
    }

    @Test
    void hugeBuffersUseUpWhatANotificationMayDo() {
        driver.start(1);
        long huge = 48L << 20;
        driver.descriptor(TestDriver.descriptors(0), 0, TestDriver.BUFFERS, (int) huge, WRITE, 0);
        for (int i = 0; i < 5; i++) {
            driver.makeAvailable(0, 0);
        }
        driver.kick(0);
        assertThat(memory.load(TestDriver.deviceArea(0) + 2, 2)).isEqualTo(2);

        mmio.registers().poll();
        mmio.registers().poll();
        assertThat(memory.load(TestDriver.deviceArea(0) + 2, 2)).isEqualTo(5);
    }
}

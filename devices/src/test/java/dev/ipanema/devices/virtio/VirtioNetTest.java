package dev.ipanema.devices.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.devices.bus.TestIrq;
import dev.ipanema.devices.bus.TestMemory;
import dev.ipanema.devices.net.NetworkPeer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class VirtioNetTest {
    private static final int HEADER = 12;

    private final List<byte[]> sent = new ArrayList<>();
    private final ArrayDeque<byte[]> coming = new ArrayDeque<>();
    private final VirtioNet net = new VirtioNet(new byte[] {0x52, 0x54, 0, 0x12, 0x34, 0x56}, new NetworkPeer() {
        @Override
        public void fromGuest(byte[] frame, int length) {
            sent.add(Arrays.copyOf(frame, length));
        }

        @Override
        public byte @Nullable [] next() {
            return coming.poll();
        }
    });
    private final TestMemory memory = TestDriver.memory();
    private final TestIrq irq = new TestIrq();
    private final VirtioMmio mmio = new VirtioMmio(net, memory, irq);
    private final TestDriver driver = new TestDriver(new MmioDriver(mmio), memory);

    private static byte[] filled(int length, int value) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    @Test
    void theConfigurationHasAddressAndLink() {
        assertThat(driver.transport().config(0, 4)).isEqualTo(0x12005452L);
        assertThat(driver.transport().config(4, 2)).isEqualTo(0x5634);
        assertThat(driver.transport().config(6, 2)).isEqualTo(1);
    }

    @Test
    void aFrameOfTheGuestReachesThePeerWithoutItsHeader() {
        driver.start(2);
        driver.request(1, driver.in(new byte[HEADER]), driver.in(filled(60, 7)));

        assertThat(sent).containsExactly(filled(60, 7));
    }

    @Test
    void framesWaitForBuffersInOrder() {
        driver.start(2);
        coming.add(filled(60, 1));
        coming.add(filled(61, 2));
        mmio.registers().poll();
        TestDriver.Buffer first = driver.out(1526);
        TestDriver.Buffer second = driver.out(1526);
        driver.add(0, first);
        driver.kick(0);
        driver.add(0, second);
        driver.kick(0);

        assertThat(driver.used(0).length()).isEqualTo(HEADER + 60);
        assertThat(driver.used(0).length()).isEqualTo(HEADER + 61);
        assertThat(driver.bytes(first.address(), HEADER)).isEqualTo(new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0});
        assertThat(driver.bytes(second.address() + HEADER, 61)).isEqualTo(filled(61, 2));
        assertThat(irq.level()).isTrue();
    }

    @Test
    void aFrameThatIsTooLongForTheBufferIsDropped() {
        driver.start(2);
        driver.add(0, driver.out(100));
        coming.add(filled(200, 1));
        coming.add(filled(60, 2));
        mmio.registers().poll();

        assertThat(driver.used(0).length()).isEqualTo(HEADER + 60);
    }

    @Test
    void aRequestThatIsNoFrameIsUsedAndDropped() {
        driver.start(2);
        driver.request(1, driver.in(new byte[4]));
        driver.request(1, driver.in(new byte[HEADER]), driver.in(new byte[NetworkPeer.MAX_FRAME + 1]));

        assertThat(sent).isEmpty();
        assertThat(driver.status() & VirtioRegisters.NEEDS_RESET).isZero();
    }

    @Test
    void whatOneQueueHasPutOffIsServedWhateverComesForTheOtherMeanwhile() {
        driver.start(2);
        driver.descriptor(TestDriver.descriptors(1), 0, TestDriver.BUFFERS, 48 << 20, 0, 0);
        for (int i = 0; i < 5; i++) {
            driver.makeAvailable(1, 0);
        }
        driver.kick(1);
        driver.kick(0);
        assertThat(usedIndex(1)).isEqualTo(2);

        mmio.registers().poll();
        mmio.registers().poll();

        assertThat(usedIndex(1)).isEqualTo(5);
    }

    private long usedIndex(int queue) {
        return memory.load(TestDriver.deviceArea(queue) + 2, 2);
    }
}

package dev.ipanema.devices.virtio;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.devices.bus.LittleEndian;
import dev.ipanema.devices.bus.TestIrq;
import dev.ipanema.devices.bus.TestMemory;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Virtio9pTest {
    @TempDir
    private Path folder;

    private final TestMemory memory = TestDriver.memory();

    private TestDriver driver() {
        Virtio9p device = new Virtio9p("host", folder);
        return new TestDriver(new MmioDriver(new VirtioMmio(device, memory, new TestIrq())), memory);
    }

    private static byte[] version() {
        byte[] message = new byte[21];
        message[4] = 100;
        LittleEndian.put32(message, 7, 65_536);
        LittleEndian.put16(message, 11, 8);
        System.arraycopy("9P2000.L".getBytes(UTF_8), 0, message, 13, 8);
        return message;
    }

    @Test
    void theConfigurationHasTheTag() {
        TestDriver driver = driver();

        assertThat(driver.transport().config(0, 2)).isEqualTo(4);
        assertThat(driver.transport().config(2, 4)).isEqualTo(LittleEndian.getU32("host".getBytes(UTF_8), 0));
    }

    @Test
    void aMessageIsAnsweredInTheRequestsBuffer() {
        TestDriver driver = driver();
        driver.start(1);
        TestDriver.Buffer answer = driver.out(64);
        int length = driver.request(0, driver.in(version()), answer);

        assertThat(length).isEqualTo(21);
        assertThat(driver.bytes(answer.address(), 21)[4]).isEqualTo((byte) 101);
    }

    @Test
    void aMessageWithoutRoomForAnErrorNeedsAReset() {
        TestDriver driver = driver();
        driver.start(1);
        driver.add(0, driver.in(version()), driver.out(10));
        driver.kick(0);

        assertThat(driver.status() & VirtioRegisters.NEEDS_RESET).isNotZero();
    }

    @Test
    void aTruncatedMessageIsAnError() {
        TestDriver driver = driver();
        driver.start(1);
        TestDriver.Buffer answer = driver.out(64);
        driver.request(0, driver.in(new byte[3]), answer);

        assertThat(driver.bytes(answer.address(), 11)[4]).isEqualTo((byte) 7);
    }
}

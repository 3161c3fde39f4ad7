package dev.ipanema.devices.virtio;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.devices.bus.LittleEndian;
import dev.ipanema.devices.bus.TestIrq;
import dev.ipanema.devices.bus.TestMemory;
import java.util.List;
import org.junit.jupiter.api.Test;

class VirtioConsoleTest {
    private static final int CONTROL_IN = 2;
    private static final int CONTROL_OUT = 3;
    private static final int NAMED_IN = 4;
    private static final int NAMED_OUT = 5;

    private final StringBuilder onConsole = new StringBuilder();
    private final StringBuilder onNamed = new StringBuilder();
    private final ConsolePort named =
            ConsolePort.named("exec.out", (bytes, length) -> onNamed.append(new String(bytes, 0, length, UTF_8)));
    private final VirtioConsole console = new VirtioConsole(List.of(
            ConsolePort.console((bytes, length) -> onConsole.append(new String(bytes, 0, length, UTF_8))), named));
    private final TestMemory memory = TestDriver.memory();
    private final VirtioMmio mmio = new VirtioMmio(console, memory, new TestIrq());
    private final TestDriver driver = new TestDriver(new MmioDriver(mmio), memory);

    private static byte[] control(int port, int event, int value) {
        byte[] bytes = new byte[8];
        LittleEndian.put32(bytes, 0, port);
        LittleEndian.put16(bytes, 4, event);
        LittleEndian.put16(bytes, 6, value);
        return bytes;
    }

    private byte[] received(int queue, TestDriver.Buffer buffer) {
        return driver.bytes(buffer.address(), driver.used(queue).length());
    }

    /// The handshake of Linux's virtio_console for both ports.
    private void handshake() {
        driver.start(6);
        for (int i = 0; i < 8; i++) {
            driver.add(CONTROL_IN, driver.out(64));
        }
        driver.request(CONTROL_OUT, driver.in(control(0, 0, 1)));
        driver.request(CONTROL_OUT, driver.in(control(0, 3, 1)));
        driver.request(CONTROL_OUT, driver.in(control(1, 3, 1)));
    }

    @Test
    void thePortsAreAnnouncedAndNamed() {
        driver.start(6);
        TestDriver.Buffer[] buffers = new TestDriver.Buffer[6];
        for (int i = 0; i < buffers.length; i++) {
            buffers[i] = driver.out(64);
            driver.add(CONTROL_IN, buffers[i]);
        }
        driver.request(CONTROL_OUT, driver.in(control(0, 0, 1)));
        driver.request(CONTROL_OUT, driver.in(control(0, 3, 1)));
        driver.request(CONTROL_OUT, driver.in(control(1, 3, 1)));

        assertThat(driver.transport().config(4, 4)).isEqualTo(2);
        assertThat(received(CONTROL_IN, buffers[0])).isEqualTo(control(0, 1, 1));
        assertThat(received(CONTROL_IN, buffers[1])).isEqualTo(control(1, 1, 1));
        assertThat(received(CONTROL_IN, buffers[2])).isEqualTo(control(0, 4, 1));
        assertThat(received(CONTROL_IN, buffers[3])).isEqualTo(control(0, 6, 1));
        assertThat(new String(received(CONTROL_IN, buffers[4]), 8, 8, UTF_8)).isEqualTo("exec.out");
        assertThat(received(CONTROL_IN, buffers[5])).isEqualTo(control(1, 6, 1));
    }

    @Test
    void outputReachesThePortThatItWasWrittenTo() {
        handshake();
        driver.request(1, driver.in("hello ".getBytes(UTF_8)), driver.in("world".getBytes(UTF_8)));
        driver.request(NAMED_OUT, driver.in("result".getBytes(UTF_8)));

        assertThat(onConsole).hasToString("hello world");
        assertThat(onNamed).hasToString("result");
    }

    @Test
    void inputWaitsForBuffersAndFillsThem() {
        handshake();
        console.send(0, "abcdef".getBytes(UTF_8));
        TestDriver.Buffer first = driver.out(4);
        TestDriver.Buffer second = driver.out(4);
        driver.add(0, first);
        driver.add(0, second);
        driver.kick(0);

        assertThat(new String(received(0, first), UTF_8)).isEqualTo("abcd");
        assertThat(new String(received(0, second), UTF_8)).isEqualTo("ef");
    }

    @Test
    void inputOfANamedPortWaitsUntilTheGuestOpensIt() {
        handshake();
        TestDriver.Buffer room = driver.out(16);
        driver.add(NAMED_IN, room);
        console.send(1, "in".getBytes(UTF_8));
        driver.kick(NAMED_IN);
        assertThat(driver.hasUsed(NAMED_IN)).isFalse();
        assertThat(named.waitingBytes()).isEqualTo(2);

        driver.request(CONTROL_OUT, driver.in(control(1, 6, 1)));
        assertThat(new String(received(NAMED_IN, room), UTF_8)).isEqualTo("in");
    }

    @Test
    void aDriverWithoutMultiportHasPortZero() {
        driver.start(2, 1 << 1);
        driver.request(1, driver.in("early".getBytes(UTF_8)));

        assertThat(onConsole).hasToString("early");
    }

    @Test
    void anEmergencyWriteIsOutputWithoutAnyQueue() {
        mmio.write(0x108, 4, '!');

        assertThat(onConsole).hasToString("!");
    }

    @Test
    void messagesForPortsThatAreNotThereAreIgnored() {
        handshake();
        driver.request(CONTROL_OUT, driver.in(control(-1, 3, 1)));
        driver.request(CONTROL_OUT, driver.in(control(2, 6, 1)));
        driver.request(CONTROL_OUT, driver.in(control(1, 0x7777, 1)));

        assertThat(driver.status() & VirtioRegisters.NEEDS_RESET).isZero();
    }

    @Test
    void aControlMessageThatIsTooShortNeedsAReset() {
        handshake();
        driver.add(CONTROL_OUT, driver.in(new byte[7]));
        driver.kick(CONTROL_OUT);

        assertThat(driver.status() & VirtioRegisters.NEEDS_RESET).isNotZero();
    }
}

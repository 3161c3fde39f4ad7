package dev.ipanema.devices.serial;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.devices.bus.TestIrq;
import org.junit.jupiter.api.Test;

class Pl011Test {
    private final StringBuilder sent = new StringBuilder();
    private final TestIrq irq = new TestIrq();
    private final Pl011 uart = new Pl011(value -> sent.append((char) value), irq);

    @Test
    void aByteWrittenToTheDataRegisterIsTransmitted() {
        uart.write(0x000, 1, 'A');
        uart.write(0x000, 4, 'B');

        assertThat(sent).hasToString("AB");
        assertThat(uart.read(0x018, 4)).isEqualTo(0x90);
    }

    @Test
    void aReceivedByteIsReadOnceAndRaisesTheInterruptWhileItWaits() {
        uart.write(0x038, 4, 1 << 4);

        assertThat(uart.receive('x')).isTrue();
        assertThat(uart.receive('y')).isFalse();
        assertThat(uart.interrupt()).isTrue();
        assertThat(uart.read(0x000, 4)).isEqualTo('x');
        assertThat(uart.interrupt()).isFalse();
        assertThat(uart.read(0x018, 4) & 0x10).isEqualTo(0x10);
    }

    @Test
    void withTheFifoEnabledSixteenBytesFit() {
        uart.write(0x02c, 4, 1 << 4);
        int taken = 0;
        while (uart.receive(taken)) {
            taken++;
        }

        assertThat(taken).isEqualTo(16);
        assertThat(uart.read(0x018, 4) & 0x40).isEqualTo(0x40);
    }

    @Test
    void theIdentificationIsThatOfAPrimeCell() {
        assertThat(uart.read(0xfe0, 4)).isEqualTo(0x11);
        assertThat(uart.read(0xfe4, 4)).isEqualTo(0x10);
        assertThat(uart.read(0xff0, 4)).isEqualTo(0x0d);
        assertThat(uart.read(0xffc, 4)).isEqualTo(0xb1);
    }

    @Test
    void aByteReadAtAnOddOffsetSeesItsPartOfTheRegister() {
        uart.write(0x024, 4, 0x1234);

        assertThat(uart.read(0x025, 1)).isEqualTo(0x12);
    }

    /// As Linux's pl011_startup does: FIFOs on, level at half, receive and timeout interrupts unmasked.
    private void startUp() {
        uart.write(0x034, 4, 2 << 3 | 2);
        uart.write(0x02c, 4, 0x70);
        uart.write(0x044, 4, 0x7ff);
        uart.write(0x030, 4, 0x301);
        uart.write(0x044, 4, 0x7ff);
        uart.write(0x038, 4, 1 << 4 | 1 << 6);
    }

    @Test
    void aSingleByteInTheFifoRaisesTheTimeoutInterruptOnly() {
        startUp();
        uart.receive('x');

        assertThat(uart.read(0x040, 4)).isEqualTo(1 << 6);
        assertThat(irq.level()).isTrue();
        assertThat(uart.read(0x000, 4)).isEqualTo('x');
        assertThat(irq.level()).isFalse();
    }

    @Test
    void theReceiveInterruptComesAtTheLevelAndGoesBelowIt() {
        startUp();
        for (int i = 0; i < 8; i++) {
            uart.receive(i);
        }
        assertThat(uart.read(0x040, 4)).isEqualTo(1 << 4 | 1 << 6);

        uart.read(0x000, 4);
        assertThat(uart.read(0x040, 4)).isEqualTo(1 << 6);
    }

    @Test
    void unmaskingTheTransmitInterruptAfterAByteRaisesTheLine() {
        startUp();
        uart.write(0x000, 4, 'A');
        assertThat(irq.level()).isFalse();
        uart.write(0x038, 4, 1 << 5);
        assertThat(irq.level()).isTrue();

        uart.write(0x044, 4, 1 << 5);
        assertThat(irq.level()).isFalse();
    }

    @Test
    void switchingTheFifosDropsWhatWaited() {
        startUp();
        uart.receive('x');
        uart.write(0x02c, 4, 0x60);

        assertThat(irq.level()).isFalse();
        assertThat(uart.read(0x018, 4) & 0x10).isEqualTo(0x10);
    }
}

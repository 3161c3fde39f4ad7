package dev.ipanema.devices.serial;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class Pl011Test {
    private final StringBuilder sent = new StringBuilder();
    private final Pl011 uart = new Pl011(value -> sent.append((char) value));

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
}

package dev.ipanema.devices.serial;

import dev.ipanema.devices.bus.IrqLine;
import dev.ipanema.devices.bus.Registers;
import dev.ipanema.machine.memory.MmioRegion;
import java.util.function.IntConsumer;

/// Arm PrimeCell UART PL011 (DDI 0183, r1p5): registers, receive FIFO and interrupt state. Transmission is instant.
///
/// The receive interrupt is raised when the FIFO reaches the level of UARTIFLS (without FIFOs: one byte), the receive
/// timeout at once when any byte waits, since no further byte is on the wire. The transmit interrupt is raised by each
/// transmitted byte: the FIFO has then run empty.
///
/// Limitations: no modem lines, no DMA, no loopback; the baud rate is stored and has no effect.
/// Not thread-safe: its VMM calls it from one thread or under a lock.
public final class Pl011 implements MmioRegion {
    /// Bytes of its register window.
    public static final long SIZE = 0x1000;

    private static final int UARTDR = 0x000;
    private static final int UARTRSR = 0x004;
    private static final int UARTFR = 0x018;
    private static final int UARTILPR = 0x020;
    private static final int UARTIBRD = 0x024;
    private static final int UARTFBRD = 0x028;
    private static final int UARTLCR_H = 0x02c;
    private static final int UARTCR = 0x030;
    private static final int UARTIFLS = 0x034;
    private static final int UARTIMSC = 0x038;
    private static final int UARTRIS = 0x03c;
    private static final int UARTMIS = 0x040;
    private static final int UARTICR = 0x044;
    private static final int UARTDMACR = 0x048;
    private static final int PERIPH_ID = 0xfe0;

    private static final int FR_RXFE = 1 << 4;
    private static final int FR_RXFF = 1 << 6;
    private static final int FR_TXFE = 1 << 7;
    private static final int LCR_FEN = 1 << 4;
    private static final int CR_UARTEN = 1;
    private static final int CR_TXE = 1 << 8;
    private static final int CR_RXE = 1 << 9;
    private static final int INT_RX = 1 << 4;
    private static final int INT_TX = 1 << 5;
    private static final int INT_RT = 1 << 6;
    private static final int INT_MASK = 0x7ff;

    /// UARTPeriphID0-3 and UARTPCellID0-3 of an r1p5 part.
    private static final int[] ID = {0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

    private static final int FIFO_DEPTH = 16;

    /// Bytes at which the receive interrupt is raised, by the level of UARTIFLS; reserved levels are as half full.
    private static final int[] RX_LEVELS = {2, 4, 8, 12, 14, 8, 8, 8};

    private static final int IFLS_RX_SHIFT = 3;

    private final IntConsumer transmit;
    private final IrqLine irq;
    private final byte[] fifo = new byte[FIFO_DEPTH];
    private int fifoHead;
    private int fifoCount;
    private int ilpr;
    private int ibrd;
    private int fbrd;
    private int lcrH;
    private int cr = CR_TXE | CR_RXE;
    private int ifls = 0x12;
    private int imsc;
    private int ris;
    private int dmacr;

    /// @param transmit takes each transmitted byte, 0 to 255
    public Pl011(IntConsumer transmit) {
        this(transmit, IrqLine.NONE);
    }

    /// @param transmit takes each transmitted byte, 0 to 255
    /// @param irq its combined interrupt, UARTINTR
    public Pl011(IntConsumer transmit, IrqLine irq) {
        this.transmit = transmit;
        this.irq = irq;
    }

    /// Gives the guest a byte to read.
    ///
    /// @return false when the FIFO is full; the byte is then not taken
    public boolean receive(int value) {
        if (fifoCount >= depth()) {
            return false;
        }
        fifo[(fifoHead + fifoCount) % FIFO_DEPTH] = (byte) value;
        fifoCount++;
        ris |= INT_RT;
        if (fifoCount >= level()) {
            ris |= INT_RX;
        }
        irq.set(interrupt());
        return true;
    }

    private int depth() {
        return (lcrH & LCR_FEN) != 0 ? FIFO_DEPTH : 1;
    }

    private int level() {
        return (lcrH & LCR_FEN) != 0 ? RX_LEVELS[ifls >> IFLS_RX_SHIFT & 7] : 1;
    }

    /// {@return the level of its combined interrupt, UARTINTR}
    public boolean interrupt() {
        return (ris & imsc) != 0;
    }

    @Override
    public long read(long offset, int bytes) {
        return Registers.part(readRegister((int) offset & ~3), offset, bytes);
    }

    private int readRegister(int register) {
        return switch (register) {
            case UARTDR -> readData();
            case UARTFR -> flags();
            case UARTILPR -> ilpr;
            case UARTIBRD -> ibrd;
            case UARTFBRD -> fbrd;
            case UARTLCR_H -> lcrH;
            case UARTCR -> cr;
            case UARTIFLS -> ifls;
            case UARTIMSC -> imsc;
            case UARTRIS -> ris;
            case UARTMIS -> ris & imsc;
            case UARTDMACR -> dmacr;
            default -> register >= PERIPH_ID && register < SIZE ? ID[(register - PERIPH_ID) >> 2] : 0;
        };
    }

    private int readData() {
        if (fifoCount == 0) {
            return 0;
        }
        int value = fifo[fifoHead] & 0xff;
        fifoHead = (fifoHead + 1) % FIFO_DEPTH;
        fifoCount--;
        if (fifoCount < level()) {
            ris &= ~INT_RX;
        }
        if (fifoCount == 0) {
            ris &= ~INT_RT;
        }
        irq.set(interrupt());
        return value;
    }

    private int flags() {
        return FR_TXFE | (fifoCount == 0 ? FR_RXFE : 0) | (fifoCount >= depth() ? FR_RXFF : 0);
    }

    @Override
    public void write(long offset, int bytes, long value) {
        int data = (int) value;
        switch ((int) offset) {
            case UARTDR -> {
                // Firmware and kvm-unit-tests write without enabling the port; QEMU and kvmtool transmit then too.
                transmit.accept(data & 0xff);
                ris |= INT_TX;
            }
            case UARTRSR -> {
                // Any write clears the error flags, of which there are none here.
            }
            case UARTILPR -> ilpr = data & 0xff;
            case UARTIBRD -> ibrd = data & 0xffff;
            case UARTFBRD -> fbrd = data & 0x3f;
            case UARTLCR_H -> {
                if (((lcrH ^ data) & LCR_FEN) != 0) {
                    fifoHead = 0;
                    fifoCount = 0;
                    ris &= ~(INT_RX | INT_RT);
                }
                lcrH = data & 0xff;
            }
            case UARTCR -> {
                cr = data & 0xffff;
                if ((cr & CR_UARTEN) != 0 && (cr & CR_TXE) != 0) {
                    ris |= INT_TX;
                }
            }
            case UARTIFLS -> ifls = data & 0x3f;
            case UARTIMSC -> imsc = data & INT_MASK;
            case UARTICR -> ris &= ~data;
            case UARTDMACR -> dmacr = data & 7;
            default -> {
                // Reserved and read-only registers ignore writes.
            }
        }
        irq.set(interrupt());
    }
}

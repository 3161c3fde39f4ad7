package dev.ipanema.vmm.device;

import dev.ipanema.devices.serial.Pl011;
import dev.ipanema.machine.memory.MmioRegion;
import java.util.ArrayDeque;

/// The guest's serial port with the input that its FIFO does not take yet. Used under the VMM's lock.
public final class SerialPort implements MmioRegion {
    private final Pl011 uart;
    private final ArrayDeque<byte[]> waiting = new ArrayDeque<>();
    private int position;
    private long waitingBytes;

    public SerialPort(Pl011 uart) {
        this.uart = uart;
    }

    /// Gives the guest bytes to read, behind those that it has not read yet.
    public void send(byte[] bytes) {
        if (bytes.length > 0) {
            waiting.add(bytes.clone());
            waitingBytes += bytes.length;
            pump();
        }
    }

    /// {@return bytes that have not reached the FIFO yet}
    public long waitingBytes() {
        return waitingBytes;
    }

    private void pump() {
        for (byte[] bytes = waiting.peek(); bytes != null; bytes = waiting.peek()) {
            if (!uart.receive(bytes[position] & 0xff)) {
                return;
            }
            waitingBytes--;
            position++;
            if (position == bytes.length) {
                waiting.remove();
                position = 0;
            }
        }
    }

    @Override
    public long read(long offset, int bytes) {
        long value = uart.read(offset, bytes);
        pump();
        return value;
    }

    @Override
    public void write(long offset, int bytes, long value) {
        uart.write(offset, bytes, value);
        pump();
    }
}

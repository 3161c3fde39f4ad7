package dev.ipanema.devices.virtio;

import dev.ipanema.devices.bus.LittleEndian;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.List;

/// The console device with several ports (VIRTIO 1.3, section 5.3). A driver without VIRTIO_CONSOLE_F_MULTIPORT sees
/// port 0 only.
public final class VirtioConsole extends VirtioDevice {
    /// Most ports of a device.
    public static final int MAX_PORTS = 16;

    private static final int TYPE = 3;
    private static final long F_MULTIPORT = 1 << 1;
    private static final long F_EMERG_WRITE = 1 << 2;

    private static final int CONTROL_RECEIVE = 2;
    private static final int CONTROL_TRANSMIT = 3;

    private static final int DEVICE_READY = 0;
    private static final int PORT_ADD = 1;
    private static final int PORT_READY = 3;
    private static final int CONSOLE_PORT = 4;
    private static final int PORT_OPEN = 6;
    private static final int PORT_NAME = 7;

    private static final int CONTROL_SIZE = 8;
    private static final int CONFIG_MAX_PORTS = 4;
    private static final int CONFIG_EMERG_WRITE = 8;
    private static final int CHUNK = 4096;

    /// Control messages that wait at most; a driver that provokes more of them than it takes loses some.
    private static final int MAX_MESSAGES = 8 * MAX_PORTS;

    private final List<ConsolePort> ports;
    private final ArrayDeque<byte[]> messages = new ArrayDeque<>();
    private final byte[] chunk = new byte[CHUNK];
    private final byte[] control = new byte[CONTROL_SIZE];

    /// @param ports 1 to [#MAX_PORTS]
    public VirtioConsole(List<ConsolePort> ports) {
        super(TYPE, 2 + 2 * ports.size());
        if (ports.isEmpty() || ports.size() > MAX_PORTS) {
            throw new IllegalArgumentException("A console has 1 to " + MAX_PORTS + " ports, not " + ports.size());
        }
        this.ports = List.copyOf(ports);
    }

    private static int receiveQueue(int port) {
        return port == 0 ? 0 : 2 + 2 * port;
    }

    @Override
    protected long features() {
        return F_MULTIPORT | F_EMERG_WRITE;
    }

    @Override
    protected int configByte(int offset) {
        return offset == CONFIG_MAX_PORTS ? ports.size() : 0;
    }

    @Override
    protected void writeConfigByte(int offset, int value) {
        if (offset == CONFIG_EMERG_WRITE) {
            chunk[0] = (byte) value;
            ports.getFirst().write(chunk, 1);
        }
    }

    @Override
    protected void reset() {
        messages.clear();
        ports.forEach(ConsolePort::reset);
    }

    /// Gives the guest bytes to read on a port.
    public void send(int port, byte[] bytes) {
        ports.get(port).add(bytes);
        if (wake()) {
            deliver(port);
        }
    }

    @Override
    protected void activate() {
        for (int i = 0; i < ports.size(); i++) {
            deliver(i);
        }
    }

    @Override
    protected void notified(int queue) {
        switch (queue) {
            case CONTROL_RECEIVE -> deliverMessages();
            case CONTROL_TRANSMIT -> takeMessages();
            default -> {
                int port = queue < 2 ? 0 : queue / 2 - 1;
                if ((queue & 1) == 0) {
                    deliver(port);
                } else {
                    transmit(port, queue);
                }
            }
        }
    }

    private void transmit(int port, int index) {
        Virtqueue queue = queue(index);
        for (DescriptorChain request = queue.next(); request != null; request = queue.next()) {
            long length = Math.min(request.readable(), (long) CHUNK * DescriptorChain.MAX_BUFFERS);
            for (long done = 0; done < length; ) {
                int n = (int) Math.min(CHUNK, length - done);
                if (!request.read(done, chunk, 0, n)) {
                    fail("port " + port + ": a buffer outside memory");
                    return;
                }
                ports.get(port).write(chunk, n);
                done += n;
            }
            queue.push(request, 0);
        }
        signal(index);
    }

    /// Gives waiting input to a port's buffers, as far as there are any.
    private void deliver(int port) {
        ConsolePort from = ports.get(port);
        if (!from.isConsole() && !from.isOpen()) {
            return;
        }
        int index = receiveQueue(port);
        Virtqueue queue = queue(index);
        while (from.hasInput()) {
            DescriptorChain request = queue.next();
            if (request == null) {
                break;
            }
            int n = from.peek(chunk, request.writable());
            if (!request.write(0, chunk, 0, n)) {
                fail("port " + port + ": a buffer outside memory");
                return;
            }
            from.consume(n);
            queue.push(request, n);
        }
        signal(index);
    }

    // ---- control messages ------------------------------------------------------------------------------------------

    private void takeMessages() {
        Virtqueue queue = queue(CONTROL_TRANSMIT);
        for (DescriptorChain request = queue.next(); request != null; request = queue.next()) {
            if (!request.read(0, control, 0, CONTROL_SIZE)) {
                fail("a control message that is too short or outside memory");
                return;
            }
            int port = LittleEndian.get32(control, 0);
            int event = LittleEndian.get16(control, 4);
            int value = LittleEndian.get16(control, 6);
            queue.push(request, 0);
            if (event == DEVICE_READY) {
                if (value == 1) {
                    for (int i = 0; i < ports.size(); i++) {
                        message(i, PORT_ADD, 1, "");
                    }
                }
            } else if (port >= 0 && port < ports.size()) {
                portMessage(port, event, value);
            }
        }
        signal(CONTROL_TRANSMIT);
        deliverMessages();
    }

    private void portMessage(int index, int event, int value) {
        ConsolePort port = ports.get(index);
        if (event == PORT_READY && value == 1) {
            if (port.isConsole()) {
                message(index, CONSOLE_PORT, 1, "");
            } else {
                message(index, PORT_NAME, 1, port.name());
            }
            message(index, PORT_OPEN, 1, "");
        } else if (event == PORT_OPEN) {
            port.opened(value != 0);
            deliver(index);
        }
    }

    private void message(int port, int event, int value, String name) {
        byte[] text = name.getBytes(StandardCharsets.UTF_8);
        byte[] bytes = new byte[CONTROL_SIZE + text.length];
        LittleEndian.put32(bytes, 0, port);
        LittleEndian.put16(bytes, 4, event);
        LittleEndian.put16(bytes, 6, value);
        System.arraycopy(text, 0, bytes, CONTROL_SIZE, text.length);
        if (messages.size() < MAX_MESSAGES) {
            messages.add(bytes);
        }
    }

    private void deliverMessages() {
        Virtqueue queue = queue(CONTROL_RECEIVE);
        while (!messages.isEmpty()) {
            DescriptorChain request = queue.next();
            if (request == null) {
                break;
            }
            byte[] bytes = messages.remove();
            if (!request.write(0, bytes, 0, bytes.length)) {
                fail("a buffer for control messages that is too short or outside memory");
                return;
            }
            queue.push(request, bytes.length);
        }
        signal(CONTROL_RECEIVE);
    }
}

package dev.ipanema.vmm.gdb;

import dev.ipanema.base.text.BadInput;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/// Listens for debuggers, one at a time, on a thread of its own. TCP is offered to this computer only.
public final class GdbServer implements AutoCloseable {
    private static final int MAX_PORT = 65_535;

    private final ServerSocketChannel listener;
    private final @Nullable Path socket;
    private final DebugTarget target;
    private final CountDownLatch connected = new CountDownLatch(1);
    private volatile boolean closed;
    private volatile @Nullable SocketChannel current;

    private GdbServer(ServerSocketChannel listener, @Nullable Path socket, DebugTarget target) {
        this.listener = listener;
        this.socket = socket;
        this.target = target;
    }

    /// Listens from now on.
    ///
    /// @param where `tcp::PORT`, `tcp:HOST:PORT` with a loopback host, or `path=SOCKET`
    /// @throws BadInput when it is none of these, or cannot be listened on
    public static GdbServer open(String where, DebugTarget target) {
        try {
            GdbServer server = where.startsWith("path=")
                    ? unix(where.substring("path=".length()), target)
                    : new GdbServer(bind(ServerSocketChannel.open(), tcp(where)), null, target);
            Thread.ofPlatform().name("gdb").daemon(true).start(server::listen);
            return server;
        } catch (IOException e) {
            throw new BadInput("--gdb: cannot listen on " + where + " (" + e.getMessage() + ")", BadInput.FINDING);
        }
    }

    private static GdbServer unix(String path, DebugTarget target) throws IOException {
        try {
            Path socket = Path.of(path);
            SocketAddress address = UnixDomainSocketAddress.of(socket);
            return new GdbServer(bind(ServerSocketChannel.open(StandardProtocolFamily.UNIX), address), socket, target);
        } catch (InvalidPathException e) {
            throw new BadInput("--gdb: '" + path + "' is no path");
        }
    }

    private static ServerSocketChannel bind(ServerSocketChannel channel, SocketAddress address) throws IOException {
        try {
            return channel.bind(address);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static InetSocketAddress tcp(String where) throws IOException {
        int colon = where.lastIndexOf(':');
        if (!where.startsWith("tcp:") || colon < "tcp:".length()) {
            throw new BadInput("--gdb: tcp::PORT or path=SOCKET, not '" + where + "'");
        }
        String host = where.substring("tcp:".length(), colon);
        int port;
        try {
            port = Integer.parseInt(where.substring(colon + 1));
        } catch (NumberFormatException e) {
            port = -1;
        }
        if (port < 0 || port > MAX_PORT) {
            throw new BadInput("--gdb: '" + where.substring(colon + 1) + "' is no port");
        }
        InetAddress address = host.isEmpty() ? InetAddress.getLoopbackAddress() : InetAddress.getByName(host);
        if (!address.isLoopbackAddress()) {
            throw new BadInput("--gdb: " + host + " is not this computer; a debugger may do everything");
        }
        return new InetSocketAddress(address, port);
    }

    /// {@return the port it listens on, -1 for a socket in the file system}
    public int port() {
        try {
            return listener.getLocalAddress() instanceof InetSocketAddress address ? address.getPort() : -1;
        } catch (IOException e) {
            return -1;
        }
    }

    /// Waits until a debugger has come and has stopped the machine, or the server is closed.
    public void awaitDebugger() throws InterruptedException {
        connected.await();
    }

    private void listen() {
        while (!closed) {
            try (SocketChannel channel = listener.accept()) {
                current = channel;
                converse(channel);
            } catch (IOException e) {
                // The debugger has gone, or the server is closed: nothing is left to be told.
            } finally {
                current = null;
            }
        }
    }

    private void converse(SocketChannel channel) throws IOException {
        target.stopAll();
        connected.countDown();
        try (GdbConnection connection =
                new GdbConnection(Channels.newInputStream(channel), Channels.newOutputStream(channel))) {
            new GdbSession(connection, target).run();
        }
    }

    @Override
    public void close() {
        closed = true;
        connected.countDown();
        try {
            listener.close();
            SocketChannel channel = current;
            if (channel != null) {
                channel.close();
            }
            if (socket != null) {
                Files.deleteIfExists(socket);
            }
        } catch (IOException e) {
            // Closing is all that was wanted.
        }
    }
}

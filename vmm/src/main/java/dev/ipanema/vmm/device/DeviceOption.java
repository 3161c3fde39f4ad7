package dev.ipanema.vmm.device;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.devices.block.BlockBackend;
import dev.ipanema.devices.block.Overlay;
import dev.ipanema.devices.block.RawFile;
import dev.ipanema.devices.net.LoopbackPeer;
import dev.ipanema.devices.net.NetworkPeer;
import dev.ipanema.devices.net.PcapReplay;
import dev.ipanema.devices.net.PcapWriter;
import dev.ipanema.devices.ninep.P9Server;
import dev.ipanema.devices.virtio.ConsolePort;
import dev.ipanema.devices.virtio.Virtio9p;
import dev.ipanema.devices.virtio.VirtioBlock;
import dev.ipanema.devices.virtio.VirtioConsole;
import dev.ipanema.devices.virtio.VirtioNet;
import dev.ipanema.devices.virtio.VirtioRng;
import dev.ipanema.vmm.device.GuestDevice.Transport;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/// The devices that a user can ask for, as options spell them.
///
/// | option | device |
/// |---|---|
/// | `blk,path=FILE[,overlay[=SIDE]][,ro][,serial=ID]` | a disk with a raw file; with `overlay` the file is only read,
/// and writes go to a sparse side file, `FILE.overlay` if it has no name |
/// | `net[,mode=loopback][,mac=MAC][,capture=FILE]` | a network card and a router that answers DHCP, ARP and pings;
/// `capture` writes a pcap file |
/// | `net,mode=replay,path=FILE[,mac=MAC]` | a network card that receives the frames of a pcap file |
/// | `console,path=FILE[,name=NAME]` | a console whose output goes to a file; with a name a port for programs |
/// | `rng` | randomness from the run's seed |
/// | `9p,path=FOLDER[,tag=TAG]` | a folder of the host to read, mounted by `mount -t 9p -o trans=virtio TAG DIR`; the
/// tag
/// is `host` if none is given |
///
/// Each takes `transport=mmio` or `transport=pci`.
public final class DeviceOption {
    private static final String OVERLAY_ENDING = ".overlay";
    private static final String DEFAULT_MAC = "52:54:00:12:34:56";
    private static final int MAC_BYTES = 6;

    private DeviceOption() {}

    /// Opens the disk of kvmtool's `-d`: `FILE[,overlay[=SIDE]][,ro][,serial=ID][,transport=…]`.
    ///
    /// @throws BadInput when it is malformed or the file cannot be opened
    public static GuestDevice disk(String text) {
        KeyValues values = new KeyValues("-d", text);
        return disk(values, values.kind());
    }

    /// Opens a device.
    ///
    /// @param seed of a device that gives randomness
    /// @throws BadInput when the text is malformed or what it names cannot be opened
    public static GuestDevice parse(String text, long seed) {
        KeyValues values = new KeyValues("--device", text);
        return switch (values.kind()) {
            case "blk" -> disk(values, values.require("path"));
            case "net" -> net(values);
            case "console" -> console(values);
            case "rng" -> {
                Transport transport = transport(values);
                values.end("transport");
                yield GuestDevice.of("rng", transport, () -> new VirtioRng(seed));
            }
            case "9p" -> folder(values);
            default ->
                throw new BadInput(
                        "--device: '" + values.kind() + "' is unknown; there are 9p, blk, console, net and rng");
        };
    }

    private static GuestDevice folder(KeyValues values) {
        Path path = Path.of(values.require("path"));
        String tag = values.take("tag", "host");
        Transport transport = transport(values);
        values.end("path, tag, transport");
        // What is no folder is to be told before the guest starts.
        P9Server.check(path);
        return GuestDevice.of("9p " + path, transport, () -> new Virtio9p(tag, path));
    }

    private static GuestDevice net(KeyValues values) {
        byte[] mac = mac(values.take("mac", DEFAULT_MAC));
        String mode = values.take("mode", "loopback");
        String path = values.take("path");
        String capture = values.take("capture");
        Transport transport = transport(values);
        values.end("mode, mac, path, capture, transport");
        boolean replay = mode.equals("replay");
        if (!replay && !mode.equals("loopback")) {
            throw new BadInput("--device net: mode '" + mode + "' is unknown; there are loopback and replay");
        }
        if (replay != (path != null)) {
            throw new BadInput("--device net: 'path=FILE' is the pcap file of mode=replay, and belongs to it");
        }
        NetworkPeer peer = path == null ? new LoopbackPeer() : new PcapReplay(Path.of(path));
        if (capture == null) {
            return GuestDevice.of("net", transport, () -> new VirtioNet(mac, peer));
        }
        PcapWriter writer = new PcapWriter(peer, Path.of(capture), () -> System.currentTimeMillis() * 1000);
        return new GuestDevice("net", transport, () -> new VirtioNet(mac, writer), writer);
    }

    private static byte[] mac(String text) {
        String[] parts = text.split(":", -1);
        byte[] mac = new byte[MAC_BYTES];
        boolean sound = parts.length == MAC_BYTES;
        for (int i = 0; sound && i < MAC_BYTES; i++) {
            sound = parts[i].matches("[0-9a-fA-F]{2}");
            mac[i] = sound ? (byte) Integer.parseInt(parts[i], 16) : 0;
        }
        if (!sound || (mac[0] & 1) != 0) {
            throw new BadInput("--device net: '" + text + "' is not the address of a card, as " + DEFAULT_MAC + " is");
        }
        return mac;
    }

    private static GuestDevice console(KeyValues values) {
        String path = values.require("path");
        String name = values.take("name");
        Transport transport = transport(values);
        values.end("path, name, transport");
        OutputStream file;
        try {
            file = Files.newOutputStream(Path.of(path));
        } catch (IOException e) {
            throw new BadInput("--device console: " + path + " cannot be written (" + e.getMessage() + ")");
        }
        ConsolePort.Output output = (bytes, length) -> {
            try {
                file.write(bytes, 0, length);
            } catch (IOException e) {
                throw new BadInput(
                        "--device console: " + path + " cannot be written (" + e.getMessage() + ")", BadInput.FINDING);
            }
        };
        return new GuestDevice(
                "console " + path,
                transport,
                () -> new VirtioConsole(
                        List.of(name == null ? ConsolePort.console(output) : ConsolePort.named(name, output))),
                file);
    }

    private static GuestDevice disk(KeyValues values, String path) {
        boolean readOnly = values.flag("ro");
        String serial = values.take("serial", "ipanema");
        Transport transport = transport(values);
        boolean unnamed = values.isFlag("overlay") && values.flag("overlay");
        String side = unnamed ? path + OVERLAY_ENDING : values.take("overlay");
        values.end("overlay, ro, serial, transport");
        BlockBackend file = RawFile.open(Path.of(path), readOnly || side != null);
        BlockBackend backend = side == null ? file : Overlay.open(file, Path.of(side));
        return new GuestDevice("disk " + path, transport, () -> new VirtioBlock(backend, serial), backend);
    }

    private static Transport transport(KeyValues values) {
        String word = values.take("transport", Transport.MMIO.word());
        for (Transport transport : Transport.values()) {
            if (transport.word().equals(word.toLowerCase(Locale.ROOT))) {
                return transport;
            }
        }
        throw new BadInput("transport: '" + word + "' is unknown; there are mmio and pci");
    }
}

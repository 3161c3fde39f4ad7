package dev.ipanema.vmm.device;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.devices.block.BlockBackend;
import dev.ipanema.devices.block.Overlay;
import dev.ipanema.devices.block.RawFile;
import dev.ipanema.devices.virtio.VirtioBlock;
import dev.ipanema.devices.virtio.VirtioRng;
import dev.ipanema.vmm.device.GuestDevice.Transport;
import java.nio.file.Path;
import java.util.Locale;

/// The devices that a user can ask for, as options spell them.
///
/// | option | device |
/// |---|---|
/// | `blk,path=FILE[,overlay[=SIDE]][,ro][,serial=ID]` | a disk with a raw file; with `overlay` the file is only read,
/// and writes go to a sparse side file, `FILE.overlay` if it has no name |
/// | `rng` | randomness from the run's seed |
///
/// Each takes `transport=mmio` or `transport=pci`.
public final class DeviceOption {
    private static final String OVERLAY_ENDING = ".overlay";

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
            case "rng" -> {
                Transport transport = transport(values);
                values.end("transport");
                yield GuestDevice.of("rng", transport, () -> new VirtioRng(seed));
            }
            default -> throw new BadInput("--device: '" + values.kind() + "' is unknown; there are blk and rng");
        };
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

package dev.ipanema.vmm.passthrough;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.base.text.Sizes;
import dev.ipanema.base.time.Ticker;
import dev.ipanema.host.platform.Host;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.images.format.GuestImage;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.vmm.boot.GuestEnd;
import dev.ipanema.vmm.boot.OwnGuest;
import dev.ipanema.vmm.boot.VirtConfig;
import dev.ipanema.vmm.boot.VirtMachine;
import dev.ipanema.vmm.probe.Stage2Row;
import dev.ipanema.vmm.scenario.LeafState;
import java.util.List;
import java.util.function.Consumer;

/// What a guest with devices of the host did: its console, its end, and what became of the devices.
///
/// @param resets how often it reset itself
record GpuRun(GuestEnd end, List<String> console, List<DeviceStatus> devices, long resets) {
    static final long RAM = 256 * Sizes.MIB;
    static final String FIRST = "0000:01:00.0";
    private static final long SECONDS = 60;

    GpuRun {
        console = List.copyOf(console);
        devices = List.copyOf(devices);
    }

    static GpuRun of(HostProfile profile, String policy, OwnGuest guest, HostDevice... devices) {
        return of(profile, policy, guest.image(RAM), host -> {}, devices);
    }

    /// @param afterwards looks at the host while the machine is there still
    static GpuRun of(
            HostProfile profile, String policy, GuestImage image, Consumer<Host> afterwards, HostDevice... devices) {
        StringBuilder console = new StringBuilder();
        try (Host host = Host.builder(profile).build()) {
            VirtConfig config =
                    VirtConfig.builder(image, RAM).hostDevices(List.of(devices)).build();
            try (VirtMachine machine = new VirtMachine(
                    host,
                    KernelVersion.parse(policy),
                    config,
                    value -> console.append((char) value),
                    Ticker.system())) {
                GuestEnd end = machine.run(SECONDS);
                GpuRun run =
                        new GpuRun(end, console.toString().lines().toList(), machine.deviceStatus(), machine.resets());
                afterwards.accept(host);
                assertThat(host.deviceFailure()).isEmpty();
                return run;
            }
        }
    }

    static HostDevice.Function function(String bdf) {
        return new HostDevice.Function(bdf, false, false);
    }

    static HostDevice.Function forced() {
        return new HostDevice.Function(FIRST, false, true);
    }

    /// The slots of a BAR of the first device.
    List<DeviceStatus.Slot> slots(int bar) {
        return slots(0, bar);
    }

    List<DeviceStatus.Slot> slots(int device, int bar) {
        return devices.get(device).slots().stream()
                .filter(slot -> slot.what().endsWith(" BAR " + bar))
                .toList();
    }

    /// What a BAR of the first device has at stage 2, each kind of leaf once.
    List<LeafState> leaves(int bar) {
        return slots(bar).stream()
                .flatMap(slot -> slot.stage2().stream())
                .map(Stage2Row::leaf)
                .distinct()
                .toList();
    }
}

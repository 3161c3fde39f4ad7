package dev.ipanema.vmm.bench;

import dev.ipanema.base.text.Sizes;
import dev.ipanema.base.time.Ticker;
import dev.ipanema.host.platform.Host;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.vmm.boot.GuestEnd;
import dev.ipanema.vmm.boot.OwnGuest;
import dev.ipanema.vmm.boot.VirtConfig;
import dev.ipanema.vmm.boot.VirtMachine;
import dev.ipanema.vmm.passthrough.DeviceStatus;
import dev.ipanema.vmm.passthrough.HostDevice;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What a guest's use of a passed-through GPU costs: KVM's handling of the aborts by which it maps the GPU's memory,
/// and
/// a loop on that memory next to the same loop on RAM. Each round is a machine of its own, in a process that is warm.
public final class GpuBenchmark {
    /// Bytes of the GPU's memory, of which the guest touches every 2 MiB.
    public static final long MEMORY = 96 * Sizes.GIB;

    private static final long RAM = 64 * Sizes.MIB;
    private static final int COHERENT_BAR = 4;
    private static final long TIMEOUT_SECONDS = 60;
    private static final int WARM_UP_ROUNDS = 6;
    private static final double NANOS_PER_MILLI = 1e6;
    private static final Pattern SPEED = Pattern.compile("speed: ram (\\d+) ticks, gpu (\\d+) ticks");

    private GpuBenchmark() {}

    /// {@return milliseconds that KVM takes for the aborts of touching each 2 MiB of [#MEMORY], the median of rounds}
    ///
    /// @param rounds 1 or more
    public static double touchMillis(int rounds) {
        for (int i = 0; i < WARM_UP_ROUNDS; i++) {
            touch();
        }
        double[] millis = new double[rounds];
        Arrays.setAll(millis, _ -> touch());
        Arrays.sort(millis);
        return millis[rounds / 2];
    }

    private static double touch() {
        double[] millis = new double[1];
        run(OwnGuest.GPU_TOUCH, machine -> {
            DeviceStatus gpu = machine.deviceStatus().getFirst();
            millis[0] = gpu.slots().stream()
                            .filter(slot -> slot.what().endsWith("BAR " + COHERENT_BAR))
                            .mapToLong(DeviceStatus.Slot::nanos)
                            .sum()
                    / NANOS_PER_MILLI;
        });
        return millis[0];
    }

    /// {@return how fast a loop runs on GPU memory, next to the same loop on RAM: 1 is as fast; the median of rounds}
    ///
    /// @param rounds 1 or more
    public static double speedAgainstRam(int rounds) {
        double[] ratios = new double[rounds];
        Arrays.setAll(ratios, _ -> speed());
        Arrays.sort(ratios);
        return ratios[rounds / 2];
    }

    /// The last of the guest's three figures: by then its loop is compiled.
    private static double speed() {
        double ratio = 0;
        Matcher figures = SPEED.matcher(run(OwnGuest.GPU_SPEED, _ -> {}));
        while (figures.find()) {
            ratio = (double) Long.parseLong(figures.group(1)) / Long.parseLong(figures.group(2));
        }
        return ratio;
    }

    /// What is asked of a machine whose guest has ended.
    private interface Question {
        void of(VirtMachine machine);
    }

    private static String run(OwnGuest guest, Question question) {
        HostProfile profile = HostProfile.parse("gb200").withGpuMemory(MEMORY);
        StringBuilder console = new StringBuilder();
        try (Host host = Host.builder(profile).build()) {
            String bdf = profile.gpus().getFirst().bdf();
            VirtConfig config = VirtConfig.builder(guest.image(RAM), RAM)
                    .hostDevices(List.of(new HostDevice.Function(bdf, false, false)))
                    .build();
            try (VirtMachine machine = new VirtMachine(
                    host, KernelVersion.newest(), config, value -> console.append((char) value), Ticker.system())) {
                GuestEnd end = machine.run(TIMEOUT_SECONDS);
                if (end.reason() != GuestEnd.Reason.SYSTEM_OFF) {
                    throw new IllegalStateException(guest.word() + " ended with " + end.message());
                }
                question.of(machine);
            }
        }
        return console.toString();
    }
}

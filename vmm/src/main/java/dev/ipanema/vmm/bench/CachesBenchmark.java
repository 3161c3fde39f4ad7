package dev.ipanema.vmm.bench;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.base.time.Ticker;
import dev.ipanema.guests.program.CpuLoop;
import dev.ipanema.host.platform.Host;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.images.format.GuestImage;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.machine.cache.CacheOptions;
import dev.ipanema.vmm.boot.GuestEnd;
import dev.ipanema.vmm.boot.VirtConfig;
import dev.ipanema.vmm.boot.VirtMachine;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// What modelled caches cost a guest of ordinary memory: a memory-bound loop, and the boot of a kernel, each next to
/// the
/// same without them, in one process and in turns.
public final class CachesBenchmark {
    private static final long TIMEOUT_SECONDS = 300;
    private static final double NANOS_PER_MILLI = 1e6;

    private CachesBenchmark() {}

    /// What boots: a kernel of which a text on the console shows that it has.
    ///
    /// @param prompt the text
    @SuppressWarnings("ArrayRecordComponent") // A file, shared and never written.
    public record Boot(GuestImage kernel, byte @Nullable [] initrd, String params, String prompt) {}

    /// One boot.
    ///
    /// @param millis until the text is seen
    /// @param residentBytes of simulated memory, both views
    public record Figures(double millis, long residentBytes) {}

    /// What a boot costs with modelled caches, next to one without.
    ///
    /// @param time 1 is as long; the median of the pairs
    /// @param memory 1 is as much; of the last pair
    public record Ratios(double time, double memory) {}

    /// {@return how long a loop over memory takes, as [CpuBenchmark#cachesOverNone] says}
    public static double loop(CpuModel model, int rounds, Ticker ticker) {
        return CpuBenchmark.cachesOverNone(model, CpuLoop.MEMORY, rounds, ticker);
    }

    /// Boots in pairs, after one to warm up.
    ///
    /// @param pairs 1 or more
    public static Ratios boot(HostProfile profile, Boot boot, long ram, int pairs) {
        once(profile, boot, ram, null);
        once(profile, boot, ram, CacheOptions.DEFAULT);
        double[] ratios = new double[pairs];
        double memory = 0;
        for (int i = 0; i < pairs; i++) {
            Figures without = once(profile, boot, ram, null);
            Figures with = once(profile, boot, ram, CacheOptions.DEFAULT);
            ratios[i] = with.millis() / without.millis();
            memory = (double) with.residentBytes() / without.residentBytes();
        }
        Arrays.sort(ratios);
        return new Ratios(ratios[pairs / 2], memory);
    }

    private static Figures once(HostProfile profile, Boot boot, long ram, @Nullable CacheOptions caches) {
        AtomicReference<@Nullable VirtMachine> running = new AtomicReference<>();
        StringBuilder console = new StringBuilder();
        try (Host host = Host.builder(profile).caches(caches).build()) {
            VirtConfig config = VirtConfig.builder(boot.kernel(), ram)
                    .initrd(boot.initrd())
                    .params(boot.params())
                    .build();
            try (VirtMachine machine = new VirtMachine(
                    host,
                    KernelVersion.newest(),
                    config,
                    value -> put(console, (char) value, boot.prompt(), running.get()),
                    Ticker.system())) {
                running.set(machine);
                long start = System.nanoTime();
                GuestEnd end = machine.run(TIMEOUT_SECONDS);
                if (end.reason() != GuestEnd.Reason.EXPECTED) {
                    throw new IllegalStateException(
                            "The kernel ended with " + end.message() + " and did not say '" + boot.prompt() + "'");
                }
                return new Figures(
                        (System.nanoTime() - start) / NANOS_PER_MILLI,
                        host.machine().physicalMemory().residentBytes());
            }
        }
    }

    private static void put(StringBuilder console, char value, String prompt, @Nullable VirtMachine machine) {
        console.append(value);
        int from = console.length() - prompt.length();
        if (machine != null && from >= 0 && console.indexOf(prompt, from) >= 0) {
            machine.stop(new GuestEnd(GuestEnd.Reason.EXPECTED, "The prompt was seen", ""));
        }
        if (console.length() > Sizes.KIB) {
            console.delete(0, console.length() - prompt.length());
        }
    }
}

package dev.ipanema.cli;

import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.base.time.Ticker;
import dev.ipanema.guests.program.CpuLoop;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.images.catalog.BusyboxInitrd;
import dev.ipanema.images.format.GuestImage;
import dev.ipanema.vmm.bench.CachesBenchmark;
import dev.ipanema.vmm.bench.CpuBenchmark;
import dev.ipanema.vmm.bench.GpuBenchmark;
import dev.ipanema.vmm.bench.Stage2Benchmark;
import dev.ipanema.vmm.boot.VirtMap;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `ipanema bench`: what stage-2 operations cost, how fast the interpreter is, and what a guest's use of a GPU costs.
@CommandLine.Command(
        name = "bench",
        description = "Measure. stage2: nanoseconds of stage-2 operations, one `name ns` a line; store_8b is a plain"
                + " 8-byte store, the unit to compare with. cpu: million guest instructions a second, one `name mips`"
                + " a line. gpu: milliseconds that KVM takes for the aborts by which a guest maps 96 GiB of GPU memory, and"
                + " a loop's speed on GPU memory next to RAM. caches: what modelled caches cost, as ratios to none: a"
                + " loop over memory, and with -k the boot of a kernel until a shell prompt, its time and its memory.")
final class BenchCommand extends Command {
    private static final int MAX_ROUNDS = 1000;
    private static final long BOOT_RAM = 512 * Sizes.MIB;

    @Parameters(index = "0", paramLabel = "WHAT", description = "stage2, cpu, gpu or caches.")
    private String what = "";

    @Option(names = "--rounds", paramLabel = "N", description = "Take the median of N rounds (default: 9).")
    private int rounds = 9;

    @Option(names = "--cpu", paramLabel = "M", description = "CPU model for `bench cpu` (default: neoverse-v2).")
    private String cpu = "neoverse-v2";

    @Option(names = "-k", paramLabel = "IMAGE", description = "Kernel for `bench caches`.")
    private @Nullable Path kernel;

    @Option(names = "-i", paramLabel = "FILE", description = "Its initrd.")
    private @Nullable Path initrd;

    @Option(names = "--host", paramLabel = "H", description = "Host profile for `bench caches -k` (default: gb200).")
    private String host = "gb200";

    @Override
    public Integer call() {
        if (rounds < 1 || rounds > MAX_ROUNDS) {
            throw new BadInput("--rounds " + rounds + " is not between 1 and " + MAX_ROUNDS);
        }
        switch (what) {
            case "stage2" ->
                Stage2Benchmark.run(rounds, result -> {
                    out().println(result);
                    out().flush();
                });
            case "cpu" -> {
                CpuModel model = CpuModel.parse(cpu);
                for (CpuLoop loop : CpuLoop.values()) {
                    CpuBenchmark.Result result = CpuBenchmark.run(model, loop, rounds, Ticker.system());
                    out().printf(Locale.ROOT, "%s %.1f%n", loop.label(), result.mips());
                    out().flush();
                }
            }
            case "gpu" -> {
                out().printf(Locale.ROOT, "touch_96g_ms %.1f%n", GpuBenchmark.touchMillis(rounds));
                out().flush();
                out().printf(Locale.ROOT, "gpu_over_ram %.3f%n", GpuBenchmark.speedAgainstRam(rounds));
            }
            case "caches" -> caches();
            default -> throw new BadInput("unknown benchmark '" + what + "'; there are stage2, cpu, gpu and caches");
        }
        return 0;
    }

    private void caches() {
        double loop = CachesBenchmark.loop(CpuModel.parse(cpu), rounds, Ticker.system());
        out().printf(Locale.ROOT, "memory_loop_caches_over_none %.3f%n", loop);
        out().flush();
        if (kernel == null) {
            return;
        }
        String name = String.valueOf(kernel.getFileName());
        byte[] image = InputFiles.read(kernel, "a kernel");
        CachesBenchmark.Boot boot = new CachesBenchmark.Boot(
                GuestImage.read(name, image, false, VirtMap.RAM, BOOT_RAM),
                initrd == null ? null : InputFiles.read(initrd, "an initrd"),
                "console=ttyAMA0",
                BusyboxInitrd.PROMPT);
        CachesBenchmark.Ratios ratios = CachesBenchmark.boot(HostProfile.parse(host), boot, BOOT_RAM, rounds);
        out().printf(Locale.ROOT, "boot_time_caches_over_none %.3f%n", ratios.time());
        out().printf(Locale.ROOT, "boot_memory_caches_over_none %.3f%n", ratios.memory());
    }
}

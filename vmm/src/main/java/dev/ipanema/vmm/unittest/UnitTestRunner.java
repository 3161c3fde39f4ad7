package dev.ipanema.vmm.unittest;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.time.Ticker;
import dev.ipanema.host.platform.Host;
import dev.ipanema.host.platform.HostProfile;
import dev.ipanema.images.format.GuestImage;
import dev.ipanema.kvm.mmu.Maintenance;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.machine.cache.CacheModel;
import dev.ipanema.machine.cache.CacheOptions;
import dev.ipanema.vmm.boot.GuestEnd;
import dev.ipanema.vmm.boot.VirtConfig;
import dev.ipanema.vmm.boot.VirtMachine;
import dev.ipanema.vmm.boot.VirtMap;
import dev.ipanema.vmm.coherence.CoherenceLog;
import dev.ipanema.vmm.coherence.CoherenceReport;
import dev.ipanema.vmm.unittest.UnitTestResult.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Set;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// Runs tests one after the other, each in a machine of its own. A test ends when it prints its exit status or switches
/// its
/// machine off. The status is `code << 1 | 1` as with QEMU's exit devices; code 0 is a pass, 77 a skip (kvm-unit-tests
/// lib/arm/io.c, scripts/arch-run.bash).
///
/// @param profile the simulated host
/// @param version the kernel that KVM follows
/// @param ticker for time-outs
/// @param caches how caches are modelled, null: not at all
/// @param leftOut cache maintenance that KVM does not do
public record UnitTestRunner(
        HostProfile profile,
        KernelVersion version,
        Ticker ticker,
        @Nullable CacheOptions caches,
        Set<Maintenance> leftOut) {
    private static final int SKIP_CODE = 77;
    private static final long MAX_IMAGE = 256L << 20;

    /// Runs a test.
    ///
    /// @param console takes its output too, byte by byte, on the vCPUs' threads
    public UnitTestResult run(UnitTest test, IntConsumer console) {
        if (!test.skipReason().isEmpty()) {
            return UnitTestResult.skipped(test, test.skipReason());
        }
        GuestImage image;
        try {
            image = read(test);
        } catch (BadInput e) {
            String reason = String.valueOf(e.getMessage());
            return new UnitTestResult(test, Verdict.FAIL, reason, List.of(), List.of(), "", null);
        }
        return run(test, image, console);
    }

    private static GuestImage read(UnitTest test) {
        try {
            if (Files.size(test.file()) > MAX_IMAGE) {
                throw new BadInput(test.file() + ": larger than any test image");
            }
            String name = test.file().toString();
            return GuestImage.read(name, Files.readAllBytes(test.file()), true, VirtMap.RAM, test.memory());
        } catch (NoSuchFileException e) {
            throw new BadInput(test.file() + ": no such file");
        } catch (IOException e) {
            throw new BadInput(test.file() + ": cannot be read (" + e.getMessage() + ")");
        }
    }

    private UnitTestResult run(UnitTest test, GuestImage image, IntConsumer console) {
        ConsoleReport report = new ConsoleReport();
        IntConsumer both = value -> {
            report.accept(value);
            console.accept(value);
        };
        try (Host host = Host.builder(profile)
                        .processingElements(test.cpus())
                        .caches(caches)
                        .build();
                VirtMachine machine = new VirtMachine(host, version, config(test, image), both, ticker)) {
            CacheModel model = host.caches();
            CoherenceLog coherence = model == null ? null : new CoherenceLog(model, machine::symbol);
            GuestEnd end = machine.run(test.timeoutSeconds(), () -> {
                if (report.status().isPresent()) {
                    machine.stop(new GuestEnd(GuestEnd.Reason.EXPECTED, "The test has printed its exit status", ""));
                }
            });
            return judge(test, end, report, coherence == null ? null : coherence.report());
        } catch (BadInput e) {
            // A host that cannot give this machine, such as a GICv2 on one with a GICv3: nothing was tested.
            return UnitTestResult.skipped(test, String.valueOf(e.getMessage()));
        }
    }

    private VirtConfig config(UnitTest test, GuestImage image) {
        return VirtConfig.builder(image, test.memory())
                .params(test.arguments())
                .cpus(test.cpus())
                .irqchip(test.irqchip())
                .reboot(false)
                .leaveOut(leftOut)
                .build();
    }

    private static UnitTestResult judge(
            UnitTest test, GuestEnd end, ConsoleReport report, @Nullable CoherenceReport coherence) {
        String summary = report.summary().orElse("");
        Verdict verdict = Verdict.FAIL;
        String note = summary;
        String details = "";
        if (report.status().isPresent()) {
            int status = report.status().getAsInt();
            if (status == 1) {
                verdict = Verdict.PASS;
            } else if (status == (SKIP_CODE << 1 | 1)) {
                verdict = Verdict.SKIP;
            } else if (report.checks().stream().noneMatch(ConsoleReport.Check::isUnexpected)) {
                note = (summary.isEmpty() ? "" : summary + "; ") + "exit status " + status;
            }
        } else {
            note = switch (end.reason()) {
                case TIME_OUT -> "timeout; duration=" + test.timeoutSeconds() + "s";
                case SYSTEM_OFF -> "switched off without an exit status";
                default -> end.message();
            };
            details = end.details();
        }
        return new UnitTestResult(test, verdict, note, report.checks(), report.lines(), details, coherence);
    }
}

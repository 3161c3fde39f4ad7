package dev.ipanema.vmm.scenario;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.host.mm.HostPte;
import dev.ipanema.host.platform.Host;
import dev.ipanema.kvm.uapi.UserspaceMemoryRegion;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.machine.cache.CacheModel;
import dev.ipanema.machine.cache.CacheOptions;
import dev.ipanema.vmm.coherence.CoherenceLog;
import dev.ipanema.vmm.coherence.CoherenceReport;
import dev.ipanema.vmm.scenario.Verdict.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Performs the steps of one scenario and compares what comes of them.
final class ScenarioRunner implements AutoCloseable {
    private static final int PAGE_SHIFT = HostPte.PAGE_SHIFT;
    private static final int WORD_BITS = 64;

    private final Host host;
    private final ProbeMachine machine;
    private final Mappings mappings;
    private final boolean trails;
    private final @Nullable CoherenceLog coherence;
    private final List<Disagreement> disagreements = new ArrayList<>();

    private final SlotTable slots = new SlotTable();

    private ScenarioRunner(
            Scenario scenario, KernelVersion version, boolean trails, @Nullable CacheOptions cacheOptions) {
        host = RecordingHost.of(scenario.host(), cacheOptions);
        CacheModel caches = host.caches();
        coherence = caches == null ? null : new CoherenceLog(caches, CoherenceLog.Symbols.NONE);
        machine = new ProbeMachine(host, version, scenario.host().vmMte(), trails);
        mappings = new Mappings(host, machine.mm());
        this.trails = trails;
    }

    /// Runs a scenario. When something disagrees it is run once more, with the reasons recorded.
    ///
    /// @param policy the kernel version to follow; null: the scenario's own
    /// @param caches how caches are modelled, null: not at all
    static Verdict verdict(Scenario scenario, @Nullable KernelVersion policy, @Nullable CacheOptions caches) {
        List<String> unsupported = new ArrayList<>(scenario.unsupported());
        KernelVersion version = policy;
        if (version == null) {
            try {
                version = kernel(scenario.kernel());
            } catch (BadInput e) {
                unsupported.add("kernel: " + e.getMessage());
            }
        }
        if (version == null || !unsupported.isEmpty()) {
            String name = version == null ? scenario.kernel() : version.name();
            return new Verdict(scenario.id(), name, Status.UNSUPPORTED, List.of(), unsupported, null);
        }
        try {
            Outcome found = run(scenario, version, false, caches);
            if (!found.disagreements().isEmpty()) {
                found = run(scenario, version, true, caches);
            }
            Status status = found.disagreements().isEmpty() ? Status.AGREED : Status.DISAGREED;
            return new Verdict(
                    scenario.id(), version.name(), status, found.disagreements(), List.of(), found.coherence());
        } catch (BadInput e) {
            String message = e.getMessage() == null ? "unknown" : e.getMessage();
            return new Verdict(scenario.id(), version.name(), Status.UNSUPPORTED, List.of(), List.of(message), null);
        }
    }

    /// The version that a scenario's `kernel` names: a release, or a policy.
    private static KernelVersion kernel(String name) {
        return Character.isDigit(name.isEmpty() ? ' ' : name.charAt(0))
                ? KernelVersion.ofRelease(name)
                : KernelVersion.parse(name);
    }

    /// @param coherence null when caches were not modelled
    private record Outcome(
            List<Disagreement> disagreements, @Nullable CoherenceReport coherence) {}

    private static Outcome run(
            Scenario scenario, KernelVersion version, boolean trails, @Nullable CacheOptions caches) {
        return run(scenario, version, trails, caches, machine -> {});
    }

    private static Outcome run(
            Scenario scenario,
            KernelVersion version,
            boolean trails,
            @Nullable CacheOptions caches,
            Consumer<ProbeMachine> atEnd) {
        try (ScenarioRunner runner = new ScenarioRunner(scenario, version, trails, caches)) {
            int index = 0;
            for (Step step : scenario.steps()) {
                runner.perform(index++, step);
            }
            atEnd.accept(runner.machine);
            return new Outcome(runner.disagreements, runner.coherence == null ? null : runner.coherence.report());
        }
    }

    /// Runs a scenario for the state it ends in.
    ///
    /// @param policy the kernel version to follow; null: the scenario's own
    /// @param atEnd is given the virtual machine after the last step
    /// @throws BadInput for a scenario that is not supported
    static void inspect(Scenario scenario, @Nullable KernelVersion policy, Consumer<ProbeMachine> atEnd) {
        if (!scenario.unsupported().isEmpty()) {
            throw new BadInput(
                    scenario.id() + ": unsupported " + String.join("; ", scenario.unsupported()), BadInput.FINDING);
        }
        run(scenario, policy != null ? policy : kernel(scenario.kernel()), false, null, atEnd);
    }

    private void perform(int index, Step step) {
        switch (step) {
            case Step.Mmap mmap -> mappings.mmap(mmap);
            case Step.SetUserMemoryRegion region -> setUserMemoryRegion(index, region);
            case Step.Run run -> run(index, run);
            case Step.Leaf leaf -> {
                Comparison comparison = comparison(index, step, "");
                comparison.leaf(leaf.expect(), machine.leaf(leaf.ipa()));
                disagreements.addAll(comparison.disagreements());
            }
            case Step.GetDirtyLog log -> getDirtyLog(index, log);
            case Step.Munmap munmap ->
                result(index, step, munmap.rc(), machine.mm().munmap(mappings.resolve(munmap.hva()), munmap.size()));
            case Step.Mprotect mprotect ->
                result(
                        index,
                        step,
                        mprotect.rc(),
                        machine.mm()
                                .mprotect(
                                        mappings.resolve(mprotect.hva()),
                                        mprotect.size(),
                                        Mappings.protection(mprotect.prot())));
            case Step.VcpuInit init ->
                result(index, step, init.rc(), machine.vcpu().init());
            case Step.EnableCap enable ->
                result(
                        index,
                        step,
                        enable.rc(),
                        machine.vm().enableCap(enable.cap(), enable.flags(), enable.argument()));
            case Step.CheckExtension check -> {
                int rc = check.system()
                        ? machine.kvm().checkExtension(check.cap())
                        : machine.vm().checkExtension(check.cap());
                result(index, step, check.rc(), rc);
            }
        }
    }

    private Comparison comparison(int index, Step step, String trail) {
        return new Comparison(index, step.word(), trail);
    }

    private void result(int index, Step step, OptionalInt expected, int got) {
        Comparison comparison = comparison(index, step, vmTrail());
        comparison.integer("rc", expected, got);
        disagreements.addAll(comparison.disagreements());
    }

    private static String lines(List<DecisionTrail.Step> steps) {
        StringBuilder text = new StringBuilder();
        for (DecisionTrail.Step step : steps) {
            text.append(step).append('\n');
        }
        return text.toString();
    }

    private String vmTrail() {
        return trails ? machine.vm().lastTrail().toString() : "";
    }

    private void setUserMemoryRegion(int index, Step.SetUserMemoryRegion step) {
        long hva = mappings.resolve(step.hva());
        int result = machine.vm()
                .setUserMemoryRegion(
                        new UserspaceMemoryRegion(step.slot(), step.flags(), step.ipa(), step.size(), hva));
        if (result == 0) {
            slots.set(step.slot(), step.ipa(), step.size(), hva);
        }
        Comparison comparison = comparison(index, step, vmTrail());
        if (step.errno().isPresent() && step.errno().getAsInt() != -result) {
            comparison.differs("errno", errno(step.errno().getAsInt()), errno(-result));
        }
        disagreements.addAll(comparison.disagreements());
    }

    private static String errno(int errno) {
        return errno == 0 ? "0" : errno + " (" + Errno.render(-errno) + ")";
    }

    private void run(int index, Step.Run step) {
        ProbeMachine.Run run = machine.run(step.op(), step.s1(), step.ipa());
        RunExpectation expect = step.expect();
        OptionalLong memory = expect.memory().isPresent()
                ? OptionalLong.of(mappings.firstWord(slots.hva(step.ipa())))
                : OptionalLong.empty();
        RunOutcome outcome =
                new RunOutcome(run.end(), run.mmio(), memory.orElse(0), machine.leaf(step.ipa()), run.stage2Calls());
        Comparison comparison = comparison(index, step, lines(run.trail()));
        comparison.run(expect, outcome);
        disagreements.addAll(comparison.disagreements());
    }

    private void getDirtyLog(int index, Step.GetDirtyLog step) {
        long pages = slots.size(step.slot()) >>> PAGE_SHIFT;
        long[] bitmap = new long[Math.toIntExact((pages + WORD_BITS - 1) / WORD_BITS)];
        int result = machine.vm().getDirtyLog(step.slot(), bitmap);
        long count = 0;
        long first = -1;
        for (int i = 0; i < bitmap.length; i++) {
            count += Long.bitCount(bitmap[i]);
            if (first < 0 && bitmap[i] != 0) {
                first = (long) i * WORD_BITS + Long.numberOfTrailingZeros(bitmap[i]);
            }
        }
        Comparison comparison = comparison(index, step, vmTrail());
        if (step.errno().isPresent() && step.errno().getAsInt() != -result) {
            comparison.differs("errno", errno(step.errno().getAsInt()), errno(-result));
        }
        comparison.decimal("count", step.count(), count);
        comparison.decimal("first", step.first(), first);
        disagreements.addAll(comparison.disagreements());
    }

    @Override
    public void close() {
        machine.close();
        host.close();
    }
}

package dev.ipanema.bench.abort;

import dev.ipanema.arm.exception.FaultStatus;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.kvm.abort.AbortFacts;
import dev.ipanema.kvm.abort.AbortRouter;
import dev.ipanema.kvm.abort.FaultProt;
import dev.ipanema.kvm.abort.IpaZone;
import dev.ipanema.kvm.abort.S2FaultClassifier;
import dev.ipanema.kvm.abort.SlotState;
import dev.ipanema.kvm.version.KernelVersion;
import dev.ipanema.kvm.version.PfnClass;
import dev.ipanema.kvm.version.VmaInfo;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// What a trail costs an abort: the pure decisions of a fault on cacheable GPU memory, nanoseconds an abort.
///
/// | benchmark | cost centre |
/// |---|---|
/// | `withoutTrail` | the baseline: the decisions |
/// | `recorded` | what every abort of a machine does: the trail is written |
/// | `read` | what an abort does whose trail somebody reads: it becomes text |
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class TrailBenchmark {
    private final KernelVersion version = KernelVersion.newest();
    private final DecisionTrail trail = new DecisionTrail();
    private final VmaInfo vma = new VmaInfo(true, false, false, false, false, true);
    private int fsc = FaultStatus.of(FaultStatus.TRANSLATION, 2);

    /// The decisions alone.
    @Benchmark
    public int withoutTrail() {
        return decide(DecisionTrail.off());
    }

    /// With a trail that nobody reads.
    @Benchmark
    public int recorded() {
        trail.clear();
        return decide(trail);
    }

    /// With a trail that is read.
    @Benchmark
    public String read() {
        trail.clear();
        decide(trail);
        return trail.toString();
    }

    private int decide(DecisionTrail reasons) {
        AbortFacts facts =
                new AbortFacts(fsc, false, false, false, true, true, IpaZone.INSIDE, SlotState.READ_WRITE, false);
        int route = AbortRouter.route(version, facts, reasons).ordinal();
        PfnClass pfnClass = S2FaultClassifier.classify(version, vma, false, true, reasons);
        int prot = FaultProt.compute(
                true,
                pfnClass.device(),
                false,
                true,
                false,
                pfnClass.mapNonCacheable(),
                vma.allowAnyUncached(),
                true,
                reasons);
        return route ^ prot;
    }
}

package dev.ipanema.bench.fp;

import dev.ipanema.arm.fp.Fp;
import dev.ipanema.arm.fp.FpFormat;
import dev.ipanema.arm.fp.FpRounding;
import dev.ipanema.arm.fp.FpStatus;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// One operation on double-precision numbers from 0.5 to 2 each. Rounding to nearest is what guests do nearly always,
/// and what the JVM's arithmetic serves; towards zero shows the exact form that serves everything else.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
public class FloatingPointBenchmark {
    private static final int OPERATIONS = 1024;
    private static final FpFormat FORMAT = FpFormat.DOUBLE;

    private final long[] numbers = new long[OPERATIONS + 2];
    private final FpStatus status = new FpStatus();

    /// FPCR.RMode: 0 to nearest, 3 towards zero.
    @Param({"0", "3"})
    private int mode = FpRounding.TIE_EVEN;

    /// Whether FPSR.IXC is set, as it is soon in a program that computes.
    @Param({"true", "false"})
    private boolean inexactKnown;

    /// Chooses numbers.
    @Setup
    public void setUp() {
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = Double.doubleToRawLongBits(random.nextDouble(0.5, 2));
        }
        status.fpcr = mode << FpStatus.RMODE_SHIFT;
    }

    private FpStatus start() {
        status.fpsr = inexactKnown ? FpStatus.IXC : 0;
        return status;
    }

    /// FADD.
    @Benchmark
    @OperationsPerInvocation(OPERATIONS)
    public long add() {
        FpStatus state = start();
        long result = 0;
        for (int i = 0; i < OPERATIONS; i++) {
            result ^= Fp.add(FORMAT, numbers[i], numbers[i + 1], state);
        }
        return result;
    }

    /// FMUL.
    @Benchmark
    @OperationsPerInvocation(OPERATIONS)
    public long mul() {
        FpStatus state = start();
        long result = 0;
        for (int i = 0; i < OPERATIONS; i++) {
            result ^= Fp.mul(FORMAT, numbers[i], numbers[i + 1], state);
        }
        return result;
    }

    /// FDIV.
    @Benchmark
    @OperationsPerInvocation(OPERATIONS)
    public long div() {
        FpStatus state = start();
        long result = 0;
        for (int i = 0; i < OPERATIONS; i++) {
            result ^= Fp.div(FORMAT, numbers[i], numbers[i + 1], state);
        }
        return result;
    }

    /// FSQRT.
    @Benchmark
    @OperationsPerInvocation(OPERATIONS)
    public long sqrt() {
        FpStatus state = start();
        long result = 0;
        for (int i = 0; i < OPERATIONS; i++) {
            result ^= Fp.sqrt(FORMAT, numbers[i], state);
        }
        return result;
    }

    /// FMADD.
    @Benchmark
    @OperationsPerInvocation(OPERATIONS)
    public long fma() {
        FpStatus state = start();
        long result = 0;
        for (int i = 0; i < OPERATIONS; i++) {
            result ^= Fp.fma(FORMAT, numbers[i], numbers[i + 1], numbers[i + 2], state);
        }
        return result;
    }
}

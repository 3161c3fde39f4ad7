package dev.ipanema.machine.cpu;

import dev.ipanema.base.time.Ticker;
import org.jspecify.annotations.Nullable;

/// Time that is made of instructions: each one that a processing element of a machine completes takes a nanosecond, and
/// nothing else takes time but a [#jump]. With one processing element running at a time a run repeats exactly.
///
/// The count is brought up to date where a processing element looks around, at most 1000 instructions late. It is read
/// by the thread that runs, or by others while none does.
public final class InstructionClock implements Ticker {
    private @Nullable Machine machine;
    private long jumped;

    /// A clock that stands still until it is attached.
    public InstructionClock() {}

    /// Counts the instructions of a machine from now on.
    public void attach(Machine counted) {
        machine = counted;
    }

    /// Lets time pass in which nobody runs.
    ///
    /// @param nanos 0 or more
    public void jump(long nanos) {
        jumped += nanos;
    }

    @Override
    public long nanos() {
        long sum = jumped;
        Machine counted = machine;
        if (counted != null) {
            for (int i = 0; i < counted.processingElements(); i++) {
                sum += counted.processingElement(i).instructions();
            }
        }
        return sum;
    }
}

package dev.ipanema.machine.cpu;

import dev.ipanema.arm.register.PmuEvent;

/// How often events of the performance monitors have happened in one virtual processor, by the exception
/// level to which
/// they belong. Totals only grow; what counts them is a hypervisor's, which has its guest's accesses to
/// counters trapped
/// (MDCR_EL2.TPM): a processing element has no counters that a guest reaches without it.
///
/// An event costs nothing where instructions are executed: their number is known at the end of each stretch
/// that the
/// interpreter runs, and such a stretch lies in one exception level.
///
/// - An instruction counts when it completes; one that ends in an exception, SVC included, does not.
/// - An exception is one taken to EL1, injected ones included, and belongs to the level it was taken from.
/// - A cycle is an instruction or an exception: this machine has no other time of its own.
public final class EventCounts {
    private static final int[] COUNTED = {
        PmuEvent.SW_INCR, PmuEvent.INST_RETIRED, PmuEvent.EXC_TAKEN, PmuEvent.EXC_RETURN, PmuEvent.CPU_CYCLES
    };

    private final long[] instructions = new long[2];
    private final long[] exceptions = new long[2];
    private long returns;

    EventCounts() {}

    /// {@return PMCEID0_EL0 (`n` 0) or PMCEID1_EL0 (1) of a processing element: the common events that are
    /// counted}
    public static long pmceid(int n) {
        long bits = 0;
        for (int event : COUNTED) {
            if (event / PmuEvent.PER_WORD == n) {
                bits |= 1L << event % PmuEvent.PER_WORD;
            }
        }
        return bits;
    }

    /// Counts instructions that have completed at an exception level.
    void retired(int el, long count) {
        instructions[el & 1] += count;
    }

    /// Counts an exception that is taken from an exception level.
    void exceptionTaken(int el) {
        exceptions[el & 1]++;
    }

    /// Counts an exception return, which is EL1's.
    void exceptionReturned() {
        returns++;
    }

    /// {@return how often an event has happened; 0 for one that is not counted}
    ///
    /// @param event number, see [PmuEvent]
    /// @param el1 whether what belongs to EL1 is included
    /// @param el0 whether what belongs to EL0 is included
    public long total(int event, boolean el1, boolean el0) {
        return (el1 ? at(event, 1) : 0) + (el0 ? at(event, 0) : 0);
    }

    private long at(int event, int el) {
        return switch (event) {
            case PmuEvent.INST_RETIRED -> instructions[el];
            case PmuEvent.EXC_TAKEN -> exceptions[el];
            case PmuEvent.EXC_RETURN -> el == 1 ? returns : 0;
            case PmuEvent.CPU_CYCLES -> instructions[el] + exceptions[el];
            default -> 0;
        };
    }
}

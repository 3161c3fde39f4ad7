package dev.ipanema.vmm.gdb;

import dev.ipanema.kvm.uapi.KvmGuestDebug;
import dev.ipanema.machine.cpu.CpuContext;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/// A machine as a debugger sees it. Processors are numbered from 0. Registers and memory are looked at and changed only
/// while it is stopped.
public interface DebugTarget {
    /// Why a machine stopped by itself.
    ///
    /// @param cpu the processor that stopped it, negative when the guest has ended
    /// @param esr the syndrome of the debug exception, 0 when there was none
    /// @param far the address that a watchpoint was hit at
    /// @param ended how the guest ended, null while it lives
    record Stop(int cpu, long esr, long far, @Nullable String ended) {}

    /// {@return how many processors there are}
    int cpus();

    /// {@return the registers of a processor}
    CpuContext cpu(int cpu);

    /// {@return what a reader of a list of threads should know of a processor}
    String describe(int cpu);

    /// Reads guest memory by virtual address, as the processor's tables at EL1 map it.
    ///
    /// @return false when some byte is not mapped or not memory
    boolean read(int cpu, long va, byte[] into);

    /// Writes guest memory by virtual address, read-only pages too.
    ///
    /// @return false when some byte is not mapped or not memory; nothing or a part is written then
    boolean write(int cpu, long va, byte[] from);

    /// `KVM_SET_GUEST_DEBUG`.
    ///
    /// @return 0 or a negated errno
    int setGuestDebug(int cpu, KvmGuestDebug debug);

    /// Gives the guest a BRK of its own as the exception it would have taken without a debugger.
    void injectBreakpoint(int cpu, long esr);

    /// Lets processors run.
    ///
    /// @param which those that may; the others stay where they are
    void resume(IntPredicate which);

    /// Stops every processor and returns when none runs.
    void stopAll();

    /// Waits until the machine has stopped by itself; every processor is stopped then.
    ///
    /// @param millis how long to wait at most
    /// @return null when it still runs
    @Nullable
    Stop awaitStop(long millis);

    /// Ends the guest.
    void kill();

    /// Answers a `monitor` command.
    ///
    /// @param cpu the processor that the user looks at
    /// @return text, each line with its end
    String monitor(int cpu, String command);
}

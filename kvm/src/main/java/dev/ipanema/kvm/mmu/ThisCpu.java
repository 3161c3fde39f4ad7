package dev.ipanema.kvm.mmu;

import dev.ipanema.machine.mmu.Mmu;
import org.jspecify.annotations.Nullable;

/// Which processing element the calling thread runs a vCPU on: what `smp_processor_id()` is to code that maintains
/// the local TLB.
public final class ThisCpu {
    private static final ThreadLocal<@Nullable Mmu> CURRENT = new ThreadLocal<>();

    private ThisCpu() {}

    /// Binds the thread to a processing element.
    public static void set(Mmu mmu) {
        CURRENT.set(mmu);
    }

    /// Ends the binding.
    public static void clear() {
        CURRENT.remove();
    }

    /// {@return the MMU of the processing element, null on a thread that runs no vCPU}
    static @Nullable Mmu mmu() {
        return CURRENT.get();
    }
}

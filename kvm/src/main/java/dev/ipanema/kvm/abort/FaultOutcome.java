package dev.ipanema.kvm.abort;

import dev.ipanema.arm.pgtable.Stage2Prot;

/// How a fault on the VMM's memory ends.
public sealed interface FaultOutcome {
    /// The page is mapped and the guest goes on.
    ///
    /// @param prot flags of [Stage2Prot]
    record Map(int prot) implements FaultOutcome {
        @Override
        public String toString() {
            return "map " + Stage2Prot.describe(prot);
        }
    }

    /// `KVM_RUN` ends with an errno.
    ///
    /// @param errno negated
    /// @param leaksMmapLock the kernel forgot to release `mmap_lock` on this path
    record Refuse(int errno, boolean leaksMmapLock) implements FaultOutcome {
        @Override
        public String toString() {
            return dev.ipanema.base.errno.Errno.render(errno) + (leaksMmapLock ? " with mmap_lock held" : "");
        }
    }

    /// `-ENOEXEC` inside KVM: the guest gets an external abort on its fetch.
    record InjectSeaIabt() implements FaultOutcome {
        @Override
        public String toString() {
            return "-ENOEXEC: external abort on instruction fetch";
        }
    }

    /// The guest gets a data abort with FSC 0x35.
    record InjectExclusiveAtomic() implements FaultOutcome {
        @Override
        public String toString() {
            return "data abort, unsupported exclusive or atomic";
        }
    }
}

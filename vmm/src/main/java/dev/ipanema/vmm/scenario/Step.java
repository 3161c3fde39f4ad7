package dev.ipanema.vmm.scenario;

import dev.ipanema.guests.program.Operation;
import dev.ipanema.guests.program.Stage1;
import java.util.OptionalInt;
import java.util.OptionalLong;

/// One step of a scenario with what the kernel answered, where the scenario says so.
public sealed interface Step {
    /// {@return the word of the format}
    String word();

    /// A mapping into the VMM's address space.
    ///
    /// @param windowOffset where in the window `S` it is mapped with `MAP_FIXED`; empty: an own window
    record Mmap(String vma, MappingKind kind, OptionalLong windowOffset) implements Step {
        @Override
        public String word() {
            return "mmap";
        }
    }

    /// `KVM_SET_USER_MEMORY_REGION`.
    ///
    /// @param errno the expected errno, 0 for success, empty when the scenario does not say
    record SetUserMemoryRegion(int slot, int flags, long ipa, long size, AddressExpression hva, OptionalInt errno)
            implements Step {
        @Override
        public String word() {
            return "set_user_memory_region";
        }
    }

    /// A run of the payload until it reports.
    record Run(Operation op, Stage1 s1, long ipa, RunExpectation expect) implements Step {
        @Override
        public String word() {
            return "run";
        }
    }

    /// A look at the stage-2 leaf.
    record Leaf(long ipa, LeafExpectation expect) implements Step {
        @Override
        public String word() {
            return "leaf";
        }
    }

    /// `KVM_GET_DIRTY_LOG`.
    ///
    /// @param count expected number of set bits
    /// @param first expected first set bit, -1 for none
    record GetDirtyLog(int slot, OptionalInt errno, OptionalLong count, OptionalLong first) implements Step {
        @Override
        public String word() {
            return "get_dirty_log";
        }
    }

    /// munmap of the VMM.
    record Munmap(AddressExpression hva, long size, OptionalInt rc) implements Step {
        @Override
        public String word() {
            return "munmap";
        }
    }

    /// mprotect of the VMM.
    record Mprotect(AddressExpression hva, long size, MappingKind.Protection prot, OptionalInt rc) implements Step {
        @Override
        public String word() {
            return "mprotect";
        }
    }

    /// `KVM_ARM_VCPU_INIT` on the vCPU that exists.
    record VcpuInit(OptionalInt rc) implements Step {
        @Override
        public String word() {
            return "vcpu_init";
        }
    }

    /// `KVM_ENABLE_CAP` on the virtual machine.
    ///
    /// @param argument args\[0\]
    record EnableCap(int cap, int flags, long argument, OptionalInt rc) implements Step {
        @Override
        public String word() {
            return "enable_cap";
        }
    }

    /// `KVM_CHECK_EXTENSION`.
    ///
    /// @param system on `/dev/kvm`, else on the virtual machine
    record CheckExtension(boolean system, int cap, OptionalInt rc) implements Step {
        @Override
        public String word() {
            return "check_extension";
        }
    }
}

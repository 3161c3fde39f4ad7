package dev.ipanema.kvm.vm;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.kvm.memslot.DirtyRing;
import dev.ipanema.kvm.mmu.VmMemory;
import dev.ipanema.kvm.uapi.KvmCap;

/// What a VMM can turn on of a VM, each with the state in which that is allowed
/// (`arch/arm64/kvm/arm.c:kvm_vm_ioctl_enable_cap`, `virt/kvm/kvm_main.c:kvm_vm_ioctl_enable_cap_generic`).
/// [Extensions] says what there is. For all threads, one at a time by `slots_lock`.
final class VmCapabilities {
    private final Vm vm;
    private final Kvm kvm;
    private final VmMemory memory;

    VmCapabilities(Vm vm) {
        this.vm = vm;
        this.kvm = vm.kvm();
        this.memory = vm.memory();
    }

    /// `KVM_ENABLE_CAP` on the VM's fd.
    ///
    /// @param first the first argument
    /// @return 0, or -EINVAL for what is not there or is asked for too late, -E2BIG for a ring that is too large
    int enable(int cap, long flags, long first) {
        if (flags != 0 || !kvm.version().knowsCapability(cap)) {
            return Errno.EINVAL.negated();
        }
        memory.slotsLock().lock();
        try {
            return switch (cap) {
                case KvmCap.KVM_CAP_ARM_NISV_TO_USER -> {
                    memory.enableNisvToUser();
                    yield 0;
                }
                case KvmCap.KVM_CAP_ARM_SEA_TO_USER -> {
                    memory.enableSeaToUser();
                    yield 0;
                }
                case KvmCap.KVM_CAP_ARM_MTE -> enableMte();
                case KvmCap.KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 -> enableManualProtect(first);
                case KvmCap.KVM_CAP_DIRTY_LOG_RING_ACQ_REL -> enableRing(first);
                case KvmCap.KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP -> enableRingWithBitmap();
                case KvmCap.KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE -> enableEagerSplit(first);
                default -> Errno.EINVAL.negated();
            };
        } finally {
            memory.slotsLock().unlock();
        }
    }

    private int enableMte() {
        boolean gmemSlots = false;
        for (int i = 0; i < memory.memslots().size(); i++) {
            gmemSlots |= memory.memslots().at(i).gmem() != null;
        }
        if (!kvm.caps().mte() || !vm.vcpus().isEmpty() || gmemSlots) {
            return Errno.EINVAL.negated();
        }
        memory.enableMte();
        return 0;
    }

    private int enableManualProtect(long options) {
        long allowed = KvmCap.KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE;
        if ((options & allowed) != 0) {
            allowed |= KvmCap.KVM_DIRTY_LOG_INITIALLY_SET;
        }
        if ((options & ~allowed) != 0) {
            return Errno.EINVAL.negated();
        }
        memory.logging().setManualProtect((int) options);
        return 0;
    }

    private int enableRing(long bytes) {
        long smallest = Math.max(
                AddressSpace.PAGE_SIZE, (long) DirtyRing.KVM_DIRTY_RING_RSVD_ENTRIES * KvmCap.KVM_DIRTY_GFN_SIZE);
        if (Long.bitCount(bytes) != 1 || bytes < smallest) {
            return Errno.EINVAL.negated();
        }
        if (bytes > (long) KvmCap.KVM_DIRTY_RING_MAX_ENTRIES * KvmCap.KVM_DIRTY_GFN_SIZE) {
            return Errno.E2BIG.negated();
        }
        if (memory.logging().ringEntries() != 0 || !vm.vcpus().isEmpty()) {
            return Errno.EINVAL.negated();
        }
        memory.logging().setRingEntries((int) (bytes / KvmCap.KVM_DIRTY_GFN_SIZE));
        return 0;
    }

    private int enableRingWithBitmap() {
        if (memory.logging().ringEntries() == 0 || memory.memslots().size() != 0) {
            return Errno.EINVAL.negated();
        }
        memory.logging().enableRingWithBitmap();
        return 0;
    }

    private int enableEagerSplit(long chunk) {
        boolean supported =
                chunk == 0 || (Long.bitCount(chunk) == 1 && (chunk & Extensions.supportedBlockSizes()) != 0);
        if (memory.memslots().size() != 0 || !supported) {
            return Errno.EINVAL.negated();
        }
        memory.logging().setEagerSplitChunk(chunk);
        return 0;
    }
}

package dev.ipanema.kvm.vm;

import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.kvm.mmu.CpuCaps;
import dev.ipanema.kvm.uapi.KvmCap;
import dev.ipanema.kvm.uapi.KvmMem;
import dev.ipanema.kvm.version.KernelVersion;
import org.jspecify.annotations.Nullable;

/// The answers of `KVM_CHECK_EXTENSION` (`virt/kvm/kvm_main.c:kvm_vm_ioctl_check_extension_generic`,
/// `arch/arm64/kvm/arm.c:kvm_vm_ioctl_check_extension`). A capability that is not listed is not there: 0.
final class Extensions {
    private static final Granule PAGES = Granule.K4;

    private Extensions() {}

    private static final String SOURCE = "arch/arm64/kvm/arm.c:kvm_vm_ioctl_check_extension";

    /// {@return the answer}
    ///
    /// @param vm null on the system fd
    /// @param trail takes the reasons of an answer that depends on the CPU or the kernel
    static int check(
            KernelVersion version, CpuCaps caps, int onlineCpus, @Nullable Vm vm, int cap, DecisionTrail trail) {
        if (!version.knowsCapability(cap)) {
            trail.rule("capability " + cap, "not known to " + version.name(), SOURCE);
            return 0;
        }
        return switch (cap) {
            case KvmCap.KVM_CAP_USER_MEMORY,
                    KvmCap.KVM_CAP_USER_MEMORY2,
                    KvmCap.KVM_CAP_SYNC_MMU,
                    KvmCap.KVM_CAP_DESTROY_MEMORY_REGION_WORKS,
                    KvmCap.KVM_CAP_JOIN_MEMORY_REGIONS_WORKS,
                    KvmCap.KVM_CAP_INTERNAL_ERROR_DATA,
                    KvmCap.KVM_CAP_READONLY_MEM,
                    KvmCap.KVM_CAP_ENABLE_CAP_VM,
                    KvmCap.KVM_CAP_CHECK_EXTENSION_VM,
                    KvmCap.KVM_CAP_ONE_REG,
                    KvmCap.KVM_CAP_ARM_PSCI,
                    KvmCap.KVM_CAP_ARM_PSCI_0_2,
                    KvmCap.KVM_CAP_MP_STATE,
                    KvmCap.KVM_CAP_IMMEDIATE_EXIT,
                    KvmCap.KVM_CAP_VCPU_EVENTS,
                    KvmCap.KVM_CAP_ARM_NISV_TO_USER,
                    KvmCap.KVM_CAP_ARM_INJECT_EXT_DABT,
                    KvmCap.KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP,
                    KvmCap.KVM_CAP_GUEST_MEMFD,
                    KvmCap.KVM_CAP_IRQCHIP,
                    KvmCap.KVM_CAP_IRQ_ROUTING,
                    KvmCap.KVM_CAP_IRQFD,
                    KvmCap.KVM_CAP_SIGNAL_MSI,
                    KvmCap.KVM_CAP_DEVICE_CTRL,
                    KvmCap.KVM_CAP_VCPU_ATTRIBUTES,
                    KvmCap.KVM_CAP_MSI_DEVID,
                    KvmCap.KVM_CAP_ARM_USER_IRQ,
                    KvmCap.KVM_CAP_STEAL_TIME,
                    KvmCap.KVM_CAP_PTP_KVM,
                    KvmCap.KVM_CAP_ARM_SEA_TO_USER -> 1;
            case KvmCap.KVM_CAP_NR_MEMSLOTS -> KvmMem.KVM_USER_MEM_SLOTS;
            case KvmCap.KVM_CAP_NR_VCPUS -> Math.min(onlineCpus, Vm.MAX_VCPUS);
            case KvmCap.KVM_CAP_MAX_VCPUS, KvmCap.KVM_CAP_MAX_VCPU_ID -> Vm.MAX_VCPUS;
            case KvmCap.KVM_CAP_ARM_INJECT_SERROR_ESR -> caps.ras() ? 1 : 0;
            case KvmCap.KVM_CAP_ARM_VM_IPA_SIZE -> caps.ipaLimitBits();
            case KvmCap.KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 ->
                KvmCap.KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE | KvmCap.KVM_DIRTY_LOG_INITIALLY_SET;
            case KvmCap.KVM_CAP_ARM_PTRAUTH_ADDRESS, KvmCap.KVM_CAP_ARM_PTRAUTH_GENERIC ->
                caps.pointerAuthentication() ? 1 : 0;
            case KvmCap.KVM_CAP_ARM_PMU_V3 -> caps.pmu() ? 1 : 0;
            case KvmCap.KVM_CAP_ARM_MTE -> caps.mte() ? 1 : 0;
            case KvmCap.KVM_CAP_DIRTY_LOG_RING_ACQ_REL -> KvmCap.KVM_DIRTY_RING_MAX_ENTRIES * KvmCap.KVM_DIRTY_GFN_SIZE;
            case KvmCap.KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE ->
                vm == null ? 0 : (int) vm.memory().logging().eagerSplitChunk();
            case KvmCap.KVM_CAP_ARM_SUPPORTED_BLOCK_SIZES -> (int) supportedBlockSizes();
            case KvmCap.KVM_CAP_ARM_CACHEABLE_PFNMAP_SUPPORTED -> cacheablePfnmap(caps, vm, trail);
            case KvmCap.KVM_CAP_GUEST_MEMFD_FLAGS ->
                (int) (KvmMem.GUEST_MEMFD_FLAG_MMAP | KvmMem.GUEST_MEMFD_FLAG_INIT_SHARED);
            default -> 0;
        };
    }

    /// The one capability that asks for a VM.
    private static int cacheablePfnmap(CpuCaps caps, @Nullable Vm vm, DecisionTrail trail) {
        if (vm == null) {
            return Errno.EINVAL.negated();
        }
        trail.fact("FEAT_S2FWB", caps.fwb(), "arch/arm64/include/asm/kvm_mmu.h:kvm_supports_cacheable_pfnmap");
        trail.fact("CTR_EL0.DIC", caps.dic(), "arch/arm64/include/asm/kvm_mmu.h:kvm_supports_cacheable_pfnmap");
        return caps.supportsCacheablePfnmap() ? 1 : 0;
    }

    /// {@return the sizes of pages and blocks that stage 2 may use, or-ed}
    static long supportedBlockSizes() {
        long sizes = 0;
        for (int level = PAGES.kvmMinBlockLevel(); level <= 3; level++) {
            sizes |= PAGES.levelSize(level);
        }
        return sizes;
    }
}

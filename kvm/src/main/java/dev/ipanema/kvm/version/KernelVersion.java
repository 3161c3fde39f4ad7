package dev.ipanema.kvm.version;

import dev.ipanema.base.text.BadInput;
import java.util.List;

/// One kernel that this KVM can follow: one method for each point in which two of them differ.
///
/// The rest of KVM asks these methods and never which version it is. Source of the differences: the posted series
/// (v7, 20250618065541.50049-1-ankita@nvidia.com), the merged commits of 6.17, and `arch/arm64/kvm/mmu.c` of 6.16,
/// 6.17, 6.18 and 7.3.
public interface KernelVersion {
    /// {@return the name that `--policy` takes, for example `linux-7.3`}
    String name();

    // What may be cacheable

    /// {@return what the fault path makes of a PFN}
    ///
    /// @param pfnIsMapMemory `pfn_is_map_memory(pfn)`
    /// @param cacheablePfnmapSupported every CPU has FEAT_S2FWB and CTR_EL0.DIC
    PfnClass classify(VmaInfo vma, boolean pfnIsMapMemory, boolean cacheablePfnmapSupported);

    /// {@return the rule of [#classify] in one sentence, for a trail}
    String classificationRule();

    /// {@return the negated errno of `KVM_RUN` for [PfnClass#REFUSED]}
    int refusedErrno();

    /// {@return the negated errno with which a fault ends while its VMA is being looked at, before any PFN is
    /// known; 0 to go on}
    int vmaErrno(VmaInfo vma);

    /// {@return whether a return by [#vmaErrno] forgets to release `mmap_lock`}
    boolean leaksMmapLockOnVmaErrno();

    /// {@return the negated errno with which a fault ends under `mmu_lock`, after its protection has been computed;
    /// 0 to go on}
    int lockedErrno(VmaInfo vma, boolean cacheablePfnmapSupported);

    /// {@return whether `KVM_SET_USER_MEMORY_REGION` refuses a slot over a cacheable `VM_PFNMAP` VMA}
    boolean slotRefusesCacheablePfnmap(boolean cacheablePfnmapSupported);

    // The size of a mapping

    /// {@return whether the block size of a `VM_PFNMAP` VMA is guessed from `vm_pgoff`, as if the range were
    /// contiguous; otherwise it is read from the host's page table}
    boolean guessesPfnmapBlockFromPgoff();

    /// {@return whether `transparent_hugepage_adjust` may enlarge a mapping that is forced non-cacheable}
    boolean thpAdjustsNonCacheable();

    // The course of a fault

    /// {@return whether the vCPU's cache of table pages is filled before the fault is handled}
    boolean topsUpMemcache(boolean permissionFault, boolean logging, boolean writeFault);

    /// {@return the gfn marked dirty for a mapping of `mappingPages` pages (a power of two) laid down for `gfn`}
    long dirtyGfn(long gfn, long mappingPages);

    /// {@return whether an abort with FSC 0x35 (unsupported exclusive or atomic) is given back to the guest rather
    /// than to the VMM as `-EFAULT`}
    boolean handlesExclusiveAtomicFault();

    /// {@return the negated errno for a permission fault on a read, 0 to handle it like any other}
    int readPermissionFaultErrno();

    /// {@return whether the test for an MTE VM over a VMA without `VM_MTE_ALLOWED` stands under `mmu_lock`, behind
    /// the retry check, rather than before it}
    boolean checksMteUnderMmuLock();

    /// {@return whether a return between PFN lookup and `mmu_lock` forgets to release the page}
    boolean leaksPageOnEarlyReturn();

    // The host's driver

    /// {@return whether nvgrace-gpu maps its memory whole at mmap by `remap_pfn_range`; otherwise page by page or
    /// in 2 MiB at the first fault (`drivers/vfio/pci/nvgrace-gpu/main.c:nvgrace_gpu_mmap`)}
    boolean mapsGpuMemoryAtMmap();

    // guest_memfd and capabilities

    /// {@return whether guest_memfd is built in}
    boolean guestMemfdBuiltIn();

    /// {@return whether a permission fault on guest_memfd relaxes the leaf; otherwise it maps over it, which
    /// changes nothing and faults again for ever}
    boolean gmemRelaxesPermissions();

    /// {@return whether a 64-byte load or store (LD64B, ST64B) to no memory exits with `KVM_EXIT_ARM_LDST64B`}
    boolean exitsOnLdst64b();

    /// {@return whether `KVM_CHECK_EXTENSION` and `KVM_ENABLE_CAP` know a capability}
    boolean knowsCapability(int cap);

    /// {@return the kernel function that takes the decisions of a fault, for a trail}
    ///
    /// @param step a function of 7.3, for example `kvm_s2_fault_compute_prot`
    String source(String step);

    /// {@return all versions, oldest first}
    static List<KernelVersion> all() {
        return KernelVersions.ALL;
    }

    /// {@return the newest version: `linux-7.3`}
    static KernelVersion newest() {
        return KernelVersions.ALL.getLast();
    }

    /// {@return the version of a name}
    ///
    /// @throws BadInput when there is none; the message lists them
    static KernelVersion parse(String name) {
        return KernelVersions.parse(name);
    }

    /// {@return the version that a released kernel follows, for example `linux-6.17` for `6.17.13`}
    ///
    /// @throws BadInput when no version is known for that kernel; the message lists the kernels
    static KernelVersion ofRelease(String release) {
        return KernelVersions.ofRelease(release);
    }
}

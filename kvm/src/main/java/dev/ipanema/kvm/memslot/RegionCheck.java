package dev.ipanema.kvm.memslot;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.base.trail.DecisionTrail;
import dev.ipanema.kvm.uapi.KvmMem;
import dev.ipanema.kvm.uapi.UserspaceMemoryRegion;
import dev.ipanema.kvm.version.KernelVersion;
import org.jspecify.annotations.Nullable;

/// The architecture-independent checks of `KVM_SET_USER_MEMORY_REGION`, in the kernel's order: the first that fails
/// gives the errno (`virt/kvm/kvm_main.c:kvm_vm_ioctl`, `kvm_vm_ioctl_set_memory_region`,
/// `check_memory_region_flags`, `kvm_set_memory_region`).
public final class RegionCheck {
    private static final String IOCTL = "virt/kvm/kvm_main.c:kvm_vm_ioctl";
    private static final String SET_MEMORY_REGION = "virt/kvm/kvm_main.c:kvm_set_memory_region";

    private final KernelVersion version;
    private final Memslots slots;
    private final int pageShift;
    private final long userTop;
    private final DecisionTrail trail;

    /// What the checks say.
    ///
    /// @param errno negated, 0 to go on
    /// @param change what the region does to its slot, meaningful with errno 0
    public record Verdict(int errno, RegionChange change) {}

    /// The checks against a set of slots.
    ///
    /// @param pageShift log2 of the host's page size
    /// @param userTop first address behind the VMM's address space (`TASK_SIZE_MAX`)
    public RegionCheck(KernelVersion version, Memslots slots, int pageShift, long userTop, DecisionTrail trail) {
        this.version = version;
        this.slots = slots;
        this.pageShift = pageShift;
        this.userTop = userTop;
        this.trail = trail;
    }

    /// {@return the verdict over a region}
    ///
    /// @param version2 whether the ioctl is `KVM_SET_USER_MEMORY_REGION2`
    public Verdict check(UserspaceMemoryRegion region, boolean version2) {
        if (trail.enabled()) {
            trail.fact("region", describe(region), IOCTL);
        }
        int id = region.slot() & 0xffff;
        if (!version2 && (region.flags() & ~KvmMem.KVM_SET_USER_MEMORY_REGION_V1_FLAGS) != 0) {
            return refuse("flags that version 1 of the ioctl does not have", IOCTL);
        }
        if (id >= KvmMem.KVM_USER_MEM_SLOTS) {
            return refuse("slot number beyond the last user slot", IOCTL + "_set_memory_region");
        }
        if ((region.flags() & ~allowedFlags(region.flags())) != 0) {
            return refuse("flags", "virt/kvm/kvm_main.c:check_memory_region_flags");
        }
        String fault = addressFault(region);
        if (fault != null) {
            return refuse(fault, SET_MEMORY_REGION);
        }
        if (region.slot() >>> 16 >= KvmMem.KVM_MAX_NR_ADDRESS_SPACES) {
            return refuse("address space", SET_MEMORY_REGION);
        }
        if (Long.compareUnsigned(region.guestPhysAddr() + region.memorySize(), region.guestPhysAddr()) < 0) {
            return refuse("guest_phys_addr + memory_size wraps", SET_MEMORY_REGION);
        }
        if (region.memorySize() >>> pageShift > KvmMem.KVM_MEM_MAX_NR_PAGES) {
            return refuse("more pages than a slot may have", SET_MEMORY_REGION);
        }
        return change(region, slots.byId(id));
    }

    private int allowedFlags(int flags) {
        int allowed = KvmMem.KVM_MEM_LOG_DIRTY_PAGES | KvmMem.KVM_MEM_READONLY;
        if (!version.guestMemfdBuiltIn()) {
            return allowed;
        }
        return (flags & KvmMem.KVM_MEM_GUEST_MEMFD) != 0 ? KvmMem.KVM_MEM_GUEST_MEMFD : allowed;
    }

    private @Nullable String addressFault(UserspaceMemoryRegion region) {
        long pageMask = (1L << pageShift) - 1;
        long hva = region.userspaceAddr();
        if ((region.memorySize() & pageMask) != 0) {
            return "memory_size is not a multiple of the page size";
        }
        if ((region.guestPhysAddr() & pageMask) != 0) {
            return "guest_phys_addr is not page aligned";
        }
        if ((hva & pageMask) != 0) {
            return "userspace_addr is not page aligned";
        }
        // A top byte other than bit 55 repeated is a tag; bit 55 itself selects the kernel's half.
        if (hva != hva << 8 >> 8) {
            return "userspace_addr is tagged";
        }
        if (Long.compareUnsigned(region.memorySize(), userTop) > 0
                || Long.compareUnsigned(hva, userTop - region.memorySize()) > 0) {
            return "userspace_addr range is outside the user address space";
        }
        if ((region.flags() & KvmMem.KVM_MEM_GUEST_MEMFD) != 0) {
            long offset = region.guestMemfdOffset();
            if ((offset & pageMask) != 0 || Long.compareUnsigned(offset + region.memorySize(), offset) < 0) {
                return "guest_memfd_offset is unaligned or wraps";
            }
        }
        return null;
    }

    private Verdict change(UserspaceMemoryRegion region, @Nullable Memslot old) {
        long npages = region.memorySize() >>> pageShift;
        long baseGfn = region.guestPhysAddr() >>> pageShift;
        if (npages == 0) {
            return old == null
                    ? refuse("a slot that does not exist cannot be deleted", SET_MEMORY_REGION)
                    : accept(RegionChange.DELETE);
        }
        RegionChange change;
        if (old == null) {
            if (Long.compareUnsigned(slots.pages() + npages, npages) < 0) {
                return refuse("the pages of all slots overflow", SET_MEMORY_REGION);
            }
            change = RegionChange.CREATE;
        } else {
            String fault = modificationFault(region, npages, old);
            if (fault != null) {
                return refuse(fault, SET_MEMORY_REGION);
            }
            if (baseGfn != old.baseGfn()) {
                change = RegionChange.MOVE;
            } else {
                return accept(region.flags() == old.flags() ? RegionChange.NONE : RegionChange.FLAGS_ONLY);
            }
        }
        if (slots.overlaps(region.slot() & 0xffff, baseGfn, npages)) {
            trail.outcome("-EEXIST", "the frames overlap those of another slot", "kvm_check_memslot_overlap");
            return new Verdict(Errno.EEXIST.negated(), change);
        }
        return accept(change);
    }

    private static @Nullable String modificationFault(UserspaceMemoryRegion region, long npages, Memslot old) {
        int fixed = KvmMem.KVM_MEM_READONLY | KvmMem.KVM_MEM_GUEST_MEMFD;
        if ((region.flags() & KvmMem.KVM_MEM_GUEST_MEMFD) != 0) {
            return "a guest_memfd slot can only be deleted";
        }
        if (region.userspaceAddr() != old.userspaceAddr() || npages != old.npages()) {
            return "userspace_addr or size of an existing slot differs";
        }
        if (((region.flags() ^ old.flags()) & fixed) != 0) {
            return "READONLY or GUEST_MEMFD of an existing slot differs";
        }
        return null;
    }

    private Verdict accept(RegionChange change) {
        trail.fact("change", change, SET_MEMORY_REGION);
        return new Verdict(0, change);
    }

    private Verdict refuse(String why, String source) {
        trail.outcome("-EINVAL", why, source);
        return new Verdict(Errno.EINVAL.negated(), RegionChange.NONE);
    }

    private static String describe(UserspaceMemoryRegion region) {
        return "slot=" + region.slot() + " flags=" + KvmMem.flagNames(region.flags()) + " guest_phys_addr="
                + Sizes.hex(region.guestPhysAddr()) + " memory_size=" + Sizes.hex(region.memorySize())
                + " userspace_addr=" + Sizes.hex(region.userspaceAddr());
    }
}

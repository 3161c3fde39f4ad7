package dev.ipanema.kvm.mmu;

import dev.ipanema.arm.pgtable.Stage2Prot;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.HostPte;
import dev.ipanema.host.mm.PfnDatabase;
import dev.ipanema.kvm.memslot.DirtyBitmap;
import dev.ipanema.kvm.memslot.DirtyRing;
import dev.ipanema.kvm.memslot.Memslot;
import dev.ipanema.kvm.memslot.Memslots;
import dev.ipanema.kvm.stage2.TablePageCache;
import dev.ipanema.kvm.trace.KvmTrace;
import dev.ipanema.kvm.version.KernelVersion;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// The memory of a VM: slots, stage-2 tables and what the VMM has switched on (the memory side of `struct kvm`).
///
/// Locks, in the order in which they may be taken: `slots_lock` ([#slotsLock()]), `mmap_lock` of the address space,
/// `mmu_lock` ([S2Mmu]). Slots are read without a lock inside a read section of [#srcu()].
public final class VmMemory implements AutoCloseable {
    private final KernelVersion version;
    private final CpuCaps caps;
    private final AddressSpace mm;
    private final S2Mmu mmu;
    private final KvmTrace trace;
    private final int ipaBits;
    private final SleepableRcu srcu;
    private final ReentrantLock slotsLock = new ReentrantLock();
    private final DirtyLogging logging = new DirtyLogging();
    private final S2Notifier notifier;
    private final AtomicLong leakedPages = new AtomicLong();
    private volatile Memslots memslots = Memslots.EMPTY;
    private volatile boolean mte;
    private volatile boolean nisvToUser;
    private volatile boolean seaToUser;
    private volatile @Nullable String defect;

    /// The memory of a new VM, told by the address space of every change from now on.
    ///
    /// @param vcpus how many vCPUs the VM can have: the readers of its slots
    public VmMemory(
            KernelVersion version, CpuCaps caps, AddressSpace mm, S2Mmu mmu, int ipaBits, int vcpus, KvmTrace trace) {
        this.version = version;
        this.caps = caps;
        this.mm = mm;
        this.mmu = mmu;
        this.ipaBits = ipaBits;
        this.trace = trace;
        this.srcu = new SleepableRcu(vcpus);
        this.notifier = new S2Notifier(this);
        mm.register(notifier);
    }

    /// {@return which kernel's rules apply}
    public KernelVersion version() {
        return version;
    }

    /// {@return what every CPU of the host has}
    public CpuCaps caps() {
        return caps;
    }

    /// {@return the VMM's address space}
    public AddressSpace mm() {
        return mm;
    }

    /// {@return what the host kernel knows of its PFNs}
    public PfnDatabase pfns() {
        return mm.kernel().pfns();
    }

    /// {@return the stage-2 MMU}
    public S2Mmu mmu() {
        return mmu;
    }

    /// {@return the listener to tracepoints}
    public KvmTrace trace() {
        return trace;
    }

    /// {@return the VM's IPA size in bits}
    public int ipaBits() {
        return ipaBits;
    }

    // ---- slots -----------------------------------------------------------------------------------------------------

    /// {@return the slots, read inside [#srcu()] or under [#slotsLock()]}
    public Memslots memslots() {
        return memslots;
    }

    /// {@return what keeps slots and tables alive for their readers; a reader is a vCPU's number}
    public SleepableRcu srcu() {
        return srcu;
    }

    /// {@return `slots_lock`}
    public ReentrantLock slotsLock() {
        return slotsLock;
    }

    /// Publishes other slots (`kvm_swap_active_memslots`): once no invalidation is under way, and returns when
    /// nobody reads the former ones. Under [#slotsLock()].
    void publish(Memslots newSlots) {
        notifier.publishWhenQuiet(() -> memslots = newSlots);
        srcu.synchronize();
    }

    // ---- devices ---------------------------------------------------------------------------------------------------

    /// Maps physical registers of a device for the guest, as Device memory (`kvm_phys_addr_ioremap`).
    ///
    /// @param size bytes, whole pages
    /// @return 0, or -ENOMEM and what [S2Mmu#map] returns
    public int ioremap(long ipa, long pa, long size) {
        try (TablePageCache cache = mmu.newCache()) {
            for (long done = 0; done < size; done += 1L << HostPte.PAGE_SHIFT) {
                int result = mmu.topUp(cache);
                if (result == 0) {
                    Lock lock = mmu.exclusiveLock();
                    lock.lock();
                    try {
                        int prot = Stage2Prot.RW | Stage2Prot.DEVICE;
                        result = mmu.map(ipa + done, 1L << HostPte.PAGE_SHIFT, pa + done, prot, cache, false);
                    } finally {
                        lock.unlock();
                    }
                }
                if (result != 0) {
                    return result;
                }
            }
            return 0;
        }
    }

    // ---- dirty pages -----------------------------------------------------------------------------------------------

    /// {@return how dirty pages are logged}
    public DirtyLogging logging() {
        return logging;
    }

    /// Records a write of the guest (`mark_page_dirty_in_slot`).
    ///
    /// @param ring the dirty ring of the vCPU that wrote, null when it has none
    public static void markPageDirty(Memslot slot, long gfn, @Nullable DirtyRing ring) {
        if (!slot.dirtyTracked()) {
            return;
        }
        DirtyBitmap bitmap = slot.dirtyBitmap();
        if (ring != null) {
            ring.push(slot.id(), gfn - slot.baseGfn());
        } else if (bitmap != null) {
            bitmap.set(gfn - slot.baseGfn());
        }
    }

    // ---- tags
    // --------------------------------------------------------------------------------------------------------

    /// Gives pages that the guest has not seen yet clear allocation tags (`sanitise_mte_tags`). Tags themselves are
    /// not modelled: a page is marked as having them.
    ///
    /// @param size bytes of the mapping
    public void sanitiseMteTags(long pfn, long size) {
        long end = pfn + (size >>> HostPte.PAGE_SHIFT);
        for (long page = pfn; page < end; ) {
            if (!mm.kernel().isZeroPfn(page)) {
                pfns().setPageFlags(page, PfnDatabase.PG_MTE_TAGGED);
            }
            page = Math.max(page + 1, pfns().folioHead(page) + (1L << pfns().folioOrder(page)));
        }
    }

    // ---- switches
    // ----------------------------------------------------------------------------------------------------

    /// {@return whether `KVM_CAP_ARM_MTE` is enabled}
    public boolean hasMte() {
        return mte;
    }

    /// Enables `KVM_CAP_ARM_MTE`, for good.
    public void enableMte() {
        mte = true;
    }

    /// {@return whether `KVM_CAP_ARM_NISV_TO_USER` is enabled}
    public boolean nisvToUser() {
        return nisvToUser;
    }

    /// Enables `KVM_CAP_ARM_NISV_TO_USER`, for good.
    public void enableNisvToUser() {
        nisvToUser = true;
    }

    /// {@return whether `KVM_CAP_ARM_SEA_TO_USER` is enabled}
    public boolean seaToUser() {
        return seaToUser;
    }

    /// Enables `KVM_CAP_ARM_SEA_TO_USER`, for good.
    public void enableSeaToUser() {
        seaToUser = true;
    }

    // ---- defects of the kernel that is followed
    // ----------------------------------------------------------------------

    /// Keeps `mmap_lock` held for ever, as a kernel did that forgot to release it; says so to whoever waits for it.
    ///
    /// @param where the path that forgot
    public void leakMmapLock(String where) {
        String sentence = version.name() + " leaves mmap_lock held for read on an error return of " + where;
        mm.mmapLock().declareLeak(sentence);
        defect = sentence;
    }

    /// {@return the defect that has made the VMM's address space unusable, null when there is none}
    public @Nullable String defect() {
        return defect;
    }

    /// Counts a page reference that the kernel forgot to release.
    public void countLeakedPage() {
        leakedPages.incrementAndGet();
    }

    /// {@return how many page references were never released}
    public long leakedPages() {
        return leakedPages.get();
    }

    /// Frees the tables and stops listening to the address space.
    @Override
    public void close() {
        mm.unregister(notifier);
        logging.close();
        mmu.close();
    }
}

package dev.ipanema.kvm.mmu;

import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.pgtable.Stage2Geometry;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.kvm.stage2.Stage2Config;
import dev.ipanema.kvm.stage2.Stage2Ops;
import dev.ipanema.kvm.stage2.Stage2PageTable;
import dev.ipanema.kvm.stage2.TablePageCache;
import dev.ipanema.kvm.stage2.TablePages;
import dev.ipanema.kvm.stage2.WalkFlags;
import dev.ipanema.kvm.trace.KvmTrace;
import dev.ipanema.machine.memory.PhysicalMemory;
import dev.ipanema.machine.mmu.TlbDomain;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/// The stage-2 MMU of a VM (`struct kvm_s2_mmu`): its tables, the lock over them, the count of invalidations, and
/// what the tables ask of TLBs and caches.
///
/// `mmu_lock` is a read-write lock: faults hold it for reading, several at once; everything else that changes the
/// tables holds it for writing. A fault that read the host's page table before taking the lock compares
/// [#invalidateSeq()] with [#invalidateRetry(long)] under it.
public final class S2Mmu implements AutoCloseable {
    private static final int EINVAL = Errno.EINVAL.negated();

    private final Stage2PageTable pgt;
    private final Stage2Config config;
    private final TablePages pages;
    private final TlbMaintenance tlb;
    private final GuestPageMaintenance maintenance;
    private final KvmTrace trace;
    private final ReentrantReadWriteLock mmuLock = new ReentrantReadWriteLock();
    private final AtomicLong invalidateSeq = new AtomicLong();
    private int invalidateInProgress;
    private volatile boolean destroyed;

    /// Allocates the first tables of a VM.
    ///
    /// @param maintenance what is done to guest pages, and on which CPUs
    /// @param ipaBits the VM's IPA size
    /// @throws dev.ipanema.kvm.stage2.OutOfTablePagesException when the host has no memory for them
    public S2Mmu(
            PhysicalMemory memory,
            TablePages pages,
            TlbDomain domain,
            GuestPageMaintenance maintenance,
            int ipaBits,
            KvmTrace trace) {
        CpuCaps caps = maintenance.caps();
        this.config = new Stage2Config(
                new Stage2Geometry(Granule.K4, ipaBits),
                caps.paBits(),
                caps.fwb(),
                caps.lpa2(),
                caps.xnx(),
                caps.tlbiRange(),
                caps.hardwareAf(),
                caps.vmidBits() == 16,
                true);
        this.pages = pages;
        this.trace = trace;
        this.maintenance = maintenance;
        this.tlb = new TlbMaintenance(domain, config.oa52(), caps.tlbiRange());
        this.pgt = new Stage2PageTable(memory, pages, config, new Ops());
    }

    /// What the tables ask of hardware.
    private final class Ops implements Stage2Ops {
        @Override
        public void tlbiIpa(long ipa, int level) {
            tlb.flushIpa(ipa, level);
        }

        @Override
        public void tlbiIpaLocal(long ipa, int level) {
            tlb.flushIpaLocal(ipa);
        }

        @Override
        public void tlbiRange(long ipa, long size) {
            tlb.flushRange(ipa, size);
        }

        @Override
        public void tlbiVmid() {
            tlb.flushVmid();
        }

        @Override
        public void dcacheCleanInvalPoc(long pa, long size, Cause cause) {
            maintenance.dcacheCleanInvalPoc(pa, size, cause);
        }

        @Override
        public void icacheInvalPou(long pa, long size) {
            maintenance.icacheInvalPou(pa, size);
        }
    }

    // ---- the lock and the invalidation count -----------------------------------------------------------------------

    /// {@return `mmu_lock` as a fault takes it}
    public Lock faultLock() {
        return mmuLock.readLock();
    }

    /// {@return `mmu_lock` as everything else takes it}
    public Lock exclusiveLock() {
        return mmuLock.writeLock();
    }

    /// {@return `mmu_invalidate_seq`}
    public long invalidateSeq() {
        return invalidateSeq.get();
    }

    /// {@return whether the host's page table may have changed since the count was `seq` (`mmu_invalidate_retry`);
    /// the caller holds `mmu_lock`}
    public boolean invalidateRetry(long seq) {
        return invalidateInProgress != 0 || invalidateSeq.get() != seq;
    }

    /// Announces an invalidation (`kvm_mmu_invalidate_begin`). Under [#exclusiveLock()].
    void invalidateBegin() {
        invalidateInProgress++;
    }

    /// Ends it (`kvm_mmu_invalidate_end`). Under [#exclusiveLock()].
    void invalidateEnd() {
        invalidateSeq.incrementAndGet();
        invalidateInProgress--;
    }

    // ---- what faults do, under faultLock() -------------------------------------------------------------------------

    /// Fills a vCPU's cache of table pages, before any lock is taken.
    ///
    /// @return 0 or `-ENOMEM`
    public int topUp(TablePageCache cache) {
        return cache.topup(config.geometry().memcacheMinPages());
    }

    /// {@return an empty cache of table pages for a vCPU}
    public TablePageCache newCache() {
        return new TablePageCache(pages, config.granule().bytes());
    }

    /// `kvm_pgtable_stage2_map`.
    ///
    /// @param prot flags of `Stage2Prot`
    /// @param logging whether the fault is on a slot whose dirty pages are logged
    /// @return 0 or a negated errno
    public int map(long ipa, long size, long pa, int prot, TablePageCache cache, boolean logging) {
        if (destroyed) {
            return EINVAL;
        }
        trace.stage2Map(ipa, size, pa, prot);
        return pgt.map(ipa, size, pa, prot, cache, WalkFlags.SHARED | maintenance.mapFlags(logging));
    }

    /// `kvm_pgtable_stage2_relax_perms`.
    ///
    /// @return 0 or a negated errno
    public int relaxPerms(long ipa, int prot) {
        if (destroyed) {
            return EINVAL;
        }
        trace.stage2RelaxPerms(ipa, prot);
        return pgt.relaxPerms(ipa, prot, WalkFlags.SHARED);
    }

    /// `kvm_pgtable_stage2_mkyoung`.
    public void mkYoung(long ipa) {
        if (!destroyed) {
            pgt.mkyoung(ipa, WalkFlags.SHARED);
        }
    }

    /// {@return an empty cache of table pages for eager splitting}
    TablePageCache newCache(int capacity) {
        return new TablePageCache(pages, config.granule().bytes(), capacity);
    }

    // ---- what everything else does, under exclusiveLock() ----------------------------------------------------------

    /// `__unmap_stage2_range`.
    ///
    /// @param mayBlock whether the lock may be given away between chunks
    void unmap(long ipa, long size, boolean mayBlock) {
        if (!destroyed) {
            trace.stage2Unmap(ipa, size);
        }
        inChunks(ipa, size, mayBlock, pgt::unmap);
    }

    /// `kvm_stage2_wp_range`; the caller flushes the TLB.
    void writeProtect(long ipa, long size) {
        inChunks(ipa, size, true, pgt::wrprotect);
    }

    /// `kvm_stage2_flush_range`.
    void flush(long ipa, long size) {
        if (!destroyed) {
            trace.stage2Flush(ipa, size);
        }
        inChunks(ipa, size, true, pgt::flush);
    }

    private interface RangeOperation {
        int apply(long ipa, long size);
    }

    /// `stage2_apply_range`: at most one level-1 block at a time.
    private void inChunks(long ipa, long size, boolean mayBlock, RangeOperation operation) {
        long chunk = config.granule().levelSize(config.granule().kvmMinBlockLevel());
        long end = ipa + size;
        for (long at = ipa; at < end && !destroyed; ) {
            long next = Math.min((at + chunk) & -chunk, end);
            operation.apply(at, next - at);
            at = next;
            if (mayBlock && at < end && mmuLock.hasQueuedThreads() && mmuLock.getWriteHoldCount() == 1) {
                mmuLock.writeLock().unlock();
                mmuLock.writeLock().lock();
            }
        }
    }

    /// Tests the access flag of a range, and clears it when `clear` is set.
    boolean testClearYoung(long ipa, long size, boolean clear) {
        return !destroyed && pgt.testClearYoung(ipa, size, clear);
    }

    /// `kvm_pgtable_stage2_split` of a range.
    ///
    /// @return 0 or a negated errno
    int split(long ipa, long size, TablePageCache cache) {
        return destroyed ? EINVAL : pgt.split(ipa, size, cache);
    }

    /// Frees all tables (`kvm_free_stage2_pgd`): the VM or its address space is gone. May be called again.
    void destroy() {
        if (!destroyed) {
            destroyed = true;
            pgt.destroy();
        }
    }

    /// {@return whether the tables are gone: the VM was closed, or its address space ended}
    public boolean isDestroyed() {
        return destroyed;
    }

    @Override
    public void close() {
        mmuLock.writeLock().lock();
        try {
            destroy();
        } finally {
            mmuLock.writeLock().unlock();
        }
    }

    // ---- TLB and shape
    // -----------------------------------------------------------------------------------------------

    /// Sets the VMID under which the tables are used.
    public void setVmid(int vmid) {
        tlb.setVmid(vmid);
    }

    /// Flushes what TLBs hold of a range (`kvm_flush_remote_tlbs_range`).
    void flushTlbRange(long ipa, long size) {
        tlb.flushRange(ipa, size);
    }

    /// Flushes what TLBs hold of the VM (`kvm_flush_remote_tlbs`).
    void flushTlb() {
        tlb.flushVmid();
    }

    /// {@return the tables, for reading}
    public Stage2PageTable pageTable() {
        return pgt;
    }

    /// {@return the shape of the tables}
    public Stage2Config config() {
        return config;
    }
}

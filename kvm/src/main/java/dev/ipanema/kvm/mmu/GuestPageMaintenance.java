package dev.ipanema.kvm.mmu;

import dev.ipanema.arm.register.Ctr;
import dev.ipanema.kvm.stage2.Stage2Ops;
import dev.ipanema.kvm.stage2.WalkFlags;
import dev.ipanema.kvm.trace.KvmTrace;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.CacheMaintenance;
import java.util.Set;

/// What KVM does to the caches for guest pages, by the features of the host's CPUs: the one place that says when
/// it is done, and in which way. Thread-safe.
///
/// Source: Linux 7.3 `arch/arm64/kvm/mmu.c:clean_dcache_guest_page` and `invalidate_icache_guest_page`,
/// `arch/arm64/include/asm/kvm_mmu.h:__invalidate_icache_guest_page`,
/// `arch/arm64/include/asm/cacheflush.h:icache_inval_all_pou`.
public final class GuestPageMaintenance {
    /// Lines up to which instructions are invalidated by address (Linux `MAX_DVM_OPS`, the entries of a table).
    private static final int MAX_DVM_OPS = 512;

    private final CacheMaintenance caches;
    private final CpuCaps caps;
    private final Set<Maintenance> leftOut;
    private final KvmTrace trace;
    private final long maxByAddress;

    /// @param ctr `CTR_EL0` of the host's CPUs
    /// @param leftOut what is not done
    /// @param trace who is told of each callback of the page-table code
    public GuestPageMaintenance(
            CacheMaintenance caches, CpuCaps caps, long ctr, Set<Maintenance> leftOut, KvmTrace trace) {
        this.caches = caches;
        this.caps = caps;
        this.leftOut = leftOut;
        this.trace = trace;
        this.maxByAddress = Ctr.hasAliasingInstructionCache(ctr) ? 0 : (long) MAX_DVM_OPS * Ctr.iMinLineBytes(ctr);
    }

    /// {@return what every CPU of the host has}
    public CpuCaps caps() {
        return caps;
    }

    /// {@return whether a kind of maintenance is done where the host needs it}
    public boolean does(Maintenance maintenance) {
        return !leftOut.contains(maintenance);
    }

    /// {@return flags of `WalkFlags` for mapping in a fault}
    ///
    /// @param logging whether the fault is on a slot whose dirty pages are logged
    int mapFlags(boolean logging) {
        return logging && !does(Maintenance.DIRTY_LOG) ? WalkFlags.SKIP_CMO : 0;
    }

    /// Cleans and invalidates data of a guest page to the point of coherency.
    void dcacheCleanInvalPoc(long pa, long size, Stage2Ops.Cause cause) {
        boolean performed = !caps.fwb() && does(cause);
        trace.dcacheCleanInvalPoc(pa, size, performed);
        if (performed) {
            caches.dcCleanInvalPoc(Agent.KVM, pa, size);
        }
    }

    private boolean does(Stage2Ops.Cause cause) {
        return switch (cause) {
            case MAP -> does(Maintenance.MAP);
            case UNMAP -> does(Maintenance.UNMAP);
            // Who flushes has decided.
            case FLUSH -> true;
        };
    }

    /// Invalidates instructions of a guest page to the point of unification, all instructions when there are too
    /// many lines or when the cache may hold a page under several indices.
    void icacheInvalPou(long pa, long size) {
        boolean performed = !caps.dic() && does(Maintenance.EXEC);
        trace.icacheInvalPou(pa, size, performed);
        if (!performed) {
            return;
        }
        if (size > maxByAddress) {
            caches.icInvalAllInnerShareable(Agent.KVM);
        } else {
            caches.icInvalPou(Agent.KVM, pa, size);
        }
    }

    /// Invalidates all instructions to the point of unification (`icache_inval_all_pou`).
    public void icacheInvalAllPou() {
        if (!caps.dic()) {
            caches.icInvalAllInnerShareable(Agent.KVM);
        }
    }
}

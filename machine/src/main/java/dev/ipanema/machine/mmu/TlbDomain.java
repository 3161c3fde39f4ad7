package dev.ipanema.machine.mmu;

import dev.ipanema.arm.register.TlbiOp;
import dev.ipanema.machine.memory.CachedTranslations;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// The processing elements of a machine as TLB maintenance sees them: all are in one Inner Shareable
/// domain.
///
/// A broadcast invalidation is *posted* here. Each element applies it on its own thread (`own-thread` of
/// [SoftTlb]): at a poll while it runs guest code, or before it enters guest code again. [#synchronize]
/// is the DSB: it returns when every element that is in guest code has applied what was posted before.
///
/// Why nothing is lost: the poster first publishes the request, then reads whether an element is in guest
/// code; the element first publishes that it is, then reads the requests. Both orders are volatile, so at
/// least one sees the other.
///
/// Requests wait in a ring of fixed size. An element that has fallen behind further than that empties its
/// TLB, which hardware may do at any time.
public final class TlbDomain implements CachedTranslations {
    private static final int RING = 64;
    private static final int SPINS_BEFORE_PARK = 200;
    private static final long PARK_NANOS = 20_000;

    private final TlbRequest[] ring = new TlbRequest[RING];
    /// See [#wideLock]. Not the monitor of this object, which whoever serves requests needs.
    private final ReentrantLock wideLock = new ReentrantLock();

    private volatile TlbMaintenance[] members = new TlbMaintenance[0];

    /// Requests posted so far; request n is in slot n mod RING. Written under the lock.
    private volatile long posted;

    /// Creates a domain without elements; each [Mmu] joins when it is made.
    public TlbDomain() {
        Arrays.setAll(ring, _ -> new TlbRequest());
    }

    synchronized void join(TlbMaintenance member) {
        TlbMaintenance[] more = Arrays.copyOf(members, members.length + 1);
        more[members.length] = member;
        members = more;
    }

    long posted() {
        return posted;
    }

    /// Posts an invalidation by a hypervisor to all elements; [#synchronize] completes it.
    ///
    /// @param op the operation, for its kind; its reach is that of the domain
    /// @param vmid the VMID that the hypervisor has loaded for it; ignored by ALLE1
    /// @param xt its operand as the instruction has it (see [TlbiOp#operand] and [TlbiOp#rangeOperand]);
    ///     0 for operations without one
    /// @param bits52 whether BaseADDR of a range counts 64 KiB units (VTCR_EL2.DS or TCR_EL1.DS)
    public void invalidate(TlbiOp op, int vmid, long xt, boolean bits52) {
        TlbRequest request = new TlbRequest();
        request.decode(op.kind(), vmid, xt, bits52);
        post(request);
    }

    /// Posts the removal of the stage-2-only entries of `[ipa, ipa + bytes)`, as a loop of `TLBI
    /// IPAS2E1IS` or `RIPAS2E1IS` over the range does.
    public void invalidateIpa(int vmid, long ipa, long bytes) {
        TlbRequest request = new TlbRequest();
        request.kind = TlbiOp.Kind.RIPAS2E1;
        request.vmid = vmid;
        request.address = ipa;
        request.bytes = bytes;
        post(request);
    }

    @Override
    public void dropPage(long paPage) {
        TlbRequest request = new TlbRequest();
        request.cachedPage = true;
        request.address = paPage;
        post(request);
        synchronize(null);
    }

    @Override
    public void serve() {
        TlbMaintenance own = ownedByCaller();
        if (own != null) {
            own.serveHere();
        }
    }

    /// Makes all elements call [CodePages#applyChanges]; they have when [#synchronize] returns.
    public void postCodeChange() {
        TlbRequest request = new TlbRequest();
        request.codeChange = true;
        post(request);
    }

    /// {@return the lock of accesses of all elements that are wider than a host atomic}
    ReentrantLock wideLock() {
        return wideLock;
    }

    /// {@return whether there is only one element}
    boolean hasOne() {
        return members.length == 1;
    }

    /// Posts a request, copying it.
    ///
    /// @return its number
    long post(TlbRequest request) {
        long number;
        synchronized (this) {
            number = posted;
            ring[(int) (number & RING - 1)].copyFrom(request);
            posted = number + 1;
        }
        for (TlbMaintenance member : members) {
            if (member.isInside() && member.index() != request.issuer) {
                member.attend();
            }
        }
        return number;
    }

    /// Copies a posted request.
    ///
    /// @return false when it has been overwritten
    synchronized boolean take(long number, TlbRequest into) {
        if (posted - number > RING) {
            return false;
        }
        into.copyFrom(ring[(int) (number & RING - 1)]);
        return true;
    }

    /// Waits until every element in guest code has applied all that was posted before the call (DSB ISH
    /// after TLBI).
    ///
    /// A thread whose element is in guest code may get here by way of a store to a device, whose work
    /// made the host change a mapping, or of an access for which modelled caches change a page's state. That
    /// element cannot poll before the call returns, so the thread serves it here, at once and while it waits
    /// for the others. What it has translated before is the device's own page, or is translated anew.
    ///
    /// @param self the element whose thread calls, which goes on serving requests meanwhile; null for a
    ///     thread that does not call as an element
    public void synchronize(@Nullable Mmu self) {
        long target = posted;
        TlbMaintenance own = self != null ? self.maintenance() : ownedByCaller();
        if (self == null && own != null) {
            own.serveHere();
        }
        for (TlbMaintenance member : members) {
            if (member != own) {
                await(member, target, own);
            }
        }
    }

    private @Nullable TlbMaintenance ownedByCaller() {
        for (TlbMaintenance member : members) {
            if (member.isOwnedBy(Thread.currentThread())) {
                return member;
            }
        }
        return null;
    }

    private static void await(TlbMaintenance member, long target, @Nullable TlbMaintenance own) {
        int spins = 0;
        while (member.isInside() && member.served() < target) {
            if (own != null) {
                own.serveHere();
            }
            if (++spins < SPINS_BEFORE_PARK) {
                Thread.onSpinWait();
            } else {
                LockSupport.parkNanos(PARK_NANOS);
            }
        }
    }
}

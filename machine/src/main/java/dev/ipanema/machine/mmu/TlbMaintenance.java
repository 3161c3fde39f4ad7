package dev.ipanema.machine.mmu;

import dev.ipanema.arm.register.TlbiOp;
import org.jspecify.annotations.Nullable;

/// One processing element's part in TLB maintenance: applies invalidations to its TLBs, posts what others
/// must do too, and serves what others posted (see [TlbDomain] for the protocol).
final class TlbMaintenance {
    private final int index;
    private final TlbDomain domain;
    private final SoftTlb soft;
    private final ArchTlb tlb;
    private final Stage2Tlb stage2Tlb;
    private final Generations generations;
    private final TlbRequest own = new TlbRequest();
    private final TlbRequest taken = new TlbRequest();
    private boolean postedSinceSync;
    private volatile boolean inside;

    /// Requests of the domain applied so far; written by the element's own thread only.
    private volatile long served;

    private volatile Runnable attention = () -> {};

    /// The thread that runs the element's guest code, null while none does.
    private @Nullable Thread owner;

    private Runnable server = this::service;
    private Runnable codeServer = () -> {};

    TlbMaintenance(
            int index, TlbDomain domain, SoftTlb soft, ArchTlb tlb, Stage2Tlb stage2Tlb, Generations generations) {
        this.index = index;
        this.domain = domain;
        this.soft = soft;
        this.tlb = tlb;
        this.stage2Tlb = stage2Tlb;
        this.generations = generations;
        this.served = domain.posted();
        domain.join(this);
    }

    int index() {
        return index;
    }

    /// Applies an operation here and, if it is to be broadcast, posts it to the others.
    void execute(TlbiOp op, int vmid, long xt, boolean bits52, boolean broadcast) {
        own.decode(op.kind(), vmid, xt, bits52);
        apply(own);
        if (broadcast) {
            post();
        }
    }

    /// Makes stores to a physical page miss, here and on the others.
    void dropWrites(long paPage) {
        own.codePage = true;
        own.cachedPage = false;
        own.codeChange = false;
        own.address = paPage;
        apply(own);
        post();
    }

    /// Makes the others apply changes to their decoded code.
    void postCodeChange() {
        own.codeChange = true;
        post();
    }

    /// Sets what applies changes to this element's decoded code.
    void onCodeChange(Runnable newCodeServer) {
        codeServer = newCodeServer;
    }

    private void post() {
        if (domain.hasOne()) {
            return;
        }
        own.issuer = index;
        long number = domain.post(own);
        postedSinceSync = true;
        if (served == number) {
            served = number + 1;
        }
    }

    private void apply(TlbRequest r) {
        if (r.codeChange) {
            codeServer.run();
            return;
        }
        if (r.codePage) {
            soft.dropWrites(r.address);
            return;
        }
        if (r.cachedPage) {
            soft.dropPage(r.address);
            return;
        }
        switch (r.kind) {
            case VMALLE1 -> {
                tlb.removeVmid(r.vmid);
                generations.retireAll();
            }
            case ASIDE1 -> {
                tlb.removeAsid(r.vmid, r.asid);
                generations.retireAll();
            }
            case VAE1, VALE1, VAAE1, VAALE1, RVAE1, RVALE1, RVAAE1, RVAALE1 ->
                tlb.removeVa(r.vmid, r.asid, r.address, r.bytes);
            case IPAS2E1, IPAS2LE1, RIPAS2E1, RIPAS2LE1 -> stage2Tlb.removeIpa(r.vmid, r.address, r.bytes);
            case VMALLS12E1 -> {
                tlb.removeVmid(r.vmid);
                stage2Tlb.removeVmid(r.vmid);
                generations.retireAll();
            }
            case ALLE1 -> removeEverything();
        }
    }

    void removeEverything() {
        tlb.removeAll();
        stage2Tlb.removeAll();
        generations.retireAll();
    }

    /// Completes what this element has posted, on all others.
    void synchronize(Mmu self) {
        if (postedSinceSync) {
            postedSinceSync = false;
            domain.synchronize(self);
        }
    }

    boolean pending() {
        return domain.posted() != served;
    }

    /// Applies what others posted. When it was overwritten, nobody knows any more what to remove:
    /// everything goes, which hardware may do at any time.
    void service() {
        long next = served;
        while (next != domain.posted()) {
            if (!domain.take(next, taken)) {
                next = domain.posted();
                removeEverything();
                soft.flush();
                codeServer.run();
            } else {
                if (taken.issuer != index) {
                    apply(taken);
                }
                next++;
            }
            served = next;
        }
    }

    void enter() {
        owner = Thread.currentThread();
        inside = true;
    }

    void exit() {
        inside = false;
        owner = null;
    }

    /// Lets nobody wait for the element any more; its thread stays the owner.
    ///
    /// @return whether somebody may have waited, for [#returnFromDevice]
    boolean leaveForDevice() {
        boolean was = inside;
        inside = false;
        return was;
    }

    /// Ends [#leaveForDevice]; what was posted meanwhile is served afterwards, as when [#enter] was called.
    void returnFromDevice(boolean was) {
        inside = was;
    }

    /// {@return whether a thread, which is the calling one, has entered the element}
    boolean isOwnedBy(Thread caller) {
        // RACE: another thread may read any value of it, but its own identity only where it has entered itself.
        return owner == caller;
    }

    /// Sets what serves requests when the element's thread waits for others; [#service] by default.
    void onServe(Runnable newServer) {
        server = newServer;
    }

    /// Serves requests on the element's own thread.
    void serveHere() {
        server.run();
    }

    boolean isInside() {
        return inside;
    }

    long served() {
        return served;
    }

    void onRequest(Runnable newAttention) {
        attention = newAttention;
    }

    void attend() {
        attention.run();
    }
}

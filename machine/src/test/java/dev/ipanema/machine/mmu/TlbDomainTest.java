package dev.ipanema.machine.mmu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.register.TlbiOp;
import dev.ipanema.machine.cache.CacheOptions;
import dev.ipanema.machine.memory.Agent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Broadcast maintenance between two elements, on one thread and on several.
@Timeout(60)
class TlbDomainTest {
    private static final long VA = 0x12_3456_7000L;
    private static final long OLD = Guest.RAM + 0x40_0000;
    private static final long NEW = Guest.RAM + 0x80_0000;

    private final Guest guest = new Guest().stage1();
    private final Mmu other = new Mmu(guest.memory, guest.model, 1, guest.domain, ExclusivePolicy.WORK);

    TlbDomainTest() {
        TranslationContext same = new TranslationContext();
        same.sctlrEl1 = guest.ctx.sctlrEl1;
        same.tcrEl1 = guest.ctx.tcrEl1;
        same.ttbr0El1 = guest.ctx.ttbr0El1;
        same.ttbr1El1 = guest.ctx.ttbr1El1;
        same.mairEl1 = guest.ctx.mairEl1;
        other.setContext(same);
        guest.write(OLD, 1);
        guest.write(NEW, 2);
        guest.map1(VA, OLD, 3, Guest.EL1_RW);
    }

    @AfterEach
    void close() {
        guest.close();
    }

    @Test
    void elementOutsideGuestCodeAppliesRequestsWhenItEnters() {
        other.enterGuest();
        assertThat(other.load64(VA)).isEqualTo(1);
        other.exitGuest();
        guest.map1(VA, NEW, 3, Guest.EL1_RW);

        guest.mmu.tlbi(TlbiOp.VAE1IS, TlbiOp.operand(VA, 0));
        guest.mmu.dsb();

        assertThat(other.requestsPending()).isTrue();
        other.enterGuest();
        assertThat(other.load64(VA)).isEqualTo(2);
    }

    @Test
    void localFormsDoNotReachTheOther() {
        assertThat(other.load64(VA)).isEqualTo(1);
        guest.map1(VA, NEW, 3, Guest.EL1_RW);

        guest.mmu.tlbi(TlbiOp.VAE1, TlbiOp.operand(VA, 0));
        other.serviceRequests();

        assertThat(other.load64(VA)).isEqualTo(1);
        assertThat(guest.mmu.load64(VA)).isEqualTo(2);
    }

    @Test
    void elementFarBehindEmptiesItsTlb() {
        assertThat(other.load64(VA)).isEqualTo(1);
        guest.map1(VA, NEW, 3, Guest.EL1_RW);

        guest.mmu.tlbi(TlbiOp.VAE1IS, TlbiOp.operand(VA, 0));
        for (int i = 0; i < 1000; i++) {
            guest.mmu.tlbi(TlbiOp.VAE1IS, TlbiOp.operand(0x5000, 0));
        }
        other.serviceRequests();

        assertThat(other.load64(VA)).isEqualTo(2);
    }

    /// One thread runs guest loads on the second element and polls; this one changes the page back and
    /// forth. After each DSB the page that was taken out is poisoned, which the reader must never see.
    @Test
    void dsbReturnsWhenNobodyUsesTheOldPageAnyMore() throws InterruptedException {
        AtomicBoolean stop = new AtomicBoolean();
        AtomicLong poisonSeen = new AtomicLong();
        AtomicLong loads = new AtomicLong();
        Thread reader = new Thread(() -> read(stop, poisonSeen, loads), "second-element");
        reader.start();
        // A busy computer may not run the reader at once, and without it the rounds show nothing.
        while (loads.get() == 0) {
            Thread.onSpinWait();
        }
        long in = OLD;
        long out = NEW;
        for (int round = 0; round < 2000; round++) {
            guest.write(out, 1L);
            guest.map1(VA, out, 3, Guest.EL1_RW);
            guest.domain.invalidate(TlbiOp.VAAE1IS, 0, TlbiOp.operand(VA, 0), false);
            guest.domain.synchronize(null);
            guest.write(in, 0xdead);
            long swap = in;
            in = out;
            out = swap;
        }
        stop.set(true);
        reader.join();

        assertThat(loads.get()).isPositive();
        assertThat(poisonSeen.get()).isZero();
    }

    private void read(AtomicBoolean stop, AtomicLong poisonSeen, AtomicLong loads) {
        while (!stop.get()) {
            other.enterGuest();
            for (int i = 0; i < 100; i++) {
                if (other.load64(VA) == 0xdead) {
                    poisonSeen.incrementAndGet();
                }
                if (other.requestsPending()) {
                    other.serviceRequests();
                }
            }
            other.exitGuest();
            loads.addAndGet(100);
        }
    }

    /// One thread runs guest stores on the second element and polls now and then; this one takes the page away and
    /// writes a mark into it, which no store of the guest may overwrite.
    @Test
    void noStoreReachesAPageAfterItsUnmappingIsComplete() throws InterruptedException {
        assertThat(marksOverwritten(true)).isZero();
    }

    /// The planted fault: without the wait a store comes too late sooner or later.
    @Test
    void aStoreThatComesTooLateIsSeen() throws InterruptedException {
        assertThat(marksOverwritten(false)).isPositive();
    }

    private int marksOverwritten(boolean wait) throws InterruptedException {
        long mark = 0xdead;
        AtomicBoolean stop = new AtomicBoolean();
        AtomicLong stores = new AtomicLong();
        Thread writer = new Thread(() -> store(stop, stores), "second-element");
        writer.start();
        while (stores.get() == 0) {
            Thread.onSpinWait();
        }
        int overwritten = 0;
        long in = OLD;
        long out = NEW;
        for (int round = 0; round < 500; round++) {
            guest.map1(VA, out, 3, Guest.EL1_RW);
            guest.domain.invalidate(TlbiOp.VAAE1IS, 0, TlbiOp.operand(VA, 0), false);
            if (wait) {
                guest.domain.synchronize(null);
            }
            guest.write(in, mark);
            long before = stores.get();
            while (stores.get() - before < 2 * STORES_BETWEEN_POLLS) {
                Thread.onSpinWait();
            }
            overwritten += guest.read(in) == mark ? 0 : 1;
            long swap = in;
            in = out;
            out = swap;
        }
        stop.set(true);
        writer.join();
        return overwritten;
    }

    private static final int STORES_BETWEEN_POLLS = 50;

    private void store(AtomicBoolean stop, AtomicLong stores) {
        while (!stop.get()) {
            other.enterGuest();
            for (int i = 0; i < STORES_BETWEEN_POLLS; i++) {
                other.store64(VA, 7);
            }
            if (other.requestsPending()) {
                other.serviceRequests();
            }
            other.exitGuest();
            stores.addAndGet(STORES_BETWEEN_POLLS);
        }
    }

    /// Both elements invalidate and wait at the same time: each serves the other while it waits.
    @Test
    void elementsThatWaitForEachOtherDoNotLock() throws InterruptedException {
        Thread second = new Thread(() -> invalidate(other), "second-element");
        second.start();

        invalidate(guest.mmu);
        second.join();

        assertThat(guest.mmu.load64(VA)).isEqualTo(1);
    }

    private static void invalidate(Mmu mmu) {
        mmu.enterGuest();
        for (int i = 0; i < 2000; i++) {
            mmu.load64(VA);
            mmu.tlbi(TlbiOp.VAE1IS, TlbiOp.operand(VA, 0));
            mmu.dsb();
        }
        mmu.exitGuest();
    }

    @Test
    void attentionIsRaisedForAnElementInsideOnly() {
        AtomicLong raised = new AtomicLong();
        other.onRequest(raised::incrementAndGet);

        guest.mmu.tlbi(TlbiOp.VMALLE1IS, 0);
        assertThat(raised.get()).isZero();
        other.enterGuest();
        guest.mmu.tlbi(TlbiOp.VMALLE1IS, 0);

        assertThat(raised.get()).isEqualTo(1);
        other.exitGuest();
    }

    /// The thread of an element in guest code unmaps, as a host does for a device that a guest's store has started.
    @Test
    void anElementOwnedByTheCallerServesItself() {
        guest.mmu.enterGuest();
        assertThat(guest.mmu.load64(VA)).isEqualTo(1);
        guest.map1(VA, NEW, 3, Guest.EL1_RW);

        guest.domain.invalidate(TlbiOp.VAAE1IS, 0, TlbiOp.operand(VA, 0), false);
        guest.domain.synchronize(null);

        assertThat(guest.mmu.requestsPending()).isFalse();
        assertThat(guest.mmu.load64(VA)).isEqualTo(2);
        guest.mmu.exitGuest();
    }

    /// What a register starts may take a lock of the host, whose holder waits for the elements where caches are
    /// modelled. Elsewhere who unmaps a device waits for the access.
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void nobodyWaitsForAnElementThatAccessesADeviceWhereCachesAreModelled(boolean caches) {
        try (Guest with =
                new Guest("neoverse-v2", ExclusivePolicy.FAULT_0X35, caches ? CacheOptions.DEFAULT : null).stage1()) {
            with.mmu.knowPc(VA);
            with.map1(VA, Guest.DEVICE, 3, Guest.EL1_RW);
            // TCR_EL1 says that walks go past the caches.
            with.memory.maintenance().dcCleanInvalPoc(Agent.LOADER, Guest.RAM, Guest.RAM_SIZE);
            List<Boolean> ended = new ArrayList<>();
            with.device.onAccess = () -> ended.add(invalidates(with, Duration.ofMillis(caches ? 10_000 : 200)));
            with.mmu.enterGuest();

            with.mmu.store32(VA, 1);
            with.mmu.load32(VA);

            assertThat(with.mmu.faulted()).isFalse();
            assertThat(ended).containsExactly(caches, caches);
            with.mmu.exitGuest();
        }
    }

    /// {@return whether another thread's invalidation ends in time}
    private static boolean invalidates(Guest guest, Duration time) {
        Thread thread = Thread.ofPlatform().daemon().start(() -> {
            guest.domain.invalidate(TlbiOp.VAAE1IS, 0, TlbiOp.operand(VA, 0), false);
            guest.domain.synchronize(null);
        });
        try {
            return thread.join(time);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Two such threads wait for each other, and neither knows that it runs an element.
    @Test
    void threadsThatOwnElementsAndWaitForEachOtherDoNotLock() throws InterruptedException {
        Thread second = new Thread(() -> invalidateInside(other), "second-element");
        second.start();

        invalidateInside(guest.mmu);
        second.join();

        assertThat(guest.mmu.load64(VA)).isEqualTo(1);
    }

    private void invalidateInside(Mmu mmu) {
        mmu.enterGuest();
        for (int i = 0; i < 2000; i++) {
            mmu.load64(VA);
            guest.domain.invalidate(TlbiOp.VAAE1IS, 0, TlbiOp.operand(VA, 0), false);
            guest.domain.synchronize(null);
        }
        mmu.exitGuest();
    }
}

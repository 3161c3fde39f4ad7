package dev.ipanema.machine.mmu;

import static dev.ipanema.machine.memory.RawMemory.RAW;

import dev.ipanema.arm.a64.Access;
import dev.ipanema.arm.memory.AlignmentRules.AccessClass;
import dev.ipanema.machine.memory.CacheSystem;
import dev.ipanema.machine.memory.PhysicalMemory;
import dev.ipanema.machine.memory.RamViews;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.ReentrantLock;

/// Exclusive and atomic accesses of one processing element.
///
/// The exclusive monitor remembers the physical address, the size and the value that the load-exclusive
/// read; a store-exclusive is a compare-and-set on that value. So it succeeds when the location went from
/// A to B and back to A.
///
/// Up to 8 aligned bytes are one host atomic. What is wider, or unaligned across 8 bytes, is done under a
/// lock of the domain: atomic against its like, not against plain 8-byte stores of other elements. An
/// element never waits for that lock ([#lockWide]).
final class AtomicAccess {
    private static final int WORD = 8;

    private final Mmu mmu;
    private final GuestAccess access;
    private final PhysicalMemory memory;
    private final ReentrantLock wideLock;

    private boolean held;
    private long monitorPa;
    private int monitorBytes;
    private long monitorLow;
    private long monitorHigh;

    /// The load-exclusive went past caches that are modelled.
    private boolean monitorPast;

    /// What [#resolve] found: physical and host address; the latter is -1 for a device, and for memory
    /// whose caches do not let the access go directly ([#cached]).
    private long pa;

    private boolean cached;

    /// The access goes past caches that are modelled.
    private boolean past;

    private long host;

    AtomicAccess(Mmu mmu, GuestAccess access, PhysicalMemory memory, TlbDomain domain) {
        this.mmu = mmu;
        this.access = access;
        this.memory = memory;
        this.wideLock = domain.wideLock();
    }

    void clearExclusive() {
        held = false;
    }

    boolean monitorHeld() {
        return held;
    }

    /// Translates and checks an atomic access, which never crosses a page when it passes.
    private boolean resolve(long va, int bytes, int needs) {
        if ((va & bytes - 1) == 0 && resolveSoft(va, needs)) {
            return true;
        }
        int flags = needs | Translator.ATOMIC | mmu.privilege(false);
        if (!access.prepare(va, bytes, bytes, flags, AccessClass.EXCLUSIVE_OR_ATOMIC)) {
            return false;
        }
        boolean write = (needs & Translator.WRITE) != 0;
        access.refill(va, bytes, false, write);
        if (access.origin.again) {
            return again();
        }
        pa = access.pa();
        past = false;
        cached = memory.views(pa) != null;
        if (cached) {
            return resolveSoft(va, needs) || resolveCached();
        }
        host = write ? memory.hostAddress(pa) : memory.hostAddressForRead(pa);
        return true;
    }

    /// What the caches do not let go directly goes through them.
    private boolean resolveCached() {
        cached = true;
        past = !access.type().isCacheable();
        host = -1;
        return true;
    }

    /// Notes that the access has to be made anew, with the monitor as it was.
    private boolean again() {
        mmu.again();
        return false;
    }

    private boolean resolveSoft(long va, int needs) {
        int tag = (needs & Translator.WRITE) != 0 ? SoftTlb.WRITE_TAG : SoftTlb.READ_TAG;
        long entry = mmu.softEntry(va, tag, false);
        if (entry == 0) {
            return false;
        }
        long info = RAW.getLong(entry + SoftTlb.INFO);
        boolean both = needs != (Translator.READ | Translator.WRITE)
                || RAW.getLong(entry + SoftTlb.READ_TAG) == RAW.getLong(entry + SoftTlb.WRITE_TAG);
        if ((info & SoftTlb.ATOMIC) == 0 || !both) {
            return false;
        }
        cached = false;
        past = (info & SoftTlb.PAST) != 0;
        pa = (info & SoftTlb.PAGE_MASK) | (va & ~SoftTlb.PAGE_MASK);
        host = va + RAW.getLong(entry + SoftTlb.ADDEND);
        return true;
    }

    long loadExclusive(long va, int aux) {
        int bytes = 1 << Access.log2Size(aux);
        if (!resolve(va, bytes, Translator.READ)) {
            return 0;
        }
        long value = loadOnce(bytes);
        if (access.origin.again) {
            return mmu.again();
        }
        VarHandle.acquireFence();
        monitor(bytes, value, 0);
        return value;
    }

    private long loadOnce(int bytes) {
        return host >= 0 ? RAW.load(host, bytes) : access.read(0, bytes);
    }

    private void monitor(int bytes, long low, long high) {
        held = true;
        monitorPa = pa;
        monitorPast = past;
        monitorBytes = bytes;
        monitorLow = low;
        monitorHigh = high;
    }

    boolean loadExclusivePair(long va, int aux) {
        int part = 1 << Access.log2Size(aux);
        if (!resolve(va, 2 * part, Translator.READ)) {
            return false;
        }
        readPair(part);
        if (access.origin.again) {
            return again();
        }
        VarHandle.acquireFence();
        monitor(2 * part, access.low, access.high);
        return true;
    }

    private void readPair(int part) {
        if (2 * part == WORD) {
            long both = loadOnce(WORD);
            access.low = both & 0xffff_ffffL;
            access.high = both >>> 32;
            return;
        }
        if (!lockWide()) {
            return;
        }
        try {
            access.low = loadOnce(part);
            access.high = host >= 0 ? RAW.load(host + part, part) : access.read(part, part);
        } finally {
            wideLock.unlock();
        }
    }

    /// Takes the lock of what is wider than a host atomic. Who holds it may be waiting for other elements to
    /// drop TLB entries, where caches are modelled, or for what a device does. So an element that does not get
    /// it serves requests and makes its access anew.
    ///
    /// @return false, with [Origin#again] set, when others have it
    private boolean lockWide() {
        boolean locked = wideLock.tryLock();
        access.origin.again |= !locked;
        return locked;
    }

    int storeExclusive(long va, long value, int aux) {
        int bytes = 1 << Access.log2Size(aux);
        if (!mayStore(va, bytes)) {
            return 1;
        }
        return stored(swapped(bytes, monitorLow, value));
    }

    /// {@return the status of a store-exclusive; one that has to be made anew keeps the monitor}
    private int stored(boolean done) {
        if (access.origin.again) {
            held = true;
            mmu.again();
        }
        return done ? 0 : 1;
    }

    int storeExclusivePair(long va, long low, long high, int aux) {
        int part = 1 << Access.log2Size(aux);
        if (!mayStore(va, 2 * part)) {
            return 1;
        }
        if (2 * part == WORD) {
            return stored(swapped(WORD, join(monitorLow, monitorHigh), join(low, high)));
        }
        return stored(swapWide(monitorLow, monitorHigh, low, high));
    }

    private static long join(long low, long high) {
        return (low & 0xffff_ffffL) | high << 32;
    }

    private boolean mayStore(long va, int bytes) {
        if (!held) {
            return false;
        }
        held = false;
        boolean resolved = resolve(va, bytes, Translator.WRITE);
        if (resolved && monitorPast && pa == monitorPa && !past) {
            resolved = tellSplit(va, bytes);
        }
        held = !resolved && mmu.fault().isRetry() && mmu.faulted();
        return resolved && pa == monitorPa && bytes == monitorBytes;
    }

    /// Reports a pair of exclusives of which the load went past the caches and the store goes through them. (The other
    /// way round the store itself is reported, by the caches.)
    private boolean tellSplit(long va, int bytes) {
        CacheSystem caches = memory.caches();
        RamViews views = memory.views(pa);
        if (caches != null && views != null) {
            access.origin.va = va;
            caches.exclusiveSplit(access.origin, views, pa - views.base(), bytes);
        }
        return !access.origin.again || again();
    }

    /// Replaces the location if it holds `expected`.
    private boolean swapped(int bytes, long expected, long value) {
        return exchange(bytes, expected, value) == expected;
    }

    /// {@return what the location held; `value` was stored when that is `expected`}
    private long exchange(int bytes, long expected, long value) {
        if (host < 0) {
            return exchangeSlowly(bytes, expected, value);
        }
        long old = (host & bytes - 1) == 0
                ? RAW.compareAndExchange(host, bytes, expected, value)
                : exchangeUnaligned(bytes, expected, value);
        access.stored(pa, bytes);
        return old;
    }

    private long exchangeSlowly(int bytes, long expected, long value) {
        if (cached && (pa & bytes - 1) == 0) {
            long witness = memory.compareAndExchange(access.origin, access.type(), pa, bytes, expected, value);
            if (witness == expected && !access.origin.again) {
                access.stored(pa, bytes);
            }
            return witness;
        }
        if (!cached) {
            return exchangePlainly(bytes, expected, value);
        }
        if (!lockWide()) {
            return 0;
        }
        try {
            return exchangePlainly(bytes, expected, value);
        } finally {
            wideLock.unlock();
        }
    }

    /// A read and a store; with a device, without a lock, as in [#swapPlainly].
    private long exchangePlainly(int bytes, long expected, long value) {
        long old = access.read(0, bytes);
        if (old == expected) {
            access.write(0, bytes, value);
        }
        return old;
    }

    private long exchangeUnaligned(int bytes, long expected, long value) {
        int inWord = (int) (host & WORD - 1);
        if (inWord + bytes > WORD) {
            if (!lockWide()) {
                return 0;
            }
            try {
                long old = RAW.load(host, bytes);
                if (old == expected) {
                    RAW.store(host, bytes, value);
                }
                return old;
            } finally {
                wideLock.unlock();
            }
        }
        long word = host - inWord;
        long mask = ((1L << (8 * bytes)) - 1) << (8 * inWord);
        while (true) {
            long whole = RAW.getLongVolatile(word);
            long old = (whole & mask) >>> (8 * inWord);
            if (old != expected
                    || RAW.compareAndSetLong(word, whole, (whole & ~mask) | (value << (8 * inWord) & mask))) {
                return old;
            }
        }
    }

    private boolean swapWide(long expectedLow, long expectedHigh, long low, long high) {
        if (host < 0 && !cached) {
            return swapPlainly(expectedLow, expectedHigh, low, high);
        }
        if (!lockWide()) {
            return false;
        }
        try {
            if (host < 0) {
                return swapPlainly(expectedLow, expectedHigh, low, high);
            }
            readPair(WORD);
            if (access.low != expectedLow || access.high != expectedHigh) {
                return false;
            }
            RAW.putLongVolatile(host, low);
            RAW.putLongVolatile(host + WORD, high);
        } finally {
            wideLock.unlock();
        }
        access.stored(pa, 2 * WORD);
        return true;
    }

    /// Compares and swaps by two loads and two stores; with a device, without the lock.
    private boolean swapPlainly(long expectedLow, long expectedHigh, long low, long high) {
        readPair(WORD);
        if (access.low != expectedLow || access.high != expectedHigh) {
            return false;
        }
        access.write(0, WORD, low);
        access.write(WORD, WORD, high);
        return true;
    }

    long atomic(int op, long va, long operand, int aux) {
        int log2 = Access.log2Size(aux);
        int bytes = 1 << log2;
        if (!resolve(va, bytes, Translator.READ | Translator.WRITE)) {
            return 0;
        }
        long value = cut(operand, bytes);
        if (host >= 0 && (host & bytes - 1) == 0 && bytes >= 4 && (op == AtomicOp.ADD || op == AtomicOp.SWP)) {
            long old = direct(op, bytes, value);
            access.stored(pa, bytes);
            return old;
        }
        while (true) {
            long old = loadOnce(bytes);
            long wanted = cut(AtomicOp.apply(op, log2, old, value), bytes);
            boolean done = !access.origin.again && exchange(bytes, old, wanted) == old;
            if (access.origin.again) {
                return mmu.again();
            }
            if (done) {
                return old;
            }
        }
    }

    /// ADD and SWP of 4 or 8 aligned bytes, which the host has as one instruction.
    private long direct(int op, int bytes, long value) {
        if (op == AtomicOp.ADD) {
            return bytes == 8 ? RAW.getAndAddLong(host, value) : RAW.getAndAddInt(host, (int) value) & 0xffff_ffffL;
        }
        return bytes == 8 ? RAW.getAndSetLong(host, value) : RAW.getAndSetInt(host, (int) value) & 0xffff_ffffL;
    }

    long compareAndSwap(long va, long expected, long desired, int aux) {
        int bytes = 1 << Access.log2Size(aux);
        if (!resolve(va, bytes, Translator.READ | Translator.WRITE)) {
            return 0;
        }
        long old = exchange(bytes, cut(expected, bytes), cut(desired, bytes));
        return access.origin.again ? mmu.again() : old;
    }

    boolean compareAndSwapPair(
            long va, long expectedLow, long expectedHigh, long desiredLow, long desiredHigh, int aux) {
        int part = 1 << Access.log2Size(aux);
        if (!resolve(va, 2 * part, Translator.READ | Translator.WRITE)) {
            return false;
        }
        if (2 * part == WORD) {
            long old = exchange(WORD, join(expectedLow, expectedHigh), join(desiredLow, desiredHigh));
            access.low = old & 0xffff_ffffL;
            access.high = old >>> 32;
        } else {
            swapWide(expectedLow, expectedHigh, desiredLow, desiredHigh);
        }
        return !access.origin.again || again();
    }

    private static long cut(long value, int bytes) {
        return bytes == WORD ? value : value & (1L << (8 * bytes)) - 1;
    }
}

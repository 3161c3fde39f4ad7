package dev.ipanema.machine.mmu;

import static dev.ipanema.machine.memory.RawMemory.RAW;

import dev.ipanema.arm.a64.Access;
import dev.ipanema.arm.cpu.CpuFeature;
import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.exception.FaultStatus;
import dev.ipanema.arm.memory.AlignmentRules;
import dev.ipanema.arm.memory.AlignmentRules.AccessClass;
import dev.ipanema.arm.memory.ExclusiveRules;
import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.arm.register.CacheOp;
import dev.ipanema.arm.register.Ctr;
import dev.ipanema.arm.register.Dczid;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.CacheOperation;
import dev.ipanema.machine.memory.CacheSystem;
import dev.ipanema.machine.memory.Origin;
import dev.ipanema.machine.memory.PhysicalMemory;
import dev.ipanema.machine.memory.RamViews;
import dev.ipanema.machine.memory.SetAndWay;
import org.jspecify.annotations.Nullable;

/// Accesses that miss the fast path of [Mmu]: the first touch of a page, unaligned, across a page, to a
/// device, to a page with decoded code, pairs, DC ZVA, cache maintenance by address.
///
/// An access reaches one or two *pieces* of physical memory; both are translated and checked before any
/// of it is made.
final class GuestAccess {
    private static final int PAGE = (int) SoftTlb.PAGE_SIZE;
    private static final long OFFSET = PAGE - 1L;

    private final Mmu mmu;
    private final PhysicalMemory memory;
    private final Translator translator;
    private final ExclusivePolicy policy;
    private final boolean lse2;
    private final int zeroBlock;
    private final int dataLine;
    private final int instructionLine;
    private final @Nullable CacheSystem caches;
    private CodePages code = CodePages.NONE;

    /// Who makes the accesses, for caches that are modelled.
    final Origin origin;

    /// The two halves of what [#loadPair] read.
    long low;

    long high;

    /// The pieces: physical address and type of both, and how many bytes the first has.
    private long firstPa;

    private long secondPa;
    private int firstBytes;
    private MemoryAttributes firstType = MemoryAttributes.NORMAL_NC;
    private MemoryAttributes secondType = MemoryAttributes.NORMAL_NC;

    /// Where the second piece begins, for [#origin].
    private long secondVa;

    private long secondIpa;

    GuestAccess(Mmu mmu, PhysicalMemory memory, CpuModel model, Translator translator, ExclusivePolicy policy) {
        this.mmu = mmu;
        this.memory = memory;
        this.translator = translator;
        this.policy = policy;
        this.caches = memory.caches();
        this.origin = new Origin(Agent.PE, mmu.index(), true);
        this.lse2 = model.has(CpuFeature.LSE2);
        this.zeroBlock = Dczid.blockBytes(model.id(SysReg.DCZID_EL0));
        this.dataLine = Ctr.dMinLineBytes(model.ctrEl0());
        this.instructionLine = Ctr.iMinLineBytes(model.ctrEl0());
    }

    void setCodePages(CodePages pages) {
        code = pages;
    }

    /// Translates and checks one naturally aligned access inside a page, and that something is at its
    /// physical address.
    boolean reach(long va, int flags, AccessClass accessClass, int bytes) {
        return reach(va, flags, accessClass, bytes, true);
    }

    private boolean reach(long va, int flags, AccessClass accessClass, int bytes, boolean aligned) {
        if (!translator.translate(va, flags, accessClass, aligned)) {
            return false;
        }
        if (memory.contains(translator.result.pa, bytes)) {
            return true;
        }
        boolean write = (flags & (Translator.READ | Translator.WRITE)) == Translator.WRITE;
        mmu.fault().record(1, FaultStatus.SYNC_EXTERNAL_ABORT, false, 0, write);
        return mmu.fault().of(va, (flags & Translator.FETCH) != 0, false);
    }

    /// Translates and checks an access of up to 16 bytes, and finds its pieces.
    ///
    /// @param alignment what the architecture calls aligned for this access, a power of two
    /// @return false when it faulted
    boolean prepare(long va, int bytes, int alignment, int flags, AccessClass accessClass) {
        if (AlignmentRules.faultsByAccess(
                accessClass,
                va,
                bytes,
                alignment,
                mmu.regime().is(SctlrEl1.A),
                mmu.regime().is(SctlrEl1.NAA),
                lse2)) {
            boolean write = (flags & (Translator.READ | Translator.WRITE)) == Translator.WRITE;
            mmu.fault().record(1, FaultStatus.ALIGNMENT, false, 0, write);
            return faulted(mmu.fault().of(va, false, false));
        }
        boolean aligned = AlignmentRules.isAligned(va, alignment);
        int inPage = PAGE - (int) (va & OFFSET);
        firstBytes = Math.min(bytes, inPage);
        if (!reach(va, flags, accessClass, firstBytes, aligned)) {
            return faulted(false);
        }
        firstPa = translator.result.pa;
        firstType = mmu.resultAttributes();
        origin.va = va;
        origin.ipa = translator.result.ipa;
        origin.stage1 = mmu.regime().stage1On;
        if (firstBytes < bytes) {
            if (!reach(va + firstBytes, flags, accessClass, bytes - firstBytes, aligned)) {
                return faulted(false);
            }
            secondPa = translator.result.pa;
            secondType = mmu.resultAttributes();
            secondVa = va + firstBytes;
            secondIpa = translator.result.ipa;
        }
        return !mmu.watchpoints().armed() || !watched(va, bytes, flags);
    }

    /// Records a watchpoint that an access hits; it comes after everything that translation could find
    /// wrong.
    private boolean watched(long va, int bytes, int flags) {
        boolean read = (flags & Translator.READ) != 0;
        boolean write = (flags & Translator.WRITE) != 0;
        if (!mmu.watchpoints().hit(va, bytes, read, write, (flags & Translator.USER) != 0 ? 0 : 1)) {
            return false;
        }
        mmu.fault().record(1, FaultStatus.DEBUG, false, 0, write);
        mmu.fault().of(va, false, false);
        return !faulted(false);
    }

    private boolean faulted(boolean done) {
        mmu.faultRecorded();
        return done;
    }

    /// {@return the physical address of what [#prepare] found, when it lies in one page}
    long pa() {
        return firstPa;
    }

    /// {@return the memory type of what [#prepare] found, when it lies in one page}
    MemoryAttributes type() {
        return firstType;
    }

    private static boolean insidePage(long va, int bytes) {
        return (va & OFFSET) + bytes <= PAGE;
    }

    /// {@return the host address of an access that may be made directly, or -1; `aligned` as the access
    /// sees it}
    private long direct(long va, int bytes, boolean aligned, int tagOffset, boolean unprivileged) {
        if (!insidePage(va, bytes)) {
            return -1;
        }
        long entry = mmu.softEntry(va, tagOffset, unprivileged);
        if (entry == 0 || (!aligned && (RAW.getLong(entry + SoftTlb.INFO) & SoftTlb.UNALIGNED) == 0)) {
            return -1;
        }
        return va + RAW.getLong(entry + SoftTlb.ADDEND);
    }

    long load(long va, int aux) {
        int bytes = 1 << Access.log2Size(aux);
        boolean aligned = (va & bytes - 1) == 0;
        boolean unprivileged = (aux & Access.UNPRIVILEGED) != 0;
        boolean ordered = (aux & Access.ACQUIRE) != 0;
        if (aligned || !ordered) {
            long host = direct(va, bytes, aligned, SoftTlb.READ_TAG, unprivileged);
            if (host != -1) {
                return RAW.load(host, bytes);
            }
        }
        AccessClass accessClass = ordered ? AccessClass.ACQUIRE_RELEASE : AccessClass.PLAIN;
        int flags = Translator.READ | mmu.privilege(unprivileged);
        if (!prepare(va, bytes, bytes, flags, accessClass)) {
            return 0;
        }
        refill(va, bytes, unprivileged, false);
        long value = read(0, bytes);
        return origin.again ? mmu.again() : value;
    }

    void store(long va, long value, int aux) {
        int bytes = 1 << Access.log2Size(aux);
        boolean aligned = (va & bytes - 1) == 0;
        boolean unprivileged = (aux & Access.UNPRIVILEGED) != 0;
        boolean ordered = (aux & Access.RELEASE) != 0;
        if (aligned || !ordered) {
            long host = direct(va, bytes, aligned, SoftTlb.WRITE_TAG, unprivileged);
            if (host != -1) {
                RAW.store(host, bytes, value);
                return;
            }
        }
        AccessClass accessClass = ordered ? AccessClass.ACQUIRE_RELEASE : AccessClass.PLAIN;
        int flags = Translator.WRITE | mmu.privilege(unprivileged);
        if (prepare(va, bytes, bytes, flags, accessClass)) {
            refill(va, bytes, unprivileged, true);
            write(0, bytes, value);
            isMade();
        }
    }

    /// {@return whether the access was made; else it has to be made anew}
    private boolean isMade() {
        if (origin.again) {
            mmu.again();
            return false;
        }
        return true;
    }

    boolean loadPair(long va, int aux) {
        int log2 = Access.log2Size(aux);
        int part = Math.min(8, 1 << log2);
        int bytes = log2 == 4 ? 16 : 2 << log2;
        int alignment = 1 << log2;
        boolean unprivileged = (aux & Access.UNPRIVILEGED) != 0;
        boolean ordered = (aux & Access.ACQUIRE) != 0;
        boolean aligned = (va & alignment - 1) == 0;
        long host = ordered && !aligned ? -1 : direct(va, bytes, aligned, SoftTlb.READ_TAG, unprivileged);
        if (host != -1) {
            low = RAW.load(host, part);
            high = RAW.load(host + part, part);
            return true;
        }
        AccessClass accessClass = ordered ? AccessClass.ACQUIRE_RELEASE : AccessClass.PLAIN;
        if (!prepare(va, bytes, alignment, Translator.READ | mmu.privilege(unprivileged), accessClass)) {
            return false;
        }
        refill(va, bytes, unprivileged, false);
        low = read(0, part);
        high = read(part, part);
        return isMade();
    }

    boolean storePair(long va, long lowValue, long highValue, int aux) {
        int log2 = Access.log2Size(aux);
        int part = Math.min(8, 1 << log2);
        int bytes = log2 == 4 ? 16 : 2 << log2;
        int alignment = 1 << log2;
        boolean unprivileged = (aux & Access.UNPRIVILEGED) != 0;
        boolean ordered = (aux & Access.RELEASE) != 0;
        boolean aligned = (va & alignment - 1) == 0;
        long host = ordered && !aligned ? -1 : direct(va, bytes, aligned, SoftTlb.WRITE_TAG, unprivileged);
        if (host != -1) {
            RAW.store(host, part, lowValue);
            RAW.store(host + part, part, highValue);
            return true;
        }
        AccessClass accessClass = ordered ? AccessClass.ACQUIRE_RELEASE : AccessClass.PLAIN;
        if (!prepare(va, bytes, alignment, Translator.WRITE | mmu.privilege(unprivileged), accessClass)) {
            return false;
        }
        refill(va, bytes, unprivileged, true);
        write(0, part, lowValue);
        write(part, part, highValue);
        return isMade();
    }

    /// Loads the 8 or 16 bytes of a SIMD register into [#low] and [#high].
    ///
    /// @param alignment the size of an element
    boolean loadVector(long va, int bytes, int alignment) {
        boolean aligned = (va & alignment - 1) == 0;
        long host = direct(va, bytes, aligned, SoftTlb.READ_TAG, false);
        boolean whole = bytes > Long.BYTES;
        if (host != -1) {
            low = RAW.getLong(host);
            high = whole ? RAW.getLong(host + Long.BYTES) : 0;
            return true;
        }
        if (!prepare(va, bytes, alignment, Translator.READ | mmu.privilege(false), AccessClass.PLAIN)) {
            return false;
        }
        refill(va, bytes, false, false);
        low = read(0, Long.BYTES);
        high = whole ? read(Long.BYTES, Long.BYTES) : 0;
        return isMade();
    }

    /// Stores the 8 or 16 bytes of a SIMD register.
    ///
    /// @param alignment the size of an element
    boolean storeVector(long va, long lowValue, long highValue, int bytes, int alignment) {
        boolean aligned = (va & alignment - 1) == 0;
        long host = direct(va, bytes, aligned, SoftTlb.WRITE_TAG, false);
        boolean whole = bytes > Long.BYTES;
        if (host != -1) {
            RAW.putLong(host, lowValue);
            if (whole) {
                RAW.putLong(host + Long.BYTES, highValue);
            }
            return true;
        }
        if (!prepare(va, bytes, alignment, Translator.WRITE | mmu.privilege(false), AccessClass.PLAIN)) {
            return false;
        }
        refill(va, bytes, false, true);
        write(0, Long.BYTES, lowValue);
        if (whole) {
            write(Long.BYTES, Long.BYTES, highValue);
        }
        return isMade();
    }

    void dcZva(long va) {
        long block = va & -(long) zeroBlock;
        long host = direct(block, zeroBlock, false, SoftTlb.WRITE_TAG, false);
        if (host != -1) {
            RAW.fill(host, zeroBlock, (byte) 0);
            return;
        }
        int flags = Translator.WRITE | mmu.privilege(false);
        if (!reach(va, flags, AccessClass.DC_ZVA, 1)) {
            mmu.faultRecorded();
            return;
        }
        if (mmu.watchpoints().armed() && watched(block, zeroBlock, flags)) {
            return;
        }
        long pa = translator.result.pa & -(long) zeroBlock;
        origin.va = block;
        origin.ipa = translator.result.ipa & -(long) zeroBlock;
        origin.stage1 = mmu.regime().stage1On;
        refill(va, 1, false, true);
        if (memory.hostAddressForRead(pa) < 0) {
            for (int done = 0; done < zeroBlock; done += 8) {
                writeDevice(pa + done, mmu.resultAttributes(), 8, 0);
            }
            return;
        }
        if (!origin.again) {
            memory.zero(origin, mmu.resultAttributes(), pa, zeroBlock);
        }
        if (isMade()) {
            stored(pa, zeroBlock);
        }
    }

    boolean maintain(CacheOp op, long va) {
        boolean user = mmu.privilege(false) == Translator.USER;
        int flags = Translator.MAINTENANCE | (user ? Translator.USER : 0);
        if (op == CacheOp.DC_IVAC) {
            flags |= Translator.WRITE;
        } else if (user) {
            flags |= Translator.READ;
        }
        if (!translator.translate(va, flags, AccessClass.CACHE_MAINTENANCE, true)) {
            return faulted(false);
        }
        long line = op.isInstruction() ? instructionLine : dataLine;
        long pa = translator.result.pa & -line;
        if (memory.contains(pa, line)) {
            origin.va = va;
            origin.ipa = translator.result.ipa;
            origin.stage1 = mmu.regime().stage1On;
            memory.maintenance().done(operation(op), origin, pa, line);
        }
        return isMade();
    }

    /// Invalidate is upgraded to clean and invalidate while stage 2 is on, or HCR_EL2.SWIO says so.
    boolean maintain(CacheOp op, SetAndWay where) {
        boolean upgraded = mmu.regime().stage2On || (mmu.regime().hcr & HcrEl2.SWIO) != 0;
        CacheOperation operation = switch (op) {
            case DC_CSW -> CacheOperation.DC_CLEAN_POC;
            case DC_CISW -> CacheOperation.DC_CLEAN_INVAL_POC;
            case DC_ISW -> upgraded ? CacheOperation.DC_CLEAN_INVAL_POC : CacheOperation.DC_INVAL_POC;
            default -> throw new IllegalArgumentException(op + " does not name a set and way");
        };
        memory.maintenance().bySetAndWay(operation, origin, where);
        return isMade();
    }

    private CacheOperation operation(CacheOp op) {
        return switch (op) {
            case IC_IVAU -> CacheOperation.IC_INVAL_POU;
            case DC_CVAU -> CacheOperation.DC_CLEAN_POU;
            case DC_CVAC, DC_CVAP, DC_CVADP -> CacheOperation.DC_CLEAN_POC;
            case DC_CIVAC -> CacheOperation.DC_CLEAN_INVAL_POC;
            case DC_IVAC -> mmu.regime().stage2On ? CacheOperation.DC_CLEAN_INVAL_POC : CacheOperation.DC_INVAL_POC;
            default -> throw new IllegalArgumentException(op + " is not a maintenance operation by address");
        };
    }

    /// Enters the page of the last translation into the software TLB, unless the access crosses a page.
    void refill(long va, int bytes, boolean unprivileged, boolean forWrite) {
        if (!insidePage(va, bytes) || mmu.watchpoints().armed()) {
            return;
        }
        Translation t = translator.result;
        long page = t.pa & SoftTlb.PAGE_MASK;
        if (!memory.contains(page, PAGE)) {
            return;
        }
        long host = forWrite ? memory.hostAddress(page) : memory.hostAddressForRead(page);
        if (host < 0) {
            return;
        }
        MemoryAttributes type = MemoryAttributes.ofPacked(t.attributes);
        int fast = fast(type, page, forWrite);
        if ((fast & CacheSystem.FAST_READ) == 0) {
            return;
        }
        int allowed = translator.allowed(mmu.privilege(unprivileged));
        boolean clean = (t.rights & (Translation.S1_CLEAN | Translation.S2_CLEAN)) != 0;
        boolean write = (allowed & Translator.WRITE) != 0
                && (fast & CacheSystem.FAST_WRITE) != 0
                && !clean
                && (forWrite || memory.isTouched(page))
                && !code.holdsCode(page);
        boolean device = MemoryAttributes.ofPacked(t.s1Attributes).isDevice()
                || (t.rights & Translation.S2_DEVICE) != 0
                || type.isDevice();
        long info = page;
        info |= device || mmu.regime().is(SctlrEl1.A) ? 0 : SoftTlb.UNALIGNED;
        info |= policy == ExclusivePolicy.WORK || ExclusiveRules.isGuaranteed(type) ? SoftTlb.ATOMIC : 0;
        info |= memory.views(page) != null && !type.isCacheable() ? SoftTlb.PAST : 0;
        mmu.fill(va, unprivileged, (allowed & Translator.READ) != 0, write, host, info);
    }

    /// {@return what caches allow later accesses to the page of the last translation; everything where
    /// they are not modelled}
    private int fast(MemoryAttributes type, long page, boolean forWrite) {
        RamViews views = memory.views(page);
        return caches == null || views == null
                ? CacheSystem.FAST_READ | CacheSystem.FAST_WRITE
                : caches.admit(origin, type, views, page - views.base(), forWrite);
    }

    /// Tells the listener of decoded code after a store.
    void stored(long pa, int bytes) {
        if (code.holdsCode(pa & SoftTlb.PAGE_MASK)) {
            code.stored(pa, bytes);
        }
    }

    /// Reads bytes of the prepared access.
    long read(int offset, int bytes) {
        if (offset + bytes <= firstBytes) {
            return readPiece(firstPa + offset, firstType, bytes);
        }
        if (offset >= firstBytes) {
            tellSecond();
            return readPiece(secondPa + offset - firstBytes, secondType, bytes);
        }
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value |= read(offset + i, 1) << (8 * i);
        }
        return value;
    }

    /// Says that the access has come to its second piece.
    private void tellSecond() {
        origin.va = secondVa;
        origin.ipa = secondIpa;
    }

    private long readPiece(long pa, MemoryAttributes type, int bytes) {
        if (origin.again) {
            return 0;
        }
        if (memory.hostAddressForRead(pa) >= 0) {
            return memory.load(origin, type, pa, bytes);
        }
        int part = (pa & bytes - 1) == 0 ? bytes : 1;
        boolean inside = leaveForDevice();
        try {
            long value = 0;
            for (int i = 0; i < bytes; i += part) {
                value |= memory.load(origin, type, pa + i, part) << (Byte.SIZE * i);
            }
            return value;
        } finally {
            if (inside) {
                mmu.returnFromDevice(true);
            }
        }
    }

    /// Writes bytes of the prepared access.
    void write(int offset, int bytes, long value) {
        if (offset + bytes <= firstBytes) {
            writePiece(firstPa + offset, firstType, bytes, value);
        } else if (offset >= firstBytes) {
            tellSecond();
            writePiece(secondPa + offset - firstBytes, secondType, bytes, value);
        } else {
            for (int i = 0; i < bytes; i++) {
                write(offset + i, 1, value >>> (8 * i));
            }
        }
    }

    private void writePiece(long pa, MemoryAttributes type, int bytes, long value) {
        if (origin.again) {
            return;
        }
        if (memory.hostAddressForRead(pa) < 0) {
            writeDevice(pa, type, bytes, value);
            return;
        }
        memory.store(origin, type, pa, bytes, value);
        if (!origin.again) {
            stored(pa, bytes);
        }
    }

    /// Leaves guest code for an access to a device where caches are modelled: only then does anybody who
    /// holds a lock of the host wait for this element while it may want that lock. Elsewhere it stays, so
    /// that an unmapping waits for the access.
    private boolean leaveForDevice() {
        return caches != null && mmu.leaveForDevice();
    }

    private void writeDevice(long pa, MemoryAttributes type, int bytes, long value) {
        int part = (pa & bytes - 1) == 0 ? bytes : 1;
        boolean inside = leaveForDevice();
        try {
            for (int i = 0; i < bytes; i += part) {
                memory.store(origin, type, pa + i, part, value >>> (Byte.SIZE * i));
            }
        } finally {
            if (inside) {
                mmu.returnFromDevice(true);
            }
        }
    }
}

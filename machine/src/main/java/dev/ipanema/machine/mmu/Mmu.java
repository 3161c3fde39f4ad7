package dev.ipanema.machine.mmu;

import static dev.ipanema.machine.memory.RawMemory.RAW;

import dev.ipanema.arm.a64.Access;
import dev.ipanema.arm.cpu.CpuModel;
import dev.ipanema.arm.memory.AlignmentRules.AccessClass;
import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.arm.register.AtOp;
import dev.ipanema.arm.register.CacheOp;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.TcrEl1;
import dev.ipanema.arm.register.TlbiOp;
import dev.ipanema.machine.memory.Origin;
import dev.ipanema.machine.memory.PhysicalMemory;
import dev.ipanema.machine.memory.SetAndWay;
import java.lang.invoke.VarHandle;
import java.util.function.Consumer;

/// The memory management unit of one processing element: every access that a guest instruction makes to
/// memory goes through it.
///
/// <h2>Faults</h2>
/// An access that faults records why in [#fault()], sets [#faulted()] and has no effect; a load then
/// returns 0. The caller looks at [#faulted()] after each access and calls [#clearFault()] when it has
/// dealt with the fault.
///
/// <h2>Fast path</h2>
/// Naturally aligned loads and stores look at the [SoftTlb] first and touch host memory directly on a
/// hit. Everything else is [GuestAccess] and [AtomicAccess].
///
/// <h2>Threads</h2>
/// All methods belong to the thread that runs the processing element, but for those that say otherwise.
/// Between [#enterGuest()] and [#exitGuest()] that thread polls [#requestsPending()] and calls
/// [#serviceRequests()].
///
/// <h2>Addresses</h2>
/// `va` is a full 64-bit virtual address, top byte included. Values are little-endian, zero-extended.
public final class Mmu {
    private static final long PAGE_MASK = SoftTlb.PAGE_MASK;
    private static final long UPPER = 1L << 55;

    /// A bit of what [#fetchWord] answers: nothing was fetched; requests of others are to be served, and the
    /// fetch made anew from its translation on.
    public static final long FETCH_REFUSED = 1L << 33;

    private final SoftTlb soft = new SoftTlb();
    private final Generations generations = new Generations(soft);
    private final ArchTlb tlb = new ArchTlb(soft);
    private final TlbMaintenance maintenance;
    private final Fault fault = new Fault();
    private final Regime regime;
    private final Translator translator;
    private final GuestAccess access;
    private final AtomicAccess atomics;
    private final AddressTranslation at;
    private final Watchpoints watchpoints;
    private final InstructionFetch fetch;

    private TranslationContext context = new TranslationContext();
    private boolean faulted;
    private long generation;

    /// First entries of the bank for ordinary and for unprivileged accesses.
    private long bank;

    private long userBank;
    private int bankIndex;
    private int userBankIndex;

    /// Generations for addresses with bit 55 clear and set, in their place in a tag.
    private long lowerGeneration;

    private long upperGeneration;

    /// Set once an entry that is not global was met in the upper half: from then on that half has
    /// generations by ASID.
    private boolean upperByAsid;

    /// Creates the unit of one processing element.
    ///
    /// @param index number of the element, from 0
    /// @param domain the domain it joins
    public Mmu(PhysicalMemory memory, CpuModel model, int index, TlbDomain domain, ExclusivePolicy policy) {
        Stage2Tlb stage2Tlb = new Stage2Tlb();
        this.maintenance = new TlbMaintenance(index, domain, soft, tlb, stage2Tlb, generations);
        this.maintenance.onServe(this::serviceRequests);
        this.regime = new Regime(model);
        this.translator = new Translator(memory, index, regime, tlb, stage2Tlb, fault, policy, model.paRangeBits());
        this.access = new GuestAccess(this, memory, model, translator, policy);
        this.fetch = new InstructionFetch(memory, translator, access, regime, index);
        this.atomics = new AtomicAccess(this, access, memory, domain);
        this.at = new AddressTranslation(translator);
        this.watchpoints = new Watchpoints(this::forgetSoftEntries);
        setContext(context);
    }

    /// {@return the number of the processing element}
    public int index() {
        return maintenance.index();
    }

    /// Gives each entry of the TLB in one line, for a person; while nothing runs.
    public void describeTlb(Consumer<String> lines) {
        tlb.describe(lines);
    }

    /// {@return its watchpoints}
    public Watchpoints watchpoints() {
        return watchpoints;
    }

    // ---------------------------------------------------------------- context

    /// Binds the registers of another virtual processor. Nothing is invalidated: entries are tagged by
    /// VMID and ASID.
    public void setContext(TranslationContext newContext) {
        if (context.mmu == this) {
            context.mmu = null;
        }
        context = newContext;
        newContext.mmu = this;
        atomics.clearExclusive();
        contextChanged();
    }

    /// {@return the bound registers}
    public TranslationContext context() {
        return context;
    }

    void contextChanged() {
        if (regime.update(context)) {
            maintenance.removeEverything();
        }
        chooseGenerations();
        privilegeChanged();
        generation++;
    }

    private void chooseGenerations() {
        int epoch;
        do {
            epoch = generations.epoch();
            long key = (long) regime.config << 40 | (long) regime.vmid << 20;
            lowerGeneration = (long) generations.of(key | regime.asid) << SoftTlb.GENERATION_SHIFT;
            upperGeneration =
                    upperByAsid ? lowerGeneration : (long) generations.of(key | NO_ASID) << SoftTlb.GENERATION_SHIFT;
        } while (epoch != generations.epoch());
        fetch.forget();
    }

    private static final long NO_ASID = 1L << 19;

    void privilegeChanged() {
        bankIndex = context.el == 0 ? SoftTlb.BANK_EL0 : context.pan ? SoftTlb.BANK_EL1_PAN : SoftTlb.BANK_EL1;
        userBankIndex = context.el == 0 || !context.uao ? SoftTlb.BANK_EL0 : bankIndex;
        bank = soft.bank(bankIndex);
        userBank = soft.bank(userBankIndex);
    }

    /// {@return a number that changes whenever an earlier answer of [#fetchPage] may no longer hold for
    /// the same exception level}
    public long generation() {
        return generation;
    }

    // ---------------------------------------------------------------- faults

    /// {@return whether an access has faulted since [#clearFault()]}
    public boolean faulted() {
        return faulted;
    }

    /// {@return the fault recorded last; the object is reused}
    public Fault fault() {
        return fault;
    }

    /// Forgets the fault, so that the next access can report one.
    public void clearFault() {
        faulted = false;
    }

    /// Records that the access has to be made anew: see [Fault#isRetry].
    ///
    /// @return 0, for a caller that has to return some value
    long again() {
        access.origin.again = false;
        fault.again();
        return faultRecorded();
    }

    /// Makes the address of the next instruction known to what is found in its accesses, until [#forgetPc].
    public void knowPc(long pc) {
        access.origin.pc = pc;
        access.origin.pcKnown = true;
    }

    /// Ends [#knowPc].
    public void forgetPc() {
        access.origin.pcKnown = false;
    }

    /// {@return whether the retry that was asked for last wants the address of its instruction}
    public boolean takeWantsPc() {
        boolean wants = access.origin.wantsPc;
        access.origin.wantsPc = false;
        return wants;
    }

    /// {@return 0, for a caller that has to return some value}
    long faultRecorded() {
        faulted = true;
        return 0;
    }

    // ---------------------------------------------------------------- loads and stores

    private long entry(long va) {
        return bank + (va >>> SoftTlb.INDEX_SHIFT & SoftTlb.INDEX_MASK);
    }

    /// The tag that an entry must have for an access: page and low bits of the address, and the current
    /// generation.
    private long wanted(long va, int sizeMask) {
        return (va & (PAGE_MASK | sizeMask)) | ((va & UPPER) == 0 ? lowerGeneration : upperGeneration);
    }

    /// Loads a byte.
    public long load8(long va) {
        long entry = entry(va);
        // SAFETY: an entry whose tag matches holds the addend that fill() computed from a page of live RAM
        // (soft-within-arch), and an aligned access does not leave the page. So in all methods of this group.
        if (RAW.getLong(entry + SoftTlb.READ_TAG) == wanted(va, 0)) {
            return RAW.getByte(va + RAW.getLong(entry + SoftTlb.ADDEND)) & 0xffL;
        }
        return access.load(va, 0);
    }

    /// Loads two bytes.
    public long load16(long va) {
        long entry = entry(va);
        if (RAW.getLong(entry + SoftTlb.READ_TAG) == wanted(va, 1)) {
            return RAW.getShort(va + RAW.getLong(entry + SoftTlb.ADDEND)) & 0xffffL;
        }
        return access.load(va, 1);
    }

    /// Loads four bytes.
    public long load32(long va) {
        long entry = entry(va);
        if (RAW.getLong(entry + SoftTlb.READ_TAG) == wanted(va, 3)) {
            return RAW.getInt(va + RAW.getLong(entry + SoftTlb.ADDEND)) & 0xffff_ffffL;
        }
        return access.load(va, 2);
    }

    /// Loads eight bytes.
    public long load64(long va) {
        long entry = entry(va);
        if (RAW.getLong(entry + SoftTlb.READ_TAG) == wanted(va, 7)) {
            return RAW.getLong(va + RAW.getLong(entry + SoftTlb.ADDEND));
        }
        return access.load(va, 3);
    }

    /// Stores a byte.
    public void store8(long va, long value) {
        long entry = entry(va);
        if (RAW.getLong(entry + SoftTlb.WRITE_TAG) == wanted(va, 0)) {
            RAW.putByte(va + RAW.getLong(entry + SoftTlb.ADDEND), (byte) value);
            return;
        }
        access.store(va, value, 0);
    }

    /// Stores two bytes.
    public void store16(long va, long value) {
        long entry = entry(va);
        if (RAW.getLong(entry + SoftTlb.WRITE_TAG) == wanted(va, 1)) {
            RAW.putShort(va + RAW.getLong(entry + SoftTlb.ADDEND), (short) value);
            return;
        }
        access.store(va, value, 1);
    }

    /// Stores four bytes.
    public void store32(long va, long value) {
        long entry = entry(va);
        if (RAW.getLong(entry + SoftTlb.WRITE_TAG) == wanted(va, 3)) {
            RAW.putInt(va + RAW.getLong(entry + SoftTlb.ADDEND), (int) value);
            return;
        }
        access.store(va, value, 2);
    }

    /// Stores eight bytes.
    public void store64(long va, long value) {
        long entry = entry(va);
        if (RAW.getLong(entry + SoftTlb.WRITE_TAG) == wanted(va, 7)) {
            RAW.putLong(va + RAW.getLong(entry + SoftTlb.ADDEND), value);
            return;
        }
        access.store(va, value, 3);
    }

    /// Loads 1 to 8 bytes as an instruction's `aux` says (see [Access]): its size, ACQUIRE, UNPRIVILEGED.
    public long load(long va, int aux) {
        if ((aux & (Access.ACQUIRE | Access.UNPRIVILEGED)) != 0) {
            long value = access.load(va, aux);
            VarHandle.acquireFence();
            return value;
        }
        return switch (Access.log2Size(aux)) {
            case 0 -> load8(va);
            case 1 -> load16(va);
            case 2 -> load32(va);
            default -> load64(va);
        };
    }

    /// Stores 1 to 8 bytes as an instruction's `aux` says: its size, RELEASE, UNPRIVILEGED. A
    /// store-release is ordered before later load-acquires too.
    public void store(long va, long value, int aux) {
        if ((aux & (Access.RELEASE | Access.UNPRIVILEGED)) != 0) {
            VarHandle.releaseFence();
            access.store(va, value, aux);
            if ((aux & Access.RELEASE) != 0) {
                VarHandle.fullFence();
            }
            return;
        }
        switch (Access.log2Size(aux)) {
            case 0 -> store8(va, value);
            case 1 -> store16(va, value);
            case 2 -> store32(va, value);
            default -> store64(va, value);
        }
    }

    /// Loads two registers of 4 or 8 bytes each (LDP), or one of 16 (log2 size 4), into [#low()] and
    /// [#high()].
    ///
    /// @param aux log2 size of one register; UNPRIVILEGED, ACQUIRE
    /// @return false when it faulted
    public boolean loadPair(long va, int aux) {
        return access.loadPair(va, aux);
    }

    /// Stores two registers of 4 or 8 bytes each (STP), or one of 16 (log2 size 4). Both or, when it
    /// faults, none.
    ///
    /// @return false when it faulted
    public boolean storePair(long va, long low, long high, int aux) {
        return access.storePair(va, low, high, aux);
    }

    /// Loads the 16 bytes of a Q register into [#low()] and [#high()].
    ///
    /// @return false when it faulted
    public boolean load128(long va) {
        long entry = entry(va);
        // SAFETY: as load8; 16 aligned bytes do not leave the page either.
        if (RAW.getLong(entry + SoftTlb.READ_TAG) == wanted(va, 15)) {
            long host = va + RAW.getLong(entry + SoftTlb.ADDEND);
            access.low = RAW.getLong(host);
            access.high = RAW.getLong(host + Long.BYTES);
            return true;
        }
        return access.loadVector(va, 2 * Long.BYTES, 2 * Long.BYTES);
    }

    /// Stores the 16 bytes of a Q register.
    ///
    /// @return false when it faulted
    public boolean store128(long va, long low, long high) {
        long entry = entry(va);
        if (RAW.getLong(entry + SoftTlb.WRITE_TAG) == wanted(va, 15)) {
            long host = va + RAW.getLong(entry + SoftTlb.ADDEND);
            RAW.putLong(host, low);
            RAW.putLong(host + Long.BYTES, high);
            return true;
        }
        return access.storeVector(va, low, high, 2 * Long.BYTES, 2 * Long.BYTES);
    }

    /// Loads 8 or 16 bytes of elements into [#low()] and [#high()] (0 for 8 bytes).
    ///
    /// @param alignment size of an element, in bytes
    /// @return false when it faulted
    public boolean loadElements(long va, int bytes, int alignment) {
        boolean aligned = bytes == 2 * Long.BYTES && (va & (2 * Long.BYTES - 1)) == 0;
        return aligned ? load128(va) : access.loadVector(va, bytes, alignment);
    }

    /// Stores 8 or 16 bytes of elements.
    ///
    /// @param alignment size of an element, in bytes
    /// @return false when it faulted
    public boolean storeElements(long va, long low, long high, int bytes, int alignment) {
        boolean aligned = bytes == 2 * Long.BYTES && (va & (2 * Long.BYTES - 1)) == 0;
        return aligned ? store128(va, low, high) : access.storeVector(va, low, high, bytes, alignment);
    }

    /// {@return the first register of the last pair loaded, or the lower half of a 16-byte result}
    public long low() {
        return access.low;
    }

    /// {@return the second register of the last pair loaded, or the upper half of a 16-byte result}
    public long high() {
        return access.high;
    }

    /// Writes zeroes over the block of DCZID_EL0 size that an address lies in (DC ZVA).
    public void dcZva(long va) {
        access.dcZva(va);
    }

    // ---------------------------------------------------------------- exclusives and atomics

    /// Loads 1 to 8 bytes and sets the exclusive monitor (LDXR, LDAXR).
    public long loadExclusive(long va, int aux) {
        return atomics.loadExclusive(va, aux);
    }

    /// Loads two registers of 4 or 8 bytes into [#low()] and [#high()] and sets the monitor (LDXP, LDAXP).
    ///
    /// @return false when it faulted
    public boolean loadExclusivePair(long va, int aux) {
        return atomics.loadExclusivePair(va, aux);
    }

    /// Stores 1 to 8 bytes if the monitor is set for the address and size (STXR, STLXR), and clears it. A
    /// monitor that is clear fails the store without an access and without a fault.
    ///
    /// @return 0 when the store was made, else 1
    public int storeExclusive(long va, long value, int aux) {
        return atomics.storeExclusive(va, value, aux);
    }

    /// As [#storeExclusive], of two registers of 4 or 8 bytes (STXP, STLXP).
    public int storeExclusivePair(long va, long low, long high, int aux) {
        return atomics.storeExclusivePair(va, low, high, aux);
    }

    /// Clears the exclusive monitor: CLREX, exception entry and return.
    public void clearExclusive() {
        atomics.clearExclusive();
    }

    /// {@return whether the exclusive monitor is set}
    public boolean monitorHeld() {
        return atomics.monitorHeld();
    }

    /// Does an LSE atomic.
    ///
    /// @param op a constant of [AtomicOp]
    /// @return the value before, zero-extended
    public long atomic(int op, long va, long operand, int aux) {
        return atomics.atomic(op, va, operand, aux);
    }

    /// Compares and swaps 1 to 8 bytes (CAS).
    ///
    /// @return the value before, zero-extended
    public long compareAndSwap(long va, long expected, long desired, int aux) {
        return atomics.compareAndSwap(va, expected, desired, aux);
    }

    /// Compares and swaps two registers of 4 or 8 bytes each (CASP); the values before come into [#low()]
    /// and [#high()].
    ///
    /// @return false when it faulted
    public boolean compareAndSwapPair(
            long va, long expectedLow, long expectedHigh, long desiredLow, long desiredHigh, int aux) {
        return atomics.compareAndSwapPair(va, expectedLow, expectedHigh, desiredLow, desiredHigh, aux);
    }

    // ---------------------------------------------------------------- fetch, translation, maintenance

    /// {@return the physical address that was translated last}
    public long resultPa() {
        return translator.result.pa;
    }

    /// {@return the physical address of the 4 KiB page that an instruction fetch at `va` reaches, or -1
    /// and a fault}
    public long fetchPage(long va) {
        long page = fetch.page(va, context.el);
        if (page < 0) {
            faultRecorded();
        }
        return page;
    }

    /// {@return whether the page that [#fetchPage] found last for `va` is guarded: its stage-1 descriptor
    /// has GP}
    public boolean isFetchGuarded(long va) {
        return fetch.isGuarded(va);
    }

    /// {@return the memory type of instruction fetches from the page that [#fetchPage] found last for `va`}
    public MemoryAttributes fetchAttributes(long va) {
        return fetch.type(va);
    }

    /// Fetches the instruction word at `va`, a multiple of 4.
    ///
    /// @return the word in the lower half, with [dev.ipanema.machine.memory.CacheSystem#STALE] when data
    ///     accesses see another; [#FETCH_REFUSED]; or 0 when it faulted
    public long fetchWord(long va) {
        return fetchPage(va) < 0 ? 0 : fetch.word(va);
    }

    /// {@return the instruction word at `va`, a multiple of 4; 0 when it faulted}
    public int fetch32(long va) {
        return (int) fetchWord(va);
    }

    /// Reports that the instruction at `va` is executed though data accesses see another word there.
    ///
    /// @param va in the page that [#fetchPage] found last for it
    /// @param word what is executed
    /// @param patched see [dev.ipanema.machine.memory.CacheSystem#executedStale]
    public void executedStale(long va, int word, boolean patched) {
        fetch.executedStale(va, word, patched);
    }

    /// {@return who this element is to instruction cache maintenance}
    public Origin fetchOrigin() {
        return fetch.origin();
    }

    /// Translates as a load (or a store) at the current exception level does, without making it.
    ///
    /// @return the physical address, or -1 and a fault
    public long translate(long va, boolean write) {
        int flags = write ? Translator.WRITE : Translator.READ;
        if (!translator.translate(va, flags | privilege(false), AccessClass.CACHE_MAINTENANCE, true)) {
            faultRecorded();
            return -1;
        }
        return translator.result.pa;
    }

    /// {@return the final memory type of the address that was translated last}
    public MemoryAttributes resultAttributes() {
        return MemoryAttributes.ofPacked(translator.result.attributes);
    }

    /// Does a cache maintenance instruction by address: checks its translation and permissions and tells
    /// physical memory, by lines.
    ///
    /// @param op an operation whose operand is an address, not DC ZVA
    /// @return false when it faulted
    public boolean maintain(CacheOp op, long va) {
        return access.maintain(op, va);
    }

    /// Does a cache maintenance instruction by set and way.
    ///
    /// @param op DC ISW, CSW or CISW
    /// @return false when it has to be made anew
    public boolean maintain(CacheOp op, SetAndWay where) {
        return access.maintain(op, where);
    }

    /// Does an address translation instruction as EL1 executes it.
    ///
    /// @return the value for PAR_EL1; or 0 and [#faulted()], when stage 2 refused an access of the walk
    ///     or an external abort was met, which are exceptions rather than results
    public long at(AtOp op, long va) {
        long par = at.execute(op, va, context.pan);
        return at.isException() ? faultRecorded() : par;
    }

    /// Does an address translation instruction as a hypervisor executes it for this context: nothing is
    /// an exception, a fault is in the result.
    ///
    /// @return the value for PAR_EL1
    public long parOf(AtOp op, long va) {
        long par;
        do {
            serviceRequests();
            par = at.execute(op, va, context.pan);
        } while (at.isRetry());
        return par;
    }

    /// {@return flags of [Translator] for a data access at the current exception level}
    int privilege(boolean unprivileged) {
        int chosen = unprivileged ? userBankIndex : bankIndex;
        return chosen == SoftTlb.BANK_EL0 ? Translator.USER : chosen == SoftTlb.BANK_EL1_PAN ? Translator.PAN : 0;
    }

    Regime regime() {
        return regime;
    }

    // ---------------------------------------------------------------- software TLB, for the slow paths

    /// {@return the entry for an access, or 0 when the tag at `tagOffset` is of another page; low bits
    /// are ignored}
    long softEntry(long va, int tagOffset, boolean unprivileged) {
        long entry = (unprivileged ? userBank : bank) + (va >>> SoftTlb.INDEX_SHIFT & SoftTlb.INDEX_MASK);
        return RAW.getLong(entry + tagOffset) == wanted(va, 0) ? entry : 0;
    }

    /// Enters the page of a translation.
    void fill(long va, boolean unprivileged, boolean read, boolean write, long hostPage, long info) {
        boolean upper = (va & UPPER) != 0;
        if (upper && !translator.result.global && !upperByAsid) {
            upperByAsid = true;
            chooseGenerations();
        }
        long tag = upper ? upperGeneration : lowerGeneration;
        int into = unprivileged ? userBankIndex : bankIndex;
        soft.fill(into, va, (int) (tag >>> SoftTlb.GENERATION_SHIFT), read, write, hostPage, info);
    }

    // ---------------------------------------------------------------- TLB maintenance

    /// Does a TLB maintenance instruction that the guest executes, for the current VMID. One that reaches
    /// other elements is complete after [#dsb()].
    ///
    /// @param xt its operand; ignored by operations without one
    public void tlbi(TlbiOp op, long xt) {
        boolean broadcast = op.reach() != TlbiOp.Reach.LOCAL || (context.hcrEl2 & HcrEl2.FB) != 0;
        maintenance.execute(op, regime.vmid, xt, bits52(op), broadcast);
        tlbChanged();
    }

    /// Does a TLB maintenance operation on this element only, as a hypervisor does for a VMID (`TLBI
    /// IPAS2E1`, `VMALLE1` and the like, non-shareable).
    ///
    /// @param vmid ignored by ALLE1
    public void tlbiLocal(TlbiOp op, int vmid, long xt) {
        serviceRequests();
        maintenance.execute(op, vmid, xt, bits52(op), false);
        tlbChanged();
    }

    private boolean bits52(TlbiOp op) {
        return op.allowedAtEl1() ? (context.tcrEl1 & TcrEl1.DS) != 0 : regime.stage2.shFromVtcr();
    }

    private void forgetSoftEntries() {
        generations.retireAll();
        tlbChanged();
    }

    private void tlbChanged() {
        chooseGenerations();
        generation++;
    }

    /// Completes earlier broadcast maintenance of this element on all others (the part of DSB that
    /// concerns TLBs).
    public void dsb() {
        maintenance.synchronize(this);
    }

    /// Says which pages hold decoded code, before any guest runs.
    public void setCodePages(CodePages pages) {
        access.setCodePages(pages);
        maintenance.onCodeChange(pages::applyChanges);
    }

    /// Makes the other elements call [CodePages#applyChanges]; they have when [#dsb()] returns.
    public void postCodeChange() {
        maintenance.postCodeChange();
    }

    /// Makes stores of all elements to a physical page take the slow path from now on, and returns when
    /// they do. To be called after [CodePages#holdsCode] has come to be true of the page.
    ///
    /// @param paPage a multiple of 4 KiB
    public void dropWriteEntries(long paPage) {
        maintenance.dropWrites(paPage);
        maintenance.synchronize(this);
    }

    // ---------------------------------------------------------------- requests of other elements

    /// Sets what a request of another element does to make this one poll soon; called on the other's
    /// thread.
    public void onRequest(Runnable attention) {
        maintenance.onRequest(attention);
    }

    /// Enters guest code: from now on others wait for this element's polls. Applies all requests posted
    /// before.
    public void enterGuest() {
        maintenance.enter();
        serviceRequests();
    }

    /// {@return whether a thread, which is the calling one, is inside guest code of this element}
    public boolean isEnteredBy(Thread caller) {
        return maintenance.isOwnedBy(caller);
    }

    /// Leaves guest code: nobody waits for this element any more.
    public void exitGuest() {
        maintenance.exit();
    }

    /// Leaves guest code for the time of an access to a device: what that starts on this thread may take locks
    /// of the host, and who holds them may wait for the elements.
    ///
    /// @return whether the element was inside guest code, for [#returnFromDevice]
    boolean leaveForDevice() {
        return maintenance.leaveForDevice();
    }

    /// Ends [#leaveForDevice]. Requests are served here: the access has used its translation.
    void returnFromDevice(boolean inside) {
        maintenance.returnFromDevice(inside);
        serviceRequests();
    }

    /// {@return whether [#serviceRequests()] has something to do; cheap, may be called by any thread}
    public boolean requestsPending() {
        return maintenance.pending();
    }

    /// Applies the requests of other elements and of hypervisor threads.
    public void serviceRequests() {
        if (maintenance.pending()) {
            maintenance.service();
            tlbChanged();
        }
    }

    TlbMaintenance maintenance() {
        return maintenance;
    }

    /// {@return the number of combined entries in the architectural TLB, for tests and statistics}
    int tlbCount() {
        return tlb.count();
    }
}

package dev.ipanema.machine.mmu;

import dev.ipanema.arm.exception.FaultStatus;
import dev.ipanema.arm.memory.AccessKind;
import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.pgtable.Stage1Descriptor;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.machine.memory.Origin;
import dev.ipanema.machine.memory.PhysicalMemory;

/// Walks stage-1 tables down to a leaf, each table access itself translated by stage 2. Only while stage
/// 1 is on. The result stands in the fields; faults are recorded in the [Fault] given.
///
/// Order of checks: size of the half, EPD, base address, then at each level stage 2 of the table access,
/// external abort, valid, address size, access flag. Source: ASL `AArch64_S1Walk`, `AArch64_S1Translate`
/// (Arm v9.4).
final class Stage1Walker {
    private static final int DESCRIPTOR_BYTES = 8;

    private final PhysicalMemory memory;
    private final Regime regime;
    private final Stage2Translator stage2;
    private final Fault fault;
    private final Origin origin;

    /// The leaf as it stands in memory, where, and its level.
    long descriptor;

    int level;

    /// Bits of [Translation] that the leaf and the tables above it give.
    int rights;

    /// Output address for the address walked, and log2 of what the leaf covers, the contiguous group
    /// included.
    long ipa;

    int shift;

    private long descriptorIpa;
    private long tablePa;
    private MemoryAttributes tableType = MemoryAttributes.NORMAL_NC;

    Stage1Walker(PhysicalMemory memory, Regime regime, Stage2Translator stage2, Fault fault, Origin origin) {
        this.memory = memory;
        this.regime = regime;
        this.stage2 = stage2;
        this.fault = fault;
        this.origin = origin;
    }

    /// Walks for an address, which lies in `half`.
    ///
    /// @param needsAf whether a clear access flag faults when hardware does not set it
    /// @return whether there is a leaf; else the fault is recorded
    boolean walk(long va, Stage1Half half, boolean needsAf) {
        if (!half.legal() || half.walksDisabled()) {
            return fail(FaultStatus.TRANSLATION, 0);
        }
        long table = Regime.isUpper(va) ? regime.upperBase : regime.lowerBase;
        if (table >>> half.oaBits() != 0) {
            return fail(FaultStatus.ADDRESS_SIZE, 0);
        }
        Granule granule = half.granule();
        origin.va = va;
        int at = half.startLevel();
        long index = half.startIndex(va);
        long tables = 0;
        while (true) {
            descriptorIpa = table + index * DESCRIPTOR_BYTES;
            level = at;
            if (!reach(half, false)) {
                return false;
            }
            long desc = memory.load(origin, tableType, tablePa, DESCRIPTOR_BYTES);
            if (origin.again) {
                origin.again = false;
                return fault.again();
            }
            if (regime.is(SctlrEl1.EE)) {
                desc = Long.reverseBytes(desc);
            }
            if (!Stage1Descriptor.isTable(desc, at)) {
                return leaf(va, half, desc, at, tables, needsAf);
            }
            table = Stage1Descriptor.tableAddress(desc, granule, half.oa52());
            if (table >>> half.oaBits() != 0) {
                return fail(FaultStatus.ADDRESS_SIZE, at);
            }
            tables |= half.ignoreHierarchical() ? 0 : desc & Stage1Descriptor.HIERARCHICAL;
            at++;
            index = granule.index(va, at);
        }
    }

    private boolean leaf(long va, Stage1Half half, long desc, int at, long tables, boolean needsAf) {
        Granule granule = half.granule();
        if (!Stage1Descriptor.isBlockOrPage(desc, at) || (at < 3 && !granule.hasBlocks(at, half.oa52()))) {
            return fail(FaultStatus.TRANSLATION, at);
        }
        long out = Stage1Descriptor.outputAddress(desc, at, granule, half.oa52());
        if (out >>> half.oaBits() != 0) {
            return fail(FaultStatus.ADDRESS_SIZE, at);
        }
        if (needsAf && !Stage1Descriptor.af(desc) && !regime.hardwareAf) {
            return fail(FaultStatus.ACCESS_FLAG, at);
        }
        descriptor = desc;
        rights = rights(desc, tables);
        int span = granule.levelShift(at);
        ipa = out | (va & (1L << span) - 1);
        shift = Stage1Descriptor.contiguous(desc)
                ? span + Integer.numberOfTrailingZeros(granule.contiguousEntries(at))
                : span;
        return true;
    }

    private int rights(long desc, long tables) {
        boolean clean = regime.hardwareDirty
                && (desc & (Stage1Descriptor.DBM | Stage1Descriptor.AP_READ_ONLY))
                        == (Stage1Descriptor.DBM | Stage1Descriptor.AP_READ_ONLY);
        long direct = clean ? desc & ~Stage1Descriptor.AP_READ_ONLY : desc;
        long limited = Stage1Descriptor.withHierarchical(direct, tables);
        boolean write = (limited & Stage1Descriptor.AP_READ_ONLY) == 0;
        boolean user = (limited & Stage1Descriptor.AP_EL0) != 0;
        int result = Translation.PRIV_READ;
        result |= write ? Translation.PRIV_WRITE : 0;
        result |= user ? Translation.USER_READ : 0;
        result |= user && write ? Translation.USER_WRITE : 0;
        boolean noExecEl1 = (limited & Stage1Descriptor.PXN) != 0 || (user && write) || (regime.wxn && write);
        boolean noExecEl0 = (limited & Stage1Descriptor.UXN) != 0 || (regime.wxn && user && write);
        result |= noExecEl1 ? 0 : Translation.PRIV_EXEC;
        result |= noExecEl0 ? 0 : Translation.USER_EXEC;
        result |= (desc & Stage1Descriptor.GP) != 0 ? Translation.GUARDED : 0;
        return result | (clean && write ? Translation.S1_CLEAN : 0);
    }

    /// {@return whether the leaf has to be updated in memory before an access that stage 1 permits}
    boolean needsUpdate(boolean write) {
        return (regime.hardwareAf && !Stage1Descriptor.af(descriptor))
                || (write && (rights & Translation.S1_CLEAN) != 0);
    }

    /// What [#update] has come to.
    enum Update {
        /// The leaf is as it should be, in memory and in the fields.
        DONE,
        /// Others changed the leaf meanwhile: walk again.
        AGAIN,
        /// A fault is recorded.
        FAULT
    }

    /// Makes the updates of [#needsUpdate] in memory, through stage 2 with write permission.
    Update update(Stage1Half half, boolean write) {
        if (!reach(half, true)) {
            return Update.FAULT;
        }
        if (memory.hostAddressForRead(tablePa) < 0) {
            fault.record(1, FaultStatus.UNSUPPORTED_HW_UPDATE, false, 0, true);
            return Update.FAULT;
        }
        long wanted = descriptor | Stage1Descriptor.AF;
        if (write && (rights & Translation.S1_CLEAN) != 0) {
            wanted &= ~Stage1Descriptor.AP_READ_ONLY;
        }
        boolean swap = regime.is(SctlrEl1.EE);
        long expected = swap ? Long.reverseBytes(descriptor) : descriptor;
        long stored = swap ? Long.reverseBytes(wanted) : wanted;
        long witness = memory.compareAndExchange(origin, tableType, tablePa, DESCRIPTOR_BYTES, expected, stored);
        if (origin.again) {
            origin.again = false;
            fault.again();
            return Update.FAULT;
        }
        if (witness != expected) {
            return Update.AGAIN;
        }
        if (write) {
            rights &= ~Translation.S1_CLEAN;
        }
        descriptor = wanted;
        return Update.DONE;
    }

    /// Finds where in physical memory the descriptor at [#descriptorIpa] is.
    private boolean reach(Stage1Half half, boolean update) {
        tablePa = descriptorIpa;
        tableType = half.walkType();
        if (regime.stage2On && !reachByStage2(half.walkType(), update)) {
            return false;
        }
        return memory.contains(tablePa, DESCRIPTOR_BYTES) || fail(FaultStatus.SYNC_EXTERNAL_ABORT_TTW, level);
    }

    private boolean reachByStage2(MemoryAttributes walkType, boolean update) {
        while (true) {
            if (!stage2.find(descriptorIpa, true)) {
                return fault.record(2, stage2.fault, true, descriptorIpa, update);
            }
            MemoryAttributes leafType = stage2.leafType(walkType);
            boolean refused = regime.stage2.modifiers().walkFaults(AccessKind.WALK, leafType);
            if (refused || !stage2.readable() || (update && !stage2.writable())) {
                stage2.cache();
                int status = FaultStatus.of(FaultStatus.PERMISSION, stage2.level);
                return fault.record(2, status, true, descriptorIpa, update);
            }
            if (!stage2.needsUpdate(update) || stage2.update(update)) {
                stage2.cache();
                tablePa = stage2.pa;
                tableType = stage2.result(AccessKind.WALK, walkType, leafType);
                return true;
            }
        }
    }

    private boolean fail(int kind, int at) {
        return fault.record(1, FaultStatus.of(kind, at), false, 0, false);
    }
}

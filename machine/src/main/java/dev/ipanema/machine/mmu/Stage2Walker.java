package dev.ipanema.machine.mmu;

import dev.ipanema.arm.exception.FaultStatus;
import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.pgtable.Stage2Descriptor;
import dev.ipanema.machine.memory.Origin;
import dev.ipanema.machine.memory.PhysicalMemory;

/// Walks stage-2 tables in physical memory down to a leaf, for one address at a time. The result stands
/// in the fields. Memory type and permissions of the leaf are the caller's to check.
///
/// Order of checks: IPA size and start level, base address, then at each level external abort, valid,
/// address size, access flag. Source: ASL `AArch64_S2Translate`, `AArch64_S2Walk` (Arm v9.4).
final class Stage2Walker {
    /// [#fault] after a walk that found a leaf.
    static final int OK = -1;

    private static final int DESCRIPTOR_BYTES = 8;

    private final PhysicalMemory memory;
    private final Regime regime;
    private final Origin origin;

    /// The leaf, its own physical address and its level.
    long descriptor;

    long descriptorPa;
    int level;

    /// Physical address of the first byte that the leaf covers, and log2 of how much that is, the
    /// contiguous group included.
    long pa;

    int shift;

    /// A [FaultStatus], [Fault#RETRY], or [#OK].
    int fault;

    Stage2Walker(PhysicalMemory memory, Regime regime, Origin origin) {
        this.memory = memory;
        this.regime = regime;
        this.origin = origin;
    }

    /// Walks for an address.
    ///
    /// @param needsAf whether a clear access flag faults when hardware does not set it
    /// @return whether there is a leaf; else [#fault] says why not
    boolean walk(long ipa, boolean needsAf) {
        Stage2Regime r = regime.stage2;
        if (!r.walkable() || ipa >>> r.ipaBits() != 0) {
            return fail(FaultStatus.TRANSLATION, 0);
        }
        long table = regime.stage2Base;
        if (table >>> r.oaBits() != 0) {
            return fail(FaultStatus.ADDRESS_SIZE, 0);
        }
        Granule granule = r.granule();
        int at = r.startLevel();
        long index = ipa >>> granule.levelShift(at);
        while (true) {
            long entryPa = table + index * DESCRIPTOR_BYTES;
            if (!memory.contains(entryPa, DESCRIPTOR_BYTES)) {
                return fail(FaultStatus.SYNC_EXTERNAL_ABORT_TTW, at);
            }
            long desc = memory.load(origin, r.walkType(), entryPa, DESCRIPTOR_BYTES);
            if (origin.again) {
                origin.again = false;
                fault = Fault.RETRY;
                return false;
            }
            if (!Stage2Descriptor.isTable(desc, at)) {
                return leaf(r, desc, entryPa, at, needsAf);
            }
            table = Stage2Descriptor.tableAddress(desc, granule, r.oa52());
            if (table >>> r.oaBits() != 0) {
                return fail(FaultStatus.ADDRESS_SIZE, at);
            }
            at++;
            index = granule.index(ipa, at);
        }
    }

    private boolean leaf(Stage2Regime r, long desc, long entryPa, int at, boolean needsAf) {
        Granule granule = r.granule();
        if (!Stage2Descriptor.isBlockOrPage(desc, at) || (at < 3 && !granule.hasBlocks(at, r.oa52()))) {
            return fail(FaultStatus.TRANSLATION, at);
        }
        long out = Stage2Descriptor.outputAddress(desc, at, granule, r.oa52());
        if (out >>> r.oaBits() != 0) {
            return fail(FaultStatus.ADDRESS_SIZE, at);
        }
        if (needsAf && !Stage2Descriptor.af(desc) && !r.hardwareAf()) {
            return fail(FaultStatus.ACCESS_FLAG, at);
        }
        descriptor = desc;
        descriptorPa = entryPa;
        level = at;
        pa = out;
        shift = granule.levelShift(at);
        if (Stage2Descriptor.contiguous(desc)) {
            shift += Integer.numberOfTrailingZeros(granule.contiguousEntries(at));
            pa &= -1L << shift;
        }
        fault = OK;
        return true;
    }

    /// Replaces the leaf found last by `desc`, as hardware updates of access flag and dirty state do.
    ///
    /// @return false when the leaf had been changed meanwhile: walk again, which also finds out when the
    ///     update has to be made anew
    boolean update(long desc) {
        long witness = memory.compareAndExchange(
                origin, regime.stage2.walkType(), descriptorPa, DESCRIPTOR_BYTES, descriptor, desc);
        if (witness != descriptor || origin.again) {
            return false;
        }
        descriptor = desc;
        return true;
    }

    private boolean fail(int kind, int at) {
        fault = FaultStatus.of(kind, at);
        level = at;
        return false;
    }
}

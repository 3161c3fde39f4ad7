package dev.ipanema.machine.mmu;

import dev.ipanema.arm.exception.FaultStatus;
import dev.ipanema.arm.memory.AccessKind;
import dev.ipanema.arm.memory.AlignmentRules;
import dev.ipanema.arm.memory.AlignmentRules.AccessClass;
import dev.ipanema.arm.memory.ExclusiveRules;
import dev.ipanema.arm.memory.Mair;
import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.arm.memory.Shareability;
import dev.ipanema.arm.memory.Stage1Output;
import dev.ipanema.arm.pgtable.Stage1Descriptor;
import dev.ipanema.arm.pgtable.Stage2Descriptor;
import dev.ipanema.arm.register.HcrEl2;
import dev.ipanema.arm.register.SctlrEl1;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.Origin;
import dev.ipanema.machine.memory.PhysicalMemory;

/// Translates one virtual address of the EL1&0 regime and checks the access, in the architecture's order:
/// address range, TLB or stage-1 walk, stage-1 alignment, stage-1 permission, stage-2 walk, stage-2
/// alignment, stage-2 permission, exclusive and atomic rule. The result is a [Translation] or a recorded
/// [Fault].
///
/// Sources: ASL `AArch64_FullTranslate`, `AArch64_S1Translate`, `AArch64_S1CheckPermissions`,
/// `AArch64_S2CheckPermissions` (Arm v9.4).
final class Translator {
    /// Needs read permission.
    static final int READ = 1;

    /// Needs write permission.
    static final int WRITE = 1 << 1;

    /// Is an instruction fetch.
    static final int FETCH = 1 << 2;

    /// Is checked as an access of EL0.
    static final int USER = 1 << 3;

    /// Is subject to PSTATE.PAN.
    static final int PAN = 1 << 4;

    /// Is an exclusive or atomic access.
    static final int ATOMIC = 1 << 5;

    /// Is a cache maintenance or address translation instruction: reported with CM, without access flag
    /// faults.
    static final int MAINTENANCE = 1 << 6;

    /// Is asked by AT for stage 1 alone; the output address is the intermediate one.
    static final int STAGE1_ONLY = 1 << 7;

    /// Changes no descriptor: the dirty state is left alone, the access flag neither faults nor is set.
    static final int NO_UPDATE = 1 << 8;

    private static final int FLAT_SHIFT = 30;
    private static final int FLAT_LEVEL = 0;

    final Translation result = new Translation();
    final Fault fault;
    private final Regime regime;
    private final ArchTlb tlb;
    private final Stage2Translator stage2;
    private final Stage1Walker stage1;
    private final ExclusivePolicy policy;
    private final int paBits;

    /// @param index number of the processing element
    Translator(
            PhysicalMemory memory,
            int index,
            Regime regime,
            ArchTlb tlb,
            Stage2Tlb stage2Tlb,
            Fault fault,
            ExclusivePolicy policy,
            int paBits) {
        this.regime = regime;
        this.tlb = tlb;
        this.fault = fault;
        this.policy = policy;
        this.paBits = paBits;
        Origin walks = new Origin(Agent.TABLE_WALK, index, true);
        this.stage2 = new Stage2Translator(memory, regime, stage2Tlb, walks);
        this.stage1 = new Stage1Walker(memory, regime, stage2, fault, walks);
    }

    /// Translates.
    ///
    /// @param flags bits of this class
    /// @param aligned whether the access is naturally aligned
    /// @return whether the access may be made; else the fault is recorded
    boolean translate(long va, int flags, AccessClass accessClass, boolean aligned) {
        boolean done = translateOrRecord(va, flags, accessClass, aligned);
        return done || fault.of(va, (flags & FETCH) != 0, (flags & MAINTENANCE) != 0);
    }

    private boolean translateOrRecord(long va, int flags, AccessClass accessClass, boolean aligned) {
        result.va = va;
        if (!isInRange(va, flags)) {
            return false;
        }
        int entry = tlb.find(va, regime.vmid, regime.asid, regime.config);
        if (entry != ArchTlb.NONE) {
            tlb.read(entry, va, result);
            int clean = Translation.S1_CLEAN | Translation.S2_CLEAN;
            if ((flags & WRITE) == 0 || (flags & NO_UPDATE) != 0 || (result.rights & clean) == 0) {
                return stage1Permits(flags, accessClass, aligned)
                        && ((flags & STAGE1_ONLY) != 0
                                || (stage2Permits(flags, accessClass, aligned) && typePermits(flags)));
            }
        }
        return walk(va, flags, accessClass, aligned);
    }

    private boolean isInRange(long va, int flags) {
        if (!regime.stage1On) {
            Stage1Half half = regime.half(va);
            boolean ignoreTop = (flags & FETCH) != 0 ? half.tbiFetch() : half.tbi();
            long address = ignoreTop ? va & -1L >>> 8 : va;
            return address >>> paBits == 0 || fail(1, FaultStatus.ADDRESS_SIZE, 0, flags);
        }
        Stage1Half half = regime.half(va);
        if (!half.contains(va, (flags & FETCH) != 0 ? half.tbiFetch() : half.tbi())
                || (half.e0pd() && (flags & USER) != 0)) {
            return fail(1, FaultStatus.TRANSLATION, 0, flags);
        }
        return true;
    }

    private boolean walk(long va, int flags, AccessClass accessClass, boolean aligned) {
        do {
            if (!walkStage1(va, flags) || !stage1Permits(flags, accessClass, aligned)) {
                return false;
            }
            switch (updateStage1(va, flags)) {
                case FAULT -> {
                    return false;
                }
                case DONE -> {
                    return (flags & STAGE1_ONLY) != 0 || walkStage2(flags, accessClass, aligned);
                }
                case AGAIN -> {}
            }
        } while (true);
    }

    private boolean walkStage1(long va, int flags) {
        if (!regime.stage1On) {
            result.ipa = regime.half(va).tbi() ? va & -1L >>> 8 : va;
            result.rights = Translation.S1_ALL;
            result.global = true;
            result.s1Level = FLAT_LEVEL;
            result.s1Shift = FLAT_SHIFT;
            boolean cached = regime.is(SctlrEl1.I);
            boolean dc = (regime.hcr & HcrEl2.DC) != 0;
            boolean dct = (regime.hcr & HcrEl2.DCT) != 0;
            setStage1Types(
                    Stage1Output.disabled(AccessKind.DATA, cached, dc, dct),
                    Stage1Output.disabled(AccessKind.FETCH, cached, dc, dct));
            return true;
        }
        Stage1Half half = regime.half(va);
        if (!stage1.walk(va, half, needsAf(flags))) {
            if (fault.stage == 1) {
                fault.write = blameWrite(flags);
            }
            return false;
        }
        long descriptor = stage1.descriptor;
        result.ipa = stage1.ipa;
        result.rights = stage1.rights;
        result.global = !Stage1Descriptor.nG(descriptor);
        result.s1Level = stage1.level;
        result.s1Shift = stage1.shift;
        Shareability sh = half.shFromTcr() ? half.tcrShareability() : Stage1Descriptor.shareability(descriptor);
        MemoryAttributes leaf = Mair.decode(Mair.attr(regime.mair, Stage1Descriptor.attrIndx(descriptor)), sh);
        boolean c = regime.is(SctlrEl1.C);
        boolean i = regime.is(SctlrEl1.I);
        setStage1Types(
                Stage1Output.translated(leaf, AccessKind.DATA, c, i),
                Stage1Output.translated(leaf, AccessKind.FETCH, c, i));
        return true;
    }

    private void setStage1Types(MemoryAttributes data, MemoryAttributes fetch) {
        result.s1Attributes = data.packed();
        result.s1FetchAttributes = fetch.packed();
    }

    private Stage1Walker.Update updateStage1(long va, int flags) {
        boolean write = (flags & WRITE) != 0;
        if (!regime.stage1On || (flags & (NO_UPDATE | MAINTENANCE)) != 0 || !stage1.needsUpdate(write)) {
            return Stage1Walker.Update.DONE;
        }
        Stage1Walker.Update update = stage1.update(regime.half(va), write);
        result.rights = stage1.rights;
        return update;
    }

    private boolean walkStage2(int flags, AccessClass accessClass, boolean aligned) {
        int s1Rights = result.rights;
        while (true) {
            result.rights = s1Rights;
            if (!regime.stage2On) {
                flatStage2();
                return typePermits(flags) && insert();
            }
            if (!stage2.find(result.ipa, needsAf(flags))) {
                return fault.record(2, stage2.fault, false, result.ipa, blameWrite(flags));
            }
            takeStage2();
            if (!stage2Permits(flags, accessClass, aligned)) {
                stage2.cache();
                return false;
            }
            boolean write = (flags & WRITE) != 0;
            boolean still = (flags & (NO_UPDATE | MAINTENANCE)) != 0;
            if (!still && stage2.needsUpdate(write)) {
                if (!stage2.update(write)) {
                    continue;
                }
                result.rights &= write ? ~Translation.S2_CLEAN : -1;
            }
            stage2.cache();
            boolean allowed = typePermits(flags);
            return allowed && insert();
        }
    }

    private void flatStage2() {
        result.pa = result.ipa;
        result.rights |= Translation.S2_ALL;
        result.s2Level = FLAT_LEVEL;
        result.shift = result.s1Shift;
        result.attributes = result.s1Attributes;
        result.fetchAttributes = result.s1FetchAttributes;
    }

    private void takeStage2() {
        result.pa = stage2.pa;
        result.s2Level = stage2.level;
        result.shift = Math.min(result.s1Shift, stage2.shift);
        if (!regime.stage1On) {
            result.s1Shift = result.shift;
        }
        MemoryAttributes s1 = MemoryAttributes.ofPacked(result.s1Attributes);
        MemoryAttributes s1Fetch = MemoryAttributes.ofPacked(result.s1FetchAttributes);
        MemoryAttributes leaf = stage2.leafType(s1);
        MemoryAttributes leafFetch = stage2.leafType(s1Fetch);
        result.attributes = stage2.result(AccessKind.DATA, s1, leaf).packed();
        result.fetchAttributes =
                stage2.result(AccessKind.FETCH, s1Fetch, leafFetch).packed();
        int rights = leaf.isDevice() ? Translation.S2_DEVICE : 0;
        rights |= stage2.readable() ? Translation.S2_READ : 0;
        rights |= stage2.writable() ? Translation.S2_WRITE : 0;
        rights |= stage2.clean() ? Translation.S2_CLEAN : 0;
        rights |= stage2.executableAtEl1() ? Translation.S2_PRIV_EXEC : 0;
        rights |= stage2.executableAtEl0() ? Translation.S2_USER_EXEC : 0;
        result.rights |= rights;
    }

    /// Enters the result into the TLB unless an access flag is clear.
    private boolean insert() {
        boolean s1Af = !regime.stage1On || Stage1Descriptor.af(stage1.descriptor);
        boolean s2Af = !regime.stage2On || Stage2Descriptor.af(stage2.descriptor);
        if (s1Af && s2Af) {
            tlb.insert(result, regime.vmid, regime.asid, regime.config);
        }
        return true;
    }

    private static boolean needsAf(int flags) {
        return (flags & MAINTENANCE) == 0;
    }

    private boolean stage1Permits(int flags, AccessClass accessClass, boolean aligned) {
        if (AlignmentRules.faultsByType(accessClass, aligned, MemoryAttributes.ofPacked(result.s1Attributes))) {
            return fail(1, FaultStatus.ALIGNMENT, 0, flags);
        }
        int missing = missingStage1(flags);
        return missing == 0 || refuse(1, missing, result.s1Level);
    }

    /// {@return those of [#READ], [#WRITE], [#FETCH] that stage 1 does not allow}
    private int missingStage1(int flags) {
        int rights = result.rights;
        int allowed;
        if ((flags & USER) != 0) {
            allowed = (rights & Translation.USER_READ) != 0 ? READ : 0;
            allowed |= (rights & Translation.USER_WRITE) != 0 ? WRITE : 0;
            allowed |= (rights & Translation.USER_EXEC) != 0 ? FETCH : 0;
        } else {
            boolean blocked = (flags & PAN) != 0 && panApplies(rights);
            allowed = (rights & Translation.PRIV_READ) != 0 && !blocked ? READ : 0;
            allowed |= (rights & Translation.PRIV_WRITE) != 0 && !blocked ? WRITE : 0;
            allowed |= (rights & Translation.PRIV_EXEC) != 0 ? FETCH : 0;
        }
        return flags & (READ | WRITE | FETCH) & ~allowed;
    }

    /// {@return those of [#READ], [#WRITE], [#FETCH] that both stages allow in [#result]}
    ///
    /// @param privilege [#USER], [#PAN] or neither
    int allowed(int privilege) {
        int all = READ | WRITE | FETCH;
        return all & ~missingStage1(all | privilege) & ~missingStage2(all | privilege);
    }

    /// {@return whether PAN forbids EL1 data accesses to a page with these rights: one that EL0 may access}
    private boolean panApplies(int rights) {
        int user = Translation.USER_READ | Translation.USER_WRITE | (regime.epan ? Translation.USER_EXEC : 0);
        return regime.stage1On && (rights & user) != 0;
    }

    private boolean stage2Permits(int flags, AccessClass accessClass, boolean aligned) {
        boolean device = (result.rights & Translation.S2_DEVICE) != 0;
        MemoryAttributes type = device ? MemoryAttributes.DEVICE_nGnRnE : MemoryAttributes.NORMAL_NC;
        if (AlignmentRules.faultsByType(accessClass, aligned, type)) {
            return fail(2, FaultStatus.ALIGNMENT, 0, flags);
        }
        int missing = missingStage2(flags);
        return missing == 0 || refuse(2, missing, result.s2Level);
    }

    private int missingStage2(int flags) {
        int rights = result.rights;
        int exec = (flags & USER) != 0 ? Translation.S2_USER_EXEC : Translation.S2_PRIV_EXEC;
        int allowed = (rights & Translation.S2_READ) != 0 ? READ : 0;
        allowed |= (rights & Translation.S2_WRITE) != 0 ? WRITE : 0;
        allowed |= (rights & exec) != 0 ? FETCH : 0;
        return flags & (READ | WRITE | FETCH) & ~allowed;
    }

    private boolean typePermits(int flags) {
        if ((flags & ATOMIC) == 0
                || policy == ExclusivePolicy.WORK
                || ExclusiveRules.isGuaranteed(MemoryAttributes.ofPacked(result.attributes))) {
            return true;
        }
        if (policy == ExclusivePolicy.EXTERNAL_ABORT) {
            return fail(1, FaultStatus.SYNC_EXTERNAL_ABORT, 0, flags);
        }
        int stage = ExclusiveRules.faultStage(MemoryAttributes.ofPacked(result.s1Attributes));
        return fail(stage, FaultStatus.UNSUPPORTED_EXCLUSIVE_ATOMIC, 0, flags);
    }

    /// A permission fault; of an atomic that may not even read, WnR is clear.
    private boolean refuse(int stage, int missing, int level) {
        boolean write = (missing & WRITE) != 0 && (missing & READ) == 0;
        int status = FaultStatus.of(FaultStatus.PERMISSION, level);
        return fault.record(stage, status, false, stage == 2 ? result.ipa : 0, write);
    }

    private boolean fail(int stage, int kind, int level, int flags) {
        return fault.record(stage, FaultStatus.of(kind, level), false, stage == 2 ? result.ipa : 0, blameWrite(flags));
    }

    /// {@return WnR of a fault that a read would have met too: set for an access that only writes}
    private static boolean blameWrite(int flags) {
        return (flags & (READ | WRITE)) == WRITE;
    }
}

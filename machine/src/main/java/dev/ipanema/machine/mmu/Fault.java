package dev.ipanema.machine.mmu;

import dev.ipanema.arm.exception.FaultStatus;
import dev.ipanema.arm.exception.Hpfar;

/// Why the last access of an [Mmu] was not made. One object per MMU, overwritten by the next fault.
///
/// A fault of stage 1 belongs to EL1, one of stage 2 to EL2; an external abort ([#isExternal()]) goes
/// where HCR_EL2.TEA sends it unless it is of stage 2.
public final class Fault {
    /// What stands for a [FaultStatus] when the access has to be made anew: no fault.
    static final int RETRY = -2;

    int stage;
    int fsc;
    boolean s1ptw;
    long va;
    long ipa;
    boolean ipaValid;
    boolean write;
    boolean fetch;
    boolean cacheMaintenance;
    boolean external;
    boolean syndromeAllowed;
    boolean retry;

    Fault() {}

    /// Records that nothing is wrong, but the access has to be made anew from its translation on.
    ///
    /// @return false
    boolean again() {
        retry = true;
        return false;
    }

    /// {@return whether it is no fault: the instruction is to be executed anew, after requests of other
    /// elements have been served}
    public boolean isRetry() {
        return retry;
    }

    /// Records what went wrong; the access itself is added by [#of].
    ///
    /// @param status a [FaultStatus]
    /// @param faultIpa what stage 2 was translating; 0 when stage 1 faulted
    /// @param update whether a write faulted: the access's own, or on a walk a hardware update
    /// @return false
    boolean record(int inStage, int status, boolean onWalk, long faultIpa, boolean update) {
        retry = status == RETRY;
        stage = inStage;
        fsc = status;
        s1ptw = onWalk;
        ipa = faultIpa;
        write = update;
        ipaValid = inStage == 2 && Hpfar.isValidFor(status, onWalk);
        external = FaultStatus.isSynchronousExternalAbort(status);
        return false;
    }

    /// Adds the access that met the fault.
    ///
    /// @return false
    boolean of(long accessVa, boolean isFetch, boolean isMaintenance) {
        va = accessVa;
        fetch = isFetch;
        cacheMaintenance = isMaintenance;
        write |= isMaintenance;
        syndromeAllowed = stage == 2 && !s1ptw && !isMaintenance && !isFetch;
        return false;
    }

    /// {@return the stage that faulted, 1 or 2}
    public int stage() {
        return stage;
    }

    /// {@return the fault status code with its level, as in ISS.DFSC or ISS.IFSC (see [FaultStatus])}
    public int fsc() {
        return fsc;
    }

    /// {@return whether a stage-2 fault was taken on the access of a stage-1 table walk}
    public boolean s1ptw() {
        return s1ptw;
    }

    /// {@return the virtual address for FAR: of the access, or of the second page when an access crossed
    /// into it}
    public long va() {
        return va;
    }

    /// {@return the intermediate physical address that stage 2 was translating, with its page offset; of
    /// the descriptor when [#s1ptw()]}
    public long ipa() {
        return ipa;
    }

    /// {@return whether hardware would report [#ipa()] in HPFAR_EL2: a stage-2 translation, access flag
    /// or address size fault, or a permission fault with [#s1ptw()] (Arm ARM, `IPAValid`)}
    public boolean ipaValid() {
        return ipaValid;
    }

    /// {@return ISS.WnR: a write, an atomic that lacks write permission, a cache or translation maintenance
    /// instruction,
    /// or a hardware update of a descriptor}
    public boolean isWrite() {
        return write;
    }

    /// {@return whether an instruction fetch faulted: an instruction abort rather than a data abort}
    public boolean isFetch() {
        return fetch;
    }

    /// {@return ISS.CM: a cache maintenance or address translation instruction}
    public boolean isCacheMaintenance() {
        return cacheMaintenance;
    }

    /// {@return whether the fault is a synchronous external abort, on the access or on a walk}
    public boolean isExternal() {
        return external;
    }

    /// {@return whether a data abort to EL2 may report ISV and the register fields, provided that the
    /// instruction form allows it: stage 2, not on a walk, no maintenance}
    public boolean syndromeAllowed() {
        return syndromeAllowed;
    }

    @Override
    public String toString() {
        return "stage-" + stage + " " + FaultStatus.describe(fsc) + (s1ptw ? " on stage-1 walk" : "")
                + (write ? " write" : fetch ? " fetch" : " read") + " va=0x" + Long.toHexString(va) + " ipa=0x"
                + Long.toHexString(ipa);
    }
}

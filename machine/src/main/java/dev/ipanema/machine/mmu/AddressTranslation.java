package dev.ipanema.machine.mmu;

import dev.ipanema.arm.exception.Par;
import dev.ipanema.arm.memory.AlignmentRules.AccessClass;
import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.arm.register.AtOp;

/// Address translation instructions: a translation that makes no access and changes no descriptor, with
/// its result in the form of PAR_EL1.
final class AddressTranslation {
    private final Translator translator;
    private boolean done;

    AddressTranslation(Translator translator) {
        this.translator = translator;
    }

    /// {@return the value for PAR_EL1, a fault included}
    ///
    /// @param pan PSTATE.PAN, which some operations honour
    long execute(AtOp op, long va, boolean pan) {
        int flags = Translator.MAINTENANCE | Translator.NO_UPDATE;
        flags |= op.isWrite() ? Translator.WRITE : Translator.READ;
        flags |= op.privileged() ? 0 : Translator.USER;
        flags |= op.honoursPan() && pan ? Translator.PAN : 0;
        flags |= op.bothStages() ? 0 : Translator.STAGE1_ONLY;
        done = translator.translate(va, flags, AccessClass.CACHE_MAINTENANCE, true);
        Fault fault = translator.fault;
        if (!done) {
            return Par.fault(fault.fsc, fault.stage == 2, fault.s1ptw);
        }
        Translation t = translator.result;
        return op.bothStages()
                ? Par.success(t.pa, MemoryAttributes.ofPacked(t.attributes))
                : Par.success(t.ipa, MemoryAttributes.ofPacked(t.s1Attributes));
    }

    /// {@return whether the last [#execute] is an exception when EL1 executes the instruction: stage 2
    /// refused an access of the walk, or an external abort was met; also when it has to be made anew}
    boolean isException() {
        return !done && (translator.fault.isRetry() || translator.fault.isExternal() || translator.fault.stage == 2);
    }

    /// {@return whether the last [#execute] has to be made anew}
    boolean isRetry() {
        return !done && translator.fault.isRetry();
    }
}

package dev.ipanema.kvm.abort;

import dev.ipanema.arm.exception.Esr;
import dev.ipanema.arm.exception.ExceptionClass;
import dev.ipanema.arm.exception.FaultStatus;
import dev.ipanema.arm.exception.Hpfar;
import dev.ipanema.arm.exception.Par;
import dev.ipanema.arm.register.AtOp;
import dev.ipanema.machine.cpu.ProcessingElement;

/// What the trap of an abort tells (`struct kvm_vcpu_fault_info`, `arch/arm64/kvm/hyp/include/hyp/fault.h`). One
/// object a vCPU, kept until the next trap: the completion of an MMIO access reads it.
public final class FaultInfo {
    private long esr;
    private long far;
    private long ipa;
    private boolean ipaValid;

    /// Takes the syndrome of a trap over from the processing element, and finds out the IPA of an abort: from
    /// HPFAR_EL2 where the architecture writes it, else by translating FAR_EL2 again.
    ///
    /// @return false when that translation fails: the guest has changed its tables, it is entered again
    public boolean populate(ProcessingElement pe) {
        esr = pe.esrEl2();
        far = pe.farEl2();
        ipa = 0;
        ipaValid = false;
        if (!isAbort()) {
            return true;
        }
        if (Hpfar.isValidFor(fsc(), s1ptw())) {
            setIpa(Hpfar.ipa(pe.hpfarEl2()));
            return true;
        }
        if (!isSafeToTranslate()) {
            return true;
        }
        long par = pe.mmu().parOf(AtOp.S1E1R, far);
        if (Par.isFault(par)) {
            return false;
        }
        setIpa(Par.pa(par));
        return true;
    }

    private void setIpa(long page) {
        ipa = page;
        ipaValid = true;
    }

    private boolean isAbort() {
        return ExceptionClass.isAbort(Esr.ec(esr));
    }

    /// After an external abort on a walk, or one without FAR, the walk must not be repeated
    /// (`__fault_safe_to_translate`).
    private boolean isSafeToTranslate() {
        return switch (FaultStatus.kind(fsc())) {
            case FaultStatus.SYNC_EXTERNAL_ABORT_TTW, FaultStatus.PARITY_TTW -> false;
            case FaultStatus.SYNC_EXTERNAL_ABORT -> !Esr.fnv(esr);
            default -> true;
        };
    }

    /// {@return ESR_EL2}
    public long esr() {
        return esr;
    }

    /// {@return FAR_EL2}
    public long far() {
        return far;
    }

    /// {@return the page of the faulting IPA, meaningful when [#ipaValid()]}
    public long ipa() {
        return ipa;
    }

    /// {@return the faulting IPA with the offset in its 4 KiB page, which FAR_EL2 tells}
    public long fullIpa() {
        return ipa | (far & (MappingSize.PAGE_SIZE - 1));
    }

    /// {@return whether the IPA is known}
    public boolean ipaValid() {
        return ipaValid;
    }

    /// {@return the fault status code}
    public int fsc() {
        return Esr.fsc(esr);
    }

    /// {@return whether it is an instruction abort}
    public boolean iabt() {
        return ExceptionClass.isInstructionAbort(Esr.ec(esr));
    }

    /// {@return whether stage 2 faulted on a stage-1 table walk}
    public boolean s1ptw() {
        return Esr.s1ptw(esr);
    }
}

package dev.ipanema.arm.exception;

/// The three registers that describe an exception taken to EL2 (or, without `hpfar`, to EL1), as hardware
/// left them.
///
/// FAR_ELx holds the faulting virtual address of Instruction Aborts, Data Aborts, PC alignment faults and
/// watchpoints, unless ESR_ELx.FnV is set; a stage-2 fault on a stage-1 walk reports the address of the
/// original access (Arm ARM DDI 0487, FAR_EL1, FAR_EL2).
///
/// @param esr ESR_ELx
/// @param far FAR_ELx
/// @param hpfar HPFAR_EL2; 0 at EL1
public record Syndrome(long esr, long far, long hpfar) {
    /// {@return whether FAR_ELx holds an address}
    public boolean isFarValid() {
        return switch (Esr.ec(esr)) {
            case ExceptionClass.INSTRUCTION_ABORT_LOWER,
                    ExceptionClass.INSTRUCTION_ABORT_SAME,
                    ExceptionClass.DATA_ABORT_LOWER,
                    ExceptionClass.DATA_ABORT_SAME -> !Esr.fnv(esr);
            case ExceptionClass.PC_ALIGNMENT, ExceptionClass.WATCHPOINT_LOWER, ExceptionClass.WATCHPOINT_SAME -> true;
            default -> false;
        };
    }

    /// {@return whether HPFAR_EL2 names the faulting page, given that this is an abort of stage 2}
    public boolean isHpfarValid() {
        int ec = Esr.ec(esr);
        boolean toEl2 = ec == ExceptionClass.INSTRUCTION_ABORT_LOWER || ec == ExceptionClass.DATA_ABORT_LOWER;
        return toEl2 && Hpfar.isValidFor(Esr.fsc(esr), Esr.s1ptw(esr));
    }

    /// {@return the intermediate physical address of the access: the page of HPFAR_EL2 with the offset of
    /// FAR_EL2, which on a stage-1 walk is the offset of the original access}
    public long ipa() {
        return Hpfar.ipa(hpfar, far);
    }

    /// {@return one line, for example `0x93830046 EC=0x24 Data Abort from a lower EL, …,
    /// FAR=0xffff800010001000, FIPA=0x9000000`}
    @Override
    public String toString() {
        return Esr.describe(esr)
                + (isFarValid() ? ", FAR=0x" + Long.toHexString(far) : "")
                + (isHpfarValid() ? ", FIPA=0x" + Long.toHexString(Hpfar.ipa(hpfar)) : "");
    }
}

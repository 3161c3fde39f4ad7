package dev.ipanema.arm.exception;

/// Syndromes in words, for traces, reports and messages.
final class EsrText {
    private static final String[] SIZES = {"byte", "halfword", "word", "doubleword"};
    private static final String[] WFX = {"WFI", "WFE", "WFIT", "WFET"};

    private EsrText() {}

    static String describe(long esr) {
        int ec = Esr.ec(esr);
        String text = "0x%08x EC=0x%02x %s".formatted(esr, ec, ExceptionClass.name(ec));
        String iss = iss(esr, ec);
        return iss.isEmpty() ? text : text + ", " + iss;
    }

    private static String iss(long esr, int ec) {
        return switch (ec) {
            case ExceptionClass.DATA_ABORT_LOWER, ExceptionClass.DATA_ABORT_SAME -> dataAbort(esr);
            case ExceptionClass.INSTRUCTION_ABORT_LOWER, ExceptionClass.INSTRUCTION_ABORT_SAME ->
                status("IFSC", esr) + abortFlags(esr);
            case ExceptionClass.SVC64, ExceptionClass.HVC64, ExceptionClass.SMC64, ExceptionClass.BRK64 ->
                "#0x%x".formatted(Esr.imm16(esr));
            case ExceptionClass.WFX -> WFX[Esr.wfxTi(esr)];
            case ExceptionClass.SYS64 -> system(esr);
            case ExceptionClass.WATCHPOINT_LOWER, ExceptionClass.WATCHPOINT_SAME ->
                direction(esr) + (Esr.cm(esr) ? ", CM" : "");
            default -> Esr.iss(esr) == 0 ? "" : "ISS=0x%x".formatted(Esr.iss(esr));
        };
    }

    private static String dataAbort(long esr) {
        StringBuilder text = new StringBuilder();
        text.append(direction(esr)).append(", ").append(status("DFSC", esr));
        if (Esr.isv(esr)) {
            text.append(", ")
                    .append(SIZES[Esr.sas(esr)])
                    .append(Esr.sse(esr) ? " signed" : "")
                    .append(Esr.sf(esr) ? " x" : " w")
                    .append(Esr.srt(esr))
                    .append(Esr.ar(esr) ? " acquire/release" : "");
        } else {
            text.append(", ISV=0");
        }
        return text.append(Esr.cm(esr) ? ", CM" : "").append(abortFlags(esr)).toString();
    }

    private static String direction(long esr) {
        return Esr.wnr(esr) ? "write" : "read";
    }

    private static String status(String field, long esr) {
        return "%s=0x%02x %s".formatted(field, Esr.fsc(esr), FaultStatus.describe(Esr.fsc(esr)));
    }

    private static String abortFlags(long esr) {
        return (Esr.s1ptw(esr) ? ", S1PTW" : "") + (Esr.ea(esr) ? ", EA" : "") + (Esr.fnv(esr) ? ", FnV" : "");
    }

    private static String system(long esr) {
        return "%s S%d_%d_C%d_C%d_%d, x%d"
                .formatted(
                        Esr.sysIsRead(esr) ? "read" : "write",
                        Esr.sysOp0(esr),
                        Esr.sysOp1(esr),
                        Esr.sysCrn(esr),
                        Esr.sysCrm(esr),
                        Esr.sysOp2(esr),
                        Esr.sysRt(esr));
    }
}

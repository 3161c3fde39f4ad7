package dev.ipanema.vmm.table;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.arm.memory.Stage2MemAttr;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// `s1s2-combine-fwb`: the combined memory type with HCR_EL2.FWB set, on a CPU with FEAT_MTE_PERM.
final class CombineFwbForm implements TableForm {
    private static final String S2_MEANING = "s2_meaning";

    @Override
    public String name() {
        return "s1s2-combine-fwb";
    }

    @Override
    public Set<String> inputs() {
        return Set.of(CombineColumns.MAIR, CombineColumns.MEMATTR);
    }

    @Override
    public Set<String> required() {
        return Set.of(CombineColumns.MAIR, CombineColumns.MEMATTR, S2_MEANING);
    }

    @Override
    public @Nullable Outcome outcome(String column) {
        return switch (column) {
            case "s1_attr" -> row -> CombineColumns.stage1(row).longName();
            case S2_MEANING -> row -> Stage2MemAttr.describe(CombineColumns.memAttr(row), true, true);
            case "status" -> row -> statusName(Stage2MemAttr.status(CombineColumns.memAttr(row), true, true));
            default -> result(column);
        };
    }

    private static @Nullable Outcome result(String column) {
        Function<MemoryAttributes, String> text = CombineColumns.result(column);
        return text == null ? null : row -> text.apply(CombineColumns.combined(row, true, true));
    }

    private static String statusName(Stage2MemAttr.Status status) {
        return switch (status) {
            case DEFINED -> "DEFINED";
            case DEFINED_MTE_PERM -> "DEFINED-FEAT_MTE_PERM (bit3 RES0 otherwise)";
            case RESERVED -> "RESERVED-encoding";
            case RES0_BIT3 -> "RES0-bit3-set";
            case CONSTRAINED_UNPREDICTABLE -> throw new IllegalStateException(status + " with FWB");
        };
    }
}

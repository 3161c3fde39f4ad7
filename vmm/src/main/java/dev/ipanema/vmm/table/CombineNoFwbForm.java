package dev.ipanema.vmm.table;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.arm.memory.Stage2MemAttr;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// `s1s2-combine-nofwb`: the combined memory type with HCR_EL2.FWB clear. A row whose stage-2 type is named
/// NoTagAccess is about a CPU with FEAT_MTE_PERM.
final class CombineNoFwbForm implements TableForm {
    private static final String S2_ATTR = "s2_attr";

    @Override
    public String name() {
        return "s1s2-combine-nofwb";
    }

    @Override
    public Set<String> inputs() {
        return Set.of(CombineColumns.MAIR, CombineColumns.MEMATTR);
    }

    @Override
    public Set<String> required() {
        return Set.of(CombineColumns.MAIR, CombineColumns.MEMATTR, S2_ATTR);
    }

    @Override
    public @Nullable Outcome outcome(String column) {
        return switch (column) {
            case "s1_attr" -> row -> CombineColumns.stage1(row).longName();
            case S2_ATTR -> row -> Stage2MemAttr.describe(CombineColumns.memAttr(row), false, mtePerm(row));
            case "status" -> row -> statusName(status(row));
            default -> result(column);
        };
    }

    private static @Nullable Outcome result(String column) {
        Function<MemoryAttributes, String> text = CombineColumns.result(column);
        if (text == null) {
            return null;
        }
        String unpredictable = column.equals("result_class") ? "UNPREDICTABLE" : "";
        return row -> status(row) == Stage2MemAttr.Status.CONSTRAINED_UNPREDICTABLE
                ? unpredictable
                : text.apply(CombineColumns.combined(row, false, mtePerm(row)));
    }

    private static boolean mtePerm(Row row) {
        return row.text(S2_ATTR).endsWith("NoTagAccess");
    }

    private static Stage2MemAttr.Status status(Row row) {
        CombineColumns.mair(row);
        return Stage2MemAttr.status(CombineColumns.memAttr(row), false, mtePerm(row));
    }

    private static String statusName(Stage2MemAttr.Status status) {
        return switch (status) {
            case DEFINED -> "DEFINED";
            case DEFINED_MTE_PERM -> "DEFINED-FEAT_MTE_PERM";
            case CONSTRAINED_UNPREDICTABLE -> "CONSTRAINED-UNPREDICTABLE";
            case RESERVED, RES0_BIT3 -> throw new IllegalStateException(status + " without FWB");
        };
    }
}

package dev.ipanema.vmm.table;

import dev.ipanema.arm.memory.AttributeCombiner;
import dev.ipanema.arm.memory.Mair;
import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.arm.memory.Shareability;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The columns that the two tables about the combination of stage 1 and stage 2 share.
final class CombineColumns {
    static final String MAIR = "s1_mair";
    static final String MEMATTR = "s2_memattr";

    private static final int MAIR_VALUES = 256;
    private static final int MEMATTR_DIGITS = 4;

    private CombineColumns() {}

    /// {@return the MAIR byte of a row; only bytes that the architecture defines are known}
    static int mair(Row row) {
        long mair = row.number(MAIR);
        if (mair < 0 || mair >= MAIR_VALUES || !Mair.isDefined((int) mair, true, true)) {
            throw row.unknown(MAIR);
        }
        return (int) mair;
    }

    /// {@return MemAttr[3:0] of a row}
    static int memAttr(Row row) {
        if (row.text(MEMATTR).length() != MEMATTR_DIGITS) {
            throw row.unknown(MEMATTR);
        }
        return row.binary(MEMATTR);
    }

    static MemoryAttributes stage1(Row row) {
        return Mair.decode(mair(row), Shareability.NSH);
    }

    static MemoryAttributes combined(Row row, boolean fwb, boolean mtePerm) {
        return AttributeCombiner.combine(stage1(row), memAttr(row), Shareability.NSH, fwb, mtePerm);
    }

    /// {@return what a column says of a combined type, null when it is none of these columns}
    static @Nullable Function<MemoryAttributes, String> result(String column) {
        return switch (column) {
            case "result_class" -> MemoryAttributes::className;
            case "result_mair" -> type -> "0x%02X".formatted(Mair.encode(type));
            case "result_attr" -> MemoryAttributes::longName;
            case "result_tagged" -> type -> Cells.bit(type.tagged());
            case "result_xs" -> type -> Cells.bit(type.xs());
            case "no_tag_access" -> type -> Cells.bit(type.noTagAccess());
            case "shareability" -> CombineColumns::shareability;
            default -> null;
        };
    }

    private static String shareability(MemoryAttributes type) {
        boolean free = type.withShareability(Shareability.NSH).shareability() == Shareability.NSH;
        return free ? "combine" : "OSH-forced";
    }
}

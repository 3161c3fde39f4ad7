package dev.ipanema.vmm.table;

import dev.ipanema.arm.memory.AttributeCombiner;
import dev.ipanema.arm.memory.Mair;
import dev.ipanema.arm.memory.Shareability;
import dev.ipanema.arm.memory.Stage2MemAttr;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// `s1s2-combine-shareability`: the shareability of both stages together. Stage 1 is Write-back; the stage-2
/// type makes the resulting type that a row asks for.
final class ShareabilityForm implements TableForm {
    private static final List<String> DOMAINS =
            List.of(Shareability.values()).stream().map(Shareability::name).toList();
    private static final List<String> TYPES = List.of("Normal-cacheable", "Normal-NC(inner and outer)", "Device");
    private static final int[] MEMATTR = {
        Stage2MemAttr.NORMAL_WB, Stage2MemAttr.NORMAL_NC, Stage2MemAttr.DEVICE_nGnRE,
    };

    @Override
    public String name() {
        return "s1s2-combine-shareability";
    }

    @Override
    public Set<String> inputs() {
        return Set.of("s1_sh", "s2_sh", "result_memtype");
    }

    @Override
    public @Nullable Outcome outcome(String column) {
        return switch (column) {
            case "result_sh" -> row -> result(row).name();
            case "result_bits" -> row -> Cells.binary(result(row).bits(), 2);
            default -> null;
        };
    }

    private static Shareability result(Row row) {
        Shareability s1 = Shareability.ofBits(row.oneOf("s1_sh", DOMAINS));
        Shareability s2 = Shareability.ofBits(row.oneOf("s2_sh", DOMAINS));
        int memAttr = MEMATTR[row.oneOf("result_memtype", TYPES)];
        return AttributeCombiner.combine(Mair.decode(Mair.NORMAL_WB, s1), memAttr, s2, false, false)
                .shareability();
    }
}

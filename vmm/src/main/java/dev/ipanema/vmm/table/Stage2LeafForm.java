package dev.ipanema.vmm.table;

import dev.ipanema.arm.pgtable.Stage2Descriptor;
import dev.ipanema.arm.pgtable.Stage2Prot;
import dev.ipanema.base.errno.Errno;
import java.util.Set;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/// `stage2-leaf-encoding`: the attribute bits of a stage-2 leaf for each set of protections.
final class Stage2LeafForm implements TableForm {
    @Override
    public String name() {
        return "stage2-leaf-encoding";
    }

    @Override
    public Set<String> inputs() {
        return Set.of("fwb", "prot_device", "prot_normal_nc", "prot_r", "prot_w", "prot_px", "prot_ux", "lpa2");
    }

    @Override
    public @Nullable Outcome outcome(String column) {
        return switch (column) {
            case "memattr_5_2" -> bits(desc -> Cells.binary(Stage2Descriptor.memAttr(desc), 4));
            case "s2ap_7_6" -> bits(desc -> Cells.binary(Stage2Descriptor.s2ap(desc), 2));
            case "sh_9_8" ->
                bits(desc -> Cells.binary(Stage2Descriptor.shareability(desc).bits(), 2));
            case "af_10" -> bits(desc -> Cells.bit(Stage2Descriptor.af(desc)));
            case "xn_54_53" -> bits(desc -> Cells.binary(Stage2Descriptor.xn(desc), 2));
            case "attr_bits_hex" -> bits("0x%016x"::formatted);
            case "error" -> Stage2LeafForm::error;
            default -> null;
        };
    }

    private static Outcome bits(LongFunction<String> text) {
        return row -> {
            long attributes = encode(row, true);
            return attributes < 0 ? "" : text.apply(attributes);
        };
    }

    private static String error(Row row) {
        long attributes = encode(row, true);
        if (attributes < 0) {
            return Errno.render((int) attributes);
        }
        long withoutXnx = encode(row, false);
        return withoutXnx < 0 ? "needs FEAT_XNX else " + Errno.render((int) withoutXnx) : "";
    }

    private static long encode(Row row, boolean xnx) {
        int prot = flag(row, "prot_device", Stage2Prot.DEVICE)
                | flag(row, "prot_normal_nc", Stage2Prot.NORMAL_NC)
                | flag(row, "prot_r", Stage2Prot.R)
                | flag(row, "prot_w", Stage2Prot.W)
                | flag(row, "prot_px", Stage2Prot.PX)
                | flag(row, "prot_ux", Stage2Prot.UX);
        return Stage2Prot.encode(prot, row.bit("fwb"), row.bit("lpa2"), xnx);
    }

    private static int flag(Row row, String column, int flag) {
        return row.bit(column) ? flag : 0;
    }
}

package dev.ipanema.vmm.table;

import dev.ipanema.arm.pgtable.Granule;
import dev.ipanema.arm.pgtable.Stage2Geometry;
import dev.ipanema.arm.pgtable.VtcrEl2;
import dev.ipanema.base.text.Sizes;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// `stage2-geometry`: the shape of KVM's stage-2 tables. T0SZ, SL0 and the start level are read back from VTCR_EL2.
final class Stage2GeometryForm implements TableForm {
    private static final List<String> GRANULES =
            Stream.of(Granule.values()).map(Granule::toString).toList();
    private static final int PA_BITS = 48;
    private static final int LAST_LEVEL = 3;

    @Override
    public String name() {
        return "stage2-geometry";
    }

    @Override
    public Set<String> inputs() {
        return Set.of("granule", "ipa_bits");
    }

    @Override
    public @Nullable Outcome outcome(String column) {
        return switch (column) {
            case "t0sz" -> row -> Integer.toString(VtcrEl2.t0sz(vtcr(row)));
            case "levels" -> row -> Integer.toString(geometry(row).levels());
            case "start_level" -> row -> Integer.toString(VtcrEl2.startLevel(vtcr(row)));
            case "sl0" -> row -> Integer.toString(VtcrEl2.sl0(vtcr(row)));
            case "initial_lookup_tables_concatenated" ->
                row -> Integer.toString(geometry(row).concatenatedTables());
            case "pgd_bytes" -> row -> Long.toString(geometry(row).pgdBytes());
            case "memcache_min_pages" -> row -> Integer.toString(geometry(row).memcacheMinPages());
            case "lpa2_needed" -> row -> Cells.bit(geometry(row).needsLpa2());
            case "block_sizes" -> row -> blockSizes(geometry(row).granule());
            case "iabits_resolved_per_level" ->
                row -> Integer.toString(geometry(row).granule().stride());
            default -> null;
        };
    }

    private static Stage2Geometry geometry(Row row) {
        Granule granule = List.of(Granule.K4, Granule.K16, Granule.K64).get(row.oneOf("granule", GRANULES));
        long ipaBits = row.number("ipa_bits");
        if (ipaBits < Stage2Geometry.MIN_IPA_BITS || ipaBits > Stage2Geometry.MAX_IPA_BITS) {
            throw row.unknown("ipa_bits");
        }
        return new Stage2Geometry(granule, (int) ipaBits);
    }

    private static long vtcr(Row row) {
        Stage2Geometry geometry = geometry(row);
        return VtcrEl2.of(geometry, PA_BITS, false, false, geometry.needsLpa2() || needsDs(geometry));
    }

    /// A start level of 0 with 16 KiB pages exists only with DS.
    private static boolean needsDs(Stage2Geometry geometry) {
        return geometry.granule() == Granule.K16 && geometry.startLevel() == 0;
    }

    private static String blockSizes(Granule granule) {
        StringBuilder sizes = new StringBuilder(Sizes.format(granule.bytes()));
        for (int level = LAST_LEVEL - 1; level >= granule.kvmMinBlockLevel(); level--) {
            sizes.append(' ').append(Sizes.format(granule.levelSize(level)));
        }
        return sizes.toString();
    }
}

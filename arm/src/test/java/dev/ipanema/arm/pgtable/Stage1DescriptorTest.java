package dev.ipanema.arm.pgtable;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.memory.Shareability;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Stage1DescriptorTest {
    private static final long ATTRIBUTES = Stage1Descriptor.attrIndxBits(5)
            | Stage1Descriptor.SH_INNER
            | Stage1Descriptor.AF
            | Stage1Descriptor.NG
            | Stage1Descriptor.UXN;

    @Test
    void leafIsReadBack() {
        long page = Stage1Descriptor.leaf(0x1234_5000L, 3, ATTRIBUTES, Granule.K4, false);

        assertThat(Stage1Descriptor.isBlockOrPage(page, 3)).isTrue();
        assertThat(Stage1Descriptor.outputAddress(page, 3, Granule.K4, false)).isEqualTo(0x1234_5000L);
        assertThat(Stage1Descriptor.attrIndx(page)).isEqualTo(5);
        assertThat(Stage1Descriptor.shareability(page)).isEqualTo(Shareability.ISH);
        assertThat(Stage1Descriptor.af(page)).isTrue();
        assertThat(Stage1Descriptor.nG(page)).isTrue();
        assertThat(Stage1Descriptor.contiguous(page)).isFalse();
    }

    @Test
    void tableIsReadBack() {
        long table = Stage1Descriptor.table(0x8_5000L, Stage1Descriptor.PXN_TABLE, Granule.K4, false);

        assertThat(Stage1Descriptor.isTable(table, 0)).isTrue();
        assertThat(Stage1Descriptor.tableAddress(table, Granule.K4, false)).isEqualTo(0x8_5000L);
        assertThat(table & Stage1Descriptor.HIERARCHICAL).isEqualTo(Stage1Descriptor.PXN_TABLE);
    }

    @ParameterizedTest
    @CsvSource({
        "0x2000000000000000, EL1 RWX EL0 --X",
        "0x4000000000000000, EL1 R-X EL0 R-X",
        "0x1000000000000000, EL1 RWX EL0 RW-",
        "0x0800000000000000, EL1 RW- EL0 RWX",
        "0x7800000000000000, EL1 R-- EL0 ---",
    })
    void tableBitsLimitTheLeaf(String tables, String permissions) {
        long page = Stage1Descriptor.leaf(0x1000L, 3, Stage1Descriptor.AP_EL0, Granule.K4, false);

        long limited = Stage1Descriptor.withHierarchical(page, Long.decode(tables));

        assertThat(Stage1Descriptor.describe(limited, 3, Granule.K4, false)).contains(permissions);
    }

    @ParameterizedTest
    @CsvSource({"K4, 3, 16", "K4, 2, 16", "K16, 3, 128", "K16, 2, 32", "K64, 3, 32", "K64, 2, 32"})
    void contiguousGroupHasTheSizeOfTheGranule(Granule granule, int level, int entries) {
        assertThat(granule.contiguousEntries(level)).isEqualTo(entries);
    }

    @Test
    void descriptorsPrintThemselves() {
        long block =
                Stage1Descriptor.leaf(0x4000_0000L, 1, ATTRIBUTES | Stage1Descriptor.CONTIGUOUS, Granule.K4, false);

        assertThat(Stage1Descriptor.describe(block, 1, Granule.K4, false))
                .isEqualTo("block 0x40000000 EL1 RWX EL0 --- AttrIndx=5 ISH AF nG contiguous");
        assertThat(Stage1Descriptor.describe(
                        Stage1Descriptor.table(0x1000L, Stage1Descriptor.HIERARCHICAL, Granule.K4, false),
                        0,
                        Granule.K4,
                        false))
                .isEqualTo("table 0x1000 no-EL0 read-only UXNTable PXNTable");
        assertThat(Stage1Descriptor.describe(0, 0, Granule.K4, false)).isEqualTo("invalid");
    }
}

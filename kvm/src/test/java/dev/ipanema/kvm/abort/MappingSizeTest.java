package dev.ipanema.kvm.abort;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.kvm.memslot.Memslot;
import org.junit.jupiter.api.Test;

/// The size of a mapping before the host's page table is looked at.
class MappingSizeTest {
    private static final long GIB = 1L << 30;
    private static final long MIB2 = 1L << 21;

    private static Memslot slot(long ipa, long hva, long size) {
        return new Memslot(1, ipa >>> 12, size >>> 12, hva, 0, null, null, 0, false);
    }

    @Test
    void contiguousPfnmapIsGuessedAsAGibibyte() {
        assertThat(MappingSize.pfnmapShift(4 * GIB, 6 * GIB, 0xC_0000, 4 * GIB + 5))
                .isEqualTo(30);
    }

    @Test
    void physicalOffsetThatDisagreesForcesPages() {
        assertThat(MappingSize.pfnmapShift(4 * GIB, 6 * GIB, 0xC_0001, 4 * GIB)).isEqualTo(12);
    }

    @Test
    void offsetThatAgreesModulo2MibGives2Mib() {
        assertThat(MappingSize.pfnmapShift(4 * GIB, 6 * GIB, 0xC_0200, 4 * GIB)).isEqualTo(21);
    }

    @Test
    void blockOutsideTheVmaIsNotGuessed() {
        assertThat(MappingSize.pfnmapShift(4 * GIB, 4 * GIB + MIB2, 0xC_0000, 4 * GIB + 1))
                .isEqualTo(21);
        assertThat(MappingSize.pfnmapShift(4 * GIB, 4 * GIB + 0x1000, 0xC_0000, 4 * GIB + 1))
                .isEqualTo(12);
    }

    @Test
    void firstByteOfABlockDoesNotSeeItsEnd() {
        assertThat(MappingSize.pfnmapShift(4 * GIB, 4 * GIB + 0x1000, 0xC_0000, 4 * GIB))
                .isEqualTo(30);
    }

    @Test
    void slotMustContainTheBlockAndAgreeModuloItsSize() {
        assertThat(MappingSize.supportsHugeMapping(slot(GIB, 4 * GIB, MIB2), 4 * GIB + 0x1000, MIB2))
                .isTrue();
        assertThat(MappingSize.supportsHugeMapping(slot(GIB, 4 * GIB, MIB2 - 0x1000), 4 * GIB, MIB2))
                .isFalse();
        assertThat(MappingSize.supportsHugeMapping(slot(GIB + 0x1000, 4 * GIB, 2 * MIB2), 4 * GIB, MIB2))
                .isFalse();
    }
}

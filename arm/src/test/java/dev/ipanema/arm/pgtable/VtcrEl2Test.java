package dev.ipanema.arm.pgtable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.arm.memory.Shareability;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VtcrEl2Test {
    private static final Stage2Geometry IPA_40 = new Stage2Geometry(Granule.K4, 40);

    /// T0SZ 24, SL0 1, walks WBWA inner shareable, PS 5 (48 bits), VS, HA.
    private static final long KVM_40 = 0x802D_3558L;

    @Test
    void valueIsTheOneLinuxWrites() {
        assertThat(VtcrEl2.of(IPA_40, 48, true, true, false)).isEqualTo(KVM_40);
    }

    @Test
    void fieldsAreReadBack() {
        assertThat(VtcrEl2.t0sz(KVM_40)).isEqualTo(24);
        assertThat(VtcrEl2.sl0(KVM_40)).isEqualTo(1);
        assertThat(VtcrEl2.irgn0(KVM_40)).isEqualTo(VtcrEl2.RGN_WBWA);
        assertThat(VtcrEl2.orgn0(KVM_40)).isEqualTo(VtcrEl2.RGN_WBWA);
        assertThat(VtcrEl2.sh0(KVM_40)).isEqualTo(Shareability.ISH);
        assertThat(VtcrEl2.paBits(KVM_40)).isEqualTo(48);
        assertThat(VtcrEl2.vs(KVM_40)).isTrue();
        assertThat(VtcrEl2.ha(KVM_40)).isTrue();
        assertThat(VtcrEl2.hd(KVM_40)).isFalse();
        assertThat(VtcrEl2.ds(KVM_40)).isFalse();
    }

    @Test
    void baseIsAlignedToTheConcatenatedTables() {
        assertThat(1L << VtcrEl2.baseAlignmentShift(KVM_40)).isEqualTo(IPA_40.pgdBytes());
    }

    @ParameterizedTest
    @CsvSource({
        // DS, SL2:SL0 → start level with a granule of 4 KiB
        "false, 0, 2",
        "false, 1, 1",
        "false, 2, 0",
        "false, 3, 3",
        "true, 4, -1",
        "true, 5, -2147483648",
    })
    void startLevelOf4KFollowsSl2AndSl0(boolean ds, int sl, int level) {
        long vtcr = (sl & 0b11L) << 6 | (sl >> 2) * VtcrEl2.SL2 | (ds ? VtcrEl2.DS : 0);

        assertThat(VtcrEl2.startLevel(vtcr)).isEqualTo(level);
    }

    @Test
    void startLevelThatDoesNotFitTheIpaSizeIsNotWalkable() {
        long level0 = VtcrEl2.of(new Stage2Geometry(Granule.K4, 44), 48, false, false, false);
        long level0With43Bits = level0 + 1;
        long level0With39Bits = level0 + 5;

        assertThat(VtcrEl2.isWalkable(level0, 48, false)).isTrue();
        assertThat(VtcrEl2.isWalkable(level0With43Bits, 48, false)).isTrue();
        assertThat(VtcrEl2.isWalkable(level0With39Bits, 48, false)).isFalse();
    }

    @Test
    void ipaSizeBeyondTheCpuIsNotWalkable() {
        long vtcr = VtcrEl2.of(new Stage2Geometry(Granule.K4, 48), 48, false, false, false);

        assertThat(VtcrEl2.isWalkable(vtcr, 48, false)).isTrue();
        assertThat(VtcrEl2.isWalkable(vtcr, 44, false)).isFalse();
        assertThat(VtcrEl2.isWalkable(vtcr, 42, false)).isFalse();
    }

    @Test
    void physicalSizeWithoutEncodingIsRefused() {
        assertThatThrownBy(() -> VtcrEl2.psOf(39))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("No encoding of a physical address size of 39 bits");
    }

    @Test
    void valuePrintsItself() {
        assertThat(VtcrEl2.describe(KVM_40))
                .isEqualTo("0x802d3558 T0SZ=24 (40-bit IPA) SL0=1 (start level 1) TG0=4K PS=48 bits SH0=ISH VS HA");
    }
}

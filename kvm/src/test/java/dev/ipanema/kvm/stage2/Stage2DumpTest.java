package dev.ipanema.kvm.stage2;

import static dev.ipanema.arm.pgtable.Stage2Prot.DEVICE;
import static dev.ipanema.arm.pgtable.Stage2Prot.NORMAL_NC;
import static dev.ipanema.arm.pgtable.Stage2Prot.R;
import static dev.ipanema.arm.pgtable.Stage2Prot.RW;
import static dev.ipanema.arm.pgtable.Stage2Prot.RWX;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.pgtable.Granule;
import org.junit.jupiter.api.Test;

class Stage2DumpTest {
    @Test
    void neighboursOfOneKindShareALineWithTheirMemoryAttribute() {
        try (Stage2Fixture fixture = new Stage2Fixture(Stage2Config.of(Granule.K4, 36))) {
            fixture.map(0x4000_0000L, 0x40_0000L, 0x4000_0000L, RWX);
            fixture.map(0x4040_0000L, 0x3000, 0x1000, RW);
            fixture.map(0x4040_3000L, 0x1000, 0x9000, R | NORMAL_NC);
            fixture.map(0x4040_4000L, 0x1000, 0x9000, RW | DEVICE);
            fixture.table.testClearYoung(0x4040_4000L, 0x1000, true);

            assertThat(Stage2Dump.of(fixture.table)).isEqualTo("""
                ---[ Guest IPA ]---
                0x0000000000000000-0x0000000040000000           1G 1
                0x0000000040000000-0x0000000040400000           4M 2   R W px ux  AF BLK MEM/NORMAL
                0x0000000040400000-0x0000000040403000          12K 3   R W PXNUXN AF     MEM/NORMAL
                0x0000000040403000-0x0000000040404000           4K 3   R   PXNUXN AF     MEM/NORMAL-NC
                0x0000000040404000-0x0000000040405000           4K 3   R W PXNUXN        DEVICE/nGnRE
                0x0000000040405000-0x0000000040600000        2028K 3
                0x0000000040600000-0x0000000080000000        1018M 2
                0x0000000080000000-0x0000001000000000          62G 1
                """);
        }
    }

    @Test
    void emptyTableIsOneRange() {
        try (Stage2Fixture fixture = new Stage2Fixture(Stage2Config.of(Granule.K64, 42))) {
            assertThat(Stage2Dump.of(fixture.table))
                    .isEqualTo("---[ Guest IPA ]---\n0x0000000000000000-0x0000040000000000           4T 2\n");
        }
    }
}

package dev.ipanema.arm.pgtable;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.arm.memory.Shareability;
import dev.ipanema.arm.memory.Stage2MemAttr;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class Stage2DescriptorTest {
    private static final long NORMAL = Stage2Prot.encode(Stage2Prot.RWX, true, false, true);

    static Stream<Arguments> leafShapes() {
        return Stream.of(Granule.values())
                .flatMap(granule -> Stream.of(false, true)
                        .flatMap(oa52 -> Stream.of(0, 1, 2, 3)
                                .filter(level -> level == 3 || granule.hasBlocks(level, oa52))
                                .map(level -> Arguments.of(granule, oa52, level))));
    }

    @ParameterizedTest
    @MethodSource("leafShapes")
    void outputAddressSurvivesEncoding(Granule granule, boolean oa52, int level) {
        long seed = Long.getLong("ipanema.seed", 20_250_705L);
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 1000; i++) {
            long pa = random.nextLong(1L << (oa52 ? 52 : 48)) & -granule.levelSize(level);

            long desc = Stage2Descriptor.leaf(pa, level, Stage2Descriptor.AF, granule, oa52);

            assertThat(Stage2Descriptor.outputAddress(desc, level, granule, oa52))
                    .as("seed %d", seed)
                    .isEqualTo(pa);
            assertThat(Stage2Descriptor.isBlockOrPage(desc, level)).isTrue();
            assertThat(Stage2Descriptor.isTable(desc, level)).isFalse();
        }
    }

    @ParameterizedTest
    @MethodSource("leafShapes")
    void tableAddressSurvivesEncoding(Granule granule, boolean oa52, int level) {
        long pa = (oa52 ? 0xF_A5A5_1234_0000L : 0xA5A5_1234_0000L) & -granule.bytes();

        long desc = Stage2Descriptor.table(pa, granule, oa52);

        assertThat(Stage2Descriptor.tableAddress(desc, granule, oa52)).isEqualTo(pa);
        assertThat(Stage2Descriptor.isTable(desc, level)).isEqualTo(level < 3);
    }

    @ParameterizedTest
    @CsvSource({
        "K4,  false, 3, 0x0000876543210000, 0x0000876543210403",
        "K4,  false, 2, 0x0000876543200000, 0x0000876543200401",
        "K4,  true,  3, 0x000F876543210000, 0x0003876543210703",
        "K16, true,  3, 0x000C876543210000, 0x0000876543210703",
        "K64, false, 3, 0x0000876543210000, 0x0000876543210403",
        "K64, true,  3, 0x000F876543210000, 0x000087654321F403",
    })
    void addressBitsLieWhereTheGranulePutsThem(Granule granule, boolean oa52, int level, String pa, String desc) {
        assertThat(Stage2Descriptor.leaf(Long.decode(pa), level, Stage2Descriptor.AF, granule, oa52))
                .isEqualTo(Long.decode(desc));
    }

    @Test
    void blockEncodingAtLevel3IsInvalid() {
        long block = Stage2Descriptor.leaf(0x8000_0000L, 2, NORMAL, Granule.K4, false);

        assertThat(Stage2Descriptor.isBlockOrPage(block, 2)).isTrue();
        assertThat(Stage2Descriptor.isBlockOrPage(block, 3)).isFalse();
        assertThat(Stage2Descriptor.isTable(block, 2)).isFalse();
    }

    @Test
    void attributesAreReadBack() {
        long desc = Stage2Descriptor.leaf(0x4000_0000L, 3, NORMAL, Granule.K4, false);

        assertThat(Stage2Descriptor.memAttr(desc)).isEqualTo(Stage2MemAttr.FWB_NORMAL_WB);
        assertThat(Stage2Descriptor.shareability(desc)).isEqualTo(Shareability.ISH);
        assertThat(Stage2Descriptor.af(desc)).isTrue();
        assertThat(Stage2Descriptor.contiguous(desc)).isFalse();
        assertThat(Stage2Descriptor.isReadable(desc)).isTrue();
        assertThat(Stage2Descriptor.isWritable(desc)).isTrue();
        assertThat(Stage2Descriptor.software(desc | Stage2Descriptor.softwareBits(0b1010)))
                .isEqualTo(0b1010);
    }

    @ParameterizedTest
    @CsvSource({
        "true,  true,  true,  true,  true",
        "false, true,  true,  false, true",
        "true,  false, true,  true,  false",
        "false, false, true,  false, false",
        "true,  true,  false, true,  true",
        "false, false, false, false, false",
    })
    void executionIsReadBack(boolean px, boolean ux, boolean xnx, boolean el1, boolean el0) {
        long desc = Stage2Descriptor.xnBits(px, ux);

        assertThat(Stage2Descriptor.isExecutableAtEl1(desc, xnx)).isEqualTo(el1);
        assertThat(Stage2Descriptor.isExecutableAtEl0(desc, xnx)).isEqualTo(el0);
    }

    @Test
    void annotationsAreInvalidAndNotZero() {
        long locked = Stage2Descriptor.annotation(1);

        assertThat(Stage2Descriptor.isValid(locked)).isFalse();
        assertThat(Stage2Descriptor.annotationType(locked)).isEqualTo(1);
        assertThat(Stage2Descriptor.annotationType(0)).isZero();
        assertThat(Stage2Descriptor.annotationType(locked | Stage2Descriptor.VALID))
                .isZero();
    }

    @Test
    void descriptorsPrintThemselves() {
        long block = Stage2Descriptor.leaf(0x8000_0000L, 2, NORMAL, Granule.K4, false);
        long page = Stage2Descriptor.leaf(
                0x1000L,
                3,
                Stage2Prot.encode(Stage2Prot.RW | Stage2Prot.NORMAL_NC | Stage2Prot.SW1, false, false, true),
                Granule.K4,
                false);

        assertThat(Stage2Descriptor.describe(block, 2, Granule.K4, false, true))
                .isEqualTo("block 0x80000000 RWX MemAttr=0110 (Force Normal-WB) ISH AF");
        assertThat(Stage2Descriptor.describe(page, 3, Granule.K4, false, false))
                .isEqualTo("page 0x1000 RW- SW1 MemAttr=0101 (Normal oNC iNC) ISH AF");
        assertThat(Stage2Descriptor.describe(
                        Stage2Descriptor.table(0x5000L, Granule.K4, false), 1, Granule.K4, false, true))
                .isEqualTo("table 0x5000");
        assertThat(Stage2Descriptor.describe(0, 3, Granule.K4, false, true)).isEqualTo("invalid");
        assertThat(Stage2Descriptor.describe(Stage2Descriptor.annotation(1), 3, Granule.K4, false, true))
                .isEqualTo("invalid 0x1000000000000000");
    }
}

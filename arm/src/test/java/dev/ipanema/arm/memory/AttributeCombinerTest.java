package dev.ipanema.arm.memory;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The matrices of stage-1 type and MemAttr, written out as the Arm ARM's rules give them. Every legal MAIR byte is
/// covered by the tables of `check-table`.
class AttributeCombinerTest {
    private static String classes(int mair, boolean fwb, int values) {
        MemoryAttributes s1 = Mair.decode(mair, Shareability.ISH);
        StringBuilder row = new StringBuilder();
        for (int memAttr = 0; memAttr < values; memAttr++) {
            if (Stage2MemAttr.status(memAttr, fwb, false) == Stage2MemAttr.Status.CONSTRAINED_UNPREDICTABLE) {
                row.append("CU ");
                continue;
            }
            String name = AttributeCombiner.combine(s1, memAttr, Shareability.ISH, fwb, false)
                    .className();
            row.append(name.replace("Device-", "").replace("Normal-", "").replace("-i", "/i"))
                    .append(' ');
        }
        return row.toString().strip();
    }

    @ParameterizedTest
    @CsvSource({
        "0x00, nGnRnE nGnRnE nGnRnE nGnRnE CU nGnRnE nGnRnE nGnRnE CU nGnRnE nGnRnE nGnRnE CU nGnRnE nGnRnE nGnRnE",
        "0x04, nGnRnE nGnRE nGnRE nGnRE CU nGnRE nGnRE nGnRE CU nGnRE nGnRE nGnRE CU nGnRE nGnRE nGnRE",
        "0x08, nGnRnE nGnRE nGRE nGRE CU nGRE nGRE nGRE CU nGRE nGRE nGRE CU nGRE nGRE nGRE",
        "0x0C, nGnRnE nGnRE nGRE GRE CU GRE GRE GRE CU GRE GRE GRE CU GRE GRE GRE",
        "0x44, nGnRnE nGnRE nGRE GRE CU NC NC NC CU NC NC NC CU NC NC NC",
        "0xBB, nGnRnE nGnRE nGRE GRE CU NC oNC/iWT oNC/iWT CU oWT/iNC WT WT CU oWT/iNC WT WT",
        "0xFF, nGnRnE nGnRE nGRE GRE CU NC oNC/iWT oNC/iWB CU oWT/iNC WT oWT/iWB CU oWB/iNC oWB/iWT WB",
        "0xF0, nGnRnE nGnRE nGRE GRE CU NC oNC/iWT oNC/iWB CU oWT/iNC WT oWT/iWB CU oWB/iNC oWB/iWT WB-Tagged",
    })
    void weakerTypeWinsWithoutFwb(String mair, String classes) {
        assertThat(classes(Integer.decode(mair), false, 16)).isEqualTo(classes);
    }

    @ParameterizedTest
    @CsvSource({
        "0x00, nGnRnE nGnRnE nGnRnE nGnRnE nGnRnE nGnRnE WB nGnRnE",
        "0x04, nGnRnE nGnRE nGnRE nGnRE nGnRE nGnRE WB nGnRE",
        "0x08, nGnRnE nGnRE nGRE nGRE nGRE nGRE WB nGRE",
        "0x0C, nGnRnE nGnRE nGRE GRE GRE GRE WB GRE",
        "0x44, nGnRnE nGnRE nGRE GRE NC NC WB NC",
        "0xBB, nGnRnE nGnRE nGRE GRE NC NC WB WT",
        "0xFF, nGnRnE nGnRE nGRE GRE NC NC WB WB",
        "0xF0, nGnRnE nGnRE nGRE GRE NC NC WB-Tagged WB-Tagged",
    })
    void stage2DecidesWithFwb(String mair, String classes) {
        assertThat(classes(Integer.decode(mair), true, 8)).isEqualTo(classes);
    }

    @Test
    void forcedWriteBackKeepsTheHintsOfStage1() {
        MemoryAttributes s1 = Mair.decode(0x6A, Shareability.ISH);

        MemoryAttributes result =
                AttributeCombiner.combine(s1, Stage2MemAttr.FWB_NORMAL_WB, Shareability.ISH, true, false);

        assertThat(result.longName()).isEqualTo("Normal outer WB-RA-transient inner WB-RA");
    }

    @Test
    void tagsDoNotSurviveOnOtherThanFullyAllocatingWriteBack() {
        MemoryAttributes result =
                AttributeCombiner.combine(MemoryAttributes.NORMAL_WB_TAGGED, 0b1110, Shareability.ISH, false, false);

        assertThat(result.tagged()).isFalse();
    }

    @Test
    void tagAccessIsForbiddenOnlyWithMtePermAndOnlyWhereTagged() {
        MemoryAttributes tagged = MemoryAttributes.NORMAL_WB_TAGGED;

        assertThat(AttributeCombiner.combine(tagged, 0b0100, Shareability.ISH, false, true))
                .hasToString("Normal-WB RWA ISH Tagged NoTagAccess");
        assertThat(AttributeCombiner.combine(tagged, 0b1111, Shareability.ISH, true, true))
                .hasToString("Normal-WB RWA ISH Tagged NoTagAccess");
        assertThat(AttributeCombiner.combine(tagged, 0b1111, Shareability.ISH, true, false))
                .isSameAs(tagged);
        assertThat(AttributeCombiner.combine(MemoryAttributes.NORMAL_WB, 0b1111, Shareability.ISH, true, true))
                .isSameAs(MemoryAttributes.NORMAL_WB);
    }

    @Test
    void guestNonShareableBecomesInnerShareableUnderKvm() {
        MemoryAttributes s1 = Mair.decode(Mair.NORMAL_WB, Shareability.NSH);

        assertThat(AttributeCombiner.combine(s1, Stage2MemAttr.FWB_NORMAL_WB, Shareability.ISH, true, false))
                .isSameAs(MemoryAttributes.NORMAL_WB);
        assertThat(AttributeCombiner.combine(s1, Stage2MemAttr.NORMAL_WB, Shareability.ISH, false, false))
                .isSameAs(MemoryAttributes.NORMAL_WB);
    }

    @Test
    void forcingWriteBackClearsXs() {
        assertThat(MemoryAttributes.NORMAL_NC.xs()).isTrue();
        assertThat(AttributeCombiner.combine(
                                MemoryAttributes.NORMAL_NC, Stage2MemAttr.FWB_NORMAL_WB, Shareability.ISH, true, false)
                        .xs())
                .isFalse();
    }
}

package dev.ipanema.vmm.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.arm.memory.Mair;
import dev.ipanema.base.text.BadInput;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ArmFormsTest {
    private static final String NOFWB = "s1_mair,s2_memattr,s2_attr,status,result_class,result_mair\n";

    private static List<String> disagreeing(String text) {
        List<String> columns = new ArrayList<>();
        TableCheck.check(CsvFile.parse("t.csv", text), difference -> columns.add(difference.column()));
        return columns;
    }

    @Test
    void rowAboutTagPermissionsIsToldFromTheReservedEncodingByItsStage2Type() {
        String reserved = "0xFF,0100,Normal oNC ireserved,CONSTRAINED-UNPREDICTABLE,UNPREDICTABLE,\n";
        String mtePerm = "0xF0,0100,Normal oWB iWB NoTagAccess,DEFINED-FEAT_MTE_PERM,Normal-WB-Tagged,0xF0\n";

        assertThat(disagreeing(NOFWB + reserved + mtePerm)).isEmpty();
    }

    @Test
    void wrongStage2TypeIsADisagreement() {
        assertThat(disagreeing(NOFWB + "0xFF,1111,Normal oWB iWT,DEFINED,Normal-WB,0xFF\n"))
                .containsExactly("s2_attr");
    }

    @Test
    void resultOfTheWrongFwbSettingIsADisagreement() {
        assertThat(disagreeing("s1_mair,s2_memattr,s2_meaning,result_class\n0x00,0110,Force Normal-WB,Device-nGnRnE\n"))
                .containsExactly("result_class");
    }

    @Test
    void undefinedMairByteIsRefusedByName() {
        assertThatThrownBy(() -> disagreeing(NOFWB + "0x02,1111,Normal oWB iWB,DEFINED,Normal-WB,0xFF\n"))
                .isInstanceOf(BadInput.class)
                .hasMessage("t.csv:2: column s1_mair: unknown value '0x02'");
    }

    @Test
    void memAttrOfFiveDigitsIsRefusedByName() {
        assertThatThrownBy(() -> disagreeing(NOFWB + "0xFF,01111,Normal oWB iWB,DEFINED,Normal-WB,0xFF\n"))
                .isInstanceOf(BadInput.class)
                .hasMessage("t.csv:2: column s2_memattr: unknown value '01111'");
    }

    private static String everyLegalMair(String header, String cells) {
        StringBuilder text = new StringBuilder(header);
        for (int mair = 0; mair < 256; mair++) {
            if (Mair.isDefined(mair, true, true)) {
                text.append("0x%02X,".formatted(mair)).append(cells);
            }
        }
        return text.toString();
    }

    @Test
    void strictestDeviceAtStage2WinsOverEveryLegalMairByte() {
        String table = everyLegalMair(
                "s1_mair,s2_memattr,s2_attr,status,result_class,shareability\n",
                "0000,Device-nGnRnE,DEFINED,Device-nGnRnE,OSH-forced\n");

        assertThat(disagreeing(table)).isEmpty();
        assertThat(table.lines()).hasSize(1 + 236);
    }

    @Test
    void forcedWriteBackWinsOverEveryLegalMairByteAndKeepsTagsOfOne() {
        String table = everyLegalMair(
                "s1_mair,s2_memattr,s2_meaning,result_class,result_xs,shareability\n",
                "0110,Force Normal-WB,Normal-WB,0,combine\n");

        assertThat(disagreeing(table)).containsExactly("result_class");
    }

    @Test
    void unknownGranuleIsRefusedByName() {
        assertThatThrownBy(() -> disagreeing("granule,ipa_bits,t0sz\n8K,40,24\n"))
                .isInstanceOf(BadInput.class)
                .hasMessage("t.csv:2: column granule: unknown value '8K'");
    }

    @Test
    void ipaSizeBeyondTheArchitectureIsRefusedByName() {
        assertThatThrownBy(() -> disagreeing("granule,ipa_bits,t0sz\n4K,53,11\n"))
                .isInstanceOf(BadInput.class)
                .hasMessage("t.csv:2: column ipa_bits: unknown value '53'");
    }

    @Test
    void executableNonCacheableLeafHasNoBits() {
        String header = "fwb,prot_device,prot_normal_nc,prot_r,prot_w,prot_px,prot_ux,lpa2,attr_bits_hex,error\n";

        assertThat(disagreeing(header + "1,0,1,1,1,1,1,0,,-EINVAL\n")).isEmpty();
        assertThat(disagreeing(header + "1,0,1,1,1,1,1,0,0x0000000000000714,\n"))
                .containsExactly("attr_bits_hex", "error");
    }
}

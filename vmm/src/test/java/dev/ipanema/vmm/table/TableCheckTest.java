package dev.ipanema.vmm.table;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.base.text.BadInput;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TableCheckTest {
    private static CsvFile table(String name) throws IOException {
        try (InputStream stream = TableCheckTest.class.getResourceAsStream(name + ".csv")) {
            assertThat(stream).as(name).isNotNull();
            return CsvFile.parse(name + ".csv", new String(stream.readAllBytes(), UTF_8));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "fault-decision",
                "fault-prot",
                "fault-routing",
                "prepare-memory-region",
                "s1s2-combine-fwb",
                "s1s2-combine-nofwb",
                "s1s2-combine-shareability",
                "stage2-geometry",
                "stage2-leaf-encoding"
            })
    void everyRowOfTheTableAgrees(String name) throws IOException {
        List<TableCheck.Difference> differences = new ArrayList<>();

        TableCheck.Totals totals = TableCheck.check(table(name), differences::add);

        assertThat(differences).isEmpty();
        assertThat(totals.form()).isEqualTo(name);
        assertThat(totals.rows()).isPositive().isEqualTo(totals.agreed());
    }

    @Test
    void wrongCellIsReportedWithItsPlaceAndInputs() {
        CsvFile table = CsvFile.parse(
                "t.csv",
                "map_writable,device,logging,write_fault,exec_fault,map_non_cacheable,dic,W\n" + "1,0,0,0,0,0,0,0\n");
        List<TableCheck.Difference> differences = new ArrayList<>();

        TableCheck.Totals totals = TableCheck.check(table, differences::add);

        assertThat(totals.disagreed()).isEqualTo(1);
        assertThat(differences).singleElement().satisfies(difference -> {
            assertThat(difference.place()).isEqualTo("t.csv:2");
            assertThat(difference.column()).isEqualTo("W");
            assertThat(difference.expected()).isEqualTo("0");
            assertThat(difference.computed()).isEqualTo("1");
            assertThat(difference.inputs()).containsEntry("map_writable", "1");
        });
    }

    @Test
    void starStandsForEveryValue() {
        CsvFile table = CsvFile.parse(
                "t.csv",
                "map_writable,device,logging,write_fault,exec_fault,map_non_cacheable,dic,X\n" + "1,0,0,0,0,0,*,0\n");
        List<TableCheck.Difference> differences = new ArrayList<>();

        TableCheck.check(table, differences::add);

        assertThat(differences)
                .singleElement()
                .satisfies(difference -> assertThat(difference.inputs()).containsEntry("dic", "1"));
    }

    @Test
    void unknownTableIsRefused() {
        CsvFile table = CsvFile.parse("t.csv", "a,b\n1,2\n");

        assertThatThrownBy(() -> TableCheck.check(table, difference -> {}))
                .isInstanceOf(BadInput.class)
                .hasMessageStartingWith("t.csv: the header is that of no known table");
    }

    @Test
    void unknownColumnIsRefused() {
        CsvFile table = CsvFile.parse(
                "t.csv", "map_writable,device,logging,write_fault,exec_fault,map_non_cacheable,dic,W,mood\n");

        assertThatThrownBy(() -> TableCheck.check(table, difference -> {}))
                .isInstanceOf(BadInput.class)
                .hasMessage("t.csv:1: unknown column 'mood' in a table of form fault-prot");
    }

    @Test
    void unknownInputValueIsRefusedWithItsPlace() {
        CsvFile table = CsvFile.parse(
                "t.csv",
                "map_writable,device,logging,write_fault,exec_fault,map_non_cacheable,dic,W\n" + "1,0,0,0,0,0,2,0\n");

        assertThatThrownBy(() -> TableCheck.check(table, difference -> {}))
                .isInstanceOf(BadInput.class)
                .hasMessage("t.csv:2: column dic: unknown value '2'");
    }
}

package dev.ipanema.vmm.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.base.text.BadInput;
import org.junit.jupiter.api.Test;

class CsvFileTest {
    @Test
    void quotedCellKeepsItsComma() {
        CsvFile table = CsvFile.parse("t.csv", "a,b\n\"x, \"\"y\"\"\",2\n");

        assertThat(table.rows().getFirst().text("a")).isEqualTo("x, \"y\"");
        assertThat(table.rows().getFirst().number("b")).isEqualTo(2);
    }

    @Test
    void emptyCellAtTheEndIsACell() {
        CsvFile table = CsvFile.parse("t.csv", "a,b,c\n1,,\n");

        assertThat(table.rows().getFirst().cells()).containsValues("1", "");
    }

    @Test
    void missingCellIsNamedWithItsLine() {
        assertThatThrownBy(() -> CsvFile.parse("t.csv", "a,b\n1,2\n3\n"))
                .isInstanceOf(BadInput.class)
                .hasMessage("t.csv:3: has 1 cells, the header 2");
    }

    @Test
    void openQuoteIsNamedWithLineAndColumn() {
        assertThatThrownBy(() -> CsvFile.parse("t.csv", "a,b\n1,\"2\n"))
                .isInstanceOf(BadInput.class)
                .hasMessage("t.csv:2, column 3: a quote is not closed");
    }

    @Test
    void repeatedColumnIsRefused() {
        assertThatThrownBy(() -> CsvFile.parse("t.csv", "a,a\n"))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("same name");
    }

    @Test
    void emptyFileIsRefused() {
        assertThatThrownBy(() -> CsvFile.parse("t.csv", ""))
                .isInstanceOf(BadInput.class)
                .hasMessage("t.csv: has no header line");
    }
}

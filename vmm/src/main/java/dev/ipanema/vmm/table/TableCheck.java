package dev.ipanema.vmm.table;

import dev.ipanema.base.text.BadInput;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/// Recomputes the outcome columns of a table from its input columns.
public final class TableCheck {
    private TableCheck() {}

    /// One cell that differs.
    ///
    /// @param place the file and line
    /// @param inputs the row's input cells, with a `*` replaced by the value that differs
    public record Difference(
            String place, String column, String expected, String computed, Map<String, String> inputs) {}

    /// The result for one table.
    ///
    /// @param rows number of rows
    /// @param agreed rows all of whose outcome cells agree
    public record Totals(String form, int rows, int agreed) {
        /// {@return rows with at least one differing cell}
        public int disagreed() {
            return rows - agreed;
        }
    }

    /// Checks a table.
    ///
    /// @param differences gets each differing cell
    /// @throws BadInput when no form has this table's header, or a column or input value is not known
    public static Totals check(CsvFile table, Consumer<Difference> differences) {
        TableForm form = formOf(table);
        Map<String, TableForm.Outcome> outcomes = outcomes(form, table);
        int agreed = 0;
        for (Row row : table.rows()) {
            boolean equal = true;
            for (Row meant : meanings(form, row)) {
                equal &= agrees(meant, form, outcomes, differences);
            }
            agreed += equal ? 1 : 0;
        }
        return new Totals(form.name(), table.rows().size(), agreed);
    }

    /// {@return whether a column says nothing that is checked: remarks and what other programs do}
    public static boolean isIgnored(String column) {
        return column.equals("note")
                || column.equals("disagrees")
                || column.startsWith("reason")
                || column.startsWith("qemu_")
                || column.startsWith("kvm_at_");
    }

    private static TableForm formOf(CsvFile table) {
        Set<String> header = new HashSet<>(table.header());
        for (TableForm form : TableForms.all()) {
            if (header.containsAll(form.required())) {
                return form;
            }
        }
        List<String> names = new ArrayList<>();
        for (TableForm form : TableForms.all()) {
            names.add(form.name());
        }
        throw new BadInput(
                table.name() + ": the header is that of no known table (known: " + String.join(", ", names) + ")");
    }

    private static Map<String, TableForm.Outcome> outcomes(TableForm form, CsvFile table) {
        Map<String, TableForm.Outcome> outcomes = new LinkedHashMap<>();
        for (String column : table.header()) {
            if (form.inputs().contains(column) || isIgnored(column)) {
                continue;
            }
            TableForm.Outcome outcome = form.outcome(column);
            if (outcome == null) {
                throw new BadInput(
                        table.name() + ":1: unknown column '" + column + "' in a table of form " + form.name());
            }
            outcomes.put(column, outcome);
        }
        if (outcomes.isEmpty()) {
            throw new BadInput(table.name() + ":1: the table has no outcome column to check");
        }
        return outcomes;
    }

    private static boolean agrees(
            Row row, TableForm form, Map<String, TableForm.Outcome> outcomes, Consumer<Difference> differences) {
        boolean equal = true;
        for (Map.Entry<String, TableForm.Outcome> entry : outcomes.entrySet()) {
            String expected = row.text(entry.getKey());
            String computed = entry.getValue().compute(row);
            if (!entry.getValue().agrees(expected, computed)) {
                equal = false;
                Map<String, String> inputs = new LinkedHashMap<>(row.cells());
                inputs.keySet().retainAll(form.inputs());
                differences.accept(new Difference(row.place(), entry.getKey(), expected, computed, inputs));
            }
        }
        return equal;
    }

    /// The rows that a row with `*` stands for.
    private static List<Row> meanings(TableForm form, Row row) {
        List<Row> rows = List.of(row);
        for (String column : form.inputs()) {
            if (!row.text(column).equals("*") || form.anyOf(column).isEmpty()) {
                continue;
            }
            List<Row> more = new ArrayList<>();
            for (Row each : rows) {
                for (String value : form.anyOf(column)) {
                    Map<String, String> cells = new LinkedHashMap<>(each.cells());
                    cells.put(column, value);
                    more.add(new Row(row.place(), cells));
                }
            }
            rows = more;
        }
        return rows;
    }
}

package dev.ipanema.vmm.table;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One form of specification table, recognised by its header.
///
/// Every column of a table is an input of the form, an outcome of it, or ignored ([TableCheck#isIgnored]); any other
/// column makes the table refused. A form holds no outcome: it asks the code that runs guests.
public interface TableForm {
    /// {@return the name by which messages call the form, for example `fault-decision`}
    String name();

    /// {@return the columns whose cells are given, not recomputed}
    Set<String> inputs();

    /// {@return the columns that a table of this form has to have; they tell the forms apart}
    default Set<String> required() {
        return inputs();
    }

    /// {@return how an outcome column is recomputed, null when the form has no such outcome}
    ///
    /// @param column a column that is neither an input nor ignored
    @Nullable
    Outcome outcome(String column);

    /// {@return what a `*` in an input column stands for: each of these values has to give the outcome of the row;
    /// empty when `*` is not allowed there}
    default List<String> anyOf(String column) {
        return List.of();
    }

    /// Recomputes one cell.
    @FunctionalInterface
    interface Outcome {
        /// {@return the text that belongs into the cell}
        ///
        /// @throws dev.ipanema.base.text.BadInput when an input cell holds a value that the form does not know
        String compute(Row row);

        /// {@return whether the cell of the table says the same as the computed text; by default equal text}
        default boolean agrees(String cell, String computed) {
            return cell.equals(computed);
        }
    }
}

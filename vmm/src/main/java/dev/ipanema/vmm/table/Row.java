package dev.ipanema.vmm.table;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import java.util.List;
import java.util.Map;

/// One row of a table: cells by the name of their column.
///
/// @param place the file and line, for messages
/// @param cells the text of each cell
public record Row(String place, Map<String, String> cells) {
    /// {@return the text of a cell}
    public String text(String column) {
        String text = cells.get(column);
        if (text == null) {
            throw new IllegalArgumentException("no column " + column);
        }
        return text;
    }

    /// {@return a cell that holds 0 or 1}
    ///
    /// @throws BadInput when it holds something else
    public boolean bit(String column) {
        return switch (text(column)) {
            case "0" -> false;
            case "1" -> true;
            default -> throw unknown(column);
        };
    }

    /// {@return a cell that holds a decimal or `0x` number}
    ///
    /// @throws BadInput when it holds something else
    public long number(String column) {
        return Sizes.parseNumber(place + ": column " + column, text(column));
    }

    /// {@return the bits of a cell such as `0110`}
    ///
    /// @throws BadInput when it is not a binary number
    public int binary(String column) {
        try {
            return Integer.parseUnsignedInt(text(column), 2);
        } catch (NumberFormatException e) {
            throw unknown(column);
        }
    }

    /// {@return the index of a cell's text in a list of words}
    ///
    /// @throws BadInput when it is none of them
    public int oneOf(String column, List<String> words) {
        int index = words.indexOf(text(column));
        if (index < 0) {
            throw unknown(column);
        }
        return index;
    }

    /// {@return the refusal of a cell whose value is not known}
    public BadInput unknown(String column) {
        return new BadInput(place + ": column " + column + ": unknown value '" + text(column) + "'");
    }
}

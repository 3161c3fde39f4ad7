package dev.ipanema.vmm.table;

import dev.ipanema.base.text.BadInput;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A table read from a file of comma-separated values: a header line, then one line a row, cells quoted as RFC 4180
/// says where they hold a comma or a quote. Line breaks inside cells are not accepted.
///
/// @param header the names of the columns
public record CsvFile(String name, List<String> header, List<Row> rows) {
    private static final long MAX_BYTES = 256L << 20;

    /// What spreadsheets put in front of UTF-8.
    private static final String BYTE_ORDER_MARK = "\ufeff";

    public CsvFile {
        header = List.copyOf(header);
        rows = List.copyOf(rows);
    }

    /// Reads a file.
    ///
    /// @throws BadInput when it cannot be read or is not a table; names the line
    public static CsvFile read(Path path) {
        try {
            if (Files.isRegularFile(path) && Files.size(path) > MAX_BYTES) {
                throw new BadInput(path + ": is larger than " + (MAX_BYTES >> 20) + " MiB");
            }
            return parse(path.toString(), Files.readString(path, StandardCharsets.UTF_8));
        } catch (NoSuchFileException e) {
            throw new BadInput(path + ": no such file");
        } catch (CharacterCodingException e) {
            throw new BadInput(path + ": is not UTF-8 text");
        } catch (IOException e) {
            throw new BadInput(path + ": cannot be read (" + e.getMessage() + ")");
        }
    }

    /// Reads a table from text.
    ///
    /// @param name how messages call it
    public static CsvFile parse(String name, String text) {
        List<String> lines = (text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text)
                .lines()
                .toList();
        if (lines.isEmpty() || lines.getFirst().isBlank()) {
            throw new BadInput(name + ": has no header line");
        }
        List<String> header = split(name + ":1", lines.getFirst());
        if (new HashSet<>(header).size() != header.size()) {
            throw new BadInput(name + ":1: two columns have the same name");
        }
        List<Row> rows = new ArrayList<>(lines.size());
        for (int i = 1; i < lines.size(); i++) {
            if (lines.get(i).isBlank()) {
                continue;
            }
            String place = name + ":" + (i + 1);
            List<String> cells = split(place, lines.get(i));
            if (cells.size() != header.size()) {
                throw new BadInput(place + ": has " + cells.size() + " cells, the header " + header.size());
            }
            Map<String, String> byName = LinkedHashMap.newLinkedHashMap(cells.size());
            for (int column = 0; column < cells.size(); column++) {
                byName.put(header.get(column), cells.get(column));
            }
            rows.add(new Row(place, byName));
        }
        return new CsvFile(name, header, rows);
    }

    private static List<String> split(String place, String line) {
        List<String> cells = new ArrayList<>();
        StringBuilder cell = new StringBuilder();
        int i = 0;
        while (true) {
            cell.setLength(0);
            if (i < line.length() && line.charAt(i) == '"') {
                i = quoted(place, line, i + 1, cell);
            } else {
                while (i < line.length() && line.charAt(i) != ',') {
                    cell.append(line.charAt(i++));
                }
            }
            cells.add(cell.toString().strip());
            if (i >= line.length()) {
                return cells;
            }
            if (line.charAt(i) != ',') {
                throw new BadInput(place + ", column " + (i + 1) + ": text behind a closing quote");
            }
            i++;
        }
    }

    /// Reads a quoted cell.
    ///
    /// @return the index behind the closing quote
    private static int quoted(String place, String line, int start, StringBuilder cell) {
        int i = start;
        while (i < line.length()) {
            char c = line.charAt(i++);
            if (c != '"') {
                cell.append(c);
            } else if (i < line.length() && line.charAt(i) == '"') {
                cell.append('"');
                i++;
            } else {
                return i;
            }
        }
        throw new BadInput(place + ", column " + start + ": a quote is not closed");
    }
}

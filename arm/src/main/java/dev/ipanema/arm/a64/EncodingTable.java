package dev.ipanema.arm.a64;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// The encodings of A64 this project knows, read from `encodings.txt`, whose head describes the form of a
/// row, and, for SIMD and floating point, `simd-load-store.txt`, `simd-move.txt`, `fp.txt`, `simd.txt` and
/// `crypto.txt`.
///
/// Source of the encodings: Arm ARM DDI 0487, C4 and C6.
public final class EncodingTable {
    private static final List<String> SIMD =
            List.of("simd-load-store.txt", "simd-move.txt", "fp.txt", "simd.txt", "crypto.txt");

    /// The encodings without SIMD and floating point: what most programs that print or assemble need.
    private static final class Base {
        private static final EncodingTableReader READER = read(new EncodingTableReader(), List.of("encodings.txt"));
        private static final EncodingTable TABLE = new EncodingTable(READER);
    }

    /// All encodings; holds the very rows of [Base] first.
    private static final class Whole {
        private static final EncodingTable TABLE = new EncodingTable(read(Base.READER, SIMD));
    }

    private final List<Encoding> rows;
    private final List<String> opNames;
    private final Map<String, List<String>> groups;
    private final Map<String, Encoding> byName;
    private final Map<Encoding, List<Encoding>> aliases;

    private EncodingTable(EncodingTableReader reader) {
        this.rows = List.copyOf(reader.rows());
        this.opNames = List.copyOf(reader.opNames());
        this.groups = Collections.unmodifiableMap(new LinkedHashMap<>(reader.groups()));
        this.byName = Map.copyOf(reader.byName());
        this.aliases = new HashMap<>(reader.aliases());
    }

    /// {@return the whole table}
    public static EncodingTable table() {
        return Whole.TABLE;
    }

    /// {@return the part without SIMD and floating point, which is loaded first}
    static EncodingTable base() {
        return Base.TABLE;
    }

    /// {@return whether a word is in the encoding space of SIMD and floating point: bits 28:25 are x11x (Arm ARM,
    /// C4.1)}
    static boolean isSimd(int insn) {
        return (insn >>> 26 & 3) == 3;
    }

    /// {@return the row or alias of this name, of the part that has it}
    ///
    /// @throws AssemblyException there is none
    static Encoding find(String name) {
        Encoding row = Base.TABLE.byName.get(name);
        return row == null ? Whole.TABLE.row(name) : row;
    }

    /// {@return the rows that are no aliases, in the order of the table}
    public List<Encoding> rows() {
        return rows;
    }

    /// {@return the row or alias of this name}
    ///
    /// @throws AssemblyException there is none
    public Encoding row(String name) {
        Encoding row = byName.get(name);
        if (row == null) {
            throw new AssemblyException("No A64 encoding is named " + name);
        }
        return row;
    }

    /// {@return every row and alias by its name}
    public Map<String, Encoding> byName() {
        return byName;
    }

    /// {@return the aliases of a row, the preferred one first}
    public List<Encoding> aliases(Encoding row) {
        return aliases.getOrDefault(row, List.of());
    }

    /// {@return the name of an [Op], `UNALLOCATED` for 0}
    public String opName(int op) {
        return opNames.get(op);
    }

    /// {@return the names of the operations, by number}
    public List<String> opNames() {
        return opNames;
    }

    /// {@return the names of the operations by group, in order}
    Map<String, List<String>> groups() {
        return groups;
    }

    private static EncodingTableReader read(EncodingTableReader reader, List<String> resources) {
        for (String name : resources) {
            String text = text(name);
            int at = 0;
            while (at < text.length()) {
                int end = text.indexOf('\n', at);
                reader.line(text.substring(at, end));
                at = end + 1;
            }
        }
        return reader;
    }

    private static String text(String name) {
        try (InputStream resource = EncodingTable.class.getResourceAsStream(name)) {
            return new String(Objects.requireNonNull(resource, name).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

package dev.ipanema.images.format;

import dev.ipanema.base.text.BadInput;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/// A file of symbols beside an image: Linux's `System.map` (as `nm` prints it: address, type, name), or an ELF with a
/// symbol table, for example `vmlinux`.
public final class SymbolFile {
    private static final int ADDRESS_DIGITS = 16;

    private SymbolFile() {}

    /// Reads a file of symbols.
    ///
    /// @param name the file's name, for messages
    /// @throws BadInput when it is neither, or has no symbols
    public static SymbolTable read(String name, byte[] file) {
        SymbolTable symbols = ElfImage.matches(file) ? ElfImage.symbols(name, file) : systemMap(name, file);
        if (symbols.size() == 0) {
            throw new BadInput(name + ": no symbols in it");
        }
        return symbols;
    }

    private static SymbolTable systemMap(String name, byte[] file) {
        Map<Long, String> symbols = new TreeMap<>();
        String text = new String(file, StandardCharsets.UTF_8);
        int number = 0;
        for (String line : text.split("\n", -1)) {
            number++;
            if (line.isBlank()) {
                continue;
            }
            String[] fields = line.strip().split(" +", 3);
            // Undefined symbols have no address.
            if (fields.length < 3 || fields[0].length() != ADDRESS_DIGITS || fields[1].length() != 1) {
                throw new BadInput("%s:%d: not a line of a System.map (address, type, name), and not an ELF"
                        .formatted(name, number));
            }
            try {
                symbols.putIfAbsent(Long.parseUnsignedLong(fields[0], 16), fields[2]);
            } catch (NumberFormatException e) {
                throw new BadInput("%s:%d: '%s' is not an address".formatted(name, number, fields[0]));
            }
        }
        return new SymbolTable(symbols);
    }
}

package dev.ipanema.images.format;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// The functions of an image by address, for backtraces.
public final class SymbolTable {
    /// A table without symbols.
    public static final SymbolTable EMPTY = new SymbolTable(new TreeMap<>());

    private final long[] addresses;
    private final String[] names;

    /// @param symbols names by address (unsigned order)
    SymbolTable(Map<Long, String> symbols) {
        addresses = new long[symbols.size()];
        names = new String[symbols.size()];
        Long[] sorted = symbols.keySet().toArray(new Long[0]);
        Arrays.sort(sorted, Long::compareUnsigned);
        for (int i = 0; i < sorted.length; i++) {
            addresses[i] = sorted[i];
            names[i] = symbols.getOrDefault(sorted[i], "?");
        }
    }

    /// {@return the number of symbols}
    public int size() {
        return addresses.length;
    }

    /// {@return the nearest symbol at or below an address as `name+0x1c`, empty when there is none}
    public Optional<String> describe(long address) {
        int low = 0;
        int high = addresses.length - 1;
        int found = -1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            if (Long.compareUnsigned(addresses[middle], address) <= 0) {
                found = middle;
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return found < 0
                ? Optional.empty()
                : Optional.of(names[found] + "+0x" + Long.toHexString(address - addresses[found]));
    }

    /// {@return the address of a name, empty when there is none}
    public Optional<Long> addressOf(String name) {
        for (int i = 0; i < names.length; i++) {
            if (names[i].equals(name)) {
                return Optional.of(addresses[i]);
            }
        }
        return Optional.empty();
    }
}

package dev.ipanema.vmm.scenario;

import dev.ipanema.base.text.BadInput;
import java.util.LinkedHashMap;
import java.util.Map;

/// Where in the VMM's address space the mappings of a scenario lie.
///
/// The window `S` and each mapping of its own get their stretch, aligned as asked and to no larger power of two that
/// could decide about a block size by chance, with a gap behind.
final class AddressWindows {
    private static final long FIRST = 0x6000_0020_0000L;
    private static final long LIMIT = 0x7000_0000_0000L;
    private static final long WINDOW = 0x5000_0020_0000L;
    private static final long GAP = 0x20_0000;

    private final Map<String, Long> labels = new LinkedHashMap<>();
    private long next = FIRST;

    /// {@return the address of an offset in the window `S`}
    long inWindow(long offset) {
        return WINDOW + offset;
    }

    /// {@return the address of a new stretch}
    ///
    /// @param align a power of two
    /// @throws BadInput when there is no room left
    long reserve(long size, long align) {
        if (size <= 0 || size > LIMIT - FIRST || align > LIMIT - FIRST) {
            throw new BadInput("a mapping of 0x" + Long.toHexString(size) + " bytes has no room");
        }
        long hva = (next + align - 1) & -align;
        while ((hva & ((align << 1) - 1)) == 0) {
            hva += align;
        }
        if (hva + size > LIMIT) {
            throw new BadInput("the mappings of the scenario have no room");
        }
        next = hva + size + GAP;
        return hva;
    }

    /// Gives a mapping its name.
    void label(String label, long hva) {
        labels.put(label, hva);
    }

    /// {@return the address that an expression means}
    ///
    /// @throws BadInput for a label that no mapping has
    long resolve(AddressExpression expression) {
        return switch (expression.base()) {
            case ABSOLUTE -> expression.offset();
            case WINDOW -> inWindow(expression.offset());
            case MAPPING -> {
                Long hva = labels.get(expression.label());
                if (hva == null) {
                    throw new BadInput("there is no mapping '" + expression.label() + "'");
                }
                yield hva + expression.offset();
            }
        };
    }
}

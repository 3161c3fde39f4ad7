package dev.ipanema.vmm.scenario;

/// A virtual address of the VMM as the format writes it: relative to a mapping, to the reserved window, or absolute.
///
/// @param base what `offset` counts from
/// @param label the `vma` label when `base` is [Base#MAPPING], else empty
/// @param offset bytes, or the address itself when `base` is [Base#ABSOLUTE]
public record AddressExpression(Base base, String label, long offset) {
    /// What an address counts from.
    public enum Base {
        /// A mapping, by its label.
        MAPPING,
        /// The reserved, 2 MiB aligned window `S`.
        WINDOW,
        /// Nothing: the address is written out.
        ABSOLUTE
    }

    @Override
    public String toString() {
        return switch (base) {
            case ABSOLUTE -> "0x" + Long.toHexString(offset);
            case WINDOW -> offset == 0 ? "S" : "S+0x" + Long.toHexString(offset);
            case MAPPING -> offset == 0 ? label : label + "+0x" + Long.toHexString(offset);
        };
    }
}

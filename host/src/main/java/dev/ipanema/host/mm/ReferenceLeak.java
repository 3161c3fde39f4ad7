package dev.ipanema.host.mm;

/// A folio whose reference count is not accounted for.
///
/// @param pfn its first page
/// @param references what its count says
/// @param expected what mappings, caches and its owner add up to
public record ReferenceLeak(long pfn, int references, int expected) {
    @Override
    public String toString() {
        return "page 0x" + Long.toHexString(pfn) + " has " + references + " references, " + expected
                + " are accounted for";
    }
}

package dev.ipanema.host.mm;

/// Memory without struct pages whose driver wants its users to learn of errors (`struct pfn_address_space`).
///
/// @param file through which processes map it
/// @param firstPfn first page
/// @param pages how many
/// @param firstPgoff where the first page lies in the file, in pages
///
/// Source: Linux 7.3 `include/linux/memory-failure.h`, `mm/memory-failure.c:memory_failure_pfn`.
public record PfnSpace(MappableFile file, long firstPfn, long pages, long firstPgoff) {
    boolean contains(long pfn) {
        return pfn >= firstPfn && pfn - firstPfn < pages;
    }

    long pgoff(long pfn) {
        return firstPgoff + (pfn - firstPfn);
    }
}

package dev.ipanema.host.mm;

/// An open file that can be mapped: a memfd, a hugetlbfs file, a character device.
public interface MappableFile {
    /// {@return the path that `/proc/PID/smaps` shows}
    String name();

    /// Prepares a new VMA: its flags, protection, `vm_pgoff` and operations. Entries may be made here, as
    /// `remap_pfn_range` does. Called with `mmap_lock` held for writing; the VMA is not yet in the address
    /// space.
    ///
    /// @return 0 or a negated errno, which becomes the result of mmap
    int mmap(AddressSpace mm, Vma vma);

    /// {@return whether the file was opened for writing; a shared mapping of one that was not can never be
    /// written}
    default boolean isWritable() {
        return true;
    }

    /// {@return whether the memory can hold allocation tags (`VM_MTE_ALLOWED`): shmem and hugetlbfs}
    default boolean isTagCapable() {
        return false;
    }

    /// {@return log2 of the page size of the file: 12, or 21 or 30 on hugetlbfs}
    default int pageShift() {
        return HostPte.PAGE_SHIFT;
    }

    /// A VMA now maps the file (`get_file`).
    default void get() {}

    /// A VMA no longer maps the file (`fput`).
    default void put() {}
}

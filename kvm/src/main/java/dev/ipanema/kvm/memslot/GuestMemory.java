package dev.ipanema.kvm.memslot;

/// A guest_memfd as a slot sees it (`virt/kvm/guest_memfd.c`).
public interface GuestMemory {
    /// {@return the size of the file in bytes}
    long size();

    /// {@return whether the VMM can map the file}
    boolean mappable();

    /// Binds a range of the file to a slot (`kvm_gmem_bind`).
    ///
    /// @param pgoff first page in the file
    /// @return 0, or `-EINVAL` when the range is not inside the file or bound already
    int bind(long pgoff, long pages);

    /// Releases a bound range.
    void unbind(long pgoff, long pages);

    /// {@return the PFN of a page of the file, allocated when it is a hole and with a reference taken; a negated
    /// errno when there is none}
    long getPfn(long pgoff);

    /// Releases the reference that [#getPfn] took.
    ///
    /// @param dirty whether the guest can write the page by now
    void releasePfn(long pfn, boolean dirty);
}

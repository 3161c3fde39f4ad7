package dev.ipanema.host.mm;

/// One page fault on its way through the mm and a driver's handler (`struct vm_fault`), and the bits a
/// handler answers with (`vm_fault_t`).
///
/// Source: Linux `include/linux/mm_types.h`.
public final class VmFault {
    public static final int VM_FAULT_OOM = 0x000001;
    public static final int VM_FAULT_SIGBUS = 0x000002;
    public static final int VM_FAULT_HWPOISON = 0x000010;
    public static final int VM_FAULT_SIGSEGV = 0x000040;
    /// The handler installed the entry itself.
    public static final int VM_FAULT_NOPAGE = 0x000100;
    /// The handler left a page in [#page()], with a reference for the mapping.
    public static final int VM_FAULT_LOCKED = 0x000200;
    /// A huge handler cannot serve this address: the next smaller size is tried.
    public static final int VM_FAULT_FALLBACK = 0x000800;
    /// Any of the failures.
    public static final int VM_FAULT_ERROR = VM_FAULT_OOM | VM_FAULT_SIGBUS | VM_FAULT_SIGSEGV | VM_FAULT_HWPOISON;

    private final AddressSpace mm;
    private final Vma vma;
    private final long hva;
    private final boolean write;
    private long page = -1;

    VmFault(AddressSpace mm, Vma vma, long hva, boolean write) {
        this.mm = mm;
        this.vma = vma;
        this.hva = hva & -AddressSpace.PAGE_SIZE;
        this.write = write;
    }

    /// {@return the address space that faults}
    public AddressSpace mm() {
        return mm;
    }

    /// {@return the VMA of the address}
    public Vma vma() {
        return vma;
    }

    /// {@return the faulting address, rounded down to a page}
    public long hva() {
        return hva;
    }

    /// {@return whether the access writes}
    public boolean isWrite() {
        return write;
    }

    /// {@return the page of the file at this address: `vm_pgoff` plus the distance from the start of the
    /// VMA}
    public long pgoff() {
        return vma.pgoffOf(hva);
    }

    /// Hands over a page; the caller gives its reference away and answers [#VM_FAULT_LOCKED].
    public void setPage(long pfn) {
        page = pfn;
    }

    /// {@return the PFN that the handler left, or -1}
    long page() {
        return page;
    }
}

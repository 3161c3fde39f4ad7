package dev.ipanema.kvm.vm;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.GuestMemfd;
import dev.ipanema.host.mm.KernelMemory;
import dev.ipanema.kvm.memslot.GuestMemory;
import dev.ipanema.kvm.mmu.VmGuestMemfd;
import dev.ipanema.kvm.mmu.VmMemory;
import dev.ipanema.kvm.uapi.KvmMem;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/// The guest_memfd files of a VM by their descriptors (`virt/kvm/guest_memfd.c:kvm_gmem_create`). For all threads.
final class GuestMemfds {
    private static final long KNOWN_FLAGS = KvmMem.GUEST_MEMFD_FLAG_MMAP | KvmMem.GUEST_MEMFD_FLAG_INIT_SHARED;

    private final VmMemory memory;
    private final KernelMemory kernel;
    private final List<VmGuestMemfd> files = new CopyOnWriteArrayList<>();

    GuestMemfds(VmMemory memory, KernelMemory kernel) {
        this.memory = memory;
        this.kernel = kernel;
    }

    /// `KVM_CREATE_GUEST_MEMFD`.
    ///
    /// @return a file descriptor, or -ENOTTY where the kernel is built without it, -EINVAL for a size or flags
    ///     that cannot be
    synchronized int create(long size, long flags) {
        if (!memory.version().guestMemfdBuiltIn()) {
            return Errno.ENOTTY.negated();
        }
        if ((flags & ~KNOWN_FLAGS) != 0 || size <= 0 || size % AddressSpace.PAGE_SIZE != 0) {
            return Errno.EINVAL.negated();
        }
        files.add(new VmGuestMemfd(memory, new GuestMemfd(kernel, size, flags)));
        return files.size() - 1;
    }

    /// {@return the file of a descriptor that [#create] gave}
    GuestMemfd file(int fd) {
        return files.get(fd).file();
    }

    /// {@return what a slot is bound to, null for a descriptor that is none}
    @Nullable
    GuestMemory find(int fd) {
        return fd >= 0 && fd < files.size() ? files.get(fd) : null;
    }

    /// Closes the files.
    void close() {
        for (VmGuestMemfd memfd : files) {
            memfd.file().removeListener(memfd);
            memfd.file().close();
        }
    }
}

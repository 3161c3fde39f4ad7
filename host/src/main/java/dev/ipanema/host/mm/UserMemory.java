package dev.ipanema.host.mm;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.machine.memory.Agent;
import dev.ipanema.machine.memory.PhysicalMemory;
import dev.ipanema.machine.memory.PhysicalRegion;

/// A process's own loads and stores: they fault pages in as the CPU would, respect permissions, and reach
/// physical memory with the attribute of the host's page-table entry as their memory type.
///
/// Source: Linux `arch/arm64/mm/fault.c:do_page_fault`.
public final class UserMemory {
    /// After this many faults without a usable entry the access is given up.
    private static final int MAX_FAULTS = 64;

    private final AddressSpace mm;
    private final PhysicalMemory memory;

    UserMemory(AddressSpace mm) {
        this.mm = mm;
        this.memory = mm.kernel().memory();
    }

    /// A load or store through [#load(long, int)] or [#store(long, int, long)] that ended with a signal.
    public static final class UserFaultException extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final UserFault fault;
        private final long hva;

        UserFaultException(UserFault fault, long hva) {
            super("The access to 0x" + Long.toHexString(hva) + " ended with " + fault);
            this.fault = fault;
            this.hva = hva;
        }

        /// {@return what happened}
        public UserFault fault() {
            return fault;
        }

        /// {@return the address of the access}
        public long hva() {
            return hva;
        }
    }

    /// One physical piece of an access.
    private interface Piece {
        void access(MemoryAttributes type, long pa, int done, int length);
    }

    /// Reads `length` bytes.
    ///
    /// @return how it ended; bytes before the fault have been read
    public UserFault read(long hva, byte[] to, int offset, int length) {
        return inPieces(
                hva, length, false, (type, pa, done, n) -> memory.read(Agent.VMM, type, pa, to, offset + done, n));
    }

    /// Reads `length` bytes as a debugger does: what modelled caches would make of a read is neither done nor
    /// found. A device is read as by [#read].
    ///
    /// @return how it ended; bytes before the fault have been read
    public UserFault observe(long hva, byte[] to, int offset, int length) {
        return inPieces(hva, length, false, (type, pa, done, n) -> {
            if (isRam(pa)) {
                memory.observe(pa, to, offset + done, n);
            } else {
                memory.read(Agent.VMM, type, pa, to, offset + done, n);
            }
        });
    }

    /// Writes `length` bytes as a debugger does: the guest sees them by every memory type, and executes them. A
    /// device is written as by [#write].
    ///
    /// @return how it ended; bytes before the fault have been written
    public UserFault poke(long hva, byte[] from, int offset, int length) {
        return inPieces(hva, length, true, (type, pa, done, n) -> {
            if (isRam(pa)) {
                memory.poke(pa, from, offset + done, n);
            } else {
                memory.write(Agent.VMM, type, pa, from, offset + done, n);
            }
        });
    }

    private boolean isRam(long pa) {
        PhysicalRegion region = memory.region(pa);
        return region != null && region.isRam();
    }

    /// Writes `length` bytes.
    ///
    /// @return how it ended; bytes before the fault have been written
    public UserFault write(long hva, byte[] from, int offset, int length) {
        return inPieces(
                hva, length, true, (type, pa, done, n) -> memory.write(Agent.VMM, type, pa, from, offset + done, n));
    }

    /// Loads 1, 2, 4 or 8 bytes, little-endian, zero-extended.
    ///
    /// @throws UserFaultException when the process would get a signal
    public long load(long hva, int bytes) {
        long[] value = new long[1];
        UserFault fault = single(hva, bytes, false, (type, pa, done, n) -> {
            value[0] |= memory.load(Agent.VMM, type, pa, n) << (Byte.SIZE * done);
        });
        if (fault != UserFault.NONE) {
            throw new UserFaultException(fault, hva);
        }
        return value[0];
    }

    /// Stores 1, 2, 4 or 8 bytes, little-endian.
    ///
    /// @throws UserFaultException when the process would get a signal
    public void store(long hva, int bytes, long value) {
        UserFault fault = single(
                hva,
                bytes,
                true,
                (type, pa, done, n) -> memory.store(Agent.VMM, type, pa, n, value >>> (Byte.SIZE * done)));
        if (fault != UserFault.NONE) {
            throw new UserFaultException(fault, hva);
        }
    }

    /// {@return what a read or write of the page at `hva` would end with, after faulting it in}
    public UserFault touch(long hva, boolean write) {
        long[] leaf = new long[1];
        return faultIn(hva, write, leaf);
    }

    /// One access instruction: aligned or inside a page it is one physical access, else one for each byte.
    private UserFault single(long hva, int bytes, boolean write, Piece piece) {
        boolean crosses = (hva & AddressSpace.PAGE_SIZE - 1) + bytes > AddressSpace.PAGE_SIZE;
        if ((hva & bytes - 1) != 0) {
            long[] leaf = new long[1];
            UserFault fault = faultIn(hva, write, leaf);
            if (fault != UserFault.NONE) {
                return fault;
            }
            if (HostPte.attr(leaf[0]).isDevice()) {
                return UserFault.BUS_ADRALN;
            }
        }
        if (!crosses) {
            return inPieces(hva, bytes, write, piece);
        }
        UserFault fault = UserFault.NONE;
        for (int i = 0; i < bytes && fault == UserFault.NONE; i++) {
            int done = i;
            fault = inPieces(hva + i, 1, write, (type, pa, zero, n) -> piece.access(type, pa, done, n));
        }
        return fault;
    }

    private UserFault inPieces(long hva, int length, boolean write, Piece piece) {
        int done = 0;
        while (done < length) {
            long at = hva + done;
            int n = (int) Math.min(length - done, AddressSpace.PAGE_SIZE - (at & AddressSpace.PAGE_SIZE - 1));
            UserFault fault = onePage(at, done, n, write, piece);
            if (fault != UserFault.NONE) {
                return fault;
            }
            done += n;
        }
        return UserFault.NONE;
    }

    private UserFault onePage(long hva, int done, int length, boolean write, Piece piece) {
        long[] leaf = new long[1];
        while (true) {
            UserFault fault = faultIn(hva, write, leaf);
            if (fault != UserFault.NONE) {
                return fault;
            }
            if (HostPte.isSpecial(leaf[0])) {
                // No struct page, no migration: the device may take its time without the lock.
                piece.access(HostPte.attr(leaf[0]).memoryAttributes(), physical(leaf[0], hva), done, length);
                return UserFault.NONE;
            }
            synchronized (mm.pageTableLock()) {
                // The page must not move between translation and access.
                if (mm.lookupLeaf(hva) == leaf[0]) {
                    piece.access(HostPte.attr(leaf[0]).memoryAttributes(), physical(leaf[0], hva), done, length);
                    return UserFault.NONE;
                }
            }
        }
    }

    private static long physical(long leaf, long hva) {
        return HostPte.pfnAt(leaf, hva) << HostPte.PAGE_SHIFT | (hva & AddressSpace.PAGE_SIZE - 1);
    }

    private static boolean allows(long leaf, boolean write) {
        return HostPte.isPresent(leaf) && HostPte.isUser(leaf) && (!write || HostPte.isWritable(leaf));
    }

    private UserFault faultIn(long hva, boolean write, long[] leaf) {
        for (int attempt = 0; attempt < MAX_FAULTS; attempt++) {
            leaf[0] = mm.lookupLeaf(hva);
            if (allows(leaf[0], write)) {
                return UserFault.NONE;
            }
            mm.mmapLock().readLock();
            try {
                Vma vma = mm.vmaLookup(hva);
                if (vma == null) {
                    return UserFault.SEGV_MAPERR;
                }
                long wanted = write ? VmFlags.VM_WRITE : VmFlags.VM_READ | VmFlags.VM_WRITE;
                if ((vma.vmFlags() & wanted) == 0) {
                    return UserFault.SEGV_ACCERR;
                }
                int fault = mm.handleFault(vma, hva, write);
                if ((fault & VmFault.VM_FAULT_ERROR) != 0) {
                    return signal(fault);
                }
            } finally {
                mm.mmapLock().readUnlock();
            }
        }
        return UserFault.BUS_ADRERR;
    }

    private static UserFault signal(int fault) {
        if ((fault & VmFault.VM_FAULT_HWPOISON) != 0) {
            return UserFault.BUS_MCEERR_AR;
        }
        if ((fault & VmFault.VM_FAULT_OOM) != 0) {
            return UserFault.OOM;
        }
        return (fault & VmFault.VM_FAULT_SIGSEGV) != 0 ? UserFault.SEGV_MAPERR : UserFault.BUS_ADRERR;
    }
}

package dev.ipanema.host.driver;

import dev.ipanema.arm.memory.MemoryAttributes;
import dev.ipanema.base.errno.Errno;
import dev.ipanema.host.mm.AddressSpace;
import dev.ipanema.host.mm.HostPte;
import dev.ipanema.host.mm.KernelMemory;
import dev.ipanema.host.mm.MappableFile;
import dev.ipanema.host.mm.PfnInsertion;
import dev.ipanema.host.mm.VmOperations;
import dev.ipanema.host.mm.Vma;
import dev.ipanema.machine.memory.Agent;

/// `/dev/egm0`: Extended GPU Memory, DRAM that firmware hides from the host's kernel so that it can be a guest's RAM.
/// It is zero when it is opened for the first time and each time when nobody had it open. Its mapping is cacheable
/// and made whole by `remap_pfn_range`.
///
/// Source: `drivers/vfio/pci/nvgrace-gpu/egm.c` as posted for review (RFC v2, 2026); not in Linux 7.3.
public final class EgmDevice implements MappableFile, AutoCloseable {
    private final KernelMemory kernel;
    private final String name;
    private final long phys;
    private final long length;
    private int users;

    /// @param phys physical address of its first byte
    /// @param length bytes
    public EgmDevice(KernelMemory kernel, String name, long phys, long length) {
        this.kernel = kernel;
        this.name = name;
        this.phys = phys;
        this.length = length;
    }

    /// Opens it once more.
    public synchronized void open() {
        if (users == 0) {
            kernel.memory().zero(Agent.HOST_KERNEL, MemoryAttributes.NORMAL_WB, phys, length);
        }
        users++;
    }

    /// Takes one [#open()] back.
    @Override
    public synchronized void close() {
        users = Math.max(0, users - 1);
    }

    /// A mapping keeps it open.
    @Override
    public synchronized void get() {
        users++;
    }

    @Override
    public void put() {
        close();
    }

    @Override
    public String name() {
        return name;
    }

    /// {@return the physical address of its first byte}
    public long phys() {
        return phys;
    }

    /// {@return bytes}
    public long length() {
        return length;
    }

    /// @return 0; -EINVAL behind the end, for a part of a private mapping; -EOVERFLOW when offset and length wrap
    @Override
    public int mmap(AddressSpace mm, Vma vma) {
        long offset = vma.pgoff() << HostPte.PAGE_SHIFT;
        if (offset < 0 || offset > Long.MAX_VALUE - vma.size()) {
            return Errno.EOVERFLOW.negated();
        }
        if (offset + vma.size() > length) {
            return Errno.EINVAL.negated();
        }
        vma.setOps(VmOperations.NO_FAULT);
        long firstPfn = (phys + offset) >>> HostPte.PAGE_SHIFT;
        int result = PfnInsertion.remapPfnRange(mm, vma, vma.start(), firstPfn, vma.size(), vma.vmPageProt());
        vma.setPgoff(firstPfn);
        return result;
    }
}

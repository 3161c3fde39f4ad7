package dev.ipanema.kvm.mmu;

import dev.ipanema.host.mm.HostPte;
import dev.ipanema.host.mm.KernelMemory;
import dev.ipanema.kvm.stage2.TablePages;
import java.util.concurrent.atomic.AtomicLong;

/// Table pages from the host's page allocator, counted as the kernel counts them (`NR_SECONDARY_PAGETABLE`).
public final class HostTablePages implements TablePages {
    private final KernelMemory kernel;
    private final AtomicLong bytes = new AtomicLong();

    /// Takes pages from a host's kernel.
    public HostTablePages(KernelMemory kernel) {
        this.kernel = kernel;
    }

    @Override
    public long allocate(long size) {
        long pa = kernel.allocKernelPages(order(size));
        if (pa < 0) {
            return -1;
        }
        bytes.addAndGet(size);
        return pa;
    }

    @Override
    public void free(long pa, long size) {
        kernel.freeKernelPages(pa, order(size));
        bytes.addAndGet(-size);
    }

    private static int order(long size) {
        return Long.numberOfTrailingZeros(size) - HostPte.PAGE_SHIFT;
    }

    /// {@return bytes of page tables that are in use}
    public long bytes() {
        return bytes.get();
    }
}

package dev.ipanema.kvm.vm;

import dev.ipanema.arm.register.TlbiOp;
import dev.ipanema.kvm.stage2.VmidAllocator;
import dev.ipanema.machine.cpu.Machine;
import dev.ipanema.machine.cpu.ProcessingElement;

/// The processing elements of the host as vCPUs share them: each runs one vCPU at a time, and a vCPU that finds
/// none free waits for one. There is one VMID allocator for all.
final class PhysicalCpus {
    private final Machine machine;
    private final boolean[] busy;
    private final VmidAllocator vmids;

    PhysicalCpus(Machine machine) {
        this.machine = machine;
        this.busy = new boolean[machine.processingElements()];
        this.vmids = new VmidAllocator(machine.cpuModel().vmidBits(), busy.length, this::flushAllContexts);
    }

    /// `__kvm_flush_vm_context`: no VMID of an older generation may hit. Instruction caches know no VMID.
    private void flushAllContexts() {
        machine.tlbDomain().invalidate(TlbiOp.ALLE1IS, 0, 0, false);
        machine.tlbDomain().synchronize(null);
    }

    VmidAllocator vmids() {
        return vmids;
    }

    int count() {
        return busy.length;
    }

    /// Takes a processing element, the preferred one if it is free.
    synchronized ProcessingElement acquire(int preferred) {
        boolean interrupted = false;
        try {
            while (true) {
                int free = free(preferred % busy.length);
                if (free >= 0) {
                    busy[free] = true;
                    return machine.processingElement(free);
                }
                try {
                    wait();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private int free(int preferred) {
        for (int i = 0; i < busy.length; i++) {
            int candidate = (preferred + i) % busy.length;
            if (!busy[candidate]) {
                return candidate;
            }
        }
        return -1;
    }

    /// Gives a processing element back.
    synchronized void release(ProcessingElement pe) {
        vmids.put(pe.index());
        busy[pe.index()] = false;
        notifyAll();
    }
}

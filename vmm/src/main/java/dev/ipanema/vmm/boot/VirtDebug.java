package dev.ipanema.vmm.boot;

import dev.ipanema.arm.exception.Par;
import dev.ipanema.arm.register.AtOp;
import dev.ipanema.arm.register.SysReg;
import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.host.mm.UserFault;
import dev.ipanema.kvm.stage2.Stage2Leaf;
import dev.ipanema.kvm.uapi.KvmGuestDebug;
import dev.ipanema.kvm.uapi.KvmRun;
import dev.ipanema.kvm.vm.Vcpu;
import dev.ipanema.machine.cpu.CpuContext;
import dev.ipanema.machine.mmu.Mmu;
import dev.ipanema.vmm.gdb.DebugTarget;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/// A [VirtMachine] under a debugger. Its processors stop between two calls of `KVM_RUN`; breakpoints are KVM's
/// (`KVM_SET_GUEST_DEBUG`).
///
/// The first processor that meets a debug exception stops all. What others met at the same time is not kept: they stand
/// before the same instruction and meet it again.
final class VirtDebug implements DebugTarget {
    private static final int PAGE = 4096;

    private final VirtMachine machine;
    private final VcpuThreads threads;
    private final List<KvmGuestDebug> requests;

    // Guarded by this.
    private boolean holding;
    private @Nullable Stop stop;
    private @Nullable String ended;

    VirtDebug(VirtMachine machine, VcpuThreads threads) {
        this.machine = machine;
        this.threads = threads;
        this.requests = new ArrayList<>(Collections.nCopies(machine.vcpus().size(), KvmGuestDebug.of(0)));
    }

    // ---- from the machine ------------------------------------------------------------------------------------------

    /// A vCPU's `KVM_RUN` ended with `KVM_EXIT_DEBUG`; called on its thread.
    synchronized void debugExit(Vcpu vcpu, KvmRun.Debug debug) {
        if (!holding) {
            holding = true;
            stop = new Stop(vcpu.id(), debug.hsr, debug.far, null);
            threads.hold();
            notifyAll();
        }
    }

    /// The guest has ended.
    synchronized void guestEnded(String how) {
        ended = how;
        notifyAll();
    }

    /// The machine has new vCPUs.
    void restarted() {
        for (int i = 0; i < requests.size(); i++) {
            setGuestDebug(i, requests.get(i));
        }
    }

    // ---- for the debugger ------------------------------------------------------------------------------------------

    @Override
    public int cpus() {
        return requests.size();
    }

    private Vcpu vcpu(int cpu) {
        return machine.vcpus().get(cpu);
    }

    @Override
    public CpuContext cpu(int cpu) {
        return vcpu(cpu).cpu();
    }

    @Override
    public String describe(int cpu) {
        return "vCPU " + cpu + (vcpu(cpu).isStopped() ? ", powered off" : ", EL" + cpu(cpu).el());
    }

    @Override
    public boolean read(int cpu, long va, byte[] into) {
        return transfer(cpu, va, into, false);
    }

    @Override
    public boolean write(int cpu, long va, byte[] from) {
        return transfer(cpu, va, from, true);
    }

    /// Goes page by page through the guest's own tables.
    private boolean transfer(int cpu, long va, byte[] bytes, boolean write) {
        Mmu mmu = machine.mmu(cpu);
        int done = 0;
        while (done < bytes.length) {
            long at = va + done;
            int length = Math.min(bytes.length - done, PAGE - (int) (at & PAGE - 1));
            long par = mmu.parOf(AtOp.S1E1R, at);
            if (Par.isFault(par)) {
                return false;
            }
            long hva = machine.hva(Par.pa(par) | (at & (PAGE - 1)), length);
            if (hva < 0) {
                return false;
            }
            UserFault fault = write
                    ? machine.userMemory().poke(hva, bytes, done, length)
                    : machine.userMemory().observe(hva, bytes, done, length);
            if (fault != UserFault.NONE) {
                return false;
            }
            done += length;
        }
        return true;
    }

    @Override
    public int setGuestDebug(int cpu, KvmGuestDebug debug) {
        requests.set(cpu, debug);
        return vcpu(cpu).setGuestDebug(debug);
    }

    @Override
    public void injectBreakpoint(int cpu, long esr) {
        cpu(cpu).enterSynchronous(esr);
    }

    @Override
    public void resume(IntPredicate which) {
        synchronized (this) {
            if (!holding) {
                return;
            }
            holding = false;
            stop = null;
        }
        threads.resume(which);
    }

    @Override
    public void stopAll() {
        synchronized (this) {
            if (!holding) {
                holding = true;
                stop = null;
                threads.hold();
            }
        }
        threads.awaitHeld();
    }

    @Override
    public @Nullable Stop awaitStop(long millis) {
        Stop found;
        synchronized (this) {
            long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
            long left = millis;
            while (stop == null && ended == null && left > 0) {
                try {
                    wait(left);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return null;
                }
                left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            }
            found = ended != null ? new Stop(-1, 0, 0, ended) : stop;
        }
        if (found != null && found.ended() == null) {
            threads.awaitHeld();
        }
        return found;
    }

    @Override
    public void kill() {
        machine.stop(new GuestEnd(GuestEnd.Reason.INTERRUPTED, "The debugger ended the guest", ""));
    }

    // ---- monitor ---------------------------------------------------------------------------------------------------

    @Override
    public String monitor(int cpu, String command) {
        String[] words = command.strip().split("\\s+", -1);
        return switch (words[0]) {
            case "stage2" -> words.length == 2 ? stage2(words[1]) : "usage: monitor stage2 IPA\n";
            case "tlb" -> tlb(cpu);
            case "regs" -> registers(cpu);
            default -> """
                monitor stage2 IPA   how stage 2 maps an address of the guest
                monitor tlb          what the processor's TLB holds
                monitor regs         its system registers
                """;
        };
    }

    private String stage2(String text) {
        long ipa;
        try {
            ipa = Sizes.parseNumber("IPA", text);
        } catch (BadInput e) {
            return e.getMessage() + "\n";
        }
        if (ipa < 0 || ipa >>> machine.ipaBits() != 0) {
            return Sizes.hex(ipa) + " is no IPA of this machine\n";
        }
        Stage2Leaf leaf = machine.stage2().leaf(ipa);
        return Sizes.hex(ipa) + ": " + (leaf.isMapped() ? machine.describe(leaf) : "not mapped") + "\n";
    }

    private String tlb(int cpu) {
        StringBuilder text = new StringBuilder();
        machine.mmu(cpu).describeTlb(line -> text.append(line).append('\n'));
        return text.isEmpty() ? "empty\n" : text.toString();
    }

    private String registers(int cpu) {
        StringBuilder text = new StringBuilder();
        CpuContext context = cpu(cpu);
        for (SysReg reg : SysReg.values()) {
            long value = context.get(reg);
            // What the context holds of performance monitors is KVM's, not the guest's.
            if (value != 0 && !reg.isFeatureId() && !reg.isPmu()) {
                text.append("%-20s 0x%016x%n".formatted(reg.name(), value));
            }
        }
        return text.toString();
    }
}

package dev.ipanema.vmm.gdb;

import dev.ipanema.arm.a64.Assembler;
import dev.ipanema.arm.register.DebugControl;
import dev.ipanema.kvm.uapi.KvmGuestDebug;
import dev.ipanema.machine.cpu.CpuContext;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a debugger has set: BRK instructions in guest memory, and the breakpoint and watchpoint registers, which are
/// the
/// same on every processor.
final class Breakpoints {
    private static final int A64_BAS = 0xf;
    private static final int DOUBLEWORD = 8;
    private static final byte[] BRK = new Assembler(0).brk(0).bytes();

    /// A watched range.
    ///
    /// @param kinds LSC_… of [DebugControl]
    record Watch(long va, int length, int kinds) {}

    private final DebugTarget target;
    private final Map<Long, byte[]> replaced = new LinkedHashMap<>();
    private final List<Long> hardware = new ArrayList<>();
    private final List<Watch> watched = new ArrayList<>();

    Breakpoints(DebugTarget target) {
        this.target = target;
    }

    private CpuContext anyCpu() {
        return target.cpu(0);
    }

    /// Puts a BRK at an address.
    ///
    /// @return false when there is no memory
    boolean insert(int cpu, long va) {
        if (replaced.containsKey(va)) {
            return true;
        }
        byte[] old = new byte[BRK.length];
        if (va % BRK.length != 0 || !target.read(cpu, va, old) || !target.write(cpu, va, BRK)) {
            return false;
        }
        replaced.put(va, old);
        return true;
    }

    /// Puts back what a BRK has replaced.
    boolean remove(int cpu, long va) {
        byte[] old = replaced.remove(va);
        return old == null || target.write(cpu, va, old);
    }

    /// {@return whether a BRK at an address is the debugger's}
    boolean isInserted(long va) {
        return replaced.containsKey(va);
    }

    /// Uses a breakpoint register.
    ///
    /// @return false when none is free
    boolean insertHardware(long va) {
        if (!hardware.contains(va)) {
            if (hardware.size() >= anyCpu().model().breakpoints()) {
                return false;
            }
            hardware.add(va);
        }
        return true;
    }

    void removeHardware(long va) {
        hardware.remove(va);
    }

    /// Uses a watchpoint register.
    ///
    /// @return false when none is free or the range is none that a register can watch
    boolean watch(Watch watch) {
        if (watched.contains(watch)) {
            return true;
        }
        if (watched.size() >= anyCpu().model().watchpoints() || !isWatchable(watch)) {
            return false;
        }
        watched.add(watch);
        return true;
    }

    private static boolean isWatchable(Watch watch) {
        boolean inDoubleword = (watch.va() & DOUBLEWORD - 1) + watch.length() <= DOUBLEWORD;
        boolean power = Integer.bitCount(watch.length()) == 1 && watch.va() % watch.length() == 0;
        return watch.length() > 0 && (inDoubleword || power);
    }

    void unwatch(Watch watch) {
        watched.remove(watch);
    }

    /// {@return the watched range that an access at an address hit, null for none}
    @Nullable
    Watch hit(long va) {
        for (Watch watch : watched) {
            // An access may begin below what it touches.
            if (va < watch.va() + watch.length() && va + 2 * DOUBLEWORD > watch.va()) {
                return watch;
            }
        }
        return null;
    }

    /// Takes everything out of the guest.
    void clear(int cpu) {
        for (Map.Entry<Long, byte[]> each : replaced.entrySet()) {
            target.write(cpu, each.getKey(), each.getValue());
        }
        replaced.clear();
        hardware.clear();
        watched.clear();
    }

    /// {@return what `KVM_SET_GUEST_DEBUG` of a processor is given}
    ///
    /// @param step whether it makes one step
    KvmGuestDebug request(boolean step) {
        int control = KvmGuestDebug.KVM_GUESTDBG_ENABLE
                | KvmGuestDebug.KVM_GUESTDBG_USE_SW_BP
                | (step ? KvmGuestDebug.KVM_GUESTDBG_SINGLESTEP : 0);
        if (hardware.isEmpty() && watched.isEmpty()) {
            return KvmGuestDebug.of(control);
        }
        List<KvmGuestDebug.Pair> breakpoints = hardware.stream()
                .map(va -> new KvmGuestDebug.Pair(DebugControl.of(0, A64_BAS, 0), va))
                .toList();
        List<KvmGuestDebug.Pair> watchpoints =
                watched.stream().map(Breakpoints::watchpoint).toList();
        return new KvmGuestDebug(control | KvmGuestDebug.KVM_GUESTDBG_USE_HW, breakpoints, watchpoints);
    }

    private static KvmGuestDebug.Pair watchpoint(Watch watch) {
        int low = (int) watch.va() & DOUBLEWORD - 1;
        boolean small = low + watch.length() <= DOUBLEWORD;
        int bas = small ? ((1 << watch.length()) - 1) << low : 0xff;
        int mask = small ? 0 : Integer.numberOfTrailingZeros(watch.length());
        return new KvmGuestDebug.Pair(DebugControl.of(watch.kinds(), bas, mask), watch.va() & -DOUBLEWORD);
    }
}

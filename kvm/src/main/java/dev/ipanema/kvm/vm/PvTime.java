package dev.ipanema.kvm.vm;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.kvm.mmu.GuestBytes;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// Stolen time of one vCPU (`arch/arm64/kvm/pvtime.c`): how long its thread could not run although it wanted to, as a
/// structure in the guest's memory. Used by the vCPU's thread, but for [#place].
///
/// What the kernel takes from the scheduler (`sched_info.run_delay`) is here the time between load and put that the
/// thread spent without a processor: elapsed time less its processor time.
///
/// Source of the structure: Arm DEN0057 (Paravirtualized Time for Arm-based Systems), 4.2.
final class PvTime {
    private static final long NOWHERE = -1;
    private static final int SIZE = 64;
    private static final int STOLEN_TIME = 8;
    private static final long PERIOD_NANOS = 10_000_000;

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private final GuestBytes memory;
    private long base = NOWHERE;
    private boolean started;
    private boolean countsHostTime = true;
    private long stolen;
    private long elapsedAtMark;
    private long processorAtMark;

    PvTime(GuestBytes memory) {
        this.memory = memory;
    }

    /// Takes the host's time out of the guest's view.
    void ignoreHostTime() {
        countsHostTime = false;
    }

    /// Says where the structure lies (`KVM_ARM_VCPU_PVTIME_IPA`).
    ///
    /// @return 0, or -EINVAL for an unaligned address or one without memory, -EEXIST the second time
    int place(long ipa) {
        if ((ipa & (SIZE - 1)) != 0) {
            return Errno.EINVAL.negated();
        }
        if (base != NOWHERE) {
            return Errno.EEXIST.negated();
        }
        if (!memory.isMemory(ipa)) {
            return Errno.EINVAL.negated();
        }
        base = ipa;
        return 0;
    }

    /// {@return whether the structure has a place}
    boolean isPlaced() {
        return base != NOWHERE;
    }

    /// {@return where the structure lies}
    long base() {
        return base;
    }

    /// The guest asks for the structure: counting starts at 0 (`kvm_init_stolen_time`).
    ///
    /// @return false when it has no place
    boolean start() {
        if (base == NOWHERE || !memory.write(base, new byte[SIZE], 0, SIZE)) {
            return false;
        }
        // Where time is made of instructions nothing is stolen.
        started = countsHostTime;
        stolen = 0;
        mark();
        return true;
    }

    private void mark() {
        elapsedAtMark = System.nanoTime();
        processorAtMark = THREADS.getCurrentThreadCpuTime();
    }

    /// The vCPU is put on a processing element.
    void load() {
        if (started) {
            mark();
        }
    }

    /// Brings the structure up to date, at most a hundred times a second (`kvm_update_stolen_time`).
    void update() {
        if (started && System.nanoTime() - elapsedAtMark >= PERIOD_NANOS) {
            put();
            mark();
        }
    }

    /// The vCPU goes off its processing element: what follows is no waiting for one.
    void put() {
        if (!started) {
            return;
        }
        long elapsed = System.nanoTime() - elapsedAtMark;
        long processor = THREADS.getCurrentThreadCpuTime() - processorAtMark;
        stolen += Math.max(elapsed - processor, 0);
        byte[] bytes = ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(stolen)
                .array();
        memory.write(base + STOLEN_TIME, bytes, 0, Long.BYTES);
    }
}

package dev.ipanema.kvm.uapi;

/// Exit reasons of `KVM_RUN` (`struct kvm_run.exit_reason`, `include/uapi/linux/kvm.h`).
public final class KvmExit {
    public static final int KVM_EXIT_UNKNOWN = 0;
    public static final int KVM_EXIT_DEBUG = 4;
    public static final int KVM_EXIT_MMIO = 6;
    public static final int KVM_EXIT_INTR = 10;
    public static final int KVM_EXIT_INTERNAL_ERROR = 17;
    public static final int KVM_EXIT_SYSTEM_EVENT = 24;
    public static final int KVM_EXIT_ARM_NISV = 28;
    public static final int KVM_EXIT_DIRTY_RING_FULL = 31;
    public static final int KVM_EXIT_MEMORY_FAULT = 39;
    public static final int KVM_EXIT_ARM_SEA = 41;
    public static final int KVM_EXIT_ARM_LDST64B = 42;

    public static final int KVM_SYSTEM_EVENT_SHUTDOWN = 1;
    public static final int KVM_SYSTEM_EVENT_RESET = 2;
    public static final int KVM_SYSTEM_EVENT_CRASH = 3;

    /// Flag in `system_event.data[0]`: the reset was asked for by PSCI SYSTEM_RESET2.
    public static final long KVM_SYSTEM_EVENT_RESET_FLAG_PSCI_RESET2 = 1;

    /// Flag in `system_event.data[0]`: the shutdown was asked for by PSCI SYSTEM_OFF2.
    public static final long KVM_SYSTEM_EVENT_SHUTDOWN_FLAG_PSCI_OFF2 = 1;

    /// Flag in `arm_sea.flags`: `gpa` is valid.
    public static final long KVM_EXIT_ARM_SEA_FLAG_GPA_VALID = 1;

    private KvmExit() {}

    /// {@return the name of an exit reason, or `KVM_EXIT_<number>`}
    public static String name(int exitReason) {
        return switch (exitReason) {
            case KVM_EXIT_UNKNOWN -> "KVM_EXIT_UNKNOWN";
            case KVM_EXIT_DEBUG -> "KVM_EXIT_DEBUG";
            case KVM_EXIT_MMIO -> "KVM_EXIT_MMIO";
            case KVM_EXIT_INTR -> "KVM_EXIT_INTR";
            case KVM_EXIT_INTERNAL_ERROR -> "KVM_EXIT_INTERNAL_ERROR";
            case KVM_EXIT_SYSTEM_EVENT -> "KVM_EXIT_SYSTEM_EVENT";
            case KVM_EXIT_ARM_NISV -> "KVM_EXIT_ARM_NISV";
            case KVM_EXIT_DIRTY_RING_FULL -> "KVM_EXIT_DIRTY_RING_FULL";
            case KVM_EXIT_MEMORY_FAULT -> "KVM_EXIT_MEMORY_FAULT";
            case KVM_EXIT_ARM_SEA -> "KVM_EXIT_ARM_SEA";
            case KVM_EXIT_ARM_LDST64B -> "KVM_EXIT_ARM_LDST64B";
            default -> "KVM_EXIT_" + exitReason;
        };
    }
}

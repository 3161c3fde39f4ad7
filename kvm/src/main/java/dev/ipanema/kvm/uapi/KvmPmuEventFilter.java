package dev.ipanema.kvm.uapi;

/// Events that a guest may or may not count (`struct kvm_pmu_event_filter`).
///
/// @param baseEvent the first event, 16 bits
/// @param events how many, 16 bits
/// @param action [#KVM_PMU_EVENT_ALLOW] or [#KVM_PMU_EVENT_DENY]
public record KvmPmuEventFilter(int baseEvent, int events, int action) {
    /// The events may be counted.
    public static final int KVM_PMU_EVENT_ALLOW = 0;

    /// The events count nothing.
    public static final int KVM_PMU_EVENT_DENY = 1;

    private static final int U16 = 0xffff;
    private static final int U8 = 0xff;

    /// {@return the structure whose 8 bytes are a little-endian number, as
    /// [dev.ipanema.kvm.vm.Vcpu#setDeviceAttr] takes it}
    public static KvmPmuEventFilter of(long bytes) {
        return new KvmPmuEventFilter((int) bytes & U16, (int) (bytes >>> 16) & U16, (int) (bytes >>> 32) & U8);
    }

    /// {@return the 8 bytes of the structure as a little-endian number}
    public long bytes() {
        return (long) (action & U8) << 32 | (long) (events & U16) << 16 | (baseEvent & U16);
    }
}

package dev.ipanema.kvm.uapi;

/// A device that `KVM_CREATE_DEVICE` made: its methods are the ioctls of its file descriptor. Numbers are those of
/// [KvmDeviceUapi].
public interface KvmDevice {
    /// `KVM_SET_DEVICE_ATTR`.
    ///
    /// @param value what `addr` of the attribute points to
    /// @return 0 or a negated errno, -ENXIO for an attribute that is not there
    int setAttr(int group, long attr, long value);

    /// `KVM_GET_DEVICE_ATTR`.
    ///
    /// @param value element 0 is what `addr` of the attribute points to: it takes the result, and holds the
    ///     question of an attribute that has one
    /// @return 0 or a negated errno, -ENXIO for an attribute that is not there
    int getAttr(int group, long attr, long[] value);

    /// `KVM_HAS_DEVICE_ATTR`.
    boolean hasAttr(int group, long attr);
}

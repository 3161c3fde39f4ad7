package dev.ipanema.kvm.abort;

/// Where a faulting IPA lies.
public enum IpaZone {
    /// Inside the VM's IPA space.
    INSIDE,

    /// Beyond the VM's IPA size, not beyond what the host can do (`kvm_ipa_limit`).
    BETWEEN_VM_IPA_AND_LIMIT,

    /// Beyond what the host can do.
    BEYOND_IPA_LIMIT;

    /// {@return the zone of an address}
    ///
    /// @param vmIpaBits the VM's IPA size
    /// @param ipaLimitBits `KVM_CAP_ARM_VM_IPA_SIZE`
    public static IpaZone of(long ipa, int vmIpaBits, int ipaLimitBits) {
        if (ipa >>> ipaLimitBits != 0) {
            return BEYOND_IPA_LIMIT;
        }
        return ipa >>> vmIpaBits != 0 ? BETWEEN_VM_IPA_AND_LIMIT : INSIDE;
    }
}

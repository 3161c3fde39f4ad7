package dev.ipanema.kvm.version;

import dev.ipanema.kvm.uapi.KvmCap;

/// Linux 6.18: 6.17 with guest_memfd that the VMM can map.
final class Linux618 extends Linux617 {
    Linux618() {
        super("linux-6.18", "6.18");
    }

    @Override
    public boolean guestMemfdBuiltIn() {
        return true;
    }

    @Override
    public boolean knowsCapability(int cap) {
        return cap == KvmCap.KVM_CAP_GUEST_MEMFD
                || cap == KvmCap.KVM_CAP_GUEST_MEMFD_FLAGS
                || super.knowsCapability(cap);
    }
}

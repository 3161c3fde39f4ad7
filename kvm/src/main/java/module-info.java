/// KVM/arm64.
@org.jspecify.annotations.NullMarked
module dev.ipanema.kvm {
    requires transitive dev.ipanema.host;
    requires static transitive org.jspecify;

    exports dev.ipanema.kvm.memslot;
    exports dev.ipanema.kvm.stage2;
    exports dev.ipanema.kvm.uapi;
    exports dev.ipanema.kvm.version;
}

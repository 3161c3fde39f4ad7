/// KVM/arm64.
@org.jspecify.annotations.NullMarked
module dev.ipanema.kvm {
    requires transitive dev.ipanema.host;
    requires java.management;
    requires static transitive org.jspecify;

    exports dev.ipanema.kvm.abort;
    exports dev.ipanema.kvm.memslot;
    exports dev.ipanema.kvm.mmu;
    exports dev.ipanema.kvm.pmu;
    exports dev.ipanema.kvm.stage2;
    exports dev.ipanema.kvm.trace;
    exports dev.ipanema.kvm.uapi;
    exports dev.ipanema.kvm.timer;
    exports dev.ipanema.kvm.version;
    exports dev.ipanema.kvm.vgic;
    exports dev.ipanema.kvm.vm;
}

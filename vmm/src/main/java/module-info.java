/// The VMM: boot, emulated devices answering MMIO exits, scenario replay.
@org.jspecify.annotations.NullMarked
module dev.ipanema.vmm {
    requires transitive dev.ipanema.kvm;
    requires dev.ipanema.devices;
    requires dev.ipanema.images;
    requires transitive dev.ipanema.guests;
    requires tools.jackson.databind;
    requires static transitive org.jspecify;

    exports dev.ipanema.vmm.bench;
    exports dev.ipanema.vmm.scenario;
    exports dev.ipanema.vmm.table;
}

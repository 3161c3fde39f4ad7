/// The VMM: boot, emulated devices answering MMIO exits, scenario replay.
@org.jspecify.annotations.NullMarked
module dev.ipanema.vmm {
    requires transitive dev.ipanema.kvm;
    requires dev.ipanema.devices;
    requires transitive dev.ipanema.images;
    requires transitive dev.ipanema.guests;
    requires tools.jackson.databind;
    requires static transitive org.jspecify;

    exports dev.ipanema.vmm.bench;
    exports dev.ipanema.vmm.boot;
    exports dev.ipanema.vmm.coherence;
    exports dev.ipanema.vmm.console;
    exports dev.ipanema.vmm.demo;
    exports dev.ipanema.vmm.device;
    exports dev.ipanema.vmm.explain;
    exports dev.ipanema.vmm.gdb;
    exports dev.ipanema.vmm.passthrough;
    exports dev.ipanema.vmm.probe;
    exports dev.ipanema.vmm.scenario;
    exports dev.ipanema.vmm.table;
    exports dev.ipanema.vmm.unittest;
}

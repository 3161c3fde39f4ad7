/// Register models of emulated devices.
@org.jspecify.annotations.NullMarked
module dev.ipanema.devices {
    requires transitive dev.ipanema.machine;
    requires static transitive org.jspecify;

    exports dev.ipanema.devices.block;
    exports dev.ipanema.devices.bus;
    exports dev.ipanema.devices.clock;
    exports dev.ipanema.devices.firmware;
    exports dev.ipanema.devices.flash;
    exports dev.ipanema.devices.gpu;
    exports dev.ipanema.devices.net;
    exports dev.ipanema.devices.ninep;
    exports dev.ipanema.devices.pci;
    exports dev.ipanema.devices.serial;
    exports dev.ipanema.devices.virtio;
}

/// The Linux host: address spaces, VMAs, page protections, drivers, platform profiles.
@org.jspecify.annotations.NullMarked
module dev.ipanema.host {
    requires transitive dev.ipanema.devices;
    requires transitive dev.ipanema.machine;
    requires static transitive org.jspecify;

    exports dev.ipanema.host.driver;
    exports dev.ipanema.host.mm;
    exports dev.ipanema.host.platform;
    exports dev.ipanema.host.vfio;
}

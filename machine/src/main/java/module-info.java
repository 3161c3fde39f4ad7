/// Simulated hardware: physical memory, processing elements, MMU and TLB.
@org.jspecify.annotations.NullMarked
module dev.ipanema.machine {
    requires transitive dev.ipanema.arm;
    requires jdk.unsupported;
    requires static transitive org.jspecify;

    exports dev.ipanema.machine.cache;
    exports dev.ipanema.machine.cpu;
    exports dev.ipanema.machine.memory;
    exports dev.ipanema.machine.mmu;
}

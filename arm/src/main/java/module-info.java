/// The architecture as values and pure functions: registers, descriptors, memory types, syndromes, CPU models, A64.
@org.jspecify.annotations.NullMarked
module dev.ipanema.arm {
    requires transitive dev.ipanema.base;
    requires static transitive org.jspecify;

    exports dev.ipanema.arm.a64;
    exports dev.ipanema.arm.register;
    exports dev.ipanema.arm.cpu;
    exports dev.ipanema.arm.memory;
    exports dev.ipanema.arm.pauth;
    exports dev.ipanema.arm.pgtable;
    exports dev.ipanema.arm.exception;
    exports dev.ipanema.arm.fp;
    exports dev.ipanema.arm.simd;
    exports dev.ipanema.arm.gic;
}

/// What every floor of the house may use, and what knows nothing of Arm or KVM.
@org.jspecify.annotations.NullMarked
module dev.ipanema.base {
    requires static transitive org.jspecify;

    exports dev.ipanema.base.errno;
    exports dev.ipanema.base.text;
    exports dev.ipanema.base.time;
    exports dev.ipanema.base.trail;
}

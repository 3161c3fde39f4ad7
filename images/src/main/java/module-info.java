/// Guest image formats.
@org.jspecify.annotations.NullMarked
module dev.ipanema.images {
    requires transitive dev.ipanema.arm;
    requires static transitive org.jspecify;

    exports dev.ipanema.images.format;
}

/// Guest image formats.
@org.jspecify.annotations.NullMarked
module dev.ipanema.images {
    requires transitive dev.ipanema.arm;
    requires org.apache.commons.compress;
    requires org.tukaani.xz;
    requires aircompressor;
    requires static transitive org.jspecify;

    exports dev.ipanema.images.format;
}

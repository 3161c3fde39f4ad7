/// Guest image formats, archives, and where guests come from.
@org.jspecify.annotations.NullMarked
module dev.ipanema.images {
    requires transitive dev.ipanema.arm;
    requires org.apache.commons.compress;
    requires org.tukaani.xz;
    requires aircompressor;
    requires static transitive org.jspecify;

    exports dev.ipanema.images.catalog;
    exports dev.ipanema.images.cpio;
    exports dev.ipanema.images.debian;
    exports dev.ipanema.images.format;
}

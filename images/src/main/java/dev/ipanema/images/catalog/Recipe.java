package dev.ipanema.images.catalog;

import dev.ipanema.images.debian.DebianPackage;
import dev.ipanema.images.debian.PackageIndex;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// How a guest is made of packages.
public interface Recipe {
    /// {@return the newest packages that the guest is made of, the one that names its version first}
    ///
    /// @throws dev.ipanema.base.text.BadInput when the index does not have them
    List<DebianPackage> select(PackageIndex index);

    /// {@return the guest's files by the names of its parts}
    ///
    /// @param packages the `.deb` of each selected package
    Map<String, byte[]> make(List<Path> packages);
}

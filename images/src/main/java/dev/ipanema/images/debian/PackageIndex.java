package dev.ipanema.images.debian;

import java.util.List;

/// The packages there are.
public interface PackageIndex {
    /// {@return names of packages that begin so, in order}
    List<String> names(String prefix);

    /// {@return every version of these packages that the index has; nothing for an unknown name}
    List<DebianPackage> packages(List<String> names);
}

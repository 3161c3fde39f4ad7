package dev.ipanema.images.catalog;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.images.debian.DebFile;
import dev.ipanema.images.debian.DebianPackage;
import dev.ipanema.images.debian.PackageIndex;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// Files of one package as they are.
///
/// @param prefix of the package's name, for the index
/// @param packageName pattern of the package's name; the newest version that matches is taken
/// @param files patterns of paths in it by the names of the parts
record FilesRecipe(String prefix, Pattern packageName, Map<String, Pattern> files) implements Recipe {
    /// {@return the newest package of this name}
    static DebianPackage newest(PackageIndex index, String prefix, Pattern name) {
        List<String> names = index.names(prefix).stream()
                .filter(each -> name.matcher(each).matches())
                .toList();
        return index.packages(names).stream()
                .max(Comparator.comparing(DebianPackage::version))
                .orElseThrow(() -> new BadInput(
                        "Debian's index has no package " + prefix + " for arm64 any more", BadInput.FINDING));
    }

    @Override
    public List<DebianPackage> select(PackageIndex index) {
        return List.of(newest(index, prefix, packageName));
    }

    @Override
    public Map<String, byte[]> make(List<Path> packages) {
        Map<String, byte[]> made = new TreeMap<>();
        for (Path each : packages) {
            Map<String, byte[]> contents = DebFile.read(
                    each,
                    path -> files.values().stream()
                            .anyMatch(pattern -> pattern.matcher(path).matches()));
            files.forEach((part, pattern) -> contents.entrySet().stream()
                    .filter(file -> pattern.matcher(file.getKey()).matches())
                    .findFirst()
                    .ifPresent(file -> made.put(part, file.getValue())));
        }
        for (String part : files.keySet()) {
            if (!made.containsKey(part)) {
                throw new BadInput(packages + " have no " + files.get(part) + " any more", BadInput.FINDING);
            }
        }
        return made;
    }
}

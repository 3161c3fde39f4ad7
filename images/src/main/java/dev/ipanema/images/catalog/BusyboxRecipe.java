package dev.ipanema.images.catalog;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.images.debian.DebFile;
import dev.ipanema.images.debian.DebianPackage;
import dev.ipanema.images.debian.PackageIndex;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/// The initial RAM disk with Debian's static busybox.
record BusyboxRecipe() implements Recipe {
    static final String INITRD = "initrd.cpio.gz";

    private static final String PACKAGE = "busybox-static";
    private static final Pattern BINARY = Pattern.compile("(?:usr/)?bin/busybox");

    @Override
    public List<DebianPackage> select(PackageIndex index) {
        return List.of(FilesRecipe.newest(index, PACKAGE, Pattern.compile(PACKAGE)));
    }

    @Override
    public Map<String, byte[]> make(List<Path> packages) {
        return packages.stream()
                .flatMap(each -> DebFile.read(each, path -> BINARY.matcher(path).matches()).values().stream())
                .findFirst()
                .map(binary -> Map.of(INITRD, BusyboxInitrd.build(binary)))
                .orElseThrow(() -> new BadInput(packages + " have no busybox any more", BadInput.FINDING));
    }
}

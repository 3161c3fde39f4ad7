package dev.ipanema.images.catalog;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.images.debian.DebFile;
import dev.ipanema.images.debian.DebianPackage;
import dev.ipanema.images.debian.PackageIndex;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The newest cloud kernel of one series in Debian. Up to 7.1 one package holds the kernel and its modules, or a
/// linux-binary-* does; from 7.2 on linux-image-* depends on linux-binary-* (the Image) and linux-modules-*.
///
/// @param series `6.12`
record KernelRecipe(String series) implements Recipe {
    static final String IMAGE = "vmlinuz";
    static final String MODULES = "modules.cpio.gz";

    private static final String PREFIX = "linux-image-";
    private static final String UNSIGNED = "-unsigned";
    private static final Pattern NAME =
            Pattern.compile("linux-image-(\\d+\\.\\d+)(?:[.-][^-]*)*?-cloud-arm64(?:-unsigned)?");
    private static final Pattern FOLLOWED = Pattern.compile("linux-(image|binary|modules)-.*");
    private static final Pattern IMAGE_PATH = Pattern.compile("boot/vmlinuz-.*|(?:usr/)?lib/modules/[^/]+/vmlinuz");

    @Override
    public List<DebianPackage> select(PackageIndex index) {
        TreeSet<String> others = new TreeSet<>(Comparator.comparingInt(KernelRecipe::minor));
        List<String> names = new ArrayList<>();
        for (String name : index.names(PREFIX)) {
            Matcher matcher = NAME.matcher(name);
            if (matcher.matches()) {
                others.add(matcher.group(1));
                if (matcher.group(1).equals(series)) {
                    names.add(name);
                }
            }
        }
        // At the same version the signed one: it is the one that is installed, and sorts behind.
        DebianPackage newest = index.packages(names).stream()
                .max(Comparator.comparing(DebianPackage::version)
                        .thenComparing(each -> !each.name().endsWith(UNSIGNED)))
                .orElseThrow(() -> new BadInput(
                        "linux-" + series + ": Debian's index has no cloud kernel of this series any more; it has "
                                + String.join(", ", others),
                        BadInput.FINDING));
        LinkedHashMap<String, DebianPackage> selected = new LinkedHashMap<>();
        follow(index, newest, selected);
        return List.copyOf(selected.values());
    }

    /// {@return a number that orders `6.9` before `6.12`}
    private static int minor(String text) {
        String[] parts = text.split("\\.", -1);
        return Integer.parseInt(parts[0]) * 1000 + Integer.parseInt(parts[1]);
    }

    /// Of what a kernel package depends on, only the kernel's own packages are needed to boot it.
    private static void follow(PackageIndex index, DebianPackage from, Map<String, DebianPackage> selected) {
        if (selected.putIfAbsent(from.name(), from) != null) {
            return;
        }
        for (List<DebianPackage.Relation> alternatives : from.depends()) {
            DebianPackage.Relation relation = alternatives.getFirst();
            if (FOLLOWED.matcher(relation.name()).matches()) {
                DebianPackage found = index.packages(List.of(relation.name())).stream()
                        .filter(relation::accepts)
                        .max(Comparator.comparing(DebianPackage::version))
                        .orElseThrow(() -> new BadInput(
                                from + " depends on " + relation.name() + " " + relation.exactVersion()
                                        + ", which Debian's index does not have",
                                BadInput.FINDING));
                follow(index, found, selected);
            }
        }
    }

    @Override
    public Map<String, byte[]> make(List<Path> packages) {
        Map<String, byte[]> files = new TreeMap<>();
        ModulesArchive modules = new ModulesArchive();
        for (Path each : packages) {
            for (Map.Entry<String, byte[]> file : DebFile.read(
                            each, path -> IMAGE_PATH.matcher(path).matches() || ModulesArchive.isWanted(path))
                    .entrySet()) {
                if (IMAGE_PATH.matcher(file.getKey()).matches()) {
                    files.put(IMAGE, file.getValue());
                } else {
                    modules.add(file.getKey(), file.getValue());
                }
            }
        }
        if (!files.containsKey(IMAGE)) {
            throw new BadInput("linux-" + series + ": no kernel image in " + packages, BadInput.FINDING);
        }
        files.put(MODULES, modules.toArchive());
        return files;
    }
}

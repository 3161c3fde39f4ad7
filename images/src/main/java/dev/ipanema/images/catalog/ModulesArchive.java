package dev.ipanema.images.catalog;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import dev.ipanema.images.cpio.CpioWriter;
import dev.ipanema.images.format.Compression;
import dev.ipanema.images.format.KernelModule;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The modules of a kernel that a small guest needs, as an archive to put behind its initial RAM disk: drivers for the
/// machine's devices and common file systems, with what they depend on. `modules.load` lists those that `/init` loads,
/// in order; `modules.dep` and `modules.alias` (modprobe's forms) serve the rest.
final class ModulesArchive {
    /// Loaded at the start of the guest: what its devices need. Those that are built into a kernel are not there.
    private static final List<String> LOADED =
            List.of("virtio_mmio", "virtio_pci", "virtio_console", "virtio_blk", "virtio_net", "virtio_rng");

    /// Only there to be loaded.
    private static final List<String> FURTHER = List.of(
            "virtiofs",
            "9p",
            "9pnet_virtio",
            "ext4",
            "vfat",
            "nls_ascii",
            "squashfs",
            "overlay",
            "loop",
            "of_pmem",
            "nd_pmem");

    private static final Pattern PATH =
            Pattern.compile("(?:usr/)?lib/modules/([^/]+)/(kernel/.*?([^/]+)\\.ko(?:\\.xz|\\.gz|\\.zst)?)");
    private static final Pattern SUFFIX = Pattern.compile("\\.(xz|gz|zst)$");
    private static final long MAX_MODULE = 64 * Sizes.MIB;

    @SuppressWarnings("ArrayRecordComponent") // Files, never written.
    private record Module(String path, byte[] contents, KernelModule info) {}

    private final Map<String, byte[]> packed = new TreeMap<>();
    private String release = "";

    /// {@return whether this path of a package is a module}
    static boolean isWanted(String path) {
        return PATH.matcher(path).matches();
    }

    /// Adds a module, compressed or not.
    void add(String path, byte[] contents) {
        Matcher matcher = PATH.matcher(path);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(path);
        }
        release = matcher.group(1);
        packed.put(path, contents);
    }

    /// {@return the archive, gzip'ed}
    byte[] toArchive() {
        Map<String, String> paths = new TreeMap<>();
        packed.keySet().forEach(path -> paths.put(nameOf(path), path));
        Map<String, Module> chosen = new TreeMap<>();
        Set<String> load = new LinkedHashSet<>();
        LOADED.forEach(name -> choose(name, paths, chosen, load));
        FURTHER.forEach(name -> choose(name, paths, chosen, new LinkedHashSet<>()));
        CpioWriter archive = new CpioWriter();
        String root = "lib/modules/" + release;
        TreeSet<String> directories = new TreeSet<>(List.of("lib", "lib/modules", root));
        for (Module module : chosen.values()) {
            String path = root + "/" + module.path;
            for (int slash = path.indexOf('/', root.length() + 1); slash > 0; slash = path.indexOf('/', slash + 1)) {
                directories.add(path.substring(0, slash));
            }
        }
        directories.forEach(each -> archive.directory(each, 0755));
        StringBuilder order = new StringBuilder();
        load.forEach(name -> Optional.ofNullable(chosen.get(name))
                .ifPresent(module -> order.append(module.path).append('\n')));
        archive.file(root + "/modules.load", 0644, bytes(order));
        archive.file(root + "/modules.dep", 0644, bytes(dependencies(chosen)));
        archive.file(root + "/modules.alias", 0644, bytes(aliases(chosen)));
        chosen.values().forEach(module -> archive.file(root + "/" + module.path, 0644, module.contents));
        return archive.finishGzip();
    }

    /// Adds a module behind those it depends on; nothing when this kernel has no such module.
    private void choose(String name, Map<String, String> paths, Map<String, Module> chosen, Set<String> order) {
        String path = paths.get(name);
        byte[] contents = path == null ? null : packed.get(path);
        if (path == null || contents == null || order.contains(name)) {
            return;
        }
        Module module = chosen.get(name);
        if (module == null) {
            byte[] unpacked = unpack(path, contents);
            Matcher matcher = PATH.matcher(path);
            String plain =
                    SUFFIX.matcher(matcher.matches() ? matcher.group(2) : path).replaceFirst("");
            module = new Module(plain, unpacked, KernelModule.of(unpacked));
            chosen.put(name, module);
        }
        module.info.depends().forEach(each -> choose(canonical(each), paths, chosen, order));
        order.add(name);
    }

    private static StringBuilder dependencies(Map<String, Module> chosen) {
        StringBuilder text = new StringBuilder();
        for (Map.Entry<String, Module> each : chosen.entrySet()) {
            text.append(each.getValue().path).append(':');
            // modprobe loads from the right.
            Set<String> all = new LinkedHashSet<>();
            collect(each.getValue(), chosen, all);
            all.forEach(path -> text.append(' ').append(path));
            text.append('\n');
        }
        return text;
    }

    private static void collect(Module module, Map<String, Module> chosen, Set<String> all) {
        for (String name : module.info.depends()) {
            Module needed = chosen.get(canonical(name));
            if (needed != null) {
                all.remove(needed.path);
                all.add(needed.path);
                collect(needed, chosen, all);
            }
        }
    }

    private static StringBuilder aliases(Map<String, Module> chosen) {
        StringBuilder text = new StringBuilder();
        chosen.forEach((name, module) -> module.info
                .aliases()
                .forEach(alias -> text.append("alias ")
                        .append(alias)
                        .append(' ')
                        .append(name)
                        .append('\n')));
        return text;
    }

    private static byte[] unpack(String path, byte[] contents) {
        return Compression.at(contents, 0)
                .map(compression -> compression.unpack(path, contents, 0, contents.length, MAX_MODULE))
                .orElse(contents);
    }

    private static String nameOf(String path) {
        Matcher matcher = PATH.matcher(path);
        if (!matcher.matches()) {
            throw new BadInput(path + ": not a kernel module");
        }
        return canonical(matcher.group(3));
    }

    /// Modules are known by underscores, whatever their files are called.
    private static String canonical(String name) {
        return name.replace('-', '_');
    }

    private static byte[] bytes(StringBuilder text) {
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }
}

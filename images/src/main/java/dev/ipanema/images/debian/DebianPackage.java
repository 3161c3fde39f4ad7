package dev.ipanema.images.debian;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/// One version of a package in an index.
///
/// @param depends what it depends on, each with its alternatives
/// @param size bytes of its `.deb`
/// @param sha256 of its `.deb`, 64 hexadecimal digits in lower case
public record DebianPackage(
        String name, DebianVersion version, List<List<Relation>> depends, long size, String sha256) {
    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9+.-]+");
    private static final Pattern VERSION = Pattern.compile("[A-Za-z0-9.+:~-]+");
    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
    private static final Pattern SIZE = Pattern.compile("[0-9]{1,18}");

    /// A package that is depended on.
    ///
    /// @param exactVersion of `(= version)`, empty: any
    public record Relation(String name, String exactVersion) {
        /// {@return whether this version of this package will do}
        public boolean accepts(DebianPackage found) {
            return found.name.equals(name)
                    && (exactVersion.isEmpty() || found.version.text().equals(exactVersion));
        }
    }

    public DebianPackage {
        depends = depends.stream().map(List::copyOf).toList();
    }

    /// Reads the paragraphs of an index, such as `apt-cache show` prints.
    ///
    /// @return the packages; paragraphs without a well-formed name, version, size and checksum are passed over
    static List<DebianPackage> parse(String index) {
        List<DebianPackage> packages = new ArrayList<>();
        for (Map<String, String> fields : ControlText.paragraphs(index)) {
            String name = fields.getOrDefault("package", "");
            String version = fields.getOrDefault("version", "");
            String sha256 = fields.getOrDefault("sha256", "");
            String size = fields.getOrDefault("size", "");
            if (NAME.matcher(name).matches()
                    && VERSION.matcher(version).matches()
                    && SHA256.matcher(sha256).matches()
                    && SIZE.matcher(size).matches()) {
                List<List<Relation>> depends = new ArrayList<>(relations(fields.getOrDefault("pre-depends", "")));
                depends.addAll(relations(fields.getOrDefault("depends", "")));
                packages.add(
                        new DebianPackage(name, new DebianVersion(version), depends, Long.parseLong(size), sha256));
            }
        }
        return packages;
    }

    /// Reads a dependency field (Debian Policy 7.1): `a (= 1) | b, c:any (>= 2)`. Of versions only `=` is kept.
    static List<List<Relation>> relations(String field) {
        List<List<Relation>> all = new ArrayList<>();
        for (String clause : field.split(",", -1)) {
            List<Relation> alternatives = new ArrayList<>();
            for (String alternative : clause.split("\\|", -1)) {
                String text = alternative.strip();
                int parenthesis = text.indexOf('(');
                String name = (parenthesis < 0 ? text : text.substring(0, parenthesis)).strip();
                String relation =
                        parenthesis < 0 ? "" : text.substring(parenthesis + 1).replaceFirst("\\).*", "");
                String exact = relation.startsWith("=") ? relation.substring(1).strip() : "";
                String bare = name.replaceFirst("[:\\[< ].*", "");
                if (!bare.isEmpty()) {
                    alternatives.add(new Relation(bare, exact));
                }
            }
            if (!alternatives.isEmpty()) {
                all.add(alternatives);
            }
        }
        return all;
    }

    @Override
    public String toString() {
        return name + " " + version;
    }
}

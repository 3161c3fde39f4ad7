package dev.ipanema.images.debian;

import dev.ipanema.base.text.BadInput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Where this machine gets Debian from, by its own apt sources (sources.list(5): the one-line form and deb822). Only
/// read.
///
/// @param archive address of Debian's main archive
/// @param security address of its security archive, empty when the machine has none
/// @param checkValidUntil whether an index that is too old is to be refused; snapshots of the archive switch it off
public record AptSources(String archive, Optional<String> security, boolean checkValidUntil) {
    /// `deb [options] uri suite components…`
    private static final Pattern ONE_LINE = Pattern.compile("deb\\s+(?:\\[([^\\]]*)\\]\\s*)?(\\S+)\\s+(\\S+)\\s+(.*)");

    private static final Pattern SUITE = Pattern.compile(
            "(buster|bullseye|bookworm|trixie|forky|duke|sid|unstable|testing|stable|oldstable|oldoldstable)"
                    + "(-updates|-backports|-proposed-updates|-security)?(/updates)?");

    private record Entry(String uri, String suite, boolean main, boolean checkValidUntil) {
        boolean isDebian() {
            return main && SUITE.matcher(suite).matches();
        }

        boolean isSecurity() {
            return suite.contains("security") || suite.endsWith("/updates");
        }
    }

    /// Reads a machine's sources.
    ///
    /// @param etcApt the machine's `/etc/apt`
    /// @throws BadInput when it has none of Debian
    public static AptSources of(Path etcApt) {
        List<Entry> entries = new ArrayList<>();
        for (Path file : files(etcApt)) {
            String text = read(file);
            entries.addAll(file.toString().endsWith(".sources") ? deb822(text) : oneLine(text));
        }
        List<Entry> debian = entries.stream().filter(Entry::isDebian).toList();
        Entry archive = best(debian.stream()
                        .filter(entry -> !entry.isSecurity())
                        .toList())
                .orElseThrow(() -> new BadInput(etcApt
                        + ": no source of Debian's archive is listed there; guests are fetched from the mirror that the"
                        + " machine itself uses. Give an image of your own: ipanema run -k IMAGE"));
        Optional<Entry> security =
                best(debian.stream().filter(Entry::isSecurity).toList());
        return new AptSources(archive.uri, security.map(Entry::uri), archive.checkValidUntil);
    }

    /// Other archives may use Debian's suite names, and few of them a path that ends in debian.
    private static Optional<Entry> best(List<Entry> entries) {
        return entries.stream()
                .filter(entry -> entry.uri.contains("debian"))
                .findFirst()
                .or(() -> entries.stream().findFirst());
    }

    private static List<Path> files(Path etcApt) {
        List<Path> files = new ArrayList<>();
        files.add(etcApt.resolve("sources.list"));
        Path parts = etcApt.resolve("sources.list.d");
        if (Files.isDirectory(parts)) {
            try (Stream<Path> stream = Files.list(parts)) {
                stream.filter(path -> path.toString().endsWith(".list")
                                || path.toString().endsWith(".sources"))
                        .sorted()
                        .forEach(files::add);
            } catch (IOException e) {
                throw new BadInput(parts + ": cannot be read (" + e.getMessage() + ")");
            }
        }
        return files;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (NoSuchFileException e) {
            return "";
        } catch (IOException e) {
            throw new BadInput(file + ": cannot be read (" + e.getMessage() + ")");
        }
    }

    private static List<Entry> oneLine(String text) {
        List<Entry> entries = new ArrayList<>();
        for (String line : text.lines().toList()) {
            Matcher matcher = ONE_LINE.matcher(line.replaceFirst("#.*", "").strip());
            if (matcher.matches()) {
                String options = Optional.ofNullable(matcher.group(1)).orElse("");
                boolean main = words(matcher.group(4)).contains("main");
                entries.add(new Entry(
                        matcher.group(2),
                        matcher.group(3),
                        main,
                        !options.toLowerCase(Locale.ROOT).contains("check-valid-until=no")));
            }
        }
        return entries;
    }

    private static List<Entry> deb822(String text) {
        List<Entry> entries = new ArrayList<>();
        for (Map<String, String> fields : ControlText.paragraphs(text)) {
            boolean main = words(fields.getOrDefault("components", "")).contains("main");
            boolean checked = !fields.getOrDefault("check-valid-until", "").equalsIgnoreCase("no");
            if (!words(fields.getOrDefault("types", "")).contains("deb")
                    || fields.getOrDefault("enabled", "").equalsIgnoreCase("no")) {
                continue;
            }
            for (String uri : words(fields.getOrDefault("uris", ""))) {
                for (String suite : words(fields.getOrDefault("suites", ""))) {
                    entries.add(new Entry(uri, suite, main, checked));
                }
            }
        }
        return entries;
    }

    private static List<String> words(String text) {
        return Arrays.stream(text.strip().split("\\s+"))
                .filter(word -> !word.isEmpty())
                .toList();
    }
}

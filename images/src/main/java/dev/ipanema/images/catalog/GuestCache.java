package dev.ipanema.images.catalog;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.images.debian.AptSources;
import dev.ipanema.images.debian.AptState;
import dev.ipanema.images.debian.DebianPackage;
import dev.ipanema.images.debian.FetchProgress;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// The directory that fetched guests are kept in.
///
/// ```
/// apt/                     the private apt state
/// packages/SHA256.deb      packages that the guests are made of
/// guests/NAME/KEY/FILE     files of a guest; KEY is a checksum of its packages and recipe
/// guests/NAME/current      KEY and the packages
/// ```
/// Everything appears under its name whole, by a rename.
public final class GuestCache {
    /// Part of the key: changed when the same packages are to give other files.
    private static final String RECIPES = "2";

    private static final String CURRENT = "current";
    private static final int KEY_DIGITS = 16;
    private static final int CHUNK = 1 << 16;

    private final Path root;

    /// What is in the cache of a guest.
    ///
    /// @param version of its first package
    /// @param directory of its files
    /// @param packages names, versions and checksums, as `current` has them
    public record Kept(String version, Path directory, List<String> packages) {
        /// {@return a file of the guest}
        public Path file(String name) {
            return directory.resolve(name);
        }
    }

    /// Opens the index when something has to be fetched.
    @FunctionalInterface
    public interface Archive {
        /// {@return the index, which the caller closes}
        ///
        /// @param directory for its state
        /// @throws BadInput when there is no apt, no mirror or no network
        AptState open(Path directory, FetchProgress progress);

        /// {@return Debian's archive, as this machine reaches it}
        static Archive installed() {
            return (directory, progress) -> AptState.open(
                    directory,
                    AptSources.of(Path.of("/etc/apt")),
                    Path.of("/usr/share/keyrings/debian-archive-keyring.gpg"),
                    AptState.Tools.installed(),
                    Instant.now(),
                    progress);
        }
    }

    public GuestCache(Path root) {
        this.root = root;
    }

    /// {@return the user's cache: `IPANEMA_CACHE`, or `ipanema` in the home's cache directory}
    ///
    /// @param environment of the process
    public static GuestCache ofUser(Map<String, String> environment, Path home) {
        String given = environment.getOrDefault("IPANEMA_CACHE", "");
        return new GuestCache(given.isEmpty() ? home.resolve(".cache").resolve("ipanema") : Path.of(given));
    }

    /// {@return where it is}
    public Path root() {
        return root;
    }

    /// {@return what is kept of a guest, empty when it has not been fetched, or not by these recipes}
    public Optional<Kept> find(Guest guest) {
        List<String> lines = lines(directory(guest).resolve(CURRENT));
        if (lines.size() < 2) {
            return Optional.empty();
        }
        List<String> packages = lines.subList(1, lines.size());
        Kept kept =
                new Kept(packages.getFirst().split(" ", -1)[1], directory(guest).resolve(lines.getFirst()), packages);
        boolean whole = key(packages).equals(lines.getFirst())
                && guest.parts().values().stream().allMatch(file -> Files.isRegularFile(kept.file(file)));
        return whole ? Optional.of(kept) : Optional.empty();
    }

    /// Fetches a guest, or finds out that the newest one is here.
    ///
    /// @param progress takes what is being done
    /// @throws BadInput when it cannot be had
    public Kept fetch(Guest guest, Archive archive, FetchProgress progress) {
        try (AptState apt = archive.open(root.resolve("apt"), progress)) {
            List<DebianPackage> selected = guest.recipe().select(apt);
            List<String> packages = selected.stream()
                    .map(each -> each.name() + " " + each.version() + " " + each.sha256())
                    .toList();
            Optional<Kept> kept = find(guest);
            if (kept.isPresent() && kept.get().packages().equals(packages)) {
                return kept.get();
            }
            List<Path> files = new ArrayList<>();
            for (DebianPackage each : selected) {
                files.add(deb(apt, each, progress));
            }
            progress.doing(
                    "unpacking " + guest.name() + " " + selected.getFirst().version());
            publish(guest, packages, guest.recipe().make(files));
            prune();
            return find(guest).orElseThrow(() -> new BadInput(root + ": " + guest.name() + " vanished meanwhile"));
        } catch (IOException e) {
            throw new BadInput(root + ": the cache cannot be written (" + e.getMessage() + ")");
        }
    }

    private Path directory(Guest guest) {
        return root.resolve("guests").resolve(guest.name());
    }

    private static List<String> lines(Path file) {
        try {
            List<String> lines = Files.readAllLines(file);
            boolean wellFormed = lines.stream().skip(1).allMatch(line -> line.split(" ", -1).length == 3);
            return wellFormed ? lines : List.of();
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (IOException e) {
            throw new BadInput(file + ": cannot be read (" + e.getMessage() + ")");
        }
    }

    private static String key(List<String> packages) {
        MessageDigest digest = sha256();
        digest.update(RECIPES.getBytes(StandardCharsets.UTF_8));
        packages.forEach(line -> digest.update(line.getBytes(StandardCharsets.UTF_8)));
        return HexFormat.of().formatHex(digest.digest()).substring(0, KEY_DIGITS);
    }

    // ---- packages --------------------------------------------------------------------------------------------------

    private Path deb(AptState apt, DebianPackage wanted, FetchProgress progress) throws IOException {
        Path kept = Files.createDirectories(root.resolve("packages")).resolve(wanted.sha256() + ".deb");
        if (Files.isRegularFile(kept) && checksum(kept).equals(wanted.sha256())) {
            return kept;
        }
        progress.doing("fetching %s (%.1f MB)".formatted(wanted, wanted.size() / 1e6));
        Path fetched = apt.download(wanted);
        String found = checksum(fetched);
        if (!found.equals(wanted.sha256())) {
            throw new BadInput(
                    "%s has the checksum %s, the index says %s".formatted(wanted, found, wanted.sha256()),
                    BadInput.FINDING);
        }
        Files.move(fetched, kept, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        delete(fetched.resolveSibling("."));
        return kept;
    }

    private static String checksum(Path file) throws IOException {
        MessageDigest digest = sha256();
        byte[] chunk = new byte[CHUNK];
        try (InputStream stream = Files.newInputStream(file)) {
            for (int length = stream.read(chunk); length >= 0; length = stream.read(chunk)) {
                digest.update(chunk, 0, length);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256", e);
        }
    }

    // ---- guests ----------------------------------------------------------------------------------------------------

    private void publish(Guest guest, List<String> packages, Map<String, byte[]> files) throws IOException {
        Path directory = Files.createDirectories(directory(guest));
        String key = key(packages);
        Path making = Files.createTempDirectory(directory, "making-");
        try {
            for (Map.Entry<String, byte[]> file : files.entrySet()) {
                Files.write(making.resolve(file.getKey()), file.getValue());
            }
            Path target = directory.resolve(key);
            delete(target);
            Files.move(making, target, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            delete(making);
        }
        Path next = directory.resolve(CURRENT + ".new");
        List<String> lines = new ArrayList<>(packages);
        lines.addFirst(key);
        Files.write(next, lines);
        Files.move(
                next, directory.resolve(CURRENT), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /// Removes what no guest needs any more. The apt state's lock, which the caller holds, keeps other processes out.
    private void prune() throws IOException {
        Set<Path> needed = new HashSet<>();
        for (Guest guest : Guest.all()) {
            List<String> lines = lines(directory(guest).resolve(CURRENT));
            for (int i = 0; i < lines.size(); i++) {
                needed.add(
                        i == 0
                                ? directory(guest).resolve(lines.get(i))
                                : root.resolve("packages").resolve(lines.get(i).split(" ", -1)[2] + ".deb"));
            }
            needed.add(directory(guest).resolve(CURRENT));
        }
        for (Guest guest : Guest.all()) {
            pruneDirectory(directory(guest), needed);
        }
        pruneDirectory(root.resolve("packages"), needed);
        // Where a fetch was interrupted.
        Path archives = root.resolve("apt").resolve("archives");
        needed.add(archives.resolve("partial"));
        pruneDirectory(archives, needed);
    }

    private static void pruneDirectory(Path directory, Set<Path> needed) throws IOException {
        if (Files.isDirectory(directory)) {
            try (Stream<Path> entries = Files.list(directory)) {
                for (Path entry : entries.filter(each -> !needed.contains(each)).toList()) {
                    delete(entry);
                }
            } catch (UncheckedIOException e) {
                throw e.getCause();
            }
        }
    }

    private static void delete(Path path) throws IOException {
        if (!Files.exists(path)) {
            return;
        }
        Files.walkFileTree(path.normalize(), new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, IOException failure) throws IOException {
                Files.delete(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}

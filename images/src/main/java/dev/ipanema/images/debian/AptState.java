package dev.ipanema.images.debian;

import dev.ipanema.base.text.BadInput;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// A private apt state for arm64 packages of Debian, whatever the machine itself is: its own lists, caches and sources,
/// with the machine's settings (proxies) and Debian's keyring. apt does the transfer, the signatures and the checksums;
/// it is run as a process, because its rules for those are the ones that count.
///
/// One process at a time uses the directory; another one waits.
public final class AptState implements PackageIndex, AutoCloseable {
    private static final List<String> SUITES =
            List.of("bookworm", "bookworm-updates", "bookworm-security", "trixie", "trixie-backports");
    private static final String ANY_KERNEL = "linux-image-";
    private static final String SECURITY = "-security";
    private static final Duration FRESH = Duration.ofHours(24);
    private static final String NO_APT =
            "apt is not on this machine; guests are fetched from Debian's archive by apt-get. Give an image of your"
                    + " own: ipanema run -k IMAGE -i INITRD";

    /// The programs that are run.
    ///
    /// @param aptGet `apt-get` or where it is
    /// @param aptCache `apt-cache` or where it is
    public record Tools(String aptGet, String aptCache) {
        /// {@return the machine's own}
        public static Tools installed() {
            return new Tools("apt-get", "apt-cache");
        }
    }

    private final Path directory;
    private final Tools tools;
    private final FileChannel lock;
    private final FetchProgress progress;

    /// Opens the state, made when there is none, and brings its index up to date when it is older than a day.
    ///
    /// @param directory of the state, made when there is none
    /// @param progress takes what is being done
    /// @throws BadInput when apt or its keyring is missing, or the index cannot be fetched and there is none yet
    public static AptState open(
            Path directory, AptSources sources, Path keyring, Tools tools, Instant now, FetchProgress progress) {
        if (!Files.isReadable(keyring)) {
            throw new BadInput(keyring + ": Debian's archive keys are not there; apt install debian-archive-keyring");
        }
        try {
            Files.createDirectories(directory);
            FileChannel lock = FileChannel.open(
                    directory.resolve("lock.ipanema"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            AptState state = new AptState(directory, tools, lock, progress);
            try {
                state.lock();
                state.write(sources, keyring);
                state.refresh(now);
                return state;
            } catch (IOException | RuntimeException e) {
                state.close();
                throw e;
            }
        } catch (IOException e) {
            throw new BadInput(directory + ": cannot be written (" + e.getMessage() + ")");
        }
    }

    private AptState(Path directory, Tools tools, FileChannel lock, FetchProgress progress) {
        this.directory = directory;
        this.tools = tools;
        this.lock = lock;
        this.progress = progress;
    }

    /// Held until the state is closed; the kernel releases it when the process ends.
    private void lock() throws IOException {
        if (lock.tryLock() == null) {
            progress.warn("another process uses " + directory + ", waiting for it");
            lock.lock();
        }
    }

    private void write(AptSources sources, Path keyring) throws IOException {
        for (String name : List.of("lists/partial", "archives/partial", "log")) {
            Files.createDirectories(directory.resolve(name));
        }
        StringBuilder list = new StringBuilder();
        for (String suite : SUITES) {
            String uri = suite.endsWith(SECURITY) ? sources.security().orElse("") : sources.archive();
            if (!uri.isEmpty()) {
                list.append("deb [arch=arm64 target=Packages signed-by=")
                        .append(keyring)
                        .append(sources.checkValidUntil() ? "" : " check-valid-until=no")
                        .append("] ")
                        .append(uri)
                        .append(' ')
                        .append(suite)
                        .append(" main\n");
            }
        }
        replace(directory.resolve("sources.list"), list.toString());
        replace(directory.resolve("apt.conf"), configuration());
        replace(directory.resolve("status"), "");
    }

    /// Read after the machine's own configuration. What that one runs after an update would work on the machine's
    /// caches.
    private String configuration() {
        String quoted = directory.toAbsolutePath().toString();
        return """
            Dir::State "%1$s";
            Dir::State::lists "%1$s/lists";
            Dir::State::status "%1$s/status";
            Dir::State::extended_states "%1$s/extended_states";
            Dir::Cache "%1$s";
            Dir::Cache::archives "%1$s/archives";
            Dir::Cache::pkgcache "%1$s/pkgcache.bin";
            Dir::Cache::srcpkgcache "%1$s/srcpkgcache.bin";
            Dir::Etc::sourcelist "%1$s/sources.list";
            Dir::Etc::sourceparts "/nonexistent";
            Dir::Etc::preferences "/nonexistent";
            Dir::Etc::preferencesparts "/nonexistent";
            Dir::Log "%1$s/log";
            #clear APT::Architectures;
            #clear APT::Update::Pre-Invoke;
            #clear APT::Update::Post-Invoke;
            #clear APT::Update::Post-Invoke-Success;
            APT::Architecture "arm64";
            APT::Architectures { "arm64"; };
            APT::Sandbox::User "root";
            Acquire::Languages "none";
            Acquire::Retries "3";
            """.formatted(quoted);
    }

    private static void replace(Path file, String text) throws IOException {
        Path next = file.resolveSibling(file.getFileName() + ".new");
        Files.writeString(next, text);
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /// An index that cannot be renewed is used as it is.
    private void refresh(Instant now) throws IOException {
        Path stamp = directory.resolve("updated");
        // Another list of sources needs another index.
        String wanted = Files.readString(directory.resolve("sources.list"));
        boolean there = Files.exists(stamp) && Files.readString(stamp).equals(wanted);
        if (there && Files.getLastModifiedTime(stamp).toInstant().plus(FRESH).isAfter(now)) {
            return;
        }
        progress.doing("reading Debian's package index");
        try {
            run(directory, List.of(tools.aptGet, "-q", "-c", conf(), "-o", "APT::Update::Error-Mode=any", "update"));
        } catch (BadInput e) {
            // One suite that is gone from the mirror does not spoil the others.
            if (!there && names(ANY_KERNEL).isEmpty()) {
                throw e;
            }
            progress.warn("the package index could not be renewed, what is there is used: " + e.getMessage());
            return;
        }
        replace(stamp, wanted);
    }

    private String conf() {
        return directory.resolve("apt.conf").toAbsolutePath().toString();
    }

    @Override
    public List<String> names(String prefix) {
        return run(directory, List.of(tools.aptCache, "-c", conf(), "pkgnames", prefix))
                .lines()
                .map(String::strip)
                .filter(name -> name.startsWith(prefix))
                .sorted()
                .toList();
    }

    @Override
    public List<DebianPackage> packages(List<String> names) {
        if (names.isEmpty()) {
            return List.of();
        }
        List<String> command = new ArrayList<>(List.of(tools.aptCache, "-q", "-c", conf(), "show", "--"));
        command.addAll(names);
        return DebianPackage.parse(run(directory, command));
    }

    /// Fetches a package; apt verifies it.
    ///
    /// @return the `.deb`, in a directory of the state whose contents are the caller's
    public Path download(DebianPackage wanted) {
        try {
            Path into = Files.createTempDirectory(directory.resolve("archives"), "get-");
            run(
                    into,
                    List.of(
                            tools.aptGet,
                            "-q",
                            "-c",
                            conf(),
                            "download",
                            "--",
                            wanted.name() + "=" + wanted.version()));
            try (Stream<Path> files = Files.list(into)) {
                return files.filter(path -> path.toString().endsWith(".deb"))
                        .findFirst()
                        .orElseThrow(
                                () -> new BadInput("apt-get download fetched nothing for " + wanted, BadInput.FINDING));
            }
        } catch (IOException e) {
            throw new BadInput(directory + ": cannot be written (" + e.getMessage() + ")");
        }
    }

    private String run(Path working, List<String> command) {
        try {
            ProcessBuilder builder = new ProcessBuilder(command).directory(working.toFile());
            builder.environment().put("LC_ALL", "C.UTF-8");
            builder.environment().put("DEBIAN_FRONTEND", "noninteractive");
            builder.redirectInput(
                    ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
            Path errors = working.resolve("stderr.txt");
            builder.redirectError(errors.toFile());
            Process process = builder.start();
            String output;
            int code;
            try {
                output = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
                code = process.waitFor();
            } finally {
                process.destroy();
            }
            if (code != 0) {
                throw new BadInput(failure(command, code, Files.readString(errors)), BadInput.FINDING);
            }
            Files.deleteIfExists(errors);
            return output;
        } catch (IOException e) {
            throw new BadInput(
                    Files.isDirectory(working) && String.valueOf(e.getMessage()).contains("Cannot run program")
                            ? NO_APT
                            : command.getFirst() + " cannot be run (" + e.getMessage() + ")",
                    BadInput.FINDING);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BadInput("interrupted while " + command.getFirst() + " ran", BadInput.FINDING);
        }
    }

    private static String failure(List<String> command, int code, String errors) {
        String sentence = errors.lines()
                .filter(line -> line.startsWith("E:") || line.startsWith("Err:"))
                .map(line -> line.replaceFirst("^E(rr)?:\\s*", ""))
                .findFirst()
                .orElse("exit code " + code);
        return command.getFirst() + " " + command.getLast() + " failed: " + sentence;
    }

    @Override
    public void close() {
        try {
            lock.close();
        } catch (IOException e) {
            System.getLogger(AptState.class.getName()).log(System.Logger.Level.DEBUG, "lock", e);
        }
    }
}

package dev.ipanema.images.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.images.debian.AptSources;
import dev.ipanema.images.debian.AptState;
import dev.ipanema.images.debian.DebFixture;
import dev.ipanema.images.debian.FetchProgress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// The cache, with shell scripts in apt's place that serve one package from a directory.
@DisabledOnOs(OS.WINDOWS)
class GuestCacheTest {
    private static final Guest BUSYBOX = Guest.find("busybox");

    @TempDir
    Path directory;

    private final List<String> said = new ArrayList<>();
    private Instant now = Instant.now();
    private GuestCache cache;

    @BeforeEach
    void scripts() throws Exception {
        cache = new GuestCache(directory.resolve("cache"));
        Files.writeString(directory.resolve("keys.gpg"), "");
        script("apt-cache", """
            case "$*" in
            *pkgnames*) echo busybox-static ;;
            *show*) cat "%1$s/index" ;;
            esac
            """);
        script("apt-get", """
            case "$*" in
            *update*)
                [ ! -e "%1$s/offline" ] || { echo "E: Could not resolve 'mirror.invalid'" >&2; exit 100; }
                echo update >>"%1$s/log" ;;
            *download*) echo download >>"%1$s/log"; cp "%1$s/next.deb" "busybox-static_1%%3a1.0_arm64.deb" ;;
            esac
            """);
        serve("1:1.0-1", new byte[] {1});
    }

    @Test
    void fetchedGuestIsKept() {
        GuestCache.Kept kept = fetch();

        assertThat(kept.version()).isEqualTo("1:1.0-1");
        assertThat(kept.file("initrd.cpio.gz")).isRegularFile();
        assertThat(cache.find(BUSYBOX)).contains(kept);
        assertThat(said).contains("reading Debian's package index", "unpacking busybox 1:1.0-1");
    }

    @Test
    void secondFetchUsesWhatIsThere() throws IOException {
        fetch();

        fetch();

        assertThat(log()).containsExactly("update", "download");
    }

    @Test
    void newVersionReplacesTheOldOne() throws Exception {
        Path old = fetch().directory();
        serve("1:1.0-2", new byte[] {2});

        GuestCache.Kept kept = fetch();

        assertThat(kept.version()).isEqualTo("1:1.0-2");
        assertThat(old).doesNotExist();
        assertThat(files("packages")).hasSize(1);
        assertThat(files("guests/busybox")).hasSize(2);
    }

    @Test
    void indexOlderThanADayIsRenewed() throws IOException {
        fetch();
        now = now.plus(Duration.ofHours(25));

        fetch();

        assertThat(log()).containsExactly("update", "download", "update");
    }

    @Test
    void withoutNetworkTheOldIndexServes() throws IOException {
        fetch();
        now = now.plus(Duration.ofHours(25));
        Files.writeString(directory.resolve("offline"), "");

        assertThat(fetch().version()).isEqualTo("1:1.0-1");

        assertThat(said).anyMatch(sentence -> sentence.contains("the package index could not be renewed"));
    }

    @Test
    void withoutNetworkAndIndexTheReasonIsNamed() throws IOException {
        Files.writeString(directory.resolve("offline"), "");

        assertThatThrownBy(this::fetch)
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("update failed: Could not resolve 'mirror.invalid'");
    }

    @Test
    void stateIsFreeAfterAFailure() throws IOException {
        Files.writeString(directory.resolve("offline"), "");
        assertThatThrownBy(this::fetch).isInstanceOf(BadInput.class);
        Files.delete(directory.resolve("offline"));

        assertThat(fetch().version()).isEqualTo("1:1.0-1");
    }

    @Test
    void packageWithAnotherChecksumIsRefused() throws Exception {
        Files.write(directory.resolve("next.deb"), DebFixture.deb(".xz", Map.of("bin/busybox", new byte[] {9})));

        assertThatThrownBy(this::fetch).isInstanceOf(BadInput.class).hasMessageContaining("has the checksum");
        assertThat(cache.find(BUSYBOX)).isEmpty();
    }

    @Test
    void damagedPackageInTheCacheIsFetchedAgain() throws IOException {
        fetch();
        Files.write(files("packages").getFirst(), new byte[] {0});
        Files.createDirectories(cache.root().resolve("apt/archives/get-interrupted"));
        Files.delete(cache.find(BUSYBOX).orElseThrow().file("initrd.cpio.gz"));

        fetch();

        assertThat(log()).containsExactly("update", "download", "download");
        assertThat(files("apt/archives")).extracting(Path::getFileName).containsExactly(Path.of("partial"));
    }

    @Test
    void missingAptIsNamed() {
        GuestCache.Archive without = (state, progress) -> open(
                state,
                progress,
                new AptState.Tools(
                        directory.resolve("absent").toString(),
                        directory.resolve("absent").toString()));

        assertThatThrownBy(() -> cache.fetch(BUSYBOX, without, progress()))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("apt is not on this machine")
                .hasMessageContaining("run -k IMAGE");
    }

    @Test
    void missingKeysAreNamed() throws IOException {
        Files.delete(directory.resolve("keys.gpg"));

        assertThatThrownBy(this::fetch).isInstanceOf(BadInput.class).hasMessageContaining("debian-archive-keyring");
    }

    @Test
    void privateStateNamesSuitesMirrorsAndKeys() throws IOException {
        fetch();

        assertThat(Files.readAllLines(cache.root().resolve("apt/sources.list")))
                .containsExactly(
                        line("http://mirror.invalid/debian bookworm main"),
                        line("http://mirror.invalid/debian bookworm-updates main"),
                        line("http://mirror.invalid/debian-security bookworm-security main"),
                        line("http://mirror.invalid/debian trixie main"),
                        line("http://mirror.invalid/debian trixie-backports main"));
        assertThat(Files.readString(cache.root().resolve("apt/apt.conf")))
                .contains(
                        "APT::Architecture \"arm64\"",
                        "Dir::State \"" + cache.root().resolve("apt"));
    }

    @Test
    void userMayNameTheCache() {
        Path home = directory.resolve("home");

        assertThat(GuestCache.ofUser(Map.of(), home).root()).isEqualTo(home.resolve(".cache/ipanema"));
        assertThat(GuestCache.ofUser(Map.of("IPANEMA_CACHE", "/x"), home).root())
                .isEqualTo(Path.of("/x"));
    }

    @Test
    void unreadableRecordIsNoGuest() throws IOException {
        GuestCache.Kept kept = fetch();
        Files.writeString(kept.directory().resolveSibling("current"), "x\nnot three words here\n");

        assertThat(cache.find(BUSYBOX)).isEmpty();
    }

    private String line(String rest) {
        return "deb [arch=arm64 target=Packages signed-by=" + directory.resolve("keys.gpg") + "] " + rest;
    }

    private GuestCache.Kept fetch() {
        return cache.fetch(
                BUSYBOX,
                (state, progress) -> open(
                        state,
                        progress,
                        new AptState.Tools(
                                directory.resolve("apt-get").toString(),
                                directory.resolve("apt-cache").toString())),
                progress());
    }

    private AptState open(Path state, FetchProgress progress, AptState.Tools tools) {
        AptSources sources = new AptSources(
                "http://mirror.invalid/debian", Optional.of("http://mirror.invalid/debian-security"), true);
        return AptState.open(state, sources, directory.resolve("keys.gpg"), tools, now, progress);
    }

    private FetchProgress progress() {
        return new FetchProgress() {
            @Override
            public void doing(String sentence) {
                said.add(sentence);
            }

            @Override
            public void warn(String sentence) {
                said.add(sentence);
            }
        };
    }

    private void serve(String version, byte[] program) throws IOException, GeneralSecurityException {
        byte[] deb = DebFixture.deb(".xz", Map.of("bin/busybox", program));
        Files.write(directory.resolve("next.deb"), deb);
        Files.writeString(
                directory.resolve("index"),
                "Package: busybox-static\nVersion: %s\nSize: %d\nSHA256: %s\n"
                        .formatted(
                                version,
                                deb.length,
                                HexFormat.of()
                                        .formatHex(MessageDigest.getInstance("SHA-256")
                                                .digest(deb))));
    }

    private void script(String name, String text) throws IOException {
        Path file = Files.writeString(directory.resolve(name), "#!/bin/sh\n" + text.formatted(directory));
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }

    private List<String> log() throws IOException {
        return Files.readAllLines(directory.resolve("log"));
    }

    private List<Path> files(String under) throws IOException {
        try (Stream<Path> entries = Files.list(cache.root().resolve(under))) {
            return entries.toList();
        }
    }
}

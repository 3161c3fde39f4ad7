package dev.ipanema.images.debian;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ipanema.base.text.BadInput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AptSourcesTest {
    @TempDir
    Path etc;

    @BeforeEach
    void parts() throws IOException {
        Files.createDirectory(etc.resolve("sources.list.d"));
    }

    @Test
    void deb822SourcesGiveBothArchives() throws IOException {
        Files.writeString(etc.resolve("sources.list.d/debian.sources"), """
            Types: deb
            # a comment
            URIs: http://mirror.invalid/debian
            Suites: bookworm bookworm-updates
            Components: main contrib
            Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

            Types: deb deb-src
            URIs: http://mirror.invalid/debian-security
            Suites: bookworm-security
            Components: main
            """);

        AptSources sources = AptSources.of(etc);

        assertThat(sources.archive()).isEqualTo("http://mirror.invalid/debian");
        assertThat(sources.security()).contains("http://mirror.invalid/debian-security");
        assertThat(sources.checkValidUntil()).isTrue();
    }

    @Test
    void oneLineSourcesGiveBothArchives() throws IOException {
        Files.writeString(etc.resolve("sources.list"), """
            # deb http://old.invalid/debian trixie main
            deb-src http://src.invalid/debian trixie main
            deb [arch=amd64 check-valid-until=no] http://mirror.invalid/debian/ trixie main # ours
            deb http://sec.invalid/debian-security trixie-security main
            """);

        AptSources sources = AptSources.of(etc);

        assertThat(sources.archive()).isEqualTo("http://mirror.invalid/debian/");
        assertThat(sources.security()).contains("http://sec.invalid/debian-security");
        assertThat(sources.checkValidUntil()).isFalse();
    }

    @Test
    void otherArchivesAreNotTakenForDebians() throws IOException {
        Files.writeString(etc.resolve("sources.list"), """
            deb http://packages.invalid/apt cloud-sdk-bookworm main
            deb http://docker.invalid/linux/debian bookworm stable
            deb http://mirror.invalid/debian bookworm main
            """);

        assertThat(AptSources.of(etc).archive()).isEqualTo("http://mirror.invalid/debian");
    }

    @Test
    void disabledSourceIsPassedOver() throws IOException {
        Files.writeString(
                etc.resolve("sources.list.d/a.sources"),
                "Enabled: no\nTypes: deb\nURIs: http://off.invalid/debian\nSuites: trixie\nComponents: main\n");
        Files.writeString(etc.resolve("sources.list.d/b.list"), "deb http://on.invalid/debian trixie main\n");

        assertThat(AptSources.of(etc).archive()).isEqualTo("http://on.invalid/debian");
    }

    @Test
    void machineWithoutDebiansArchiveIsToldWhatToDo() throws IOException {
        Files.writeString(etc.resolve("sources.list"), "deb http://archive.invalid/ubuntu noble main\n");

        assertThatThrownBy(() -> AptSources.of(etc))
                .isInstanceOf(BadInput.class)
                .hasMessageContaining("no source of Debian's archive")
                .hasMessageContaining("run -k IMAGE");
    }

    @Test
    void machineWithoutAptSourcesIsToldWhatToDo() {
        assertThatThrownBy(() -> AptSources.of(etc.resolve("absent"))).isInstanceOf(BadInput.class);
    }
}

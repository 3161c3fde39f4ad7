package dev.ipanema.images.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.images.debian.FetchProgress;
import dev.ipanema.images.format.GuestImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Fetches from Debian's archive, by the network and into the user's cache: only with `-Dipanema.network=true`.
@EnabledIfSystemProperty(named = "ipanema.network", matches = "true", disabledReason = "needs the network")
@Tag("long")
class DebianArchiveTest {
    @ParameterizedTest
    @ValueSource(strings = {"linux-6.1", "linux-6.12", "linux-6.18", "linux-7.3"})
    void kernelOfTheArchiveIsAnImage(String name) throws IOException {
        GuestCache cache = GuestCache.ofUser(System.getenv(), Path.of(System.getProperty("user.home")));
        FetchProgress silent = new FetchProgress() {
            @Override
            public void doing(String sentence) {}

            @Override
            public void warn(String sentence) {
                System.err.println(sentence);
            }
        };

        GuestCache.Kept kept = cache.fetch(Guest.find(name), GuestCache.Archive.installed(), silent);
        GuestImage image =
                GuestImage.read(name, Files.readAllBytes(kept.file("vmlinuz")), false, 0x40000000L, 256L << 20);

        assertThat(image.header()).isNotNull();
        assertThat(kept.version()).startsWith(name.substring("linux-".length()));
        assertThat(Files.size(kept.file("modules.cpio.gz"))).isGreaterThan(100_000L);
    }
}

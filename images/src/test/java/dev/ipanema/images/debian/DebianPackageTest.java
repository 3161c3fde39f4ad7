package dev.ipanema.images.debian;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class DebianPackageTest {
    private static final String SHA = "21d3ec2eb24017f9423dfbe1c316e4837726252315f116e32accd8436ea799fe";

    @Test
    void paragraphBecomesAPackage() {
        String index = """
            Package: linux-image-7.3.4+deb13-cloud-arm64
            Version: 7.3.4-1~bpo13+1
            Depends: dracut | initramfs-tools (>= 0.120), linux-binary-x (= 7.3.4-1~bpo13+1)
            Pre-Depends: linux-base (>= 4.17~)
            Description: one
             two
             .
            Size: 1916
            SHA256: %s
            """.formatted(SHA);

        DebianPackage parsed = DebianPackage.parse(index).getFirst();

        assertThat(parsed.toString()).isEqualTo("linux-image-7.3.4+deb13-cloud-arm64 7.3.4-1~bpo13+1");
        assertThat(parsed.size()).isEqualTo(1916);
        assertThat(parsed.sha256()).isEqualTo(SHA);
        assertThat(parsed.depends())
                .containsExactly(
                        List.of(new DebianPackage.Relation("linux-base", "")),
                        List.of(
                                new DebianPackage.Relation("dracut", ""),
                                new DebianPackage.Relation("initramfs-tools", "")),
                        List.of(new DebianPackage.Relation("linux-binary-x", "7.3.4-1~bpo13+1")));
    }

    @Test
    void paragraphsThatAreNoPackagesArePassedOver() {
        String index = "Package: a\nVersion: 1\nSize: 5\n\nPackage: ../b\nVersion: 1\nSize: 5\nSHA256: " + SHA
                + "\n\nPackage: good\nVersion: 1\nSize: 5\nSHA256: " + SHA + "\n";

        assertThat(DebianPackage.parse(index)).extracting(DebianPackage::name).containsExactly("good");
    }

    @Test
    void architectureAndRestrictionsAreNoPartOfAName() {
        assertThat(DebianPackage.relations("a:any (>= 1) [arm64] <!nocheck>, b [i386],,"))
                .containsExactly(
                        List.of(new DebianPackage.Relation("a", "")), List.of(new DebianPackage.Relation("b", "")));
    }

    @Test
    void exactRelationAcceptsOnlyItsVersion() {
        DebianPackage found = new DebianPackage("a", new DebianVersion("1.0-1"), List.of(), 1, SHA);

        assertThat(new DebianPackage.Relation("a", "1.0-1").accepts(found)).isTrue();
        assertThat(new DebianPackage.Relation("a", "1.0-2").accepts(found)).isFalse();
        assertThat(new DebianPackage.Relation("b", "").accepts(found)).isFalse();
    }
}

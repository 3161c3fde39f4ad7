package dev.ipanema.images.debian;

import io.airlift.compress.zstd.ZstdCompressor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.ar.ArArchiveEntry;
import org.apache.commons.compress.archivers.ar.ArArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

/// Makes small packages.
public final class DebFixture {
    private DebFixture() {}

    /// {@return a package with these files, its data compressed as the suffix says}
    public static byte[] deb(String suffix, Map<String, byte[]> files) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ArArchiveOutputStream ar = new ArArchiveOutputStream(bytes)) {
            put(ar, "debian-binary", "2.0\n".getBytes(StandardCharsets.US_ASCII));
            put(ar, "control.tar" + suffix, pack(suffix, tar(Map.of("control", new byte[0]))));
            put(ar, "data.tar" + suffix, pack(suffix, tar(files)));
        }
        return bytes.toByteArray();
    }

    private static void put(ArArchiveOutputStream ar, String name, byte[] contents) throws IOException {
        ar.putArchiveEntry(new ArArchiveEntry(name, contents.length));
        ar.write(contents);
        ar.closeArchiveEntry();
    }

    private static byte[] tar(Map<String, byte[]> files) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
            tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_GNU);
            tar.putArchiveEntry(new TarArchiveEntry("./"));
            tar.closeArchiveEntry();
            for (Map.Entry<String, byte[]> file : files.entrySet()) {
                TarArchiveEntry entry = new TarArchiveEntry("./" + file.getKey());
                entry.setSize(file.getValue().length);
                tar.putArchiveEntry(entry);
                tar.write(file.getValue());
                tar.closeArchiveEntry();
            }
        }
        return bytes.toByteArray();
    }

    private static byte[] pack(String suffix, byte[] bytes) throws IOException {
        if (suffix.equals(".zst")) {
            ZstdCompressor compressor = new ZstdCompressor();
            byte[] packed = new byte[compressor.maxCompressedLength(bytes.length)];
            return Arrays.copyOf(packed, compressor.compress(bytes, 0, bytes.length, packed, 0, packed.length));
        }
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream stream = switch (suffix) {
            case ".gz" -> new GZIPOutputStream(packed);
            case ".xz" -> new XZOutputStream(packed, new LZMA2Options());
            default -> packed;
        }) {
            stream.write(bytes);
        }
        return packed.toByteArray();
    }
}

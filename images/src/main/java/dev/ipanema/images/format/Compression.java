package dev.ipanema.images.format;

import dev.ipanema.base.text.BadInput;
import dev.ipanema.base.text.Sizes;
import io.airlift.compress.MalformedInputException;
import io.airlift.compress.zstd.ZstdDecompressor;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.tukaani.xz.MemoryLimitException;
import org.tukaani.xz.XZInputStream;

/// The compressions that kernels and packages come in. Unpacking is bounded: what a file claims about its size is only
/// believed up to the caller's limit.
public enum Compression {
    /// RFC 1952.
    GZIP("gzip"),
    /// The .xz file format; `arch/arm64`'s zboot uses a dictionary of 128 MiB.
    XZ("xz"),
    /// RFC 8878.
    ZSTD("zstd");

    private static final int XZ_MEMORY_KIB = 192 << 10;

    private final String word;

    Compression(String word) {
        this.word = word;
    }

    /// {@return its name in messages}
    public String word() {
        return word;
    }

    /// {@return the compression whose magic number stands at an offset, empty when there is none}
    public static Optional<Compression> at(byte[] file, int offset) {
        return Arrays.stream(values())
                .filter(each -> Bytes.startsWith(file, offset, each.magic()))
                .findFirst();
    }

    private int[] magic() {
        return switch (this) {
            case GZIP -> new int[] {0x1f, 0x8b};
            case XZ -> new int[] {0xfd, '7', 'z', 'X', 'Z', 0};
            case ZSTD -> new int[] {0x28, 0xb5, 0x2f, 0xfd};
        };
    }

    /// Unpacks a part of a file.
    ///
    /// @param name the file's name, for messages
    /// @param offset first byte, and `length` how many; both checked by the caller
    /// @param limit bytes that the result may have, at most `Integer.MAX_VALUE - 8`
    /// @throws BadInput when the data is damaged, cut off or larger than the limit
    public byte[] unpack(String name, byte[] file, int offset, int length, long limit) {
        int most = (int) Math.min(limit, Integer.MAX_VALUE - 8);
        try {
            if (this == ZSTD) {
                long size = ZstdDecompressor.getDecompressedSize(file, offset, length);
                if (size > most) {
                    throw tooLarge(name, most);
                }
                if (size >= 0) {
                    return unpackZstd(file, offset, length, (int) size);
                }
            }
            try (InputStream stream = open(new ByteArrayInputStream(file, offset, length))) {
                byte[] bytes = stream.readNBytes(most);
                if (stream.read() >= 0) {
                    throw tooLarge(name, most);
                }
                return bytes;
            }
        } catch (EOFException e) {
            throw new BadInput(name + ": the " + word + " data ends too early, the file is cut off");
        } catch (MemoryLimitException e) {
            throw new BadInput(name + ": the xz data wants " + Sizes.format(e.getMemoryNeeded() * Sizes.KIB)
                    + " of memory to be unpacked; " + Sizes.format(XZ_MEMORY_KIB * Sizes.KIB) + " are the limit");
        } catch (IOException | MalformedInputException | IllegalArgumentException e) {
            throw damaged(name, e);
        }
    }

    /// Unpacks a part of a file whose unpacked size is known, and checks it.
    ///
    /// @param size what the result has to have
    /// @throws BadInput when the data is damaged, cut off or of another size
    byte[] unpackExactly(String name, byte[] file, int offset, int length, int size) {
        byte[] bytes;
        if (this == ZSTD) {
            try {
                // The whole output is the window, so that those of the kernel's zstd -22 (128 MiB) are no matter.
                bytes = unpackZstd(file, offset, length, size);
            } catch (MalformedInputException | IllegalArgumentException e) {
                throw damaged(name, e);
            }
        } else {
            bytes = unpack(name, file, offset, length, size);
        }
        if (bytes.length != size) {
            throw new BadInput("%s: the %s data unpacks to %d bytes, not to the %d that the header promises"
                    .formatted(name, word, bytes.length, size));
        }
        return bytes;
    }

    /// {@return a stream of the unpacked data; its reader bounds it}
    public InputStream open(InputStream packed) throws IOException {
        return switch (this) {
            case GZIP -> new GZIPInputStream(packed, 1 << 16);
            case XZ -> new XZInputStream(packed, XZ_MEMORY_KIB);
            case ZSTD -> new ZstdStream(packed);
        };
    }

    private static byte[] unpackZstd(byte[] file, int offset, int length, int size) {
        byte[] bytes = new byte[size];
        int written;
        try {
            written = new ZstdDecompressor().decompress(file, offset, length, bytes, 0, size);
        } catch (RuntimeException e) {
            // Damaged data brings the library to arithmetic and index errors too.
            throw new IllegalArgumentException(e.getMessage(), e);
        }
        return written == size ? bytes : Arrays.copyOf(bytes, written);
    }

    private BadInput tooLarge(String name, long limit) {
        return new BadInput(name + ": the " + word + " data unpacks to more than " + Sizes.format(limit));
    }

    private BadInput damaged(String name, Exception cause) {
        return new BadInput(name + ": the " + word + " data is damaged (" + cause.getMessage() + ")");
    }
}

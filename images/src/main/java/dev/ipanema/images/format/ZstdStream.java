package dev.ipanema.images.format;

import io.airlift.compress.zstd.ZstdInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/// Unpacks zstd. Whatever the library throws at damaged data, arithmetic and index errors included, is an
/// [IOException] here.
final class ZstdStream extends FilterInputStream {
    ZstdStream(InputStream packed) throws IOException {
        super(new ZstdInputStream(packed));
    }

    @Override
    public int read() throws IOException {
        try {
            return in.read();
        } catch (RuntimeException e) {
            throw damaged(e);
        }
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        try {
            return in.read(into, offset, length);
        } catch (RuntimeException e) {
            throw damaged(e);
        }
    }

    private static IOException damaged(RuntimeException e) {
        return new IOException(String.valueOf(e.getMessage()), e);
    }
}

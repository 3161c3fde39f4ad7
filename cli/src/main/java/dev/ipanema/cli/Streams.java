package dev.ipanema.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;

/// The streams of the process, as one command uses them.
///
/// @param out where data goes, as text
/// @param err where messages go
/// @param in what a guest's console reads
/// @param console where a guest's console goes, byte by byte and unbuffered: the same place as `out`
/// @param errorBytes the same for `err`
record Streams(PrintWriter out, PrintWriter err, InputStream in, OutputStream console, OutputStream errorBytes) {
    /// {@return streams without input, whose console is `out`}
    static Streams of(PrintWriter out, PrintWriter err) {
        return new Streams(out, err, InputStream.nullInputStream(), new WriterStream(out), new WriterStream(err));
    }

    /// Bytes into a writer, each a character.
    private static final class WriterStream extends OutputStream {
        private final PrintWriter writer;

        WriterStream(PrintWriter writer) {
            this.writer = writer;
        }

        @Override
        public void write(int value) throws IOException {
            writer.write(value & 0xff);
            if (writer.checkError()) {
                throw new IOException("cannot be written");
            }
        }
    }
}

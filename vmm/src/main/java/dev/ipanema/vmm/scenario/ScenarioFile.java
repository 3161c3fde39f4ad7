package dev.ipanema.vmm.scenario;

import dev.ipanema.base.text.BadInput;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A file of scenarios: one JSON object a line, plain or compressed by gzip; empty lines are skipped. An object with
/// the field `format` in front states the version of the format, 1.
///
/// Reading goes forward only and is not thread-safe.
public final class ScenarioFile implements AutoCloseable {
    /// The version of the format that is read here.
    public static final int VERSION = 1;

    /// The recordings that are part of the program.
    private static final String PACKED = "cases.jsonl.gz";

    private static final int MAX_LINE = 16 << 20;
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final String name;
    private final InputStream bytes;
    private int line;

    private ScenarioFile(String name, InputStream bytes) {
        this.name = name;
        this.bytes = bytes;
    }

    /// Opens a file.
    ///
    /// @throws BadInput when it cannot be read or is named `.gz` and is not gzip
    public static ScenarioFile open(Path path) {
        try {
            return open(path.toString(), Files.newInputStream(path));
        } catch (NoSuchFileException | FileNotFoundException e) {
            throw new BadInput(path + ": no such file");
        } catch (IOException e) {
            throw new BadInput(path + ": cannot be read (" + e.getMessage() + ")");
        }
    }

    /// {@return the recordings that are part of the program}
    public static ScenarioFile packed() {
        InputStream stream = ScenarioFile.class.getResourceAsStream(PACKED);
        if (stream == null) {
            throw new IllegalStateException("The packed recordings are missing from this build");
        }
        return open(PACKED, stream);
    }

    /// Reads from a stream, which is closed with the result.
    ///
    /// @param name how messages call the stream
    public static ScenarioFile open(String name, InputStream stream) {
        try {
            BufferedInputStream buffered = new BufferedInputStream(stream, 1 << 16);
            buffered.mark(2);
            boolean gzip = buffered.read() == 0x1f && buffered.read() == 0x8b;
            buffered.reset();
            if (gzip) {
                return new ScenarioFile(name, new BufferedInputStream(new GZIPInputStream(buffered, 1 << 16), 1 << 16));
            }
            if (name.endsWith(".gz")) {
                throw new BadInput(name + ": is not a gzip file");
            }
            return new ScenarioFile(name, buffered);
        } catch (EOFException e) {
            throw new BadInput(name + ": the gzip file ends early");
        } catch (ZipException e) {
            throw new BadInput(name + ": the gzip file is damaged (" + e.getMessage() + ")");
        } catch (IOException e) {
            throw new BadInput(name + ": cannot be read (" + e.getMessage() + ")");
        }
    }

    /// {@return the next scenario, null at the end}
    ///
    /// @throws BadInput when the file is damaged or a line is malformed; names line and column
    public @Nullable Scenario next() {
        while (true) {
            String text = readLine();
            if (text == null) {
                return null;
            }
            if (text.isBlank()) {
                continue;
            }
            JsonNode node = parse(text);
            if (node.isObject() && node.has("format")) {
                checkVersion(node.get("format"));
                if (node.size() != 1) {
                    throw new BadInput(name + ":" + line + ": the line with 'format' holds other fields");
                }
                continue;
            }
            return ScenarioReader.read(node, name + ":" + line + ": scenario");
        }
    }

    private void checkVersion(JsonNode format) {
        if (!format.isIntegralNumber() || !format.canConvertToLong() || format.longValue() != VERSION) {
            throw new BadInput(
                    name + ":" + line + ": format version " + format + " is not known, this program reads " + VERSION);
        }
    }

    private JsonNode parse(String text) {
        try {
            return JSON.readTree(text);
        } catch (JacksonException e) {
            TokenStreamLocation location = e.getLocation();
            int column = location == null ? 1 : location.getColumnNr();
            throw new BadInput(
                    name + ": line " + line + ", column " + column + ": malformed JSON: " + e.getOriginalMessage());
        }
    }

    private @Nullable String readLine() {
        ByteArrayOutputStream buffer = new ByteArrayOutputStream(1024);
        try {
            int next = bytes.read();
            if (next < 0) {
                return null;
            }
            line++;
            while (next >= 0 && next != '\n') {
                if (buffer.size() == MAX_LINE) {
                    throw new BadInput(name + ": line " + line + " is longer than " + MAX_LINE + " bytes");
                }
                buffer.write(next);
                next = bytes.read();
            }
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(buffer.toByteArray()))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new BadInput(name + ": line " + line + " is not UTF-8 text");
        } catch (EOFException | ZipException e) {
            throw new BadInput(name + ": the gzip data is damaged or ends early, after line " + line);
        } catch (IOException e) {
            throw new BadInput(name + ": cannot be read (" + e.getMessage() + ")");
        }
    }

    @Override
    public void close() {
        try {
            bytes.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

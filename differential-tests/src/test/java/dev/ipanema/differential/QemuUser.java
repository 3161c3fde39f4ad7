package dev.ipanema.differential;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The second implementation: `qemu-aarch64` of Debian's package qemu-user, as a process for each batch.
final class QemuUser implements Implementation {
    private static final String PROGRAM = "qemu-aarch64";

    private final Path folder;

    QemuUser(Path folder) {
        this.folder = folder;
    }

    /// {@return its version, as in `7.2.22`, or null when it is not installed}
    static @Nullable String version() {
        try {
            Process process = new ProcessBuilder(PROGRAM, "--version").start();
            String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int at = text.indexOf("version ");
            return process.waitFor() != 0 || at < 0
                    ? null
                    : text.substring(at + 8).split("[ \n]", 2)[0];
        } catch (IOException e) {
            return null;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
    }

    @Override
    public List<State> run(List<Sequence> sequences) {
        try {
            Path file = Files.write(folder.resolve("batch.elf"), GuestProgram.of(sequences));
            if (!file.toFile().setExecutable(true)) {
                throw new IllegalStateException("Cannot make " + file + " executable");
            }
            return states(output(file, sequences.size()), sequences.size());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] output(Path file, int count) throws IOException {
        Process process = new ProcessBuilder(PROGRAM, "-cpu", "max", file.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (InputStream stream = process.getInputStream()) {
            byte[] output = stream.readAllBytes();
            process.waitFor(1, TimeUnit.MINUTES);
            if (output.length != count * Layout.RECORD_BYTES) {
                throw new IllegalStateException(PROGRAM + " ended with " + process.exitValue() + " after "
                        + output.length + " of " + count * Layout.RECORD_BYTES + " bytes of output");
            }
            return output;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        } finally {
            process.destroyForcibly();
        }
    }

    private static List<State> states(byte[] output, int count) {
        ByteBuffer buffer = ByteBuffer.wrap(output).order(ByteOrder.LITTLE_ENDIAN);
        List<State> states = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            State state = State.read(buffer, Layout.RECORD_BYTES * i);
            if (state.signal == 0) {
                state.pc = Layout.tail(i);
            }
            states.add(state);
        }
        return states;
    }
}

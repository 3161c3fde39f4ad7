package dev.ipanema.images.catalog;

import dev.ipanema.images.cpio.CpioWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/// The initial RAM disk of a small guest: a static busybox and an `/init` that mounts what is needed, loads the modules
/// that are there for this kernel, and gives a shell on the console, or runs one command.
///
/// <h2>One command</h2>
/// An archive from [#command] behind the disk holds the command as a shell script. `/init` runs it with its standard
/// output and error on the virtio-console ports of the names [#STDOUT] and [#STDERR], writes its exit record, `exit N`
/// and a line feed, to the port [#EXIT], and switches the guest off. N is the shell's `$?`: 128 + n after a signal n.
public final class BusyboxInitrd {
    /// Name of the port that takes the command's standard output.
    public static final String STDOUT = "ipanema.stdout";

    /// Name of the port that takes the command's standard error stream.
    public static final String STDERR = "ipanema.stderr";

    /// Name of the port that takes the exit record.
    public static final String EXIT = "ipanema.exit";

    /// What the shell's prompt ends with, the sign that a guest is ready for input.
    public static final String PROMPT = "/ # ";

    private static final String COMMAND = "ipanema/command";

    private BusyboxInitrd() {}

    /// {@return the disk, gzip'ed}
    ///
    /// @param busybox the static program
    static byte[] build(byte[] busybox) {
        CpioWriter archive = new CpioWriter();
        for (String directory : new String[] {"bin", "dev", "etc", "proc", "root", "run", "sys", "tmp"}) {
            archive.directory(directory, 0755);
        }
        // Until devtmpfs is mounted.
        archive.characterDevice("dev/console", 0600, 5, 1);
        archive.characterDevice("dev/null", 0666, 1, 3);
        archive.file("bin/busybox", 0755, busybox);
        archive.symlink("bin/sh", "busybox");
        archive.file("init", 0755, resource("init"));
        return archive.finishGzip();
    }

    /// {@return an archive to put behind the disk, with [CpioWriter#concatenate], that makes it run one command}
    ///
    /// @param command for `sh`
    public static byte[] command(String command) {
        return new CpioWriter()
                .directory("ipanema", 0755)
                .file(COMMAND, 0755, (command + "\n").getBytes(StandardCharsets.UTF_8))
                .finish();
    }

    private static byte[] resource(String name) {
        try (InputStream stream = BusyboxInitrd.class.getResourceAsStream(name)) {
            if (stream == null) {
                throw new IllegalStateException("The resource " + name + " is missing");
            }
            return stream.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(name, e);
        }
    }
}

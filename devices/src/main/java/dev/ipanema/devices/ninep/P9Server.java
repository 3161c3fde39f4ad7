package dev.ipanema.devices.ninep;

import dev.ipanema.base.errno.Errno;
import dev.ipanema.devices.bus.LittleEndian;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A server of 9P2000.L over one connection, read-only: what would change the folder is answered with `EROFS`.
///
/// Sources: Plan 9 manual, section 5; the 9P2000.L protocol of diod (`protocol.md`); Linux `include/net/9p/9p.h` for
/// the numbers of messages.
public final class P9Server {
    /// Longest message.
    public static final int MAX_MESSAGE = 256 << 10;

    /// Largest number of fids that are in use, and of those that are open.
    static final int MAX_FIDS = 65_536;

    static final int MAX_OPEN = 1024;

    private static final int RLERROR = 7;
    private static final int TSTATFS = 8;
    private static final int TLOPEN = 12;
    private static final int TLCREATE = 14;
    private static final int TSYMLINK = 16;
    private static final int TMKNOD = 18;
    private static final int TRENAME = 20;
    private static final int TREADLINK = 22;
    private static final int TGETATTR = 24;
    private static final int TSETATTR = 26;
    private static final int TXATTRWALK = 30;
    private static final int TXATTRCREATE = 32;
    private static final int TREADDIR = 40;
    private static final int TFSYNC = 50;
    private static final int TLOCK = 52;
    private static final int TGETLOCK = 54;
    private static final int TLINK = 70;
    private static final int TMKDIR = 72;
    private static final int TRENAMEAT = 74;
    private static final int TUNLINKAT = 76;
    private static final int TVERSION = 100;
    private static final int TATTACH = 104;
    private static final int TFLUSH = 108;
    private static final int TWALK = 110;
    private static final int TREAD = 116;
    private static final int TWRITE = 118;
    private static final int TCLUNK = 120;
    private static final int TREMOVE = 122;

    private static final int MIN_MESSAGE = 4096;
    private static final int MAX_WALK = 16;
    private static final int QID = 13;
    private static final int QID_DIRECTORY = 0x80;
    private static final int QID_LINK = 0x02;
    private static final int DT_DIRECTORY = 4;
    private static final int DT_REGULAR = 8;
    private static final int DT_LINK = 10;
    private static final int O_ACCMODE = 3;
    private static final int O_TRUNC = 0x200;
    private static final int UNLOCKED = 2;
    private static final long GETATTR_BASIC = 0x7ff;
    private static final int V9FS_MAGIC = 0x01021997;
    private static final int BLOCK = 4096;
    private static final long NANOS = 1_000_000_000L;

    private final SharedFolder folder;
    private final Map<Integer, Fid> fids = new HashMap<>();
    private final Message in = new Message(MAX_MESSAGE);
    private final Message out = new Message(MAX_MESSAGE);
    private int messageSize = MIN_MESSAGE;
    private int open;

    /// What a number of the client stands for.
    private static final class Fid {
        private final Path path;
        private @Nullable FileChannel file;
        private @Nullable List<String> names;

        Fid(Path path) {
            this.path = path;
        }

        boolean isOpen() {
            return file != null || names != null;
        }
    }

    /// An error that the client is told.
    private static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;
        private final Errno errno;

        Refused(Errno errno) {
            super(errno.name(), null, false, false);
            this.errno = errno;
        }
    }

    /// @throws dev.ipanema.base.text.BadInput when it is no folder
    public P9Server(Path root) {
        folder = new SharedFolder(root);
    }

    /// Looks whether a folder can be shared.
    ///
    /// @throws dev.ipanema.base.text.BadInput when it is no folder
    public static void check(Path root) {
        new SharedFolder(root);
    }

    /// Where to put a message before [#answer(int, int)], [#MAX_MESSAGE] bytes.
    public byte[] request() {
        return in.bytes();
    }

    /// {@return the bytes of the last answer}
    public byte[] reply() {
        return out.bytes();
    }

    /// Closes everything, as when the client is gone.
    public void reset() {
        fids.values().forEach(this::close);
        fids.clear();
        messageSize = MIN_MESSAGE;
    }

    private void close(Fid fid) {
        if (fid.isOpen()) {
            open--;
        }
        try {
            if (fid.file != null) {
                fid.file.close();
            }
        } catch (IOException ignored) {
            // It was only read.
        }
    }

    /// Answers a message.
    ///
    /// @param length of what was received
    /// @param limit bytes that the answer may have, at least 11
    /// @return length of the answer
    public int answer(int length, int limit) {
        in.received(length);
        out.begin(Math.min(limit, messageSize));
        int type = length >= Message.HEADER ? in.bytes()[4] & 0xff : 0;
        int tag = length >= Message.HEADER ? LittleEndian.get16(in.bytes(), 5) : 0xffff;
        Errno errno;
        try {
            serve(type);
            if (!out.isBroken()) {
                return out.finish(type + 1, tag);
            }
            errno = Errno.EINVAL;
        } catch (Refused e) {
            errno = e.errno;
        } catch (NoSuchFileException e) {
            errno = Errno.ENOENT;
        } catch (NotDirectoryException e) {
            errno = Errno.ENOTDIR;
        } catch (AccessDeniedException e) {
            errno = Errno.EACCES;
        } catch (IOException e) {
            errno = Errno.EIO;
        }
        out.begin(limit);
        out.put32(errno.number());
        return out.finish(RLERROR, tag);
    }

    private void serve(int type) throws Refused, IOException {
        switch (type) {
            case TVERSION -> version();
            case TATTACH -> attach();
            case TWALK -> walk();
            case TCLUNK -> clunk();
            case TGETATTR -> getattr();
            case TLOPEN -> lopen();
            case TREAD -> read();
            case TREADDIR -> readdir();
            case TREADLINK -> readlink();
            case TSTATFS -> statfs();
            case TFLUSH -> complete();
            case TFSYNC -> {
                in.get32();
                complete();
            }
            case TLOCK -> out.put8(0);
            case TGETLOCK -> getlock();
            case TXATTRWALK -> throw new Refused(Errno.EOPNOTSUPP);
            case TREMOVE -> {
                clunk();
                throw new Refused(Errno.EROFS);
            }
            case TLCREATE,
                    TSYMLINK,
                    TMKNOD,
                    TRENAME,
                    TSETATTR,
                    TXATTRCREATE,
                    TLINK,
                    TMKDIR,
                    TRENAMEAT,
                    TUNLINKAT,
                    TWRITE -> throw new Refused(Errno.EROFS);
            default -> throw new Refused(Errno.EOPNOTSUPP);
        }
    }

    /// All fields of the request were there.
    private void complete() throws Refused {
        if (in.isBroken()) {
            throw new Refused(Errno.EINVAL);
        }
    }

    private Fid fid() throws Refused {
        Fid fid = fids.get(in.get32());
        if (fid == null || in.isBroken()) {
            throw new Refused(in.isBroken() ? Errno.EINVAL : Errno.EBADF);
        }
        return fid;
    }

    private void putFid(int number, Path path) throws Refused {
        if (fids.size() >= MAX_FIDS) {
            throw new Refused(Errno.EMFILE);
        }
        fids.put(number, new Fid(path));
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private void qid(SharedFolder.Attributes file) {
        out.put8(file.isDirectory() ? QID_DIRECTORY : file.isLink() ? QID_LINK : 0);
        out.put32((int) (file.modifyNanos() ^ file.size() << 8));
        out.put64(file.inode());
    }

    // ---- messages --------------------------------------------------------------------------------------------------

    private void version() throws Refused {
        int size = in.get32();
        String version = in.getString();
        complete();
        reset();
        if (size < MIN_MESSAGE) {
            throw new Refused(Errno.EINVAL);
        }
        messageSize = Math.min(size, MAX_MESSAGE);
        out.put32(messageSize);
        out.putString(text(version.equals("9P2000.L") ? version : "unknown"));
    }

    private void attach() throws Refused, IOException {
        int number = in.get32();
        in.get32();
        in.getString();
        in.getString();
        in.get32();
        complete();
        if (fids.containsKey(number)) {
            throw new Refused(Errno.EINVAL);
        }
        SharedFolder.Attributes root = folder.attributes(folder.root());
        putFid(number, folder.root());
        qid(root);
    }

    private void walk() throws Refused, IOException {
        Fid from = fid();
        int target = in.get32();
        int count = in.get16();
        complete();
        if (count > MAX_WALK || from.isOpen() || (fids.containsKey(target) && fids.get(target) != from)) {
            throw new Refused(Errno.EINVAL);
        }
        Path at = from.path;
        int counter = out.reserve(Short.BYTES);
        int walked = 0;
        for (; walked < count; walked++) {
            String name = in.getString();
            complete();
            try {
                if (!folder.attributes(at).isDirectory()) {
                    throw new NotDirectoryException(at.toString());
                }
                Path next = folder.child(at, name);
                qid(folder.attributes(next));
                at = next;
            } catch (IOException e) {
                if (walked == 0) {
                    throw e;
                }
                break;
            }
        }
        if (counter >= 0) {
            LittleEndian.put16(out.bytes(), counter, walked);
        }
        if (walked == count && !out.isBroken()) {
            putFid(target, at);
        }
    }

    private void clunk() throws Refused {
        int number = in.get32();
        complete();
        Fid fid = fids.remove(number);
        if (fid == null) {
            throw new Refused(Errno.EBADF);
        }
        close(fid);
    }

    private void getattr() throws Refused, IOException {
        Fid fid = fid();
        in.get64();
        complete();
        SharedFolder.Attributes file = folder.attributes(fid.path);
        out.put64(GETATTR_BASIC);
        qid(file);
        out.put32(file.mode());
        out.put32(file.uid());
        out.put32(file.gid());
        out.put64(file.links());
        out.put64(file.device());
        out.put64(file.size());
        out.put64(BLOCK);
        out.put64((file.size() + 511) / 512);
        time(file.accessNanos());
        time(file.modifyNanos());
        time(file.changeNanos());
        out.putZeros(4 * Long.BYTES);
    }

    private void time(long nanos) {
        out.put64(Math.floorDiv(nanos, NANOS));
        out.put64(Math.floorMod(nanos, NANOS));
    }

    private void lopen() throws Refused, IOException {
        Fid fid = fid();
        int flags = in.get32();
        complete();
        if ((flags & (O_ACCMODE | O_TRUNC)) != 0) {
            throw new Refused(Errno.EROFS);
        }
        if (fid.isOpen()) {
            throw new Refused(Errno.EINVAL);
        }
        if (open >= MAX_OPEN) {
            throw new Refused(Errno.EMFILE);
        }
        SharedFolder.Attributes file = folder.attributes(fid.path);
        if (file.isDirectory()) {
            fid.names = folder.names(fid.path);
        } else if (file.isRegular()) {
            fid.file = folder.open(fid.path);
        } else {
            // Opening a pipe or a device of the host could block or have effects.
            throw new Refused(Errno.EACCES);
        }
        open++;
        qid(file);
        out.put32(0);
    }

    private void read() throws Refused, IOException {
        Fid fid = fid();
        long offset = in.get64();
        long count = Integer.toUnsignedLong(in.get32());
        complete();
        if (fid.file == null) {
            throw new Refused(fid.names != null ? Errno.EISDIR : Errno.EBADF);
        }
        if (offset < 0) {
            throw new Refused(Errno.EINVAL);
        }
        int counter = out.reserve(Integer.BYTES);
        int length = (int) Math.min(count, out.room());
        ByteBuffer buffer = ByteBuffer.wrap(out.bytes(), out.position(), Math.max(length, 0));
        while (buffer.hasRemaining() && fid.file.read(buffer, offset + buffer.position() - out.position()) > 0) {
            // A short read is continued until the end of the file.
        }
        int done = buffer.position() - out.position();
        if (counter >= 0) {
            LittleEndian.put32(out.bytes(), counter, done);
            out.reserve(done);
        }
    }

    private void readdir() throws Refused, IOException {
        Fid fid = fid();
        long offset = in.get64();
        long count = Integer.toUnsignedLong(in.get32());
        complete();
        List<String> names = fid.names;
        if (names == null) {
            throw new Refused(fid.file != null ? Errno.ENOTDIR : Errno.EBADF);
        }
        int counter = out.reserve(Integer.BYTES);
        int start = out.position();
        long limit = Math.min(count, out.room());
        // The offset of an entry is the number of the next one; the first two are "." and "..".
        for (long i = Math.max(offset, 0); i < names.size() + 2L; i++) {
            String name = i == 0 ? "." : i == 1 ? ".." : names.get((int) i - 2);
            byte[] text = text(name);
            if (out.position() - start + QID + Long.BYTES + 1 + Short.BYTES + text.length > limit) {
                break;
            }
            SharedFolder.Attributes file = entry(fid.path, i < 2 ? "" : name);
            if (file == null) {
                continue;
            }
            qid(file);
            out.put64(i + 1);
            out.put8(file.isDirectory() ? DT_DIRECTORY : file.isLink() ? DT_LINK : file.isRegular() ? DT_REGULAR : 0);
            out.putString(text);
        }
        if (counter >= 0) {
            LittleEndian.put32(out.bytes(), counter, out.position() - start);
        }
    }

    /// {@return what a name in a folder is, null when it has gone meanwhile; an empty name is the folder itself}
    private SharedFolder.@Nullable Attributes entry(Path path, String name) throws IOException {
        try {
            return folder.attributes(name.isEmpty() ? path : folder.child(path, name));
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    private void readlink() throws Refused, IOException {
        Fid fid = fid();
        if (!folder.attributes(fid.path).isLink()) {
            throw new Refused(Errno.EINVAL);
        }
        out.putString(text(folder.link(fid.path)));
    }

    private void statfs() throws Refused {
        fid();
        out.put32(V9FS_MAGIC);
        out.put32(BLOCK);
        // Blocks, free blocks, available blocks, files, free files and the id are not told.
        out.putZeros(6 * Long.BYTES);
        out.put32(255);
    }

    /// Nobody else holds a lock: the answer is the question with the type "unlocked".
    private void getlock() throws Refused {
        fid();
        in.reserve(1);
        long start = in.get64();
        long length = in.get64();
        int process = in.get32();
        String client = in.getString();
        complete();
        out.put8(UNLOCKED);
        out.put64(start);
        out.put64(length);
        out.put32(process);
        out.putString(text(client));
    }
}

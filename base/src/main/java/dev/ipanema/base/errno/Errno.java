package dev.ipanema.base.errno;

import java.util.Optional;

/// A Linux error number, as `include/uapi/asm-generic/errno{-base,}.h` numbers them.
///
/// Inside KVM a result is a plain `int`: zero or positive for success, [#negated()] of one of these for
/// failure, as in the kernel.
public enum Errno {
    EPERM(1, "Operation not permitted"),
    ENOENT(2, "No such file or directory"),
    EINTR(4, "Interrupted system call"),
    EIO(5, "Input/output error"),
    ENXIO(6, "No such device or address"),
    E2BIG(7, "Argument list too long"),
    ENOEXEC(8, "Exec format error"),
    EBADF(9, "Bad file descriptor"),
    EAGAIN(11, "Resource temporarily unavailable"),
    ENOMEM(12, "Cannot allocate memory"),
    EACCES(13, "Permission denied"),
    EFAULT(14, "Bad address"),
    EBUSY(16, "Device or resource busy"),
    EEXIST(17, "File exists"),
    ENODEV(19, "No such device"),
    ENOTDIR(20, "Not a directory"),
    EISDIR(21, "Is a directory"),
    EINVAL(22, "Invalid argument"),
    EMFILE(24, "Too many open files"),
    ENOTTY(25, "Inappropriate ioctl for device"),
    EFBIG(27, "File too large"),
    ENOSPC(28, "No space left on device"),
    EROFS(30, "Read-only file system"),
    ERANGE(34, "Numerical result out of range"),
    ENOSYS(38, "Function not implemented"),
    ETIME(62, "Timer expired"),
    EOVERFLOW(75, "Value too large for defined data type"),
    EOPNOTSUPP(95, "Operation not supported"),
    EHWPOISON(133, "Memory page has hardware error");

    private final int number;
    private final String description;

    Errno(int number, String description) {
        this.number = number;
        this.description = description;
    }

    /// {@return the positive number, for example 22 for `EINVAL`}
    public int number() {
        return number;
    }

    /// {@return the number as a kernel function returns it, for example -22 for `EINVAL`}
    public int negated() {
        return -number;
    }

    /// {@return what `strerror` says of it}
    public String description() {
        return description;
    }

    /// {@return the error of a number of either sign, empty when Linux has none that this project uses}
    public static Optional<Errno> of(int number) {
        int wanted = Math.abs(number);
        for (Errno errno : values()) {
            if (errno.number == wanted) {
                return Optional.of(errno);
            }
        }
        return Optional.empty();
    }

    /// {@return a kernel return value in words: `0`, `3`, `-EINVAL`}
    public static String render(int result) {
        if (result >= 0) {
            return Integer.toString(result);
        }
        return of(result).map(errno -> "-" + errno).orElse(Integer.toString(result));
    }
}

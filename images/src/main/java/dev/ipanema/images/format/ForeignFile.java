package dev.ipanema.images.format;

/// Names for files that users take for arm64 kernels and that are something else.
final class ForeignFile {
    private static final int ZIMAGE_MAGIC = 0x24;
    private static final int BZIMAGE_MAGIC = 0x202;
    private static final int RISCV_MAGIC = 0x38;

    private ForeignFile() {}

    /// {@return what the file is, in words}
    static String describe(byte[] file) {
        if (file.length == 0) {
            return "the file is empty";
        }
        if (Bytes.startsWith(file, BZIMAGE_MAGIC, 'H', 'd', 'r', 'S')) {
            return "a Linux kernel for x86 (bzImage)";
        }
        if (Bytes.startsWith(file, ZIMAGE_MAGIC, 0x18, 0x28, 0x6f, 0x01)) {
            return "a Linux kernel for 32-bit Arm (zImage)";
        }
        if (Bytes.startsWith(file, RISCV_MAGIC, 'R', 'S', 'C', 5)) {
            return "a Linux kernel for RISC-V (Image)";
        }
        if (Bytes.startsWith(file, 0, 'M', 'Z')) {
            return PeFile.of(file)
                    .map(pe -> pe.machine() == PeFile.ARM64
                            ? "an EFI program for arm64 without the Image header; firmware can start it (--bios)"
                            : "an EFI program for " + pe.machineName())
                    .orElse("a DOS program");
        }
        if (Bytes.startsWith(file, 0, 0xd0, 0x0d, 0xfe, 0xed)) {
            return "a device tree, or a FIT image";
        }
        if (Bytes.startsWith(file, 0, 0x27, 0x05, 0x19, 0x56)) {
            return "a U-Boot uImage; unpack it first (dumpimage)";
        }
        if (Bytes.startsWith(file, 0, '!', '<', 'a', 'r', 'c', 'h', '>')) {
            return "an ar archive, such as a Debian package; its kernel is in ./boot";
        }
        if (Bytes.startsWith(file, 0, '0', '7', '0', '7', '0')) {
            return "a cpio archive, such as an initrd (-i)";
        }
        if (Bytes.startsWith(file, 0, 'B', 'Z', 'h')
                || Bytes.startsWith(file, 0, 0x02, 0x21, 0x4c, 0x18)
                || Bytes.startsWith(file, 0, 0x04, 0x22, 0x4d, 0x18)) {
            return "a bzip2 or lz4 file; unpack it first";
        }
        return "not a format that is known here";
    }
}

package dev.ipanema.images.format;

/// Comparing the first bytes of things.
final class Bytes {
    private Bytes() {}

    /// {@return whether these bytes stand at an offset; false when the file is too short}
    static boolean startsWith(byte[] file, int offset, int... bytes) {
        if (file.length - offset < bytes.length) {
            return false;
        }
        for (int i = 0; i < bytes.length; i++) {
            if ((file[offset + i] & 0xff) != bytes[i]) {
                return false;
            }
        }
        return true;
    }
}

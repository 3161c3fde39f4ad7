package dev.ipanema.arm.simd;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// The hash of one block, computed with the instructions as a program does it, against the JDK's.
class ShaTest {
    private static final byte[] MESSAGE = "Stage 2 maps what stage 1 believes".getBytes(StandardCharsets.US_ASCII);
    private static final int ABCD = 0;
    private static final int EFGH = 1;
    private static final int OLD = 2;
    private static final int SUM = 3;
    private static final int MESSAGE_0 = 4;

    @Test
    void sha1OfABlockIsTheJdks() throws NoSuchAlgorithmException {
        long[] v = new long[64];
        int[] initial = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
        words(v, initial);
        message(v);
        int[] constants = {0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xCA62C1D6};
        for (int group = 0; group < 20; group++) {
            int k = constants[group / 5];
            int m = MESSAGE_0 + group % 4;
            for (int word = 0; word < 4; word++) {
                put(v, SUM, word, Words.get(v, m, word) + k);
            }
            Sha1.sha1h(v, OLD, ABCD);
            switch (group / 5) {
                case 0 -> Sha1.sha1c(v, ABCD, EFGH, SUM);
                case 2 -> Sha1.sha1m(v, ABCD, EFGH, SUM);
                default -> Sha1.sha1p(v, ABCD, EFGH, SUM);
            }
            Words.set(v, EFGH, Words.get(v, OLD, 0), 0, 0, 0);
            Sha1.sha1su0(v, m, MESSAGE_0 + (group + 1) % 4, MESSAGE_0 + (group + 2) % 4);
            Sha1.sha1su1(v, m, MESSAGE_0 + (group + 3) % 4);
        }

        ByteBuffer digest = ByteBuffer.allocate(20);
        IntStream.range(0, 5).forEach(i -> digest.putInt(initial[i] + Words.get(v, i / 4, i % 4)));
        assertThat(digest.array()).isEqualTo(MessageDigest.getInstance("SHA-1").digest(MESSAGE));
    }

    @Test
    void sha256OfABlockIsTheJdks() throws NoSuchAlgorithmException {
        long[] v = new long[64];
        int[] initial =
                IntStream.range(0, 8).map(i -> (int) (root(i, 2) >>> 32)).toArray();
        words(v, initial);
        message(v);
        for (int group = 0; group < 16; group++) {
            int m = MESSAGE_0 + group % 4;
            for (int word = 0; word < 4; word++) {
                put(v, SUM, word, Words.get(v, m, word) + (int) (root(4 * group + word, 3) >>> 32));
            }
            System.arraycopy(v, 2 * ABCD, v, 2 * OLD, 2);
            Sha256.sha256h(v, ABCD, EFGH, SUM);
            Sha256.sha256h2(v, EFGH, OLD, SUM);
            Sha256.sha256su0(v, m, MESSAGE_0 + (group + 1) % 4);
            Sha256.sha256su1(v, m, MESSAGE_0 + (group + 2) % 4, MESSAGE_0 + (group + 3) % 4);
        }

        ByteBuffer digest = ByteBuffer.allocate(32);
        IntStream.range(0, 8).forEach(i -> digest.putInt(initial[i] + Words.get(v, i / 4, i % 4)));
        assertThat(digest.array())
                .isEqualTo(MessageDigest.getInstance("SHA-256").digest(MESSAGE));
    }

    /// Two rounds at a time; the state is AB, CD, EF and GH in registers 0 to 3, the first word in the low half.
    @Test
    void sha512OfABlockIsTheJdks() throws NoSuchAlgorithmException {
        long[] v = new long[64];
        for (int i = 0; i < 8; i++) {
            v[i] = root(i, 2);
        }
        long[] initial = v.clone();
        ByteBuffer block = block(128);
        for (int i = 0; i < 16; i++) {
            v[8 + i] = block.getLong();
        }
        for (int group = 0; group < 40; group++) {
            int m = 4 + group % 8;
            v[30] = v[2 * m + 1] + root(2 * group + 1, 3) + v[6];
            v[31] = v[2 * m] + root(2 * group, 3) + v[7];
            twoRounds(v);
            Sha512.sha512su0(v, m, 4 + (group + 1) % 8);
            v[32] = v[2 * (4 + (group + 4) % 8) + 1];
            v[33] = v[2 * (4 + (group + 5) % 8)];
            Sha512.sha512su1(v, m, 4 + (group + 7) % 8, 16);
        }

        ByteBuffer digest = ByteBuffer.allocate(64);
        IntStream.range(0, 8).forEach(i -> digest.putLong(initial[i] + v[i]));
        assertThat(digest.array())
                .isEqualTo(MessageDigest.getInstance("SHA-512").digest(MESSAGE));
    }

    /// With H + W + K of the first round in the high and G + W + K of the second in the low half of register 15.
    private static void twoRounds(long[] v) {
        long[] next = v.clone();
        next[34] = v[5];
        next[35] = v[6];
        next[36] = v[3];
        next[37] = v[4];
        Sha512.sha512h(next, 15, 17, 18);
        long lowSum = next[30];
        long highSum = next[31];
        next[38] = v[2];
        next[39] = v[3];
        next[40] = v[0];
        next[41] = v[1];
        Sha512.sha512h2(next, 15, 19, 20);
        v[7] = v[5];
        v[6] = v[4];
        v[5] = v[3] + highSum;
        v[4] = v[2] + lowSum;
        v[3] = v[1];
        v[2] = v[0];
        v[1] = next[31];
        v[0] = next[30];
    }

    private static void words(long[] v, int[] initial) {
        for (int i = 0; i < initial.length; i++) {
            put(v, ABCD + i / 4, i % 4, initial[i]);
        }
    }

    private static void put(long[] v, int register, int word, int value) {
        int shift = 32 * (word % 2);
        int at = 2 * register + word / 2;
        v[at] = v[at] & ~(0xFFFF_FFFFL << shift) | (value & 0xFFFF_FFFFL) << shift;
    }

    private static void message(long[] v) {
        ByteBuffer block = block(64);
        for (int i = 0; i < 16; i++) {
            put(v, MESSAGE_0 + i / 4, i % 4, block.getInt());
        }
    }

    private static ByteBuffer block(int size) {
        return ByteBuffer.allocate(size)
                .put(MESSAGE)
                .put((byte) 0x80)
                .putLong(size - 8, 8L * MESSAGE.length)
                .rewind();
    }

    /// {@return the first 64 bits of the fraction of the square or cube root of a prime}
    ///
    /// @param index 0 for 2
    private static long root(int index, int degree) {
        int prime = IntStream.iterate(2, i -> i + 1)
                .filter(i -> BigInteger.valueOf(i).isProbablePrime(30))
                .skip(index)
                .findFirst()
                .orElseThrow();
        BigInteger scaled = BigInteger.valueOf(prime).shiftLeft(64 * degree);
        BigInteger low = BigInteger.ZERO;
        for (int bit = 70; bit >= 0; bit--) {
            BigInteger tried = low.setBit(bit);
            low = tried.pow(degree).compareTo(scaled) <= 0 ? tried : low;
        }
        return low.longValue();
    }
}

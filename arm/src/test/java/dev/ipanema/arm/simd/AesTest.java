package dev.ipanema.arm.simd;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.GeneralSecurityException;
import java.util.SplittableRandom;
import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

class AesTest {
    private static final int STATE = 0;
    private static final int KEY = 1;
    private static final int ROUNDS = 10;

    /// AES-128 with the instructions, against the JDK's.
    @Test
    void blocksAreEncryptedAndDecryptedAsTheJdkDoes() throws GeneralSecurityException {
        SplittableRandom random = LaneOracle.random();
        for (int i = 0; i < 50; i++) {
            byte[] key = new byte[16];
            byte[] block = new byte[16];
            random.nextBytes(key);
            random.nextBytes(block);
            Cipher cipher = Cipher.getInstance("AES/ECB/NoPadding");
            cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"));
            byte[] encrypted = cipher.doFinal(block);
            long[][] schedule = schedule(key);

            assertThat(encrypt(block, schedule)).isEqualTo(encrypted);
            assertThat(decrypt(encrypted, schedule)).isEqualTo(block);
        }
    }

    private static byte[] encrypt(byte[] block, long[][] schedule) {
        long[] v = registers(block);
        for (int round = 0; round < ROUNDS; round++) {
            System.arraycopy(schedule[round], 0, v, 2 * KEY, 2);
            Aes.aese(v, STATE, KEY);
            if (round < ROUNDS - 1) {
                Aes.aesmc(v, STATE, STATE);
            }
        }
        return plusKey(v, schedule[ROUNDS]);
    }

    private static byte[] decrypt(byte[] block, long[][] schedule) {
        long[] v = registers(block);
        for (int round = ROUNDS; round > 0; round--) {
            System.arraycopy(schedule[round], 0, v, 2 * KEY, 2);
            if (round < ROUNDS) {
                Aes.aesimc(v, KEY, KEY);
            }
            Aes.aesd(v, STATE, KEY);
            if (round > 1) {
                Aes.aesimc(v, STATE, STATE);
            }
        }
        return plusKey(v, schedule[0]);
    }

    private static long[] registers(byte[] block) {
        ByteBuffer bytes = ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN);
        long[] v = new long[64];
        v[2 * STATE] = bytes.getLong();
        v[2 * STATE + 1] = bytes.getLong();
        return v;
    }

    private static byte[] plusKey(long[] v, long[] key) {
        return ByteBuffer.allocate(16)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(v[2 * STATE] ^ key[0])
                .putLong(v[2 * STATE + 1] ^ key[1])
                .array();
    }

    /// The key schedule of FIPS 197, 5.2; the S-box by AESE of a state of four equal columns and a zero key.
    private static long[][] schedule(byte[] key) {
        int[] words = new int[4 * (ROUNDS + 1)];
        ByteBuffer.wrap(key).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(words, 0, 4);
        int constant = 1;
        for (int i = 4; i < words.length; i++) {
            int last = words[i - 1];
            if (i % 4 == 0) {
                last = substitute(Integer.rotateRight(last, 8)) ^ constant;
                constant = constant << 1 ^ (constant >> 7) * 0x11B;
            }
            words[i] = words[i - 4] ^ last;
        }
        long[][] schedule = new long[ROUNDS + 1][2];
        for (int i = 0; i < words.length; i++) {
            schedule[i / 4][i / 2 % 2] |= (words[i] & 0xFFFF_FFFFL) << 32 * (i % 2);
        }
        return schedule;
    }

    private static int substitute(int word) {
        long columns = (word & 0xFFFF_FFFFL) * 0x1_0000_0001L;
        long[] v = {columns, columns, 0, 0};
        Aes.aese(v, 0, 1);
        return (int) v[0];
    }
}

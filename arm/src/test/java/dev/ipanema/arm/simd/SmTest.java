package dev.ipanema.arm.simd;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

/// The examples of the Chinese standards, computed with the instructions as a program does it.
class SmTest {
    private static final int[] SM4_KEY = {0x01234567, 0x89ABCDEF, 0xFEDCBA98, 0x76543210};
    private static final int[] SM4_FAMILY_KEY = {0xA3B1BAC6, 0x56AA3350, 0x677D9197, 0xB27022DC};

    /// GB/T 32907-2016, A.1: the block encrypted is the key itself.
    @Test
    void sm4EncryptsTheExampleOfTheStandard() {
        long[] v = new long[64];
        Words.set(v, 0, SM4_KEY[0], SM4_KEY[1], SM4_KEY[2], SM4_KEY[3]);
        Words.set(
                v,
                1,
                SM4_KEY[0] ^ SM4_FAMILY_KEY[0],
                SM4_KEY[1] ^ SM4_FAMILY_KEY[1],
                SM4_KEY[2] ^ SM4_FAMILY_KEY[2],
                SM4_KEY[3] ^ SM4_FAMILY_KEY[3]);
        for (int group = 0; group < 8; group++) {
            Words.set(
                    v,
                    2,
                    constant(4 * group),
                    constant(4 * group + 1),
                    constant(4 * group + 2),
                    constant(4 * group + 3));
            Sm4.sm4ekey(v, 1, 1, 2);
            Sm4.sm4e(v, 0, 1);
        }

        assertThat(new int[] {Words.get(v, 0, 3), Words.get(v, 0, 2), Words.get(v, 0, 1), Words.get(v, 0, 0)})
                .containsExactly(0x681EDF34, 0xD206965E, 0x86B3E94F, 0x536E4246);
    }

    /// The constants CK: byte j of word i is 7 (4i + j).
    private static int constant(int i) {
        int word = 0;
        for (int j = 0; j < 4; j++) {
            word = word << 8 | (4 * i + j) * 7 & 255;
        }
        return word;
    }

    /// GB/T 32905-2016, A.1: the message is "abc".
    @Test
    void sm3HashesTheExampleOfTheStandard() {
        int[] initial = {0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E
        };
        long[] v = new long[64];
        Words.set(v, 0, initial[3], initial[2], initial[1], initial[0]);
        Words.set(v, 1, initial[7], initial[6], initial[5], initial[4]);
        int[] words = expanded(new int[] {0x61626380, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x18});
        for (int round = 0; round < 64; round++) {
            round(v, words, round);
        }

        int[] hash = new int[8];
        for (int i = 0; i < 8; i++) {
            hash[i] = initial[i] ^ Words.get(v, i / 4, 3 - i % 4);
        }
        assertThat(hash)
                .containsExactly(
                        0x66C7F0F4, 0x62EEEDD9, 0xD1F2D46B, 0xDC10E4E2, 0x4167C487, 0x5CF2F7A2, 0x297DA02B, 0x8F4BA8E0);
    }

    private static void round(long[] v, int[] words, int round) {
        int constant = Integer.rotateLeft(round < 16 ? 0x79CC4519 : 0x7A879D8A, round);
        int index = round % 4;
        Words.set(v, 2, 0, 0, 0, constant);
        int[] word = new int[4];
        word[index] = words[round];
        Words.set(v, 3, word[0], word[1], word[2], word[3]);
        word[index] = words[round] ^ words[round + 4];
        Words.set(v, 4, word[0], word[1], word[2], word[3]);
        Sm3.sm3ss1(v, 5, 0, 2, 1);
        if (round < 16) {
            Sm3.sm3tt1a(v, 0, 5, 4, index);
            Sm3.sm3tt2a(v, 1, 5, 3, index);
        } else {
            Sm3.sm3tt1b(v, 0, 5, 4, index);
            Sm3.sm3tt2b(v, 1, 5, 3, index);
        }
    }

    /// Words 0 to 67, the later ones four at a time.
    private static int[] expanded(int[] block) {
        int[] words = Arrays.copyOf(block, 68);
        long[] v = new long[64];
        for (int i = 16; i < 68; i += 4) {
            load(v, 0, words, i - 16);
            load(v, 1, words, i - 13);
            load(v, 2, words, i - 9);
            load(v, 3, words, i - 6);
            load(v, 4, words, i - 4);
            // SM3PARTW1 takes W[-9..], W[-16..] and W[-4..]; SM3PARTW2 the result, W[-6..] and W[-13..].
            Sm3.sm3partw1(v, 0, 2, 4);
            Sm3.sm3partw2(v, 0, 3, 1);
            for (int j = 0; j < 4; j++) {
                words[i + j] = Words.get(v, 0, j);
            }
        }
        return words;
    }

    private static void load(long[] v, int register, int[] words, int from) {
        Words.set(v, register, words[from], words[from + 1], words[from + 2], words[from + 3]);
    }

    @Test
    void sha3InstructionsCombineHalves() {
        assertThat(Sha3.eor3(0b0011_0101, 0b0101_0011, 0b1111_0000)).isEqualTo(0b1001_0110);
        assertThat(Sha3.bcax(0b0011, 0b0101, 0b0100)).isEqualTo(0b0010);
        assertThat(Sha3.rax1(1, Long.MIN_VALUE | 1)).isEqualTo(2);
        assertThat(Sha3.xar(0x10, 0x01, 4)).isEqualTo(0x1000_0000_0000_0001L);
        assertThat(Sha3.xar(0x10, 0x01, 0)).isEqualTo(0x11);
    }
}

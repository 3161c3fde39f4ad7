package dev.ipanema.arm.pauth;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// The test vectors of the QARMA paper for QARMA-64 with five rounds (its appendix B).
class QarmaTest {
    private static final long W0 = 0x84be_85ce_9804_e94bL;
    private static final long K0 = 0xec28_02d4_e0a4_88e9L;
    private static final long TWEAK = 0x477d_469d_ec0b_8762L;
    private static final long PLAINTEXT = 0xfb62_3599_da6e_8127L;

    @Test
    void qarma5EncryptsThePublishedBlock() {
        assertThat(Qarma.QARMA5.encrypt(PLAINTEXT, TWEAK, W0, K0)).isEqualTo(0xc003_b939_99b3_3765L);
    }

    @Test
    void theSBoxOfQarma3WithFiveRoundsEncryptsThePublishedBlock() {
        assertThat(Qarma.QARMA3.encrypt(PLAINTEXT, TWEAK, W0, K0, 5)).isEqualTo(0x544b_0ab9_5bda_7c3aL);
    }

    @Test
    void qarma3HasFewerRoundsThanThatBlock() {
        assertThat(Qarma.QARMA3.encrypt(PLAINTEXT, TWEAK, W0, K0))
                .isEqualTo(Qarma.QARMA3.encrypt(PLAINTEXT, TWEAK, W0, K0, 3))
                .isNotEqualTo(0x544b_0ab9_5bda_7c3aL);
    }
}

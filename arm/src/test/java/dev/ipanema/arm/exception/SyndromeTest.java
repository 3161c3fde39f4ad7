package dev.ipanema.arm.exception;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SyndromeTest {
    private static final long FAR = 0xFFFF_8000_1000_1ABCL;

    private static long loadAbort(int fsc) {
        return Esr.dataAbort(true, true, Esr.abortIss(fsc, 0));
    }

    @Test
    void translationFaultNamesAddressAndPage() {
        Syndrome syndrome = new Syndrome(loadAbort(0x06), FAR, Hpfar.of(0x900_1ABCL));

        assertThat(syndrome.ipa()).isEqualTo(0x900_1ABCL);
        assertThat(syndrome)
                .hasToString("0x92000006 EC=0x24 Data Abort from a lower EL, read, DFSC=0x06 translation fault level 2,"
                        + " ISV=0, FAR=0xffff800010001abc, FIPA=0x9001000");
    }

    @Test
    void permissionFaultNamesNoPage() {
        Syndrome syndrome = new Syndrome(loadAbort(0x0F), FAR, 0);

        assertThat(syndrome.isHpfarValid()).isFalse();
        assertThat(syndrome.toString()).endsWith("ISV=0, FAR=0xffff800010001abc");
    }

    @Test
    void callNamesNoAddress() {
        Syndrome syndrome = new Syndrome(Esr.hvc(0), FAR, 0);

        assertThat(syndrome.isFarValid()).isFalse();
        assertThat(syndrome).hasToString("0x5a000000 EC=0x16 HVC, #0x0");
    }

    @Test
    void externalAbortMayLeaveNoAddress() {
        long esr = Esr.dataAbort(true, true, Esr.abortIss(FaultStatus.SYNC_EXTERNAL_ABORT, Esr.FNV));

        assertThat(new Syndrome(esr, FAR, 0).isFarValid()).isFalse();
    }
}

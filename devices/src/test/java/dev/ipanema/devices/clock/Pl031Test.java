package dev.ipanema.devices.clock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ipanema.devices.bus.TestIrq;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class Pl031Test {
    private static final int RTCDR = 0x00;
    private static final int RTCMR = 0x04;
    private static final int RTCLR = 0x08;
    private static final int RTCIMSC = 0x10;
    private static final int RTCRIS = 0x14;
    private static final int RTCICR = 0x1c;

    private final AtomicLong now = new AtomicLong(1_700_000_000L);
    private final TestIrq irq = new TestIrq();
    private final Pl031 rtc = new Pl031(now::get, irq);

    @Test
    void theCounterIsTheSourcesTime() {
        now.addAndGet(5);

        assertThat(rtc.read(RTCDR, 4)).isEqualTo(1_700_000_005L);
    }

    @Test
    void loadingMovesTheCounterAndItCountsOn() {
        rtc.write(RTCLR, 4, 100);
        now.addAndGet(7);

        assertThat(rtc.read(RTCDR, 4)).isEqualTo(107);
    }

    @Test
    void theAlarmRaisesTheLineOnceItsTimeHasPassedAndUntilItIsCleared() {
        rtc.write(RTCIMSC, 4, 1);
        rtc.write(RTCMR, 4, 1_700_000_010L);
        now.addAndGet(9);
        rtc.tick();
        assertThat(irq.level()).isFalse();

        now.addAndGet(30);
        rtc.tick();
        assertThat(irq.level()).isTrue();
        rtc.write(RTCICR, 4, 1);

        assertThat(irq.level()).isFalse();
        assertThat(rtc.read(RTCRIS, 4)).isZero();
    }

    @Test
    void aMaskedAlarmIsPendingAndDoesNotRaiseTheLine() {
        rtc.write(RTCMR, 4, 1_700_000_001L);
        now.addAndGet(2);

        assertThat(rtc.read(RTCRIS, 4)).isEqualTo(1);
        assertThat(irq.level()).isFalse();
    }

    @Test
    void theAlarmAlsoFiresBehindTheEndOfThirtyTwoBits() {
        rtc.write(RTCIMSC, 4, 1);
        rtc.write(RTCLR, 4, 0xffff_fff0L);
        rtc.write(RTCMR, 4, 5);
        now.addAndGet(0x20);
        rtc.tick();

        assertThat(irq.level()).isTrue();
    }

    @Test
    void theIdentificationIsThatOfAPrimeCell() {
        assertThat(rtc.read(0xfe0, 4)).isEqualTo(0x31);
        assertThat(rtc.read(0xfe8, 4)).isEqualTo(0x14);
        assertThat(rtc.read(0xffc, 4)).isEqualTo(0xb1);
    }

    @Test
    void aSavedStateContinuesInAnotherDevice() {
        rtc.write(RTCLR, 4, 100);
        rtc.write(RTCMR, 4, 105);
        rtc.write(RTCIMSC, 4, 1);
        TestIrq otherIrq = new TestIrq();
        Pl031 other = new Pl031(now::get, otherIrq);
        other.restore(rtc.save());
        now.addAndGet(5);
        other.tick();

        assertThat(other.read(RTCDR, 4)).isEqualTo(105);
        assertThat(otherIrq.level()).isTrue();
    }
}
